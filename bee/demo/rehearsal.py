"""A rehearsal: a person's own repository and design doc, played on the embedded GitHub. Their clone is only read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from bee.config.schema import POLICY_PATH
from bee.demo.stage import PERSON_LOGIN, Play, clean_env, git, identity
from bee.model.errors import GitError, UsageError
from bee.setup.create_issues import title_of
from bee.setup.machine import engine_of
from bee.system.process import SYSTEM_PATH

POLICY: Final = "version: 1\nintake: all\nplan_approval: human\n"


def play(repo: Path, issue: Path, engine: str, env: Mapping[str, str]) -> Play:
    """The play of a person's repository. Raises UsageError for what cannot be played."""
    branch, path = _branch(repo, clean_env(env)), env.get("PATH", SYSTEM_PATH)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", repo.resolve().name).strip(".-") or "project"
    return Play(
        name=name.removesuffix(".git"), branch=branch, issue=_issue(issue), engine=engine_of(engine, path, Path.cwd()),
        prepare=partial(copy, repo), merges_least=1,
    )  # fmt: skip


def copy(repo: Path, folder: Path, env: Mapping[str, str]) -> None:
    """A clone of what is committed, with a policy where it has none."""
    git(env, folder, "clone", "--quiet", "--no-hardlinks", "--no-local", str(repo.resolve()), ".")
    git(env, folder, "remote", "remove", "origin")
    policy = folder / POLICY_PATH
    if policy.exists():
        return
    policy.parent.mkdir(exist_ok=True)
    policy.write_text(POLICY, encoding="utf-8")
    ada = {**env, **identity(PERSON_LOGIN)}
    git(ada, folder, "add", POLICY_PATH)
    git(ada, folder, "commit", "--quiet", "--message", "Give bee a policy (in the rehearsal only)")


def _branch(repo: Path, env: Mapping[str, str]) -> str:
    if not repo.is_dir():
        raise UsageError(f"--repo {repo}: there is no such folder")
    try:
        git(env, repo, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return git(env, repo, "symbolic-ref", "--short", "HEAD")
    except GitError as error:
        raise UsageError(
            f"--repo {repo}: it needs a git clone with a branch checked out and a commit ({error})"
        ) from error


def _issue(path: Path) -> tuple[str, str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--issue {path}: {error}") from error
    if not text.strip():
        raise UsageError(f"--issue {path}: it is empty; write the design doc there, its title as `# Title` first")
    title, body = title_of(text)
    return title or path.stem.replace("-", " "), body.lstrip("\n")
