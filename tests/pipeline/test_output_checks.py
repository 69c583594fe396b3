"""What may leave a run: the pure part of it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace

import pytest

from bee.config.schema import POLICY_PATH, Policy
from bee.engines.table import OF_ENGINES
from bee.model import limits
from bee.model.text import neutralised
from bee.pipeline.output_checks import NOT_UTF8, Change, Handed, OutputChecks, holds, refuse_commits, refuse_files

AGENT = "bee agent <bee@users.noreply.github.com>"
CANARY = "tok-9f3b2c7a51"


def changed(path: str, policy: Policy | None = None, **more: str) -> list[str]:
    """What is said of one added file."""
    return refuse_files([Change(path, "A", more.get("mode", "100644"), 1)], policy or Policy(), False, OF_ENGINES)


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yml", ".GitHub/Workflows/ci.yml", "sub/CLAUDE.md", "deep/er/AGENTS.override.md",
        "x/.claude/settings.json", ".vscode/tasks.json", "tools/.mcp.json", "web/package-lock.json", "CODEOWNERS",
        "docs/CODEOWNERS", "a/.gitattributes", ".husky/pre-push", ".devcontainer/devcontainer.json", "sub/.npmrc",
        "gradle/wrapper/gradle-wrapper.jar", POLICY_PATH,
    ],
)  # fmt: skip
def test_x8_what_other_programs_obey_is_a_persons_to_change(path: str) -> None:
    (said,) = changed(path)
    assert "only a person changes it" in said


@pytest.mark.parametrize("path", ["src/github/x.py", "docs/agents.md.txt", "lock.txt", "package.json", "claude/x.py"])
def test_other_paths_are_free(path: str) -> None:
    assert changed(path) == []


@pytest.mark.parametrize(
    "message",
    [
        "Fixes #12", "a\n\ncloses octo/calc#3", "Thanks @ann", "x <!-- bee:approved-for-e2e -->", "red \x1b[31m",
        "hidden \u202e text", "resolves https://github.com/octo/calc/issues/3", "ok &#64;ann",
    ],
)  # fmt: skip
def test_a_commit_message_that_acts_on_github_is_refused(message: str) -> None:
    (said,) = refuse_commits([Handed("a" * 40, message, (AGENT, AGENT))], AGENT, (), 0)
    assert "aaaaaaaaaa" in said
    assert "git commit --amend" in said


SKIPS = {
    "[skip ci]": "x [skip ci]", "[ci skip]": "[ci skip] x", "[no ci]": "x\n\n[no ci]",
    "[skip actions]": "[skip actions]", "[Actions Skip]": "x [Actions Skip]", "***NO_CI***": "x ***NO_CI***",
    "skip-checks": "x\n\n\nskip-checks: true\n", "[skip\u200b ci]": "x [skip\u200b ci]",
}  # fmt: skip


@pytest.mark.parametrize("word", SKIPS)
def test_t9_a_commit_that_keeps_ci_from_starting_is_refused_with_the_word(word: str) -> None:
    (said,) = refuse_commits([Handed("a" * 40, SKIPS[word], (AGENT, AGENT))], AGENT, (), 0)
    assert f"says `{word.replace(chr(0x200B), '')}`, which keeps the checks from starting" in said


def test_an_ordinary_commit_message_is_not() -> None:
    text = "calc: divide (#12)\r\n\r\nPart of #3.\n\nCo-Authored-By: Claude <noreply@anthropic.com>\n"
    assert refuse_commits([Handed("a" * 40, text, (AGENT, AGENT))], AGENT, ("noreply@anthropic.com",), 0) == []


@pytest.mark.parametrize("trailer", [
    "Co-authored-by: Ada <ada@example.com>", "CO-AUTHORED-BY : ada", "  signed-off-by: Claude <ada@example.com>",
    "Co-authored-by: noreply@anthropic.com <ada@example.com>", "> On-behalf-of: @ada <ada@example.com>",
])  # fmt: skip
def test_case_t14_nobody_is_named_as_a_commits_author_beside_the_agent(trailer: str) -> None:
    handed = Handed("a" * 40, f"work\n\nCo-authored-by: Claude <noreply@anthropic.com>\n{trailer}\n", (AGENT, AGENT))
    said = refuse_commits([handed], AGENT, ("noreply@anthropic.com",), 0)
    assert any("names somebody in a `Co-authored-by`" in problem for problem in said)
    assert "ada" not in str(said)


def test_case_t14_what_an_ordinary_commit_has_not_is_refused_and_only_known_names_are_quoted() -> None:
    handed = Handed("a" * 40, "x", (AGENT, AGENT), 0, ("gpgsig", "my-header", "other", NOT_UTF8))
    said = refuse_commits([handed], AGENT, (), 0)
    assert [problem.split(" holds ")[1].split(",")[0] for problem in said] == [
        "gpgsig", "an unknown header", "text that is not UTF-8",
    ]  # fmt: skip


def test_case_t25_a_commit_dated_in_the_future_is_refused_with_githubs_time() -> None:
    def said(ahead: int) -> list[str]:
        return refuse_commits([Handed("a" * 40, "x", (AGENT, AGENT), 1_700_000_000 + ahead)], AGENT, (), 1_700_000_000)

    assert said(limits.COMMIT_AHEAD_SECONDS_MAX) == []
    (problem,) = said(limits.COMMIT_AHEAD_SECONDS_MAX + 1)
    assert "dated in the future; on GitHub it is 2023-11-14 22:13 UTC" in problem


def test_a_commit_in_anybody_elses_name_is_refused() -> None:
    (said,) = refuse_commits([Handed("a" * 40, "x", ("ann <ann@example.com>", AGENT))], AGENT, (), 0)
    assert "--reset-author" in said
    assert refuse_commits([Handed("a" * 40, "x", (AGENT, "ann <ann@example.com>"))], AGENT, (), 0)
    many = [Handed("a" * 40, "x", (AGENT, AGENT))] * (limits.COMMITS_PER_RUN_MAX + 1)
    assert len(refuse_commits(many, AGENT, (), 0)) == 1


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_a_value_of_this_machine_is_found_however_it_is_written(before: str) -> None:
    raw = f"{before}{CANARY} and more".encode()
    wrapped = "\n".join(f"  {part}" for part in (CANARY[:5], CANARY[5:]))
    for text in (
        f"x{CANARY}y", CANARY[::-1], raw.hex(), raw.hex().upper(), base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode(), base64.encodebytes(raw * 9).decode(), wrapped,
    ):  # fmt: skip
        assert holds(text, [CANARY])
        assert OutputChecks().knowing([CANARY]).kinds(text) == ["a credential of this machine"]
        assert CANARY not in str(OutputChecks().knowing([CANARY]).refuse_text(text))
    assert not holds(CANARY[:-1], [CANARY])
    assert not holds("short", ["sh", ""])


@pytest.mark.parametrize("unseen", "\u200b \u00ad \u034f \u3164 \ufe01 \U000e0101 \x01 \x7f".split(" "))
def test_what_bee_takes_out_of_a_text_parts_no_credential(unseen: str) -> None:
    known = OutputChecks().knowing([CANARY])
    assert CANARY in neutralised(unseen.join(CANARY)), "it would stand whole on GitHub"
    assert known.kinds(unseen.join(CANARY)) == ["a credential of this machine"]
    key = "gh" + "p_" + "a1B2" * 9
    assert known.kinds(unseen.join(key)) == known.kinds(key) == ["a GitHub token"]
    assert CANARY not in known.told(unseen.join(CANARY)).replace(unseen, "")


def test_no_exemption_frees_a_value_of_this_machine() -> None:
    checks = OutputChecks().knowing([CANARY])
    assert checks.refuse_added("fine", f"test key {CANARY}") != []
    key = "-----BEGIN PRIVATE KEY-----"
    assert checks.refuse_added("fine", key) == []
    assert checks.refuse_added(key, "") == ["the change seems to hold a private key: take it out, of every commit"]


def test_x5_what_a_program_printed_is_told_without_its_credentials() -> None:
    checks = OutputChecks().knowing([CANARY])
    assert checks.told("1 failed\nsee a.py") == "1 failed\nsee a.py"
    said = checks.told(f"1 failed\nkey={CANARY}\nsee a.py")
    assert said == "1 failed\n[left out: it seems to hold a credential]\nsee a.py"
    assert checks.told(f"{CANARY[:6]}\n{CANARY[6:]}") == "[left out: it seems to hold a credential]"


VERIFY = Policy(verify=("sh tests/check.sh",))
BIG = limits.FILE_BYTES_MAX + 1


@pytest.mark.parametrize(
    ("change", "tests_only", "said"),
    [
        (Change("tests/check.sh", "M", "100644", 1), False, "is what E2E runs"),
        (Change("tests/check.sh", "D", "000000", 0), False, "is what E2E runs"),
        (Change("tests/Check.sh", "A", "100644", 1), False, "is what E2E runs"),
        (Change("tests/check.sh", "A", "100644", 1), False, ""),
        (Change("a", "A", "120000", 1), False, "is a symbolic link"),
        (Change("a", "A", "160000", 1), False, "is a submodule"),
        (Change("a", "A", "100644", BIG), False, f"has {BIG} bytes"),
        (Change("a", "D", "000000", BIG), False, ""),
        (Change("calc.py", "M", "100644", 1), True, "is not a test"),
        (Change("tests/test_calc.py", "A", "100644", 1), True, ""),
    ],
)
def test_a_file_leaves_or_is_refused_with_the_reason(change: Change, tests_only: bool, said: str) -> None:
    found = refuse_files([change], VERIFY, tests_only)
    assert [line for line in found if said in line] == found
    assert bool(found) is bool(said)


@pytest.mark.parametrize(("bound", "said"), [("diff_files", "2 files changed"), ("diff_bytes", "hold 20 bytes")])
def test_a_change_is_as_big_as_the_policy_lets_it(bound: str, said: str) -> None:
    changes = [Change(name, "M", "100644", 10) for name in ("a.py", "b.py")]
    least = {"diff_files": 1, "diff_bytes": 19}[bound]
    for more, expected in ((0, True), (1, False)):
        policy = replace(Policy(), limits=replace(Policy().limits, **{bound: least + more}))
        assert any(said in line for line in refuse_files(changes, policy, False)) is expected


def test_a_text_is_as_long_as_github_takes() -> None:
    checks = OutputChecks()
    assert checks.refuse_text("x" * limits.BODY_BYTES_MAX) == []
    (said,) = checks.refuse_text("x" * (limits.BODY_BYTES_MAX + 1))
    assert "shorten it" in said


@pytest.mark.parametrize("written", [str, lambda text: base64.b64encode(text.encode()).decode(),
                                     lambda text: base64.b64encode(f"ab{text}".encode()).decode(),
                                     lambda text: base64.urlsafe_b64encode(f"x{text}".encode()).decode(),
                                     lambda text: text.encode().hex(), lambda text: text.encode().hex().upper(),
                                     lambda text: text[::-1], lambda text: f"{text[:5]}\n{text[5:]}"])  # fmt: skip
def test_a_credential_of_this_machine_is_found_however_it_is_written(written: Callable[[str], str]) -> None:
    value = f"{CANARY}?>~key"
    assert holds(f"it is {written(value)} here", (value,))
    assert not holds(f"it is {written('another-text-of-24-bytes')} here", (value,))


@pytest.mark.parametrize(("path", "fits"), [
    ("d/" * limits.PATH_FOLDERS_MAX + "f", True), ("d/" * (limits.PATH_FOLDERS_MAX + 1) + "f", False),
    ("f" * limits.PATH_BYTES_MAX, True), ("f" * (limits.PATH_BYTES_MAX + 1), False),
    ("é" * (limits.PATH_BYTES_MAX // 2 + 1), False), ("\udcff" * limits.PATH_BYTES_MAX, True),
])  # fmt: skip
def test_case_w1_a_path_has_a_bounded_depth_and_length_unless_it_goes(path: str, fits: bool) -> None:
    assert bool(refuse_files([Change(path, "A", "100644", 1)], Policy(), False)) is not fits
    assert refuse_files([Change(path, "D", "000000", 0)], Policy(), False) == []
