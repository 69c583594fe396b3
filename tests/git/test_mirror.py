"""The mirror: every command from scratch, refs moved by compare-and-swap, and objects checked."""

from __future__ import annotations

import base64
import http.server
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from bee.git import command, parse
from bee.git.command import EMPTY_TREE, Git
from bee.git.mirror import Mirror, RefChange
from bee.model.errors import (
    AuthError,
    BeeError,
    ForbiddenError,
    GitError,
    RefConflict,
    RefusedError,
    RuleError,
    ServerError,
    UnreachableError,
)
from bee.model.records import TREE, TREE_FILES
from bee.system.process import Ended
from tests.git.world import Upstream, plain_git

REF = "refs/bee/items/7"
NONE = "0" * 40


def record(mirror: Mirror, text: str, parents: tuple[str, ...] = ()) -> str:
    return mirror.commit_record(f"bee: {text}\n\n{{}}\n", EMPTY_TREE, parents, 1_700_000_000)


def test_a_mirror_is_made_once_and_whole(mirror: Mirror, upstream: Upstream) -> None:
    mirror.ensure()
    assert mirror.rev("refs/heads/main") == upstream.main
    assert mirror.has(upstream.main)
    assert not mirror.has("1" * 40)
    assert mirror.rev("refs/heads/none") is None


def test_a_mirror_left_half_made_by_a_crash_is_made_again(tmp_path: Path, git: Git, upstream: Upstream) -> None:
    mirror = Mirror(git, tmp_path / "m" / "r.git", upstream.url)
    for name in ("r.git", "r.git.new"):
        (tmp_path / "m" / name / "objects").mkdir(parents=True)
    mirror.ensure()
    mirror.fetch(["+refs/heads/*:refs/heads/*"])
    assert mirror.rev("refs/heads/main") == upstream.main


def test_a_mirror_keeps_no_remote_and_no_secret(tmp_path: Path, git: Git, upstream: Upstream) -> None:
    mirror = Mirror(git, tmp_path / "r.git", upstream.url, "t0ken-secret")
    mirror.ensure()
    mirror.fetch(["+refs/heads/*:refs/heads/*"])
    assert "t0ken" not in repr(mirror)
    text = (mirror.path / "config").read_text()
    assert "remote" not in text
    assert all(b"t0ken" not in path.read_bytes() for path in mirror.path.rglob("*") if path.is_file())
    assert list((tmp_path / "git-home").iterdir()) == []


def test_fetch_moves_deletes_and_survives_a_folder_in_place_of_a_ref(mirror: Mirror, upstream: Upstream) -> None:
    moved = upstream.push("main", {"a.txt": "two\n"})
    upstream.push("topic", {"b.txt": "b\n"})
    mirror.fetch(["+refs/heads/*:refs/heads/*"])
    assert mirror.rev("refs/heads/main") == moved
    plain_git(upstream.person, "checkout", "-q", "main")
    plain_git(upstream.person, "branch", "-q", "-D", "topic")
    plain_git(upstream.person, "push", "-q", "origin", ":topic")
    inner = upstream.push("topic/inner", {"c.txt": "c\n"})
    mirror.fetch(["+refs/heads/*:refs/heads/*"])
    assert mirror.rev("refs/heads/topic") is None
    assert mirror.rev("refs/heads/topic/inner") == inner


def test_lock_files_of_a_killed_git_do_not_stop_the_next_fetch(mirror: Mirror, upstream: Upstream) -> None:
    upstream.push("main", {"a.txt": "two\n"})
    lock = mirror.path / "refs" / "heads" / "main.lock"
    lock.touch()
    with pytest.raises(GitError, match=r"main\.lock"):
        mirror.fetch(["+refs/heads/*:refs/heads/*"])
    os.utime(lock, (0, 0))
    mirror.fetch(["+refs/heads/*:refs/heads/*"])
    assert not lock.exists()


def test_case_r11_what_a_killed_fetch_left_of_a_pack_goes(mirror: Mirror, upstream: Upstream) -> None:
    packs = mirror.path / "objects" / "pack"
    packs.mkdir(parents=True, exist_ok=True)
    kept = packs / "pack-1.keep"
    left = [packs / name for name in ("tmp_pack_a1B2c3", "tmp_idx_x", ".tmp-77-pack-1.pack")]
    for path in (kept, *left):
        path.write_bytes(b"x")
    mirror.fetch(["+refs/heads/*:refs/heads/*"])
    assert [path.exists() for path in (kept, *left)] == [True, False, False, False]


SLOW_GIT = """#!/bin/sh
[ "$1" = fetch ] || exec {git} "$@"
echo x > "$GIT_DIR/objects/pack/tmp_pack_slow"
for at in 1 2 3 4 5 6 7 8; do {each}; done
exec {git} "$@"
"""
DRIP = 'sleep 0.3; printf "Receiving objects: $at%%\\r" >&2'


@pytest.mark.parametrize(
    ("each", "patient", "stopped", "ends"),
    [
        (DRIP, False, False, "did not end within 1 seconds"),
        (DRIP, True, False, ""),
        (DRIP, True, True, "was told to stop"),
        ("sleep 0.3", True, False, "made no progress"),
    ],
)
def test_case_r11_a_runs_fetch_takes_as_long_as_bytes_flow(
    mirror: Mirror, upstream: Upstream, tmp_path: Path, each: str, patient: bool, stopped: bool, ends: str
) -> None:
    """Over the time limit of a command with progress; without any, or told to stop, it ends, and leaves no pack."""
    head = upstream.push("main", {"a.txt": "two\n"})
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(SLOW_GIT.format(git=shutil.which("git"), each=each))
    program.chmod(0o755)
    (mirror.path / "objects" / "pack").mkdir(parents=True, exist_ok=True)
    path = f"{program.parent}:{mirror.git.env_path}"
    slow = replace(mirror, git=replace(mirror.git, env_path=path, seconds_max=1, stall_seconds_max=1.2))
    stop = threading.Event()
    if stopped:
        stop.set()
    with pytest.raises(UnreachableError, match=ends) if ends else nullcontext():
        slow.fetch(["+refs/heads/*:refs/heads/*"], stop if patient else None)
    assert (mirror.rev("refs/heads/main") == head) == (not ends)
    assert not ends or not list((mirror.path / "objects" / "pack").glob("tmp_*"))


def test_case_r11_git_tells_of_its_progress_without_a_terminal(mirror: Mirror, upstream: Upstream) -> None:
    """What the stall is measured by; and none of it is taken for what a failure says."""
    upstream.push("main", {"a.txt": "two\n"})
    ended = mirror.ask("fetch", "--progress", "--", mirror.url, "+refs/heads/*:refs/heads/*")
    assert b"objects" in ended.err
    said = ended.err + b"remote: Enumerating objects: 5, done.\nfatal: early EOF\n"
    error = command.failure("fetch", replace(ended, code=128, err=said))
    assert str(error) == "git fetch: no whole answer from the server: fatal: early EOF"


def test_a_push_creates_moves_and_deletes_only_from_where_a_ref_was_expected(
    mirror: Mirror, upstream: Upstream
) -> None:
    first = record(mirror, "claimed")
    mirror.push_atomic([RefChange(REF, None, first)])
    assert mirror.remote_refs([REF]) == {REF: first}
    with pytest.raises(RefConflict, match=REF):
        mirror.push_atomic([RefChange(REF, None, record(mirror, "another"))])
    second = record(mirror, "renewed", (first,))
    mirror.push_atomic([RefChange(REF, first, second)])
    with pytest.raises(RefConflict):
        mirror.push_atomic([RefChange(REF, first, record(mirror, "late", (first,)))])
    with pytest.raises(RefConflict):
        mirror.push_atomic([RefChange(REF, first, None)])
    # a ref may be replaced by what does not descend from it: the lease is what counts
    third = record(mirror, "taken over")
    mirror.push_atomic([RefChange(REF, second, third)])
    mirror.push_atomic([RefChange(REF, third, None)])
    assert mirror.remote_refs(["refs/bee/*"]) == {}


def test_the_same_commit_pushed_again_after_a_lost_reply_is_no_conflict_of_itself(mirror: Mirror) -> None:
    first = record(mirror, "claimed")
    mirror.push_atomic([RefChange(REF, None, first)])
    mirror.push_atomic([RefChange(REF, None, first)])
    assert mirror.remote_refs([REF]) == {REF: first}


def test_a_push_moves_all_refs_or_none(mirror: Mirror, upstream: Upstream) -> None:
    first = record(mirror, "claimed")
    mirror.push_atomic([RefChange(REF, None, first)])
    changes = [
        RefChange("refs/heads/bee/7-a", None, upstream.main),
        RefChange(REF, upstream.main, record(mirror, "published", (first,))),
    ]
    with pytest.raises(RefConflict):
        mirror.push_atomic(changes)
    assert mirror.remote_refs(["refs/heads/bee/*"]) == {}


def test_of_many_claimants_at_once_one_wins(mirror: Mirror) -> None:
    mine = [record(mirror, f"claimant {number}") for number in range(8)]
    won: list[str] = []
    lost: list[BeeError] = []

    def claim(oid: str) -> None:
        try:
            mirror.push_atomic([RefChange(REF, None, oid)])
            won.append(oid)
        except BeeError as error:
            lost.append(error)

    threads = [threading.Thread(target=claim, args=(oid,)) for oid in mine]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mirror.remote_refs([REF]) == {REF: won[0]}
    assert len(won) == 1
    assert [type(error) for error in lost] == [RefConflict] * 7


def test_a_refusal_of_the_server_is_not_taken_for_a_lost_race(mirror: Mirror, upstream: Upstream) -> None:
    hook = upstream.bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'protected branch' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(RuleError, match=r"protected branch.*hook declined"):
        mirror.push_atomic([RefChange(REF, None, record(mirror, "claimed"))])


def test_x7_what_could_steer_git_is_refused_as_an_argument(mirror: Mirror, upstream: Upstream) -> None:
    main = upstream.main
    for name in (
        "--all",
        "refs/heads/--mirror:x",
        "refs/heads/a b",
        "refs/../x",
        "refs/heads/a\n",
        "main",
        "refs/x.lock",
    ):
        with pytest.raises(GitError, match="is not a ref name"):
            mirror.push_atomic([RefChange(name, None, main)])
        with pytest.raises(GitError):
            mirror.rev(name)
    for oid in ("--receive-pack=evil", "main", main[:10], f"{main}\n", "HEAD"):
        with pytest.raises(GitError, match="is not a commit id"):
            mirror.push_atomic([RefChange(REF, None, oid)])
        with pytest.raises(GitError, match="is not a commit id"):
            mirror.diff_names(oid, main)
        with pytest.raises(GitError, match="is not a commit id"):
            mirror.new_commits(oid, [main])
        with pytest.raises(GitError, match="is not a commit id"):
            mirror.added_lines([oid])
    for spec in ("--upload-pack=evil", "refs/heads/*", "ext::sh -c evil:refs/x", "+refs/heads/*:--x"):
        with pytest.raises(GitError):
            mirror.fetch([spec])
    with pytest.raises(GitError, match="is not a ref pattern"):
        mirror.remote_refs(["--upload-pack=evil"])
    for path in ("", "/etc/passwd", "a\nb"):
        with pytest.raises(GitError, match="is not a path"):
            mirror.show(main, path)


def test_other_protocols_are_off(tmp_path: Path, upstream: Upstream) -> None:
    for url in (upstream.url, "ext::sh -c true", "ssh://host/x"):
        mirror = Mirror(Git(home=tmp_path / "h"), tmp_path / "other.git", url)
        mirror.ensure()
        with pytest.raises(GitError, match=r"not allowed|ext"):
            mirror.remote_refs()


def test_no_setting_of_the_person_reaches_git(mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = tmp_path / "ran"
    config = f"[core]\n\tfsmonitor = touch {evil}\n[user]\n\tname = Mallory\n[alias]\n\tcommit-tree = !touch {evil}\n"
    (tmp_path / "home" / ".gitconfig").write_text(config)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "home" / ".gitconfig"))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Mallory")
    oid = record(mirror, "x")
    assert plain_git(mirror.path, "log", "-1", "--format=%an <%ae> %at %cn %ct", oid) == (
        "bee <bee@localhost> 1700000000 bee 1700000000"
    )
    assert not evil.exists()


def test_a_record_comes_back_word_for_word(mirror: Mirror) -> None:
    message = 'bee: claimed #7\n\n{"note":"ü — ✓ \\n #hash"}\n\n# not a comment\n'
    first = mirror.commit_record(message, EMPTY_TREE, [], 5)
    second = mirror.commit_record("bee: two\n", TREE, [first], 6)
    other = mirror.commit_record("bee: of another item\n", EMPTY_TREE, [], 7)
    plain_git(mirror.path, "update-ref", "refs/bee/items/7", second)
    plain_git(mirror.path, "update-ref", "refs/bee/items/77", other)
    found = mirror.newest(["refs/bee/items/7"], 0, 10)
    assert [(commit.oid, commit.committed_at) for commit in found] == [(second, 6), (first, 5)]
    assert found[1].message.rstrip("\n") == message.rstrip("\n")
    assert mirror.newest(["refs/bee/items/7"], 0, 1) == found[:1]
    assert mirror.newest(["refs/bee/items/7"], 1, 10) == found[1:]
    assert [commit.oid for commit in mirror.newest(["refs/bee/items/*"], 0, 10)] == [other, second, first]
    assert mirror.tree_of(second) == TREE


def test_case_r4_the_tree_of_records_is_what_git_makes_of_its_files(mirror: Mirror) -> None:
    oid = mirror.commit_record("bee: one\n", TREE, [], 5)
    assert plain_git(mirror.path, "ls-tree", "-r", "--name-only", oid).split() == list(TREE_FILES)
    assert plain_git(mirror.path, "show", f"{oid}:README") == TREE_FILES["README"].strip()
    assert mirror.folder(oid, "README") is None


def test_differences_name_every_path_with_its_mode_and_size(mirror: Mirror, upstream: Upstream) -> None:
    base = upstream.main
    (upstream.person / "link").symlink_to("/etc/passwd")
    (upstream.person / "bin").write_bytes(b"\0\1\2")
    head = upstream.push("topic", {"a.txt": None, "d/ä b\tc.txt": "12345", "CLAUDE.md": "changed\n"})
    mirror.fetch(["+refs/heads/*:refs/heads/*"])
    found = {entry.path: entry for entry in mirror.diff_names(base, head)}
    assert found["a.txt"].status == "D"
    assert (found["d/ä b\tc.txt"].status, found["d/ä b\tc.txt"].size) == ("A", 5)
    assert found["link"].mode == "120000"
    assert found["bin"].size == 3
    assert found["CLAUDE.md"].status == "M"
    assert mirror.diff_names(base, base) == []
    assert "+changed" in mirror.diff_text(base, head)
    assert mirror.show(head, "d/ä b\tc.txt") == b"12345"
    assert mirror.show(head, "a.txt") is None
    assert mirror.show(head, "d") is None
    (commit,) = mirror.new_commits(head, [base])
    assert (commit.oid, commit.message) == (head, "change\n")
    assert commit.people == ("Ann <ann@example.invalid>",) * 2
    assert (abs(commit.dated - time.time()) < 600, commit.odd) == (True, ())
    assert mirror.new_commits(head, [base, head]) == []


def test_a_text_cannot_hide_by_calling_itself_binary(mirror: Mirror, upstream: Upstream) -> None:
    head = upstream.push("topic", {".gitattributes": "* binary diff=none -diff\n", "key.txt": "the secret\n"})
    mirror.fetch(["+refs/heads/*:refs/heads/*"])
    plain_git(mirror.path, "symbolic-ref", "HEAD", "refs/heads/topic")
    assert "+the secret" in mirror.diff_text(upstream.main, head)


def test_everything_that_new_commits_add_is_seen_whatever_became_of_it(mirror: Mirror, upstream: Upstream) -> None:
    """Added and removed again, in a binary file, in a file's name, in what a merge makes, behind a large deletion."""
    base = upstream.push("topic", {"old.txt": "line\n" * 1_000, "m.txt": "1\n"})
    first = upstream.push("topic", {"old.txt": None, "gone.txt": "ADDED-AND-GONE\n", "NAMED.txt": "x"})
    (upstream.person / "bin").write_bytes(b"\0\1IN-A-BINARY\0")
    second = upstream.push("topic", {"gone.txt": None, "keys/test.pem": "ALLOWED\n", "-x.txt": "--- DASHES\n"})
    mirror.fetch(["+refs/heads/*:refs/heads/*"])
    new = [entry.oid for entry in mirror.new_commits(second, [base])]
    assert new == [second, first]
    text = mirror.added_lines(new)
    for seen in ("ADDED-AND-GONE", "NAMED.txt", "IN-A-BINARY", "ALLOWED", "DASHES"):
        assert seen in text
    assert "\nline\n" not in text
    assert "ALLOWED" not in mirror.added_lines(new, but=["Keys/**"])
    assert "ADDED-AND-GONE" in mirror.added_lines(new, but=["keys/**"])
    assert "ADDED-AND-GONE" not in mirror.added_lines(new, only=["keys/**"])
    assert "ALLOWED" in mirror.added_lines(new, only=["keys/**"])
    assert mirror.added_lines([]) == ""


def test_a_long_difference_is_cut_and_says_so(mirror: Mirror, upstream: Upstream) -> None:
    head = upstream.push("topic", {"big.txt": "line\n" * 50_000})
    mirror.fetch(["+refs/heads/*:refs/heads/*"])
    text = mirror.diff_text(upstream.main, head, 5_000)
    assert len(text) < 5_100
    assert "bytes left out" in text


def test_a_file_over_the_bound_is_not_read(mirror: Mirror, upstream: Upstream) -> None:
    with pytest.raises(GitError, match="4 bytes"):
        mirror.show(upstream.main, "a.txt", bytes_max=3)


def test_merging_without_a_work_tree(mirror: Mirror, upstream: Upstream) -> None:
    plain_git(upstream.person, "checkout", "-q", "-b", "other", upstream.main)
    other = upstream.push("other", {"b.txt": "b\n"})
    plain_git(upstream.person, "checkout", "-q", "main")
    main = upstream.push("main", {"a.txt": "main\n"})
    plain_git(upstream.person, "checkout", "-q", "-b", "clash", upstream.main)
    clash = upstream.push("clash", {"a.txt": "clash\n"})
    mirror.fetch(["+refs/heads/*:refs/heads/*"])
    tree, _ = mirror.merge_tree(main, other)
    assert tree is not None
    merged = mirror.commit_record("merged\n", tree, [main, other])
    assert mirror.show(merged, "a.txt") == b"main\n"
    assert mirror.show(merged, "b.txt") == b"b\n"
    nothing, why = mirror.merge_tree(main, clash)
    assert nothing is None
    assert "a.txt" in why
    assert mirror.merge_base(main, other) == upstream.main
    assert mirror.is_ancestor(upstream.main, merged)
    assert not mirror.is_ancestor(merged, main)
    assert (mirror.is_linear(upstream.main, main), mirror.is_linear(upstream.main, merged)) == (True, False)
    assert mirror.is_linear(merged, merged)
    assert mirror.merge_base(main, record(mirror, "unrelated")) is None
    with pytest.raises(GitError, match="merge-tree"):
        mirror.merge_tree(main, "1" * 40)


def test_a_command_over_its_time_is_stopped(git: Git) -> None:
    with pytest.raises(UnreachableError, match=r"within 0.2 seconds"):
        replace(git, seconds_max=0.2).ask(["-c", "alias.wait=!sleep 20", "wait"])


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("fatal: could not read Username for 'https://x': terminal prompts disabled", AuthError),
        ("fatal: Authentication failed for 'https://x/'", AuthError),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 403", ForbiddenError),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 503", ServerError),
        ("fatal: unable to access 'https://x/': Could not resolve host: x", UnreachableError),
        ("error: RPC failed; curl 56 Recv failure: Connection reset by peer\nfatal: early EOF", UnreachableError),
        ("fatal: unable to access 'http://x/': Failed to connect to x port 1: Connection refused", UnreachableError),
        ("fatal: bad object", GitError),
        ("", GitError),
    ],
)
def test_errors_are_told_apart_by_their_cause(said: str, kind: type[BeeError]) -> None:
    error = command.failure(
        "fetch", Ended(code=128, out=b"", err=said.encode(), seconds=0.1, timed_out=False, cut=False)
    )
    assert type(error) is kind
    assert "git fetch" in str(error)


class Recording(http.server.BaseHTTPRequestHandler):
    """A server that says no, and remembers who asked."""

    status = 401
    asked: list[str | None]

    def do_GET(self) -> None:
        type(self).asked.append(self.headers.get("Authorization"))
        self.send_response(self.status)
        if self.status == 302:
            self.send_header("Location", f"http://localhost:{self.server.server_address[1]}/elsewhere")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[str, type[Recording]]]:
    kind = type("Kind", (Recording,), {"asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}/o/r.git", kind
        running.shutdown()
        thread.join()


def test_the_token_goes_to_its_server_and_into_no_error(server: tuple[str, type[Recording]], tmp_path: Path) -> None:
    url, kind = server
    mirror = Mirror(Git(home=tmp_path / "h"), tmp_path / "m.git", url, "t0ken-secret")
    mirror.ensure()
    with pytest.raises(AuthError) as caught:
        mirror.remote_refs()
    basic = base64.b64encode(b"x-access-token:t0ken-secret").decode()
    assert kind.asked[0] == f"Basic {basic}"
    assert "t0ken" not in str(caught.value)
    assert basic not in str(caught.value)


def test_the_token_does_not_follow_a_redirection(server: tuple[str, type[Recording]], tmp_path: Path) -> None:
    url, kind = server
    kind.status = 302
    mirror = Mirror(Git(home=tmp_path / "h"), tmp_path / "m.git", url, "t0ken-secret")
    mirror.ensure()
    with pytest.raises(BeeError, match=r"302|redirect"):
        mirror.remote_refs()
    assert len(kind.asked) == 1


def test_nobody_listening_is_unreachable(tmp_path: Path) -> None:
    mirror = Mirror(Git(home=tmp_path / "h"), tmp_path / "m.git", "http://127.0.0.1:1/o/r.git", "t")
    mirror.ensure()
    with pytest.raises(UnreachableError):
        mirror.fetch(["+refs/heads/*:refs/heads/*"])
    with pytest.raises(UnreachableError):
        mirror.push_atomic([RefChange(REF, None, record(mirror, "x"))])


def test_the_server_of_the_token_is_named_exactly() -> None:
    found = command.credential("https://user:pw@ghe.example:8443/o/r.git", "t")
    assert list(found) == ["http.https://ghe.example:8443/.extraHeader"]
    assert command.credential("file:///x", "t") == {}
    assert command.credential("https://x/", "") == {}


def test_only_what_git_saw_itself_is_stale_without_another_look() -> None:
    assert parse.is_stale(["[rejected] (stale info)", "[rejected] (atomic push failed)"])
    assert not parse.is_stale(["[remote rejected] (cannot lock ref 'x': is at 1a but expected 2b)"])
    assert not parse.is_stale(["[rejected] (stale info)", "[remote rejected] (atomic transaction failed)"])
    assert not parse.is_stale([])


GH013 = """remote: error: GH013: Repository rule violations found for refs/heads/bee/7-a.
remote: Review all repository rules at https://github.com/ada/calc/rules?ref=refs%2Fheads%2Fbee%2F7-a
remote:
remote: - Cannot create ref due to creations being restricted.
remote:
"""


def hook(upstream: Upstream, script: str) -> None:
    """What the server does before it takes a push."""
    path = upstream.bare / "hooks" / "pre-receive"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_case_r5_a_rule_is_said_in_githubs_words_to_the_last_line(mirror: Mirror, upstream: Upstream) -> None:
    """The text as GitHub prints it, https://github.com/henne49/dbus-opendtu/issues/235."""
    lines = [line.removeprefix("remote:").strip() for line in GH013.splitlines()]
    hook(upstream, "cat >&2 <<'END'\n" + "\n".join(lines) + "\nEND\nexit 1")
    with pytest.raises(RuleError, match=r"GH013.*creations being restricted") as caught:
        mirror.push_atomic([RefChange("refs/heads/bee/7-a", None, upstream.main)])
    assert not isinstance(caught.value, RefConflict)


def test_case_r5_a_branch_named_bee_is_named_and_is_no_lost_race(mirror: Mirror, upstream: Upstream) -> None:
    """git itself says no more than that the transaction failed, or that it cannot lock the ref."""
    mirror.push_atomic([RefChange("refs/heads/bee", None, upstream.main)])
    first = record(mirror, "claimed")
    with pytest.raises(RuleError, match=r"refs/heads/bee, so that refs/heads/bee/7-a cannot be: rename"):
        mirror.push_atomic([RefChange(REF, None, first), RefChange("refs/heads/bee/7-a", None, upstream.main)])
    assert mirror.remote_refs([REF]) == {}
    with pytest.raises(RuleError, match=r"refs/bee/items/7/x, so that"):
        mirror.push_atomic([RefChange(f"{REF}/x", None, first)])
        mirror.push_atomic([RefChange(REF, None, first)])


def test_case_r5_a_refusal_without_a_reason_is_a_refusal_and_no_lost_race(mirror: Mirror, upstream: Upstream) -> None:
    hook_path = upstream.bare / "hooks" / "update"
    hook_path.parent.mkdir(exist_ok=True)
    hook_path.write_text("#!/bin/sh\nexit 1\n")
    hook_path.chmod(0o755)
    with pytest.raises(RefusedError, match="hook declined") as caught:
        mirror.push_atomic([RefChange(REF, None, record(mirror, "claimed"))])
    assert not isinstance(caught.value, RuleError)
