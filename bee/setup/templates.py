"""What `bee init` writes, as texts: the policy, the issue form, the machine's configuration. They lie in `files/`.

It also reads which repository a clone belongs to, and adds a repository to a configuration without losing a comment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from textwrap import indent
from typing import Final
from urllib.parse import urlsplit

from bee.config.readers import REPO_NAME
from bee.config.schema import POLICY_PATH
from bee.config.yaml import YamlNode
from bee.engines.table import LOGINS
from bee.model.labels import Label
from bee.pipeline.design import SKELETON
from bee.setup.candidates import OWN
from bee.system.data import data_path, filled

TEMPLATE_PATH: Final = ".github/ISSUE_TEMPLATE/design-doc.yml"
SETUP_BRANCH: Final = "setup-bee"
INTAKES: Final = ("opted-in", "all")
_PLAIN_YAML: Final = re.compile(r"[A-Za-z./][A-Za-z0-9_./=+ -]*[A-Za-z0-9_./=+-]")
_YAML_WORDS: Final = frozenset("null true false yes no on off".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a person decided (or the defaults): the policy's and the machine's few choices.

    `engine` is a name, an argv, or None where there is none yet; `checks` are those to require.
    """

    intake: str = "opted-in"
    verify: str = OWN
    setup: tuple[str, ...] = ()
    merge_method: str = "squash"
    engine: str | tuple[str, ...] | None = None
    sandbox: str = "required"
    checks: tuple[str, ...] = ()


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


# ---- texts ----------------------------------------------------------------------------------------------------------


def _scalar(text: str) -> str:
    """A text as YAML: plain where that is safe, else quoted."""
    plain = _PLAIN_YAML.fullmatch(text) and ": " not in text and text.lower() not in _YAML_WORDS
    return text if plain else _quoted(text)


def _quoted(text: str) -> str:
    """In YAML's double quotes, which take control characters by their numbers alone; JSON lets DEL and C1 through."""
    shown = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in shown)


def policy_text(answers: Answers) -> str:
    """`.github/bee.yml`, with its comments."""
    chosen = {"intake": answers.intake, "verify": _scalar(answers.verify), "merge_method": answers.merge_method}
    listed = ", ".join(map(_quoted, answers.checks))
    checks = f"required_checks: [{listed}]" if answers.checks else "# required_checks: [ci/test]"
    setup = "\n  - ".join(["setup:", *map(_scalar, answers.setup)]) if answers.setup else "# setup: [npm ci]"
    return _template("bee.yml", label=Label.NEW, checks=checks, setup=setup, **chosen)


def config_text(repo: str, answers: Answers) -> str:
    """A new `config.yml`, with its comments; a comment where there is no engine yet."""
    engine = "# engine:\n#   command: [/usr/local/bin/my-agent]"
    if isinstance(answers.engine, str):
        engine = f"engine: {answers.engine}"
    elif answers.engine:
        engine = f"engine:\n  command: [{', '.join(map(_quoted, answers.engine))}]"
    return _template("config.yml", repo=repo, engines=", ".join(LOGINS), engine=engine, sandbox=answers.sandbox)


def form_text() -> str:
    """The issue form of a design doc."""
    return _template("design-doc.yml", skeleton=indent(SKELETON.rstrip(), " " * 8))


def _template(name: str, **values: str) -> str:
    return filled(data_path("bee/setup/files", name).read_text(encoding="utf-8"), values)


def with_repo(text: str, tree: YamlNode, repo: str) -> str:
    """The text of a `config.yml` with one repository more; comments and everything else stay as they are.

    The caller parses the result again: a text in an unusual form may not have become what was wanted.
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
