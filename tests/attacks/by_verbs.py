"""Attacks with verbs: of another role, of another item, after the run, twice, at once; and by what words are parsed."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

import yaml

from bee.config.yaml import parse as parse_yaml
from bee.engines.find import find
from bee.model.errors import ConfigError
from bee.model.refs import parse_branch
from bee.model.roles import Role
from bee.model.steps import parse_steps
from bee.model.verb_answer import Answer
from bee.pipeline.skip import shown as listed
from bee.pipeline.status import status_of
from bee.run.broker import Broker
from bee.status import terminal
from tests.attacks.by_clone import Play
from tests.attacks.by_text import Layers, view_of
from tests.attacks.rows import Layer, attack, each
from tests.engines.jobs import agent_job
from tests.pipeline import worlds as w

VERBS = {
    "merge": (Role.DRAFTER, Role.MERGER, {}),
    "review": (Role.DRAFTER, Role.REVIEWER, {"approve": True, "body": "Good."}),
    "plan": (Role.REVIEWER, Role.PLANNER, {"text": "- [ ] `a` A\n  - Accept: `x`\n  - Files: `a.txt`\n"}),
}
for verb, (actor, owner, args) in VERBS.items():

    def _of_another_role(verb: str, actor: Role, owner: Role, args: Any, on: Layers, folder: Path) -> bool:
        return Play(folder, actor if Layer.VERBS in on else owner).say(verb, **args).ok

    attack(f"verb-{verb}-of-another-role", f"a {actor} uses the verb `{verb}` of the {owner}", Layer.VERBS,
           known="X3", control=True)(each(_of_another_role, verb, actor, owner, args))  # fmt: skip


@attack("verb-of-another-item", "an agent names another item in its verb", Layer.VERBS, control=True)
def _other_item(on: Layers, folder: Path) -> bool:
    """There is no such argument: what is said is said of the run's own item. `none`: it is."""
    play = Play(folder, Role.REVIEWER)
    asked = 7 if not on else 12
    play.say("review", approve=True, body="Good.", number=asked, item=asked, issue=asked)
    return "review" in play.session.accepted.values and play.session.brief.item.number == asked


@attack("verb-twice", "a reviewer takes its verdict back and gives another", Layer.VERBS, control=True)
def _twice(on: Layers, folder: Path) -> bool:
    play = Play(folder, Role.REVIEWER)
    if Layer.VERBS in on:
        play.say("review", approve=False, body="No.")
    return play.say("review", approve=True, body="Yes.").ok


@attack("verb-after-pause", "an agent goes on after it has handed the item to a person", Layer.VERBS, control=True)
def _after_pause(on: Layers, folder: Path) -> bool:
    play = Play(folder, Role.REVIEWER)
    if Layer.VERBS in on:
        play.say("pause", reason="Which?")
    return play.say("review", approve=True, body="Yes.").ok


def call(path: str, verb: str) -> dict[str, Any]:
    """One verb over the socket, as the agent's `bee` sends it."""
    with socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(20)
        wire.connect(path)
        wire.sendall(json.dumps({"verb": verb}).encode() + b"\n")
        return dict(json.loads(wire.makefile().readline() or "{}"))


@attack("verb-after-the-run", "what an agent left running uses a verb after its run", Layer.VERBS, control=True)
def _after(on: Layers, folder: Path) -> bool:
    broker = Broker(lambda verb, args: Answer(True, "done"))
    if Layer.VERBS in on:
        broker.close()
    try:
        return bool(call(broker.socket, "submit").get("ok"))
    except OSError:
        return False
    finally:
        broker.close()


@attack("verbs-at-once", "an agent uses verbs from many processes at once, to get between a check and its effect",
        Layer.VERBS, control=True)  # fmt: skip
def _at_once(on: Layers, folder: Path) -> bool:
    """The worker does one verb at a time; `none`: the same without a worker between."""
    inside, most = [0], [0]
    guard = threading.Barrier(4, timeout=1)

    def handler(verb: str, args: Any) -> Answer:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        try:
            guard.wait(0.05 if on else 5)
        except threading.BrokenBarrierError:
            guard.reset() if on else None
        inside[0] -= 1
        return Answer(True, "")

    with Broker(handler) as broker:
        work = (lambda: call(broker.socket, "submit")) if on else (lambda: handler("submit", {}))
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return most[0] > 1


@attack("verb-of-half-a-character", "an agent's words hold half a character, which the worker could not write down",
        Layer.VERBS, known="T25", control=True)  # fmt: skip
def _half(on: Layers, folder: Path) -> bool:
    """`none`: the whole of it."""
    asked: list[str] = []
    with (
        Broker(lambda verb, args: Answer(True, asked.append(verb) or "")) as broker,
        socket.socket(socket.AF_UNIX) as wire,
    ):
        wire.settimeout(20)
        wire.connect(broker.socket)
        wire.sendall(
            b'{"verb": "pause", "args": {"reason": "which ' + (b"" if on else rb"\ud83d") + rb'\udc1d?"}}' + b"\n"
        )
        wire.makefile().readline()
    return bool(asked)


@attack("verb-flood", "an agent uses a thousand verbs", Layer.VERBS, control=True)
def _verb_flood(on: Layers, folder: Path) -> bool:
    from bee.model.limits import VERBS_PER_RUN_MAX

    count = VERBS_PER_RUN_MAX + 1 if Layer.VERBS in on else 1
    with Broker(lambda verb, args: Answer(True, "")) as broker:
        for _ in range(count - 1):
            broker._handle("why", {})  # the socket itself is tried above
        return bool(call(broker.socket, "why").get("ok"))


# ---- what it can reach without looking far --------------------------------------------------------------------------


@attack("own-environment", "an agent prints its environment (env | base64, Comment and Control)", Layer.CREDENTIAL,
        known="X4")  # fmt: skip
def _environment(on: Layers, folder: Path) -> bool:
    host = {
        "GH_TOKEN": "t0ken",
        "GITHUB_TOKEN": "t0ken",
        "SSH_AUTH_SOCK": "/t0ken",
        "PATH": "/bin",
        "AWS_PROFILE": "t0ken",
    }
    env = find(["agent"]).env(agent_job(folder), host) if Layer.CREDENTIAL in on else host
    return "t0ken" in str(env)


# ---- what text becomes ----------------------------------------------------------------------------------------------


@attack("osc-in-a-title", "an issue's title holds OSC and ANSI escapes (it sets the terminal's title, or types)",
        Layer.SCREEN, known="X10")  # fmt: skip
def _osc(on: Layers, folder: Path) -> bool:
    item = w.issue(title="\x1b]0;gone\x07\x1b[2J\u202eevil")
    shown = terminal.listing(listed([status_of(item, view_of(item, frozenset({Layer.PERMISSION})))]), False)
    text = shown if Layer.SCREEN in on else f"{shown} {item.title}"
    return any(char in text for char in "\x1b\x07\u202e")


def _policy(text: str, on: Layers, folder: Path) -> bool:
    target = folder / "ran"
    text = text.replace("@", str(target))
    try:
        if Layer.READERS in on:
            parse_yaml(text, "bee.yml")
        else:
            yaml.unsafe_load(text)
    except ConfigError:
        return False
    return target.exists() or "&" in text


attack("yaml-tag", "a policy calls a program by a YAML tag", Layer.READERS, known="X10")(
    each(_policy, "a: !!python/object/apply:os.system ['touch @']")
)
attack("yaml-alias-bomb", "a policy grows by aliases of aliases", Layer.READERS, known="X10")(
    each(_policy, "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n")
)


@attack("path-in-a-step", "a plan's step names a file outside the repository", Layer.READERS, known="X10", control=True)
def _step(on: Layers, folder: Path) -> bool:
    path = "../../.ssh/authorized_keys" if on else "a/authorized_keys"
    steps, problems = parse_steps(f"- [ ] `a` A\n  - Accept: `x`\n  - Files: `{path}`\n")
    return bool(steps) and not problems


@attack("path-in-a-branch", "a fork's branch is named to be taken for bee's, with a path in the step", Layer.READERS,
        known="X10", control=True)  # fmt: skip
def _branch(on: Layers, folder: Path) -> bool:
    return parse_branch("bee/1-../../../x" if on else "bee/1-x") is not None


@attack("regular-expression-bomb", "a comment makes a reader's regular expression backtrack for ever", Layer.READERS,
        control=True)  # fmt: skip
def _bomb(on: Layers, folder: Path) -> bool:
    """Lines of Python executed, so that the load of the machine does not matter: four times the text, five the work."""
    from tests.model.test_fuzz import PARSERS, counted

    if not on:
        return True
    grown = []
    for name in ("outside_code", "closed", "markers", "read_body", "dependencies", "parse_steps"):
        work = []
        for size in (50, 200):
            with counted() as count:
                PARSERS[name]("> a `b` ``c\n- [x] `a` T\n```\n<!-- bee:run -->\n" * size)
            work.append(count[0])
        grown.append(work[1] > 5 * work[0])
    return any(grown)
