"""Who may steer bee, which text is theirs, and how long that holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bee.config.schema import Policy, TrustPolicy
from bee.model.items import Issue, LabelEvent, Permission, Pull, Rename, Who
from bee.model.labels import Label
from bee.pipeline.positions import Position
from bee.pipeline.trust import Trust, adopted_at, resumed_at, text_is_trusted, trust_of
from tests.pipeline import worlds as w

T0, T1, T2, T3 = w.NOW - 4_000, w.NOW - 3_000, w.NOW - 2_000, w.NOW - 1_000
LISTS = TrustPolicy(allow=frozenset({"sam", "helper[bot]"}), deny=frozenset({"mia"}), bots=frozenset({"renovate"}))
TRUST = trust_of(w.snapshot(), TrustPolicy())


@pytest.mark.parametrize(
    ("permission", "trusted"),
    [
        (Permission.ADMIN, True),
        (Permission.MAINTAIN, True),
        (Permission.WRITE, True),
        (Permission.TRIAGE, False),
        (Permission.READ, False),
        (Permission.NONE, False),
    ],
)
def test_x1_trust_is_admin_maintain_or_write_and_nothing_else(permission: Permission, trusted: bool) -> None:
    assert Trust(w.BEE, {5: permission}).of(Who("Zoe", 5)) is trusted


def test_every_permission_is_in_the_table_above() -> None:
    assert len(Permission) == 6


@pytest.mark.parametrize(
    ("who", "policy", "trusted"),
    [
        (None, LISTS, False),
        (Who("nobody-looked-up", 5), TrustPolicy(), False),
        (Who("ANN", 11), TrustPolicy(), True),
        (w.SAM, LISTS, True),
        (w.MIA, LISTS, False),
        (w.BEE, TrustPolicy(), True),
        (Who("renamed-bee", 99), TrustPolicy(), True),
        (Who("bee-account", 98), TrustPolicy(), False),
        (Who("ann", None), TrustPolicy(), False),
        (Who("sam", None), LISTS, False),
        (Who("renovate", None, bot=True), LISTS, False),
        (w.BEE, TrustPolicy(deny=frozenset({"bee-account"})), False),
        (Who("helper", None), TrustPolicy(), False),
    ],
    ids=["ghost", "unknown", "case-folded", "allowed", "denied-maintainer", "bee", "bee-renamed",
         "bees-login-with-another-id", "t20-mannequin-named-as-a-writer", "t20-mannequin-named-as-allowed",
         "t20-app-without-id",
         "bee-denied", "no-id"],
)  # fmt: skip
def test_lists_go_before_permissions_and_deny_before_all(who: Who | None, policy: TrustPolicy, trusted: bool) -> None:
    assert trust_of(w.snapshot(), policy).of(who) is trusted


def test_x9_bots_are_strangers_unless_named_as_bots() -> None:
    writes = {15: Permission.ADMIN, 3: Permission.READ}
    for bot in (w.BOT, Who("helper", 15, bot=True), Who("helper[bot]", 15), Who("Helper[BOT]", 15)):
        assert not Trust(w.BEE, writes).of(bot)
        assert not Trust(w.BEE, writes, LISTS).of(bot), "`allow` is for people"
    for named in ("renovate", "renovate[bot]"):
        policy = TrustPolicy(bots=frozenset({named}))
        assert Trust(w.BEE, {}, policy).of(Who("renovate[bot]", 3, bot=True))
    assert not Trust(w.BEE, {}, TrustPolicy(bots=frozenset({"renovate"}))).of(Who("renovate", 3)), (
        "a person of that name"
    )


def test_bee_is_known_by_its_id_even_as_an_app_and_never_by_a_missing_one() -> None:
    app = Who("git-bee[bot]", 42, bot=True)
    assert Trust(app).of(app)
    assert not Trust(Who("bee", None)).of(Who("bee", None))


# ---- posts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({}, True),
        ({"author": w.SAM}, False),
        ({"author": None}, False),
        ({"author": w.BOT}, False),
        ({"edited_at": T3, "editor": w.ANN}, True),
        ({"edited_at": T3, "editor": w.MIA}, False),
        ({"edited_at": T3, "editor": w.SAM}, False),
        ({"edited_at": T3, "editor": None}, False),
        ({"author": w.SAM, "edited_at": T3, "editor": w.ANN}, False),
    ],
)
def test_x1_a_post_counts_as_its_trusted_authors_own_word_or_not_at_all(more: dict[str, Any], counts: bool) -> None:
    assert TRUST.counts(w.comment("text", **more)) is counts


# ---- adoption and the text it binds ---------------------------------------------------------------------------------


def strangers(*events: LabelEvent, edits: tuple[Any, ...] = (), author: Who = w.SAM) -> Issue:
    """A stranger's issue, edited by these (at, editor), with the label on it and these label events."""
    item = w.issue(author=author, created_at=T0, label_names=w.names(Label.NEW), events=events)
    if not edits:
        return item
    texts = [w.edit("text 0", T0, author), *(w.edit(f"text {at}", at, who) for at, who in edits)]
    return w.edited(item, *texts)


ADD, OFF = w.labeled, w.unlabeled


@pytest.mark.parametrize(
    ("item", "trusted"),
    [
        (strangers(), False),
        (strangers(ADD(Label.NEW, T1)), True),
        (strangers(ADD("Breeze:New", T1)), True),
        (strangers(ADD(Label.NEW, T1, w.SAM)), False),
        (strangers(ADD(Label.NEW, T1, w.TRI)), False),
        (strangers(ADD(Label.NEW, T1, w.BOT)), False),
        (strangers(ADD(Label.NEW, T1, None)), False),
        (strangers(ADD(Label.NEW, T1), OFF(Label.NEW, T2)), False),
        (strangers(ADD(Label.NEW, T1), OFF(Label.NEW, T2, w.TRI)), False),
        (strangers(ADD(Label.NEW, T1), OFF(Label.NEW, T2), ADD(Label.NEW, T3)), True),
        (strangers(ADD(Label.NEW, T1), OFF(Label.NEW, T2), ADD(Label.NEW, T3, w.TRI)), False),
        (strangers(ADD(Label.NEW, T1), OFF(Label.NEW, T1)), False),
        (strangers(ADD(Label.NEW, T2), edits=((T1, w.SAM),)), True),
        (strangers(ADD(Label.NEW, T1), edits=((T2, w.SAM),)), False),
        (strangers(ADD(Label.NEW, T1), edits=((T1, w.SAM),)), False),
        (strangers(ADD(Label.NEW, T1), edits=((T2, w.ANN),)), True),
        (strangers(ADD(Label.NEW, T1), edits=((T2, w.BEE),)), True),
        (strangers(ADD(Label.NEW, T1), edits=((T2, w.SAM), (T3, w.ANN))), False),
        (strangers(ADD(Label.NEW, T1), ADD(Label.NEW, T3), edits=((T2, w.SAM),)), True),
        (strangers(ADD(Label.NEW, T1), edits=((T2, None),)), False),
        (strangers(edits=((T1, w.ANN),)), False),
        (strangers(author=w.ANN), True),
        (strangers(author=w.ANN, edits=((T1, w.MIA),)), True),
        (strangers(author=w.ANN, edits=((T1, w.TRI),)), False),
        (strangers(ADD(Label.NEW, T2), author=w.ANN, edits=((T1, w.TRI),)), True),
        (replace(strangers(author=w.ANN), edited_at=T1, editor=w.ANN), False),
        (replace(strangers(ADD(Label.NEW, T1)), edited_at=T2), False),
    ],
    ids=[
        "nobody-adopted", "adopted", "label-case-folded", "adopted-by-its-author", "by-triage", "by-a-bot",
             "by-a-ghost",
        "label-removed", "label-removed-by-anyone", "re-added", "re-added-by-triage", "removed-in-the-same-second",
        "edited-before", "edited-after", "edited-in-the-same-second", "edited-after-by-a-trusted-person", "by-bee",
        "edited-on-top-of-a-strangers-edit", "adopted-again", "edited-by-a-ghost", "trusted-editor-is-no-adoption",
        "own-issue", "edited-by-another-trusted-person", "edited-by-triage", "triages-edit-adopted", "history-missing",
        "adopted-but-history-missing",
    ],
)  # fmt: skip
def test_x2_adoption_binds_the_text_as_it_was(item: Issue, trusted: bool) -> None:
    assert text_is_trusted(item, TRUST) is trusted
    found = w.place(item, policy=Policy(intake="all", plan_approval="auto")).position
    assert found is (Position.NEEDS_STEP if trusted else Position.UNTRUSTED)


def test_x2_a_strangers_pull_request_waits_for_adoption_too() -> None:
    asked = w.pull(branch="topic", author=w.SAM, cross_repository=True, label_names=w.names(Label.NEW))
    assert w.place(asked).position is Position.UNTRUSTED
    adopted: Pull = replace(asked, events=(w.labeled(Label.NEW),))
    assert w.place(adopted).position is Position.NEEDS_REVIEW
    assert w.place(replace(adopted, edited_at=w.NOW, editor=w.SAM)).position is Position.UNTRUSTED


def renamed(*renames: tuple[int, Who | None], item: Issue) -> Issue:
    """The item with these changes of its title (at, actor)."""
    return replace(item, renames=tuple(Rename(who, at, "before") for at, who in renames))


@pytest.mark.parametrize(
    ("item", "trusted"),
    [
        (renamed((T2, w.SAM), item=strangers(ADD(Label.NEW, T1))), False),
        (renamed((T1, w.SAM), item=strangers(ADD(Label.NEW, T1))), False),
        (renamed((T1, w.SAM), item=strangers(ADD(Label.NEW, T2))), True),
        (renamed((T2, w.SAM), item=strangers(ADD(Label.NEW, T1), ADD(Label.NEW, T3))), True),
        (renamed((T2, w.ANN), item=strangers(ADD(Label.NEW, T1))), True),
        (renamed((T2, w.SAM), (T3, w.ANN), item=strangers(ADD(Label.NEW, T1))), True),
        (renamed((T2, w.ANN), (T3, w.SAM), item=strangers(ADD(Label.NEW, T1))), False),
        (renamed((T3, w.ANN), (T2, w.SAM), item=strangers(ADD(Label.NEW, T1))), True),
        (renamed((T2, w.SAM), (T2, w.ANN), item=strangers(ADD(Label.NEW, T1))), False),
        (renamed((T2, None), item=strangers(ADD(Label.NEW, T1))), False),
        (renamed((T2, w.BEE), item=strangers(ADD(Label.NEW, T1))), True),
        (renamed((T1, w.TRI), item=strangers(author=w.ANN)), False),
        (renamed((T1, w.MIA), item=strangers(author=w.ANN)), True),
        (renamed((T1, w.TRI), item=strangers(ADD(Label.NEW, T2), author=w.ANN)), True),
    ],
    ids=["after-adoption", "in-its-second", "before-it", "adopted-again", "by-a-trusted-person", "and-put-right",
         "and-changed-again", "whatever-the-lists-order", "in-one-second", "by-a-ghost", "by-bee", "by-triage",
         "of-a-trusted-author", "by-triage-then-adopted"],
)  # fmt: skip
def test_x2_adoption_binds_the_title_too(item: Issue, trusted: bool) -> None:
    assert text_is_trusted(item, TRUST) is trusted


def test_the_moment_of_adoption_is_the_latest_one() -> None:
    item = strangers(ADD(Label.NEW, T1), ADD(Label.NEW, T2), ADD(Label.HUMAN, T3))
    assert adopted_at(item, TRUST) == T2


def test_resuming_is_a_trusted_persons_act() -> None:
    item = w.issue(events=(OFF(Label.HUMAN, T1), OFF(Label.HUMAN, T3, w.TRI), OFF(Label.WIP, T3), ADD(Label.HUMAN, T3)))
    assert resumed_at(item, TRUST) == T1
    assert resumed_at(w.issue(), TRUST) == 0
