"""Attacks by a live agent: it changes its clone while bee looks, some hundred thousand times a second.

The agent runs in the box and talks to a real broker. `none` is how bee once looked, in `old_way`.
"""

from __future__ import annotations

import json
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

from bee.config.schema import Settings
from bee.engines.table import ENGINES
from bee.model.verb_answer import Answer
from bee.run.agent_runner import BoxedRunner
from bee.run.run_log import TRANSCRIPT
from bee.run.verbs import handle
from bee.sandbox.box import Box
from bee.system import process
from bee.system.home import Home
from tests.attacks import old_way
from tests.attacks.by_clone import Play, world
from tests.attacks.by_text import Layers
from tests.attacks.rows import Layer, Skipped, attack, each
from tests.engines.jobs import agent_job
from tests.git.world import commit, plain_git

BWRAP = shutil.which("bwrap")
SECRET = "GH_TOKEN=never-to-be-seen"
NAME = "a-name-of-the-host"
TRIES, TRIES_DEEP, TRIES_OLD = 20, 200, 200
LOOKS = 4  # at sessions, two a second

# Plants its trap, swaps in a process of its own, and calls `bee submit`: by itself with commits made before, now and
# then with the `bee` of the run. It ends when it is told that it has won.
AGENT = r"""
import ctypes, json, os, signal, socket, subprocess, sys, time
trap, tries, host, tree = sys.argv[1], int(sys.argv[2]), sys.argv[3][1:], sys.argv[4]
sys.path.insert(0, os.environ["PATH"].split(":")[0])
import agent_cli
run = json.load(open(os.path.join(sys.path[0], "run.json")))
libc = ctypes.CDLL(None)

def git(*args, given=b""):
    return subprocess.run(["git", *args], input=given, capture_output=True, check=True).stdout.decode().strip()

open("work.txt", "w").write("done\n")
git("add", "-A"); git("commit", "-qm", "work")
line, _ = agent_cli.request(run, ["submit", "--title", "Work"])
if trap == "refs":
    os.makedirs(".git/refs/a"); open(".git/refs/a/env", "w").write(git("rev-parse", "HEAD") + "\n")
    os.symlink(host, ".git/refs/b"); open(".git/HEAD", "w").write("ref: refs/a/env\n")
    pair = (".git/refs/a", ".git/refs/b")
elif trap == "head":
    os.symlink(host + "/env", ".git/other"); pair = (".git/HEAD", ".git/other")
elif trap == "packed":
    git("pack-refs", "--all"); os.symlink(host + "/env", ".git/other"); pair = (".git/packed-refs", ".git/other")
elif trap == "alternates":
    kept = open(".git/objects/info/alternates").read()
    open(".git/objects/info/more", "w").write(kept + host + "/.git/objects\n")
    raw = git("cat-file", "commit", "HEAD").splitlines()
    clean, raw[0] = git("rev-parse", "HEAD^{tree}"), "tree " + tree
    oid = git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", given=("\n".join(raw) + "\n").encode())
    git("update-ref", "HEAD", git("commit-tree", clean, "-p", oid, "-m", "work"))
    pair = (".git/objects/info/alternates", ".git/objects/info/more")
else:
    os.makedirs("d"); open("d/mine", "w").write("x"); os.symlink(host, "e"); pair = ("d", "e")
    open(".git/info/exclude", "w").write("mine\ne\n")
    open(".gitignore", "w").write("mine\n.gitignore\n/e\n")
child = os.fork()
if child == 0:
    one, other = (name.encode() for name in pair)
    while True:
        libc.renameat2(-100, one, -100, other, 2)
answers = set()
for number in range(tries):
    if number % 5 == 4:
        answers.add(subprocess.run(["bee", "submit", "--title", "Work"], capture_output=True).stderr.decode())
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(os.environ["BEE_SOCKET"])
        peer.sendall(line)
        answer = json.loads(peer.makefile().readline())
    answers.add(answer["text"])
    if answer["exit"] in (3, 99):
        break
os.kill(child, signal.SIGKILL)
print("\n".join(sorted(answers)))
"""


def other_repository(folder: Path) -> tuple[Path, str]:
    """A folder of the host that is also another repository, with a secret; and the tree of its one commit."""
    other = folder / "host"
    other.mkdir()
    plain_git(other, "init", "-q")
    commit(other, {"env": SECRET, NAME: "x"})
    return other, plain_git(other, "rev-parse", "HEAD^{tree}")


def _races(trap: str, tries: int, on: Layers, folder: Path) -> bool:
    """Whether one byte of the host came out, another repository's object came in, or what serves the agent fell."""
    if BWRAP is None:
        raise Skipped("bubblewrap is not installed here")
    other, tree = other_repository(folder)
    for name in ("bin", "context", "home"):
        (folder / name).mkdir()
    play, here = Play(folder), world()
    # not as a path of its own: the box shows what an engine's arguments name
    engine = (sys.executable, "-c", AGENT, trap, str(tries if on else TRIES_OLD), f"={other}", tree)
    runner = BoxedRunner(
        home=Home(folder / "bees"), settings=Settings(engine=engine), boot="boot", python=sys.executable, env={},
        find_box=lambda: Box("bubblewrap", BWRAP or ""),
    )  # fmt: skip
    play.session.take_in = lambda pack: here.mirror.take_in(pack, folder / "quarantine", runner.confined)
    secrets = (SECRET, NAME, SECRET.encode().hex())
    calls, leaks = [], []

    def answer(verb: str, args: dict[str, Any]) -> Answer:
        try:
            answered = handle(play.session, verb, args) if on else old_way.submit(here.mirror, play.path, here.base)
        except OSError as problem:
            answered = Answer(False, f"it fell: {problem}", 99)
        calls.append(answered.text)
        inside = folder / "quarantine"
        objects = inside.exists() and here.git.ask(["cat-file", "-e", tree], git_dir=inside).code == 0
        packed = len(str(answered.data.get("pack", ""))) > 0 and trap == "alternates"
        if objects or packed or answered.exit == 99 or any(one in answered.text for one in secrets):
            leaks.append(f"{objects} {packed} {answered.text}")
            return Answer(False, "won", 99)
        return answered

    job = agent_job(folder, clone=play.path, mirror=here.mirror.path, known=(here.base,), branch="bee/1-task")
    ended = runner.run(job, answer)
    assert ended.ok or leaks, (ended, (folder / "transcript.log").read_text())
    assert leaks or len(calls) >= (tries if on else 1), "the agent did not get to its tries"
    return bool(leaks)


TRAPS = {
    "refs": ("T1", "a folder of its refs with a link to a folder of the host"),
    "alternates": ("T2", "what its clone borrows objects from with another repository of the host"),
    "others": ("T3", "a folder of its work with a link to a folder of the host"),
    "head": ("T3", "its HEAD with a link to a file of the host"),
    "packed": ("T3", "its packed refs with a link to a file of the host"),
}
for key, (known, what) in TRAPS.items():
    for deep in (False, True):
        attack(
            f"swaps-{key}{'-200-times' if deep else ''}", f"a live agent swaps {what}, while bee looks", Layer.CLONE,
            known=known, deep=deep,
        )(each(_races, key, TRIES_DEEP if deep else TRIES))  # fmt: skip


# Under the name of an engine that notes its sessions. It swaps the folder for one of the host while bee looks, twice a
# second, and leaves its own at the end: what it noted is told then, by a reader that got through all of it.
SESSION_AGENT = r"""#!{python} -I
import ctypes, json, os, signal, sys, time
os.chdir(os.environ["CODEX_HOME"])
os.makedirs("sessions/2026/11/21"); os.symlink("{host}", "other")
file = open("sessions/2026/11/21/rollout-1.jsonl", "a")
libc, child = ctypes.CDLL(None), os.fork()
while child == 0:
    libc.renameat2(-100, b"sessions", -100, b"other", 2)
for number in range(5 * {looks}):
    file.write(json.dumps(dict(look=number)) + "\n"); file.flush(); time.sleep(0.1)
os.kill(child, signal.SIGKILL); os.waitpid(child, 0)
if os.path.islink("sessions"):
    libc.renameat2(-100, b"sessions", -100, b"other", 2)
print(json.dumps(dict(type="item.completed", item=dict(type="agent_message"))))
print(json.dumps(dict(type="turn.completed", usage=dict())), flush=True)
"""


def _sessions(looks: int, on: Layers, folder: Path) -> bool:
    """Whether a byte of the host came out. What is told of sessions is told in the box; `none`: bee looks itself."""
    if BWRAP is None:
        raise Skipped("bubblewrap is not installed here")
    host, program = folder / "host" / "2026" / "11" / "21", folder / "engine" / "codex"
    for path in (host, program.parent, *(folder / name for name in ("clone", "context", "mirror", "home"))):
        path.mkdir(parents=True)
    (host / "rollout-2.jsonl").write_text(json.dumps({"payload": SECRET}) + "\n")
    program.write_text(SESSION_AGENT.format(python=sys.executable, host=folder / "host", looks=looks))
    program.chmod(0o755)
    runner = BoxedRunner(
        home=Home(folder / "bees"), settings=Settings(engine="codex"), boot="boot", python=sys.executable,
        env={"PATH": f"{program.parent}:{process.SYSTEM_PATH}"}, find_box=lambda: Box("bubblewrap", BWRAP or ""),
    )  # fmt: skip
    job, seen = agent_job(folder), threading.Event()

    def look() -> None:
        while not job.stop.is_set():
            if any(SECRET.encode() in text for text in old_way.sessions(job.home, ENGINES["codex"].sessions)):
                seen.set()
                job.stop.set()

    looker = threading.Thread(target=look, daemon=True)
    if not on:
        looker.start()
    ended = runner.run(job, lambda verb, args: Answer(False, "not now", 2))
    job.stop.set()
    told = (folder / TRANSCRIPT).read_text()
    assert seen.is_set() or (ended.ok and told.count("bee.session") == 5 * looks), (ended, told)
    return seen.is_set() or SECRET in told or SECRET in str(ended)


for deep in (False, True):
    attack(
        f"swaps-sessions{'-200-times' if deep else ''}",
        "a live agent swaps the folder of its engine's sessions with one of the host, while bee looks",
        Layer.CLONE, known="T3", deep=deep,
    )(each(_sessions, TRIES_DEEP if deep else LOOKS))  # fmt: skip
