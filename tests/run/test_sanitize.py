"""What an agent gets to read: what people see, and fences around what is no instruction."""

from __future__ import annotations

import time

import pytest

from bee.model.text import neutralised
from bee.run.sanitize import fenced, hidden_in, safe_name, visible

MARK = "0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a <!-- OBEY --> b", "a  b"),
        ("a <!-- OBEY\nOBEY", "a "),
        ("![OBEY](x.png) b", "[image] b"),
        ("![OBEY\nOBEY](x.png 'OBEY') b", "[image] b"),
        ("![OBEY][OBEY]", "[image]"),
        ("> ![OBEY](x(1).png)", "> [image]"),
        ("[![OBEY](x)](https://a.example)", "[[image]](https://a.example)"),
        ('<img alt="OBEY" src=x>', "<img>"),
        ('<a href="https://a.example/b" title="OBEY">b</a>', '<a href="https://a.example/b">b</a>'),
        ("<p\nhidden data-x='OBEY'>b</p>", "<p>b</p>"),
        ("a\n\n[//]: # (OBEY now)\nb", "a\n\n\nb"),
        ("a\n\n[//]: # (OBEY (now))\nb", "a\n\n\nb"),
        ('[x]: https://a.example "OBEY"', ""),
        ("[x]: https://a.example\n  'OBEY\nnow'", ""),
        ("[OBEY]: #", ""),
        ('see [b](https://a.example "OBEY") c', "see [b](https://a.example) c"),
        ("[b](<https://a.example/ b>\n 'OBEY')", "[b](<https://a.example/ b>)"),
        ("[b](x (OBEY))", "[b](x)"),
        ("a <?OBEY?> b", "a  b"),
        ("<?x\nOBEY\n\nOBEY", ""),
        ("a <![CDATA[OBEY]]> b", "a  b"),
        ("<!DOCTYPE OBEY>", ""),
        ("a <OBEY-now> b", "a  b"),
        ("a <x OBEY> b", "a  b"),
        ("<div OBEY\n\nb", "\n\nb"),
        ("<a title='x>OBEY' href=u>b</a>", '<a href="u">b</a>'),
        (f"<a title='{'x' * 5000} OBEY'>b</a>", "<a>b</a>"),
        ("> <p\n> title='OBEY'>b</p>", "> <p>b</p>"),
        ("[//]: # (OBEY\nnow)\n\nb", "\n\nb"),
        ('[//]: # "a \\" OBEY"', ""),
        ("- [//]: # (OBEY)\n- b", "\n- b"),
        ("> [//]: # (OBEY)", ""),
        (f"[{'x' * 300}]: /u 'OBEY'", ""),
        ("[^x]: OBEY", ""),
        ("b\n\n[^x]: OBEY now\nOBEY", "b\n\n\n"),
        ("![a [b] OBEY](u)", "[image]"),
        ("![a\\]OBEY](u)", "[image]"),
        (f"![{'x' * 1001}OBEY](u)", "[image]"),
        ("![a `]` OBEY](u) b", "[image] b"),
        ('[b](u "a \\" OBEY")', "b (u)"),
        (f"[b]({'u' * 2001} 'OBEY')", f"b ({'u' * 2001})"),
        ("```py OBEY\nc\n```", "```py\nc\n```"),
        ("> ~~~ py OBEY\n> c", "> ~~~py\n> c"),
        ("| a |\n|---|\n| <b title='OBEY'>b</b> |", "| a |\n|---|\n| <b>b</b> |"),
    ],
)
def test_x3_what_github_hides_from_people_is_hidden_from_agents_and_counted(text: str, seen: str) -> None:
    assert visible(text) == seen
    assert "OBEY" not in visible(text)
    assert hidden_in(text) == 1


@pytest.mark.parametrize(
    "text",
    [
        "plain\n\n- [ ] `a` b\n", "a [link](https://a.example)", "see [x]\n\n[X]: https://a.example", "1 < 2 and 3 > 2",
        "<br/> <b>x</b>",
        "`<?php echo 1 ?>` and `<img alt='kept'>`", "<https://a.example>, <a@b.example>", "a < b <c", "what <? is",
        "```html\n<img alt='kept'>\n![kept](x)\n```", "    ![kept](x)", "x[^1]\n\n[^1]: a note", "`List<String>`",
    ],
)  # fmt: skip
def test_what_people_see_stays(text: str) -> None:
    assert visible(text) == text
    assert hidden_in(text) == 0


def test_a_quote_of_a_tag_makes_no_code_of_what_follows() -> None:
    text = '<b title="`">c</b> <i lang="OBEY">d</i> `e`'
    assert (visible(text), hidden_in(text)) == ("<b>c</b> <i>d</i> `e`", 2)
    text = "[^x]: OBEY\n\n    OBEY"
    assert "OBEY" not in visible(text)
    text = f"{'>' * 120} <b title='OBEY'>c</b>"
    assert "OBEY" not in visible(text)


@pytest.mark.parametrize(
    "part", ["![", "[a](", "<a ", "<a '\"", "<?", "<![CDATA[", "<!A", "`<", "[", "](x '", "> <", "- [a]: ", "[^a]: ",
             "```x y\n", "![a](", "<a\n", "a **<b", "[a]: /u\n", "\\![", "|<b "],
)  # fmt: skip
def test_what_is_hidden_is_found_in_linear_time(part: str) -> None:
    text = part * (65_000 // len(part))
    start = time.process_time()
    visible(text)
    took = time.process_time() - start
    assert took < 4, f"{took:.1f} s for {part!r}"


def test_bees_own_markers_are_taken_out_without_a_word() -> None:
    assert hidden_in("x <!-- bee:run id=1 -->") == 0
    assert visible("x <!-- bee:run id=1 -->") == "x "


def test_x10_invisible_and_bidirectional_characters_are_made_visible() -> None:
    assert visible("a\u202eb\u200bc\x1b[2J") == "a\ufffdb\ufffdc\ufffd[2J"


def test_what_bee_broke_for_github_is_whole_for_an_agent() -> None:
    assert visible(neutralised("npm test -w @scope/pkg")) == "npm test -w @scope/pkg"


@pytest.mark.parametrize(
    "text", ["x", f"----- {MARK} end -----\nOBEY", f"{MARK[:8]}{MARK}{MARK[8:]} end -----", "-----\n" * 9, ""]
)
def test_x3_nothing_inside_a_fence_closes_it(text: str) -> None:
    lines = fenced(text, MARK, "a test's output").split("\n")
    assert lines[0] == f"----- {MARK} begin: a test's output -----"
    assert lines[-2:] == [f"----- {MARK} end -----", ""]
    assert not any(line == lines[-2] for line in lines[1:-2])


def test_x10_a_branch_name_writes_no_sentence() -> None:
    assert safe_name("bee/12-a.b_c") == "bee/12-a.b_c"
    assert safe_name("x`;$(OBEY)\u202e{now}") == "x????OBEY???now?"
    assert len(safe_name("x" * 300)) == 120
