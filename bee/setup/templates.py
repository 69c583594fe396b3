"""What `bee init` writes, as texts: the policy, the issue form, the machine's configuration. Pure.

It also reads which repository a clone belongs to, and adds a repository to a configuration without losing a comment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from bee.config.readers import REPO_NAME
from bee.config.schema import POLICY_PATH
from bee.config.yaml import YamlNode
from bee.engines.table import ENGINES
from bee.model.labels import Label
from bee.pipeline.design import SKELETON

TEMPLATE_PATH: Final = ".github/ISSUE_TEMPLATE/design-doc.yml"
SETUP_BRANCH: Final = "setup-bee"
VERIFY_SCRIPT: Final = "tests/e2e/verify.sh"
INTAKES: Final = ("opted-in", "all")
# A file at the top of a repository -> the command that most likely tests it; the first that is there counts.
_GUESSES: Final[Mapping[str, str]] = {
    "package.json": "npm ci && npm test",
    "Cargo.toml": "cargo test",
    "go.mod": "go test ./...",
    "pyproject.toml": "python3 -m unittest",
    "Makefile": "make test",
}
_PLAIN_YAML: Final = re.compile(r"[A-Za-z./][A-Za-z0-9_./=+ -]*[A-Za-z0-9_./=+-]")
_YAML_WORDS: Final = frozenset("null true false yes no on off".split())


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person decided (or the defaults): the policy's and the machine's few choices.

    `engine` is a name, an argv, or None where there is none yet.
    """

    intake: str = "opted-in"
    verify: str = f"sh {VERIFY_SCRIPT}"
    merge_method: str = "squash"
    engine: str | tuple[str, ...] | None = None
    sandbox: str = "required"


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a clone came from: a host (with its port, where the address has one) and `owner/name`."""

    host: str
    repo: str


# ---- which repository -----------------------------------------------------------------------------------------------


def remote_of(url: str) -> Remote | None:
    """What an address of git's says (`https://…`, `ssh://…` or `git@host:…`); None where it names no owner/name."""
    if "://" in url:
        try:
            parts = urlsplit(url)
        except ValueError:  # no address of anything, such as `http://[`
            return None
        host, path = parts.netloc.rpartition("@")[2], parts.path
        host = host.partition(":")[0] if parts.scheme == "ssh" else host
    else:
        host, colon, path = url.rpartition("@")[2].partition(":")
        if not colon:
            return None
    repo = path.strip("/").removesuffix(".git")
    named = REPO_NAME.fullmatch(repo) and not repo.endswith(("/.", "/.."))
    return Remote(host.lower().replace("ssh.github.com", "github.com"), repo) if named and host else None


def same_server(remote: Remote, web: str) -> bool:
    """Whether an address is on the server whose web address is `web`; ssh knows nothing of the web's port."""
    netloc = urlsplit(web).netloc.rpartition("@")[2].lower()
    return remote.host in (netloc, netloc.partition(":")[0])


# ---- defaults -------------------------------------------------------------------------------------------------------


def guessed_verify(names: Collection[str], has_script: bool) -> str:
    """The command to propose: the repository's own script, else what the names at its top suggest."""
    script = f"sh {VERIFY_SCRIPT}"
    return script if has_script else next((_GUESSES[name] for name in _GUESSES if name in names), script)


def preferred_merge(allowed: Collection[str]) -> str:
    """The merge method to propose: squash where the repository allows it."""
    return next((method for method in ("squash", "merge", "rebase") if method in allowed), "squash")


# ---- texts ----------------------------------------------------------------------------------------------------------


def _scalar(text: str) -> str:
    """A text as YAML: plain where that is safe, else quoted."""
    plain = _PLAIN_YAML.fullmatch(text) and ": " not in text and text.lower() not in _YAML_WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)


def policy_text(answers: Answers) -> str:
    """`.github/bee.yml`, with its comments."""
    return f"""\
# What bee may do in this repository. bee reads this file on the default branch only, never from a pull request.
version: 1

# Which issues bee takes on:
#   opted-in  design docs (issues with a "Design finalized" box), and what carries the label {Label.NEW}
#   all       every open issue of people with write access
intake: {answers.intake}

# What must pass in a clean checkout of base plus head before anything is merged: a command, or a list of them.
# An agent may add a script that is named here, but never change it.
verify: {_scalar(answers.verify)}

# human: you tick the plan before work begins. auto: work begins as soon as the plan stands.
plan_approval: human

# squash, merge or rebase
merge_method: {answers.merge_method}

# Who may steer bee here, beside the people with write access. deny wins.
# trust:
#   allow: [some-login]
#   deny: [another-login]
#   bots: [dependabot]

# Bounds, with their defaults. When one is reached, a person is asked.
# limits:
#   failures: 5
#   review_rounds: 3
#   usd_per_item: 25
#   runs_per_item: 40
#   verify_minutes: 20

# none: bee does the mechanical part itself, without an agent.
# roles:
#   test:
#     engine: none
#   merger:
#     engine: none
"""


def engine_lines(engine: str | tuple[str, ...] | None) -> str:
    """The engine's part of `config.yml`; a comment where there is none yet."""
    if engine is None:
        return "# engine:\n#   command: [/usr/local/bin/my-agent]\n"
    if isinstance(engine, str):
        return f"engine: {engine}\n"
    return f"engine:\n  command: {json.dumps(list(engine), ensure_ascii=False)}\n"


def config_text(repo: str, answers: Answers) -> str:
    """A new `config.yml`, with its comments."""
    return f"""\
# This machine's bee. Without a token in it: bee takes GH_TOKEN, GITHUB_TOKEN, or what `gh auth login` keeps.
version: 1

# The repositories this machine watches.
repos:
  - {repo}

# Who plays the roles: {", ".join(ENGINES)}, or a program of yours as {{command: [program, argument]}}.
{engine_lines(answers.engine)}
# required: every agent runs in a box, or no agent runs. none: agents run with all your rights.
sandbox: {answers.sandbox}

# How many agents may run on this machine at the same time.
# slots: 1

# How one role is played, where it differs.
# roles:
#   reviewer:
#     minutes: 20
"""


def with_repo(text: str, tree: YamlNode, repo: str) -> str:
    """The text of a `config.yml` with one repository more; comments and everything else stay as they are.

    The caller parses the result again: for a text in an unusual form it may not be what was wanted.
    """
    values = tree.value if isinstance(tree.value, dict) else {}
    listed = values.get("repos")
    lines = text.splitlines(keepends=True)
    if listed is None:
        end = "" if not text or text.endswith("\n") else "\n"
        return f"{text}{end}\nrepos:\n  - {repo}\n"
    items = listed.value if isinstance(listed.value, list) else []
    last = items[-1].line if items else 0
    block = re.match(r"^(\s*- )", lines[last - 1]) if last else None
    if block and "[" not in lines[last - 1]:
        end = "" if lines[last - 1].endswith("\n") else "\n"
        lines.insert(last, f"{end}{block[1]}{repo}\n")
        return "".join(lines)
    before = "".join(lines[: tree.key_lines["repos"] - 1])
    rest = text[len(before) :]
    start = rest.find("[", max(rest.find("repos"), 0))
    close = rest.find("]", start)
    if start < 0 or close < 0:
        return text
    inside = rest[start + 1 : close].rstrip()
    comma = "" if not inside.strip() or inside.endswith(",") else ", "
    name = json.dumps(repo) if '"' in inside else repo
    return f"{before}{rest[: start + 1]}{inside}{comma}{name}{rest[close:]}"


def pull_body(files: Collection[str]) -> str:
    """What the pull request says that brings the files to a protected branch."""
    listed = "\n".join(f"- `{name}`" for name in files)
    return (
        f"These files let bee work in this repository:\n\n{listed}\n\n"
        f"`{POLICY_PATH}` says what bee may do here; read it, and change what you like. bee begins when it is merged, "
        "and reads it on the default branch only.\n"
    )


def _indented(text: str, columns: int) -> str:
    return "\n".join(f"{' ' * columns}{line}".rstrip() for line in text.rstrip().split("\n"))


TEMPLATE_TEXT: Final = f"""\
name: Design doc
description: Say what shall be true; bee carries it to merged pull requests after you tick the box.
title: ""
body:
  - type: markdown
    attributes:
      value: |
        Decide what only you can decide, and leave the rest. Nothing begins before the box at the end is ticked by
        somebody with write access, so you can save a draft.
  - type: textarea
    id: design
    attributes:
      label: Design doc
      description: Fill in the parts, and leave out those that have nothing to say. Keep the last one as it is.
      value: |
{_indented(SKELETON, 8)}
    validations:
      required: true
"""
