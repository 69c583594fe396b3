"""`bee doctor --prove`: does this GitHub do what bee relies on? Tried on the person's own repository, leaving nothing.

Everything it makes stands below `refs/bee/probe/` and in one branch `bee/probe-…`, under a name of this try alone; what
a try of more than an hour ago left goes first.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bee.git.command import LOCAL_ADDRESS
from bee.git.mirror import Mirror, RefChange
from bee.github import checks as reporters
from bee.github import git_database, hidden, probe, push_rules, read, receive_pack, sizes
from bee.github.client import GitHubClient
from bee.github.git_database import RefMove
from bee.github.probe import Listed
from bee.github.receive_pack import Object, oid_of, record_objects
from bee.github.tape import Tape
from bee.model.errors import (
    BeeError,
    ForbiddenError,
    GitError,
    LookError,
    NotFoundError,
    RefConflict,
    RefusedError,
    RuleError,
)
from bee.model.items import Snapshot
from bee.model.records import TREE
from bee.model.refs import TASK_STEP, branch_of
from bee.model.text import one_line
from bee.setup import shown
from bee.setup.checks import GRANT_ADVICE, DoctorCheck, Level
from bee.setup.shown import NotSoError, must
from bee.wording import refusals

PROBE_REFS: Final = "refs/bee/probe/"
PROBE_BRANCHES: Final = "refs/heads/bee/probe-"
NAMES: Final = ("new", "old", "one", "three", "two")
TRY_SECONDS_MAX: Final = 3600  # what is younger may be of a try that is under way
_TRY: Final = re.compile(
    rf"(?:{PROBE_REFS}([0-9a-f]{{8}})[0-9a-f]{{4}}/.+|{PROBE_BRANCHES}([0-9a-f]{{8}})[0-9a-f]{{4}})"
)
REPORT: Final = "send the recording to the maintainers of bee, by the issue form `Recording`: it has no names in it"
TWICE: Final = ": two machines could hold one lease"
ASKS_REST: Final = "nothing: bee then asks for its refs by `git/matching-refs`, some requests more for each look"
NO_DELETION: Final = f"{refusals.BYPASS}, or delete them; bee works all the same"
BY_OID: Final = "nothing: bee fetches by oid and asks by REST; every tick reads everything, `bee log N` shows nothing"
BY_TERMINAL: Final = (
    "approve plans with `bee approve N`, and open issues with the design's box ticked: a box ticked later counts "
    "for nobody"
)
BY_REST: Final = "nothing: a person's pause then takes some requests more"


@dataclass(slots=True, kw_only=True)
class Prover:
    """One try. `nonce` (see `nonce_at`) names what it makes, `mirror` is a folder of its own.

    `pusher` is a client that is not on the tape: what came of a push is noted as that of any git command.
    """

    client: GitHubClient
    pusher: GitHubClient
    mirror: Mirror
    tape: Tape
    repo: str
    nonce: str
    seen: Snapshot = field(init=False)
    listed: Listed = field(init=False)
    looked: Snapshot | None = None
    made: list[str] = field(default_factory=list)
    refusals: dict[str, BeeError] = field(default_factory=dict)

    @property
    def records(self) -> list[str]:
        """The commits to try it with: one, one on top of it, another, and what was pushed. Raises NotSoError."""
        must(bool(self.made), "not tried: GitHub took no record")
        return self.made

    def ref(self, name: str) -> str:
        """A ref of this try."""
        return f"{PROBE_REFS}{self.nonce}/{name}"

    @property
    def branch(self) -> str:
        """The branch of this try."""
        return f"{PROBE_BRANCHES}{self.nonce}"

    def move(self, *moves: RefMove, objects: Sequence[Object] = ()) -> None:
        """Move refs as a lease does."""
        self.tape.git("push", lambda: receive_pack.move_refs(self.pusher, self.repo, moves, objects))

    def at(self, ref: str) -> str | None:
        """Where a ref stands, by REST."""
        return git_database.read_oid(self.client, self.repo, ref)

    @property
    def refs(self) -> list[str]:
        """Every ref that this try can have made, by name."""
        return [*(self.ref(name) for name in NAMES), self.branch]

    def earlier(self) -> list[str]:
        """What tries of more than TRY_SECONDS_MAX ago left, by whatever way shows it: one may hide refs."""
        found = set(git_database.matching_refs(self.client, self.repo, PROBE_REFS))
        found |= set(git_database.matching_refs(self.client, self.repo, PROBE_BRANCHES))
        with contextlib.suppress(GitError):
            found |= set(self.on_server())
        return sorted(ref for ref in found if self._is_old(ref))

    def _is_old(self, ref: str) -> bool:
        match = _TRY.fullmatch(ref)
        return match is not None and abs(self.seen.now - int(match[1] or match[2], 16)) > TRY_SECONDS_MAX

    def on_server(self) -> dict[str, str]:
        """Every probe ref and branch, of whatever try, by `git ls-remote`."""
        return self.tape.git("ls-remote", self._remote_refs)

    def _remote_refs(self) -> dict[str, str]:
        found = self.mirror.remote_refs()
        return {name: oid for name, oid in found.items() if name.startswith((PROBE_REFS, PROBE_BRANCHES))}

    def push(self, *changes: RefChange) -> None:
        """Push as a commit point does."""
        self.tape.git("push --atomic", lambda: self.mirror.push_atomic(changes))


def nonce_at(now: int) -> str:
    """12 hex digits for one try: eight are when it began, in seconds since the epoch."""
    return f"{now:08x}{secrets.token_hex(2)}"


# ---- the assumptions: each says what it saw, or None where there is nothing to look at; raises where it is not so ----


def _account(at: Prover) -> str:
    who = at.seen.viewer
    must(who.id is not None, "the account of this token has no number")
    return "the account has a number, so its commits are its own: ID+login@users.noreply.github.com"


def _record(at: Prover) -> str:
    first = _record_on(at)
    at.made += [first, _record_on(at, first), _record_on(at)]
    return "a commit on the tree of records is made by its name alone"


def _record_on(at: Prover, *parents: str) -> str:
    message = f"bee: probe {len(parents)} {secrets.token_hex(4)}, to be deleted"
    return git_database.create_record(at.client, at.repo, message, parents)


def _create(at: Prover) -> str:
    at.move(RefMove(at.ref("one"), None, at.records[0]))
    must(at.at(at.ref("one")) == at.records[0], "the ref is not where it was put")
    objects = record_objects(f"bee: probe {at.nonce}, to be deleted\n", "", LOCAL_ADDRESS, 0)
    at.move(RefMove(at.ref("new"), None, oid_of(objects[0])), objects=objects)
    must(at.at(at.ref("new")) == oid_of(objects[0]), "the commit that was pushed along is not there")
    return "a ref is created where there is none, together with its commit, by one push"


def _swap(at: Prover) -> str:
    ref, (first, second, other, *_) = at.ref("one"), at.records
    must(_refused(at, RefMove(ref, second, other)), f"a ref moved from where it is not{TWICE}")
    must(_refused(at, RefMove(ref, None, other)), f"a ref was made where there is one{TWICE}")
    must(at.at(ref) == first, "a refused move took effect")
    at.move(RefMove(ref, first, second))
    must(at.at(ref) == second, "the ref did not move")
    return "a ref moves from where it is, and from nowhere else"


def _refused(at: Prover, *moves: RefMove) -> bool:
    try:
        at.move(*moves)
    except (RefConflict, RefusedError):
        return True
    return False


def _together(at: Prover) -> str:
    two, three, (first, second, *_) = at.ref("two"), at.ref("three"), at.records
    at.move(RefMove(two, None, first), RefMove(three, None, first))
    must(
        _refused(at, RefMove(two, first, second), RefMove(three, second, None)),
        "a ref was deleted from where it is not",
    )
    must((at.at(two), at.at(three)) == (first, first), "of two moves one was done, though the other was refused")
    return "several refs move together, or none"


def _update_refs(at: Prover) -> str:
    two, three, (first, second, *_) = at.ref("two"), at.ref("three"), at.records
    moves = [RefMove(two, first, second), RefMove(three, first, second)]
    git_database.update_refs(at.client, at.repo, at.seen.repo_id, moves)
    must((at.at(two), at.at(three)) == (second, second), "the refs did not move")
    return "`updateRefs` moves refs below refs/bee/"


def _graphql_list(at: Prover) -> str:
    must(at.listed.refs.get(at.ref("one")) == at.records[1], "`refs(refPrefix:)` does not list refs/bee/")
    return "`refs(refPrefix:)` lists refs/bee/"


def _graphql_ref(at: Prover) -> str:
    must(at.listed.one == at.records[1], "`ref(qualifiedName:)` does not find refs/bee/")
    return "`ref(qualifiedName:)` finds refs/bee/"


def _matching(at: Prover) -> str:
    found = git_database.matching_refs(at.client, at.repo, PROBE_REFS)
    must(found.get(at.ref("one")) == at.records[1], "`git/matching-refs` does not list refs/bee/")
    return "`git/matching-refs` lists refs/bee/"


def _ls_remote(at: Prover) -> str:
    must(at.on_server().get(at.ref("one")) == at.records[1], "`git ls-remote` does not list refs/bee/")
    return "`git ls-remote` lists refs/bee/"


def _push(at: Prover) -> str:
    ref, before = at.ref("one"), at.records[1]
    at.tape.git("fetch", lambda: at.mirror.fetch([f"+{before}:{ref}"]))
    new = at.tape.git("commit", lambda: at.mirror.commit_record("bee: a pushed probe\n", TREE, [before], at.seen.now))
    at.push(RefChange(ref, before, new), RefChange(at.branch, None, new))
    must(at.at(at.branch) == at.at(ref) == new, "the push did not move both")
    at.made.append(new)
    return "`git push --atomic` moves a lease and a branch `bee/…` together"


def _stale_push(at: Prover) -> str:
    old, *_, new = at.records
    must(len(at.records) > 3, "not tried: nothing could be pushed")
    try:
        at.push(RefChange(at.branch, new, None), RefChange(at.ref("one"), old, None))
    except (RefConflict, RefusedError, GitError):
        must((at.at(at.branch), at.at(at.ref("one"))) == (new, new), "of two refs of a refused push one has moved")
        return "a push from where a ref is not moves nothing"
    raise NotSoError("a push from where the ref is not was done")


def _old_tree(at: Prover) -> str:
    head = at.seen.default_head
    tree, parents = git_database.read_commit(at.client, at.repo, head)
    if parents:
        tree, _ = git_database.read_commit(at.client, at.repo, parents[0])
    old = git_database.create_commit(at.client, at.repo, "bee: a probe on an old tree", tree, [])
    at.move(RefMove(at.ref("old"), None, old))
    return "a commit on an old tree of the repository may be referred to"


def _look(at: Prover) -> str:
    sizes.forget(at.client.memos, at.repo)
    before = at.client.requests
    seen = at.looked = read.read_snapshot(at.client, at.repo)
    count = at.client.requests - before
    return f"a look at {len(seen.issues)} issues and {len(seen.pulls)} pull requests is {count} requests"


def _page_size(at: Prover) -> str:
    size = sizes.PageSize.of(at.client.memos, at.repo, at.client.now(), remembers=False)
    must(size.largest, f"GitHub answers no more than {size.value} issues or pull requests at once")
    return f"{size.value} issues or pull requests at once are answered"


def _unchanged(at: Prover) -> str:
    _, etag = at.client.last_change(at.repo, "")
    changed, _ = at.client.last_change(at.repo, etag)
    must(changed is None, "the same list is sent again where nothing changed")
    return "a list that has not changed is answered with 304"


def _workflow_runs(at: Prover) -> str:
    found = reporters.checks_elsewhere(at.client, at.repo, at.seen.default_head)
    return f"statuses and workflow runs of a commit can be read ({len(found)} on the default branch)"


def _expiry(at: Prover) -> str:
    _, answer = at.client.rest("GET", f"/repos/{at.repo}")
    until = answer.headers.get("github-authentication-token-expiration", "")
    return f"the token ends at {until}" if until else "the token does not say that it ends"


def _rules(at: Prover) -> str:
    branch = branch_of(1, TASK_STEP)
    found = push_rules.forbidden_anyhow(at.client, at.seen)
    must(not found, f"{'; '.join(found)}: bee could not push to `{branch}`, or not merge it")
    return "no rule that can be seen forbids a push to `bee/…`"


# Name, the assumption, and what bee does where it does not hold.
ASSUMPTIONS: Final[tuple[tuple[str, Callable[[Prover], str | None], str], ...]] = (
    ("account", _account, REPORT),
    ("records", _record, REPORT),
    ("create", _create, REPORT),
    ("compare-and-swap", _swap, REPORT),
    ("together", _together, REPORT),
    ("update-refs", _update_refs, BY_REST),
    ("graphql-list", _graphql_list, ASKS_REST),
    ("graphql-ref", _graphql_ref, ASKS_REST),
    ("matching-refs", _matching, "nothing, while `refs(refPrefix:)` lists them; bee cannot work here without either"),
    ("ls-remote", _ls_remote, BY_OID),
    ("push", _push, "let bee's account push to `bee/…` (Settings, Rules)"),
    ("stale-push", _stale_push, REPORT),
    ("old-tree", _old_tree, "nothing: bee's records have a tree of their own"),
    ("look", _look, REPORT),
    ("edits", lambda at: shown.edits(at.looked) if at.looked else None, BY_TERMINAL),
    ("heads", lambda at: shown.heads(at.listed.heads), "nothing: a merge names the head that was judged"),
    ("page-size", _page_size, "nothing: bee asks for so many at once, some requests more for each look"),
    ("unchanged", _unchanged, "nothing: a tick where nothing changed then reads everything"),
    ("workflow-runs", _workflow_runs, "give the token Actions: read"),
    ("authors", lambda at: shown.authors(at.listed.authors), REPORT),
    ("token-expiry", _expiry, REPORT),
    ("branch-rules", _rules, "let bee's account bypass them (Settings, Rules)"),
)


def plan_of(nonce: str) -> str:
    """What a try would make, and take away again."""
    branch = f"{PROBE_BRANCHES.removeprefix('refs/heads/')}{nonce}"
    return (
        f"it would make {PROBE_REFS}{nonce}/…, the branch {branch} and a few small commits, delete these refs and what "
        "an earlier try left, and write a recording here; nothing was done"
    )


def prove(at: Prover) -> Iterator[DoctorCheck]:
    """Try every assumption, then take away what was made. Raises LookError where GitHub could not be asked."""
    at.seen = read.read_head(at.client, at.repo)
    take_away(at, at.earlier())
    try:
        for name, holds, instead in ASSUMPTIONS:
            if name == "graphql-list":
                at.listed = probe.read_listed(at.client, at.repo, PROBE_REFS, at.ref("one"))
                if at.made:
                    hidden.remember(at.client, at.repo, at.listed.one is not None and bool(at.listed.refs))
            yield _tried(at, name, holds, instead)
    finally:
        take_away(at, at.refs)
    yield _left(at)


def _left(at: Prover) -> DoctorCheck:
    """What is still there, by REST and by git, with what GitHub said where it was to go."""
    listed: dict[str, str] = {}
    with contextlib.suppress(GitError):
        listed = at.on_server()
    refs = sorted({*at.refs, *at.refusals})
    left = [ref for ref in refs if ref in listed or at.at(ref) is not None]
    if not left:
        return DoctorCheck("left", Level.OK, "nothing is left")
    said = "; ".join(dict.fromkeys(one_line(str(at.refusals[ref]), 300) for ref in left if ref in at.refusals))
    text = f"still there: {', '.join(left)}" + (f" ({said})" if said else "")
    ruled = any(isinstance(problem, RuleError) for problem in at.refusals.values())
    return DoctorCheck("left", Level.FAIL, text, NO_DELETION if ruled else REPORT)


def _tried(at: Prover, name: str, holds: Callable[[Prover], str | None], instead: str) -> DoctorCheck:
    try:
        said = holds(at)
    except BeeError as problem:
        if isinstance(problem, LookError) and not isinstance(problem, ForbiddenError):
            raise
        return DoctorCheck(name, Level.FAIL, one_line(str(problem), 300), _advice(problem, instead))
    if said is None:
        return DoctorCheck(
            name,
            Level.WARN,
            "there is nothing to look at yet",
            "open an issue or a pull request, edit it, and prove it again",
        )
    return DoctorCheck(name, Level.OK, said)


def _advice(problem: BeeError, instead: str) -> str:
    """no way of bee's own leads around what GitHub forbids, or around git's words that bee does not know."""
    if isinstance(problem, RuleError):
        return refusals.way_out(str(problem))
    if isinstance(problem, GitError):
        return REPORT
    return GRANT_ADVICE if isinstance(problem, ForbiddenError | NotFoundError) else instead


def take_away(at: Prover, refs: Sequence[str]) -> None:
    """Take these refs away, each where it is; what GitHub refuses is noted."""
    for ref in refs:
        try:
            if at.at(ref) is not None:
                git_database.delete_ref(at.client, at.repo, ref)
        except (RefusedError, ForbiddenError, NotFoundError) as problem:
            at.refusals[ref] = problem
