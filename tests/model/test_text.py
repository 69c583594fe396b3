"""Text work: what is visible, what is hashed, what is made harmless."""

from __future__ import annotations

import pytest

from bee.model.text import (
    clipped,
    digest,
    neutralised,
    normalised,
    one_line,
    plain,
    secrets_in,
    unix,
    unticked,
)


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("hi @ann", "hi @\u200bann"),
        ("@org/team", "@\u200borg/team"),
        ("_@ann_ (@ann) **@ann**", "_@\u200bann_ (@\u200bann) **@\u200bann**"),
        ("`@ann", "`@\u200bann"),
        ("&#64;ann &#x40;ann &#X0040;ann &commat;ann", "&amp;#64;ann &amp;#x40;ann &amp;#X0040;ann &amp;commat;ann"),
        ("fix&#101;s #1, fixes&nbsp;#1, f&#x69xes #1", "fix&amp;#101;s #1, fixes&amp;nbsp;#1, f&amp;#x69xes #1"),
        ("mail ann@example.org", "mail ann@example.org"),
        ("fixes #1", "fixes\u200b #1"),
        ("Closes: #1", "Closes\u200b: #1"),
        ("RESOLVED octo/calc#1", "RESOLVED\u200b octo/calc#1"),
        ("fix https://github.com/octo/calc/issues/1", "fix\u200b https://github.com/octo/calc/issues/1"),
        ("closing GH-12", "closing\u200b GH-12"),
        ("close\n#1", "close\u200b\n#1"),
        ("fixes &#35;1", "fixes\u200b &amp;#35;1"),
        ("_fixes_ #1 and **fixes:** #2", "_fixes\u200b_ #1 and **fixes\u200b:** #2"),
        ("fixes the bug", "fixes the bug"),
        ("see #1 and prefixes #2", "see #1 and prefixes #2"),
        ("<!-- bee:run -->", "&lt;!-- bee:run -->"),
        ("<\u200b!-- x -->", "&lt;!-- x -->"),
        ("<!\x00-- x -->", "&lt;!-- x -->"),
        ("\u202eevil\u2066 \u00adword\ufeff", "evil word"),
        ("bell\x07 esc\x1b[31m", "bell esc[31m"),
        ("a\r\nb\tc", "a\nb\tc"),
        ("/lgtm\n  /approve no-issue", "\u200b/lgtm\n  \u200b/approve no-issue"),
        ("/usr/bin/env\n/ x and /or\n    /code", "/usr/bin/env\n/ x and /or\n    /code"),
        ("![x](https://a.example/?s=1)", "!\u200b[x](https://a.example/?s=1)"),
        ("[skip ci] [CI skip] [no ci]", "[\u200bskip ci] [\u200bCI skip] [\u200bno ci]"),
        ("[skip actions] [actions skip]", "[\u200bskip actions] [\u200bactions skip]"),
        ("[ skip-ci ] [skip\u200b ci]", "[\u200b skip-ci ] [\u200bskip ci]"),
        ("***NO_CI*** ***no_ci***", "*\u200b**NO_CI*** *\u200b**no_ci***"),
        ("a\n\n\nskip-checks: true\nSkip-Checks:true", "a\n\n\ns\u200bkip-checks: true\nS\u200bkip-Checks:true"),
        ("skip ci, [ci], [skip], no-skip-checks: x", "skip ci, [ci], [skip], no-skip-checks: x"),
        ("<IMG src=x><picture><b>!</b>", "<IMG\u200b src=x><picture\u200b><b>!</b>"),
    ],
)
def test_x10_agent_text_is_made_harmless(text: str, harmless: str) -> None:
    assert neutralised(text) == harmless
    assert neutralised(harmless) == harmless


def test_x10_text_for_a_terminal_shows_what_would_act() -> None:
    assert plain("a\x1b]0;x\x07\u202eb\r\nc") == "a\ufffd]0;x\ufffd\ufffdb\nc"
    assert one_line("a \n\t b\x1b  c") == "a b\ufffd c"
    assert one_line("x" * 300) == "x" * 199 + "…"
    assert one_line("\x85\u2028x") == "\ufffd x"


def test_unticked() -> None:
    for line in ("- [x] a", "* [X] a", "  + [x] a", "1) [x] a", "12. [X] a", "- - [x] a", "-  [x] a", "- [x]"):
        assert unticked(line) == line.replace("[x]", "[ ]").replace("[X]", "[ ]")
    for line in ("- [y] a", "-[x] a", "[x] a", "a - [x] b", "- [x]a"):
        assert unticked(line) == line
    assert unticked("- [x] a [x]") == "- [ ] a [x]"


def test_normalised_text_ignores_ticks_line_ends_and_outer_space() -> None:
    assert normalised("\r\n\r\na  \r\n- [X] b\t\r\rc\n\n") == "a\n- [ ] b\n\nc"
    assert normalised(normalised("  a \n")) == normalised("  a \n") == "  a"


def test_unix_digest_and_clipped() -> None:
    assert unix("a\r\nb\rc\n") == "a\nb\nc\n"
    assert digest("x") == "2d711642b726b044"
    assert len(digest("\ud800", 64)) == 64
    assert clipped("ééé", 6) == "ééé"
    assert clipped("ééé", 5) == "éé\n[… 1 bytes left out]"


CREDENTIALS = {
    "a private key": ("-----BEGIN RSA " + "PRIVATE KEY-----", "-----BEGIN " + "PRIVATE KEY-----"),
    "a GitHub token": ("ghp_" + "a" * 36, "github_pat_" + "a" * 60),
    "an AWS access key": ("AKIA" + "ABCDEFGH" * 2,),
    "a Slack token": ("xoxb-" + "1" * 10,),
    "an Anthropic key": ("sk-ant-" + "a" * 20,),
    "an OpenAI key": ("sk-proj-" + "a" * 40, "sk-" + "a" * 40),
    "a Google API key": ("AIza" + "a" * 35,),
    "an npm token": ("npm_" + "a" * 36,),
    "a PyPI token": ("pypi-AgEIcHlwaS5vcmc" + "a" * 20,),
    "a key of a model server": ("hf_" + "a" * 34, "gsk_" + "a" * 52, "xai-" + "a" * 80),
    "a key of a service": ("dop_v1_" + "a" * 64, "lin_api_" + "a" * 40, "hvs." + "a" * 90),
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in CREDENTIALS.items() for text in texts])
def test_a_credential_is_named_by_its_kind_and_never_shown(kind: str, text: str) -> None:
    assert secrets_in(f"key = '{text}'\n") == [kind]
    assert secrets_in(text[: len(text) // 2]) == []
