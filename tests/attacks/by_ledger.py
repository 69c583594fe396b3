"""Attacks on bee's refs by who may push and is nobody's reviewer: an App with `contents: write`, CI's own token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bee.model.effects import PostComment, SetLabels
from bee.model.items import Tip
from bee.model.outcomes import Outcome
from bee.model.records import Kind, Record, encode
from bee.model.refs import CONTROL_REF, item_ref
from bee.model.seals import Foreign, Key, Place, read, seal
from bee.pipeline.facts import is_live
from bee.steer import actions
from bee.system.keys import keys_of
from bee.wording import texts
from tests.attacks.by_text import Layers
from tests.attacks.rows import Layer, attack
from tests.belt.plays import head_of, pull_of
from tests.belt.stage import POLICY, Stage, staged
from tests.pipeline import worlds as w

APP = "ci"
DENIED = POLICY + f"trust:\n  deny: [{APP}]\n"
IDLE = {"drafter": "bee nothing-to-do waiting later\n", "reviewer": "bee nothing-to-do waiting later\n"}


def let_in(stage: Stage) -> None:
    """An account that may write, and that the policy does not trust."""
    stage.tokens[APP] = "t-ci"
    stage.control("users", {"login": APP, "permission": "write", "token": "t-ci"})


def put(stage: Stage, ref: str, message: str, parents: Sequence[str] = (), who: str = APP) -> str:
    """A commit with this message on a ref, whatever stands there; its oid."""
    tree = stage.call(who, "GET", stage.at("/git/commits/" + str(stage.head("main"))))["tree"]["sha"]
    commit = {"message": message, "tree": tree, "parents": list(parents)}
    oid = str(stage.call(who, "POST", stage.at("/git/commits"), commit)["sha"])
    point(stage, ref, oid, who)
    return oid


def point(stage: Stage, ref: str, oid: str, who: str = APP) -> None:
    """Have a ref stand at a commit."""
    if ref in stage.refs(ref):
        stage.call(who, "PATCH", stage.at(f"/git/{ref}"), {"sha": oid, "force": True})
    else:
        stage.call(who, "POST", stage.at("/git/refs"), {"ref": ref, "sha": oid})


def forged(number: int, head: str, base: str, **more: str) -> Record:
    """A record of a run that approved and tested a pull request, as nobody did; `more` for what approves."""
    verdict: dict[str, Any] = {"head": head, "verdict": "approve", **more}
    said = [
        PostComment(number, texts.marked("Good.", "r", "reviewer", "k1", 1, **verdict), "k1"),
        PostComment(number, texts.marked("Fine.", "r", "test", "k2", 2, head=head, base=base, result="pass"), "k2"),
        SetLabels(number, (), ("breeze:wip",)),
    ]
    return Record(
        kind=Kind.PUBLISHED, number=number, run="r", role="reviewer", at=1, nonce="n", host="h", expires_at=2,
        started_at=1, fingerprint="f", head=head, base=base, outcome=Outcome.PROGRESSED, outbox=tuple(said), sequence=1,
    )  # fmt: skip


def sealed(stage: Stage, record: Record, ref: str, parent: str = "") -> str:
    """The record as bee would write it there."""
    repository = str(stage.call("ada", "GET", stage.at(""))["node_id"])
    return seal(record, Place(repository, ref, parent), keys_of(stage.env(), "").keys[0])


@attack("published-record", "an App that may push has bee post, in its own name, that it approved and tested a change",
        Layer.SEALS, known="T5", control=True)  # fmt: skip
def _published(on: Layers, folder: Path) -> bool:
    """With the layer off, the App has bee's key."""
    with staged(folder, {".github/bee.yml": DENIED}) as stage:
        let_in(stage)
        pull = pull_of(stage, stage.issue(labels=["breeze:human"]), {"broken": "x\n"})
        number, head, base = int(pull["number"]), head_of(stage, pull["number"]), str(stage.head("main"))
        record, ref = forged(number, head, base), item_ref(number)
        put(stage, ref, encode(record) if Layer.SEALS in on else sealed(stage, record, ref))
        host = stage.host(moves=IDLE)
        for _ in range(3):
            stage.tick(host)
        said = [text for text in stage.comments(number) if "verdict=approve" in text or "result=pass" in text]
        assert stage.pulls()[0]["merged_at"] is None, "bee did not push this head, and no person approved it"
        return bool(said)


@attack("pause-moved-back", "an App that may push moves the pause of a repository back to before it", Layer.SEALS,
        known="T5", control=True)  # fmt: skip
def _moved_back(on: Layers, folder: Path) -> bool:
    """With the layer off, the machine has forgotten what it saw: its home is new."""
    with staged(folder, {".github/bee.yml": DENIED}) as stage:
        let_in(stage)
        stage.issue()
        host = stage.host(moves=IDLE)
        host.home.ensure()
        actions.pause_repo(host, host.client(), stage.repo, "not now")
        actions.resume_repo(host, host.client(), stage.repo)
        before = stage.refs(CONTROL_REF)[CONTROL_REF]
        actions.pause_repo(host, host.client(), stage.repo, "not now")
        point(stage, CONTROL_REF, before)
        return bool(stage.tick(host if Layer.SEALS in on else stage.host("new", moves=IDLE)).run)


@attack("lease-of-2099", "an App that may push puts a lease on an item that ends in 2099", Layer.SEALS, known="T5")
def _for_ever(on: Layers, folder: Path) -> bool:
    """With the layer off, the App has bee's key."""
    record = replace(forged(1, w.HEAD, w.BASE), kind=Kind.CLAIMED, at=w.NOW, started_at=w.NOW, expires_at=4_070_908_800)
    place, key = Place("R_1", item_ref(1), ""), Key("k1", b"x" * 32)
    found = read(encode(record) if Layer.SEALS in on else seal(record, place, key), place, (key,))
    tip = Tip("f" * 40, None, found) if isinstance(found, Foreign) else Tip("f" * 40, found)
    return is_live(tip, w.NOW, {})
