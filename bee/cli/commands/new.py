"""`bee new`: a design doc from a file, from standard input, or from the editor; judged, shown, then opened."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bee.cli import ask, wiring
from bee.cli.commands.init import repo_here
from bee.cli.common import add_json, host_for, print_json, say
from bee.model.errors import UsageError
from bee.model.labels import Label
from bee.model.text import plain
from bee.pipeline import design
from bee.pipeline.design import Finding, Severity
from bee.setup import create_issues
from bee.setup.create_issues import Draft, IssueLine, IssueTarget, drafts_of, issue_body
from bee.system import process
from bee.system.home import Home

EDITORS: Final = ("sensible-editor", "editor", "nano", "vim", "vi")
_INTRO: Final = """\
<!-- The title goes behind the # above. Answer below each heading in place of its sentence; leave out a part that has
     nothing to say, and keep the last one. Save and close the editor to go on. -->
"""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a text."""

    title: str
    name: str
    severity: Severity
    text: str


_Done = tuple[Draft, IssueLine]


@dataclass(frozen=True, slots=True)
class NewLine:
    """What `bee new --json` prints."""

    repo: str | None
    """null where the text has an error"""
    dry_run: bool
    changed: bool
    problems: tuple[Problem, ...]
    issues: tuple[IssueLine, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bee new`."""
    parser.add_argument("file", nargs="?", metavar="FILE", help="a text whose first line is `# Title`; `-` is standard "
                        "input (default: a form in your editor)")  # fmt: skip
    parser.add_argument("--title", default="", metavar="TEXT", help="the title, for a text without one")
    parser.add_argument("--repo", metavar="OWNER/NAME", help="the repository (default: config.yml, else `origin` here)")
    parser.add_argument("--yes", action="store_true", help="open it without asking")
    parser.add_argument("--dry-run", action="store_true", help="judge it, show it, open nothing")
    add_json(parser)


def run(args: argparse.Namespace, env: Mapping[str, str]) -> int:
    """Read, judge, show, ask, open; 0 when every issue is there. The text is never lost. Raises UsageError."""
    home = wiring.home_of(env)
    asks = not (args.yes or args.dry_run)
    piped = args.file == "-" or (args.file is None and not sys.stdin.isatty())
    if asks and (piped or args.json or not ask.can_ask()):
        raise UsageError("there is no terminal to ask on: say --yes to open what the text says, or --dry-run")
    if args.file and not piped:
        return _go_on(args, env, _read(Path(args.file)))
    if piped:
        text = sys.stdin.read()
        with _kept(home, text, None):
            return _go_on(args, env, text)
    path = home.keep_draft(f"# {args.title}\n\n{_INTRO}\n{design.SKELETON}")
    with _kept(home, None, path):
        return _go_on(args, env, _edited(path, env, args.title))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not text in UTF-8") from error


@contextlib.contextmanager
def _kept(home: Home, text: str | None, path: Path | None) -> Iterator[None]:
    """Whatever ends this early leaves the text in a file, and says in which. A file of bee's own goes in the end."""
    try:
        yield
    except BaseException:
        where = path or (home.keep_draft(text) if text and text.strip() else None)
        if where is not None:
            say(f"your text is kept; to go on with it: bee new {where}")
        raise
    if path is not None:
        path.unlink(missing_ok=True)


# ---- the editor -----------------------------------------------------------------------------------------------------


def _edited(path: Path, env: Mapping[str, str], title: str) -> str:
    """What the person made of the form; opened again while something is wrong with it and they want to fix it."""
    editor = _editor(env)
    while True:
        code = process.in_foreground([*editor, str(path)])
        if code != 0:
            raise UsageError(f"{editor[0]} ended with exit code {code}; nothing was opened")
        text = _read(path).replace(_INTRO, "")
        errors = [one for _, one in _judged(drafts_of(text, title)) if one.severity is Severity.ERROR]
        if not errors:
            return text
        for one in errors:
            print(plain(str(one)))
        if not ask.yes("Edit it again?", default=True):
            raise UsageError("nothing was opened")


def _editor(env: Mapping[str, str]) -> list[str]:
    named = env.get("VISUAL") or env.get("EDITOR")
    if named:
        return shlex.split(named)
    found = next((path for name in EDITORS if (path := shutil.which(name, path=env.get("PATH")))), None)
    if found is None:
        raise UsageError("there is no editor: set EDITOR, or write a file and run: bee new FILE")
    return [found]


# ---- from a text to issues ------------------------------------------------------------------------------------------


def _go_on(args: argparse.Namespace, env: Mapping[str, str], text: str) -> int:
    drafts = drafts_of(text, args.title)
    findings = _judged(drafts)
    wrong = any(one.severity is Severity.ERROR for _, one in findings)
    if not args.json:
        _show(drafts, findings)
    elif wrong:
        print_json(_line("", args.dry_run, findings, []))
    if wrong:
        raise UsageError("fix what is called an error above; nothing was opened" if not args.json else
                         "the text has errors (`problems` in the JSON); nothing was opened")  # fmt: skip
    repo = _repo(args, env)
    args.repo = [repo]
    client = host_for(args, env).client()
    target = create_issues.target_of(client, repo)
    left = [draft for draft in drafts if draft.key not in target.there]
    if left and not (args.yes or args.dry_run) and not ask.yes(_question(left, target), default=True):
        raise UsageError("nothing was opened")
    done = []
    for draft, line in create_issues.open_issues(client, target, drafts, args.dry_run):
        done.append((draft, line))
        if not args.json:
            print(plain(_said(draft, line, target)))
    if args.json:
        print_json(_line(target.head.repo, args.dry_run, findings, done))
    else:
        _show_next(target, done)
    return 0


def _repo(args: argparse.Namespace, env: Mapping[str, str]) -> str:
    if args.repo:
        return str(args.repo)
    home = wiring.home_of(env)
    if home.config_path.exists():
        return wiring.one_repo(wiring.settings_at(home, repo_given=False), None)
    return repo_here(Path.cwd(), env)


def _judged(drafts: Sequence[Draft]) -> list[tuple[Draft, Finding]]:
    return [(draft, one) for draft in drafts for one in design.lint(draft.title, draft.body)]


def _line(repo: str, dry: bool, findings: Sequence[tuple[Draft, Finding]], done: Sequence[_Done]) -> NewLine:
    problems = tuple(Problem(draft.title, one.name, one.severity, one.text) for draft, one in findings)
    changed = not dry and any(line.action == "create" for _, line in done)
    return NewLine(repo or None, dry, changed, problems, tuple(line for _, line in done))


# ---- what is shown --------------------------------------------------------------------------------------------------


def _show(drafts: Sequence[Draft], findings: Sequence[tuple[Draft, Finding]]) -> None:
    for draft in drafts:
        print(f"--- {plain(draft.title) or '(no title)'}")
        lead = [f"Blocked by the issue of {name!r}" for name in draft.after]
        text = "\n".join([*lead, *([""] if lead else []), draft.body.strip()])
        print("\n".join(f"  {plain(line)}".rstrip() for line in text.split("\n")))
        print()
    for draft, one in findings:
        where = f"{plain(draft.title)}: " if len(drafts) > 1 else ""
        print(f"{one.severity}: {where}{plain(one.text)}")


def _question(left: Sequence[Draft], target: IssueTarget) -> str:
    count = "this issue" if len(left) == 1 else f"these {len(left)} issues"
    return f"Open {count} in {target.head.repo} as {target.head.viewer.login}?"


def _said(draft: Draft, line: IssueLine, target: IssueTarget) -> str:
    if line.action == "keep":
        return f"#{line.number} is there already: {line.title}"
    waits = "".join(f", blocked by #{number}" for number in line.blocked_by)
    if line.number is None:
        after = f", after {', '.join(draft.after)}" if draft.after else ""
        return f"would open in {target.head.repo}: {line.title}{after}"
    return f"opened #{line.number}: {line.title}{waits}\n  {line.url}"


def _show_next(target: IssueTarget, done: Sequence[_Done]) -> None:
    """What a person does next: tick the gate; before that, whatever would keep bee from looking at it."""
    if target.head.policy_text is None:
        print(f"Before bee begins there, it needs its policy: bee init --repo {target.head.repo}")
    if not target.trusted:
        print(f"Somebody with write access has to put the label {Label.NEW} on it first.")
    numbers = {draft.name: line.number for draft, line in done if line.number is not None}
    if numbers:
        ticked = all(design.gate_is_ticked(issue_body(draft, numbers)) for draft, _ in done if draft.name in numbers)
        print("Its gate is ticked: bee plans it with the next tick." if ticked else
              "Next: read it there, and tick the box under `Design finalized` when it is right.")  # fmt: skip
