"""What is demanded of a branch or tag: its protection and the rulesets whose patterns name it, in one shape.

Nothing is judged here; `protection` does that. https://docs.github.com/rest/repos/rules
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bee.forge.core import patterns, results
from bee.forge.core.errors import Refused, not_found, unprocessable
from bee.forge.core.store import Row
from bee.forge.core.users import level
from bee.forge.core.world import Call, Repo

Json = dict[str, Any]
ENFORCEMENTS: Final = ("active", "evaluate", "disabled")
TARGETS: Final = {"branch": "refs/heads/", "tag": "refs/tags/"}
# Rules that are enforced here; any other is refused.
ENFORCED: Final = (
    "creation", "update", "deletion", "required_linear_history", "required_signatures", "pull_request",
    "required_status_checks", "non_fast_forward", "merge_queue", *patterns.KINDS, *results.KINDS,
)  # fmt: skip
# https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue,
# https://github.com/basefoundry/base/pull/1801
OF_ORGANIZATIONS: Final = ("merge_queue", *patterns.KINDS)
# The roles that a ruleset lets pass, by GitHub's numbers of them.
_ROLES: Final = {5: "admin", 4: "write", 2: "maintain"}
METHODS: Final = ("merge", "squash", "rebase")


@dataclass(frozen=True, kw_only=True)
class Demands:
    """What one source demands: the protection of a branch (`ruleset` None) or a ruleset.

    `checks` are (context, App's number or 0). `passed` says whom it does not bind among those who ask: "" nobody,
    "pull_request" a merge, "always" a push, too.
    """

    ruleset: Row | None = None
    passed: str = ""
    creation: bool = False
    update: bool = False
    deletion: bool = False
    forced: bool = False
    locked: bool = False
    linear: bool = False
    signed: bool = False
    pull: bool = False
    approvals: int = 0
    stale: bool = False
    owners: bool = False
    last_push: bool = False
    conversations: bool = False
    methods: tuple[str, ...] = METHODS
    checks: tuple[tuple[str, int], ...] = ()
    strict: bool = False
    on_create: bool = True
    queue: Mapping[str, Any] | None = None
    patterns: tuple[Json, ...] = ()
    results: tuple[Json, ...] = ()
    pushers: tuple[str, ...] | None = field(default=None)


# -- the protection of a branch -------------------------------------------------------------------


def classic(call: Call, repo: Repo, branch: str) -> Json | None:
    """A branch's own protection as it was put, or None."""
    row = call.row("SELECT data FROM protections WHERE repo_id = ? AND branch = ?", repo.id, branch)
    return json.loads(row["data"]) if row else None


def contexts(asked: Json | None) -> dict[str, int]:
    """The required checks of a protection with the number of the App that must report each; 0 for any."""
    part = (asked or {}).get("required_status_checks") or {}
    named = dict.fromkeys(part.get("contexts") or [], 0)
    return named | {one["context"]: max(one.get("app_id") or 0, 0) for one in part.get("checks") or []}


def of_classic(asked: Json, admin: bool = False) -> Demands:
    """A protection as demands; administrators pass it unless it says otherwise."""
    reviews = asked.get("required_pull_request_reviews")
    needed, only = reviews or {}, asked.get("restrictions")
    people = None if only is None else tuple(only.get("users") or ())
    return Demands(
        passed="always" if admin and not asked.get("enforce_admins") else "",
        creation=bool(asked.get("block_creations")) and people is not None, deletion=not asked.get("allow_deletions"),
        forced=not asked.get("allow_force_pushes"), locked=bool(asked.get("lock_branch")),
        linear=bool(asked.get("required_linear_history")), signed=bool(asked.get("required_signatures")),
        pull=reviews is not None, stale=bool(needed.get("dismiss_stale_reviews")),
        approvals=0 if reviews is None else int(needed.get("required_approving_review_count", 1)),
        owners=bool(needed.get("require_code_owner_reviews")),
        last_push=bool(needed.get("require_last_push_approval")),
        conversations=bool(asked.get("required_conversation_resolution")), checks=tuple(contexts(asked).items()),
        strict=bool((asked.get("required_status_checks") or {}).get("strict")), pushers=people, on_create=False,
    )  # fmt: skip


# -- rulesets -------------------------------------------------------------------------------------


def rulesets(call: Call, repo: Repo) -> list[Row]:
    """The rulesets of a repository, oldest first."""
    sql = "SELECT * FROM rulesets WHERE repo_id = ? ORDER BY id"
    return call.once(("rulesets", repo.id), lambda: call.rows(sql, repo.id))


def get(call: Call, repo: Repo, ruleset_id: int) -> Row:
    """A ruleset; raises 404."""
    row = call.row("SELECT * FROM rulesets WHERE id = ? AND repo_id = ?", min(ruleset_id, 2**62), repo.id)
    if row is None:
        raise not_found()
    return row


def put(call: Call, repo: Repo, asked: Json, row: Row | None = None) -> Row:
    """Create a ruleset, or change what is named of one. Raises Refused (404, 422)."""
    name, target = asked.get("name", row and row["name"]), asked.get("target", row["target"] if row else "branch")
    enforcement = asked.get("enforcement", row and row["enforcement"])
    if not isinstance(name, str) or not name:
        raise unprocessable('Invalid request.\n\n"name" wasn\'t supplied.')
    if enforcement not in ENFORCEMENTS:
        raise unprocessable(f"Invalid request.\n\n{enforcement} is not a member of {list(ENFORCEMENTS)}.")
    if target not in TARGETS:
        raise Refused(404, f"This forge does not have rulesets for the target {target}.")
    same = "SELECT 1 FROM rulesets WHERE repo_id = ? AND name = ? AND id != ?"
    if call.row(same, repo.id, name, row["id"] if row else 0):
        raise unprocessable("Validation Failed", ["Name must be unique"])
    wanted = {key: asked[key] for key in ("bypass_actors", "conditions", "rules") if asked.get(key) is not None}
    data = {**(json.loads(row["data"]) if row else {}), **wanted}
    for rule in data.get("rules", []):
        _check(repo, rule, target)
    call.cache.pop(("rulesets", repo.id), None)
    values = {"name": name, "target": target, "enforcement": enforcement, "data": json.dumps(data),
              "updated_at": call.now()}  # fmt: skip
    if row is None:
        return call.insert("rulesets", repo_id=repo.id, created_at=call.now(), **values)
    call.update("rulesets", row["id"], **values)
    return get(call, repo, row["id"])


def _check(repo: Repo, rule: Any, target: str) -> None:
    kind = rule.get("type") if isinstance(rule, dict) else None
    known = kind in ENFORCED and (kind not in OF_ORGANIZATIONS or repo.owner.type == "Organization")
    asked = rule.get("parameters") if known else None
    valid = known
    if known and kind in patterns.KINDS:
        valid = patterns.is_valid(kind, asked, target)
    elif known and kind in results.KINDS:
        valid = results.is_valid(kind, asked)
    elif known and kind == "pull_request":  # nobody here is in a team, and whoever may write dismisses reviews
        valid = not any((asked or {}).get(name) for name in ("required_reviewers", "dismissal_restriction"))
    if not valid:
        raise unprocessable("Validation Failed", [f"Invalid rule '{kind}': "])


def delete(call: Call, row: Row) -> None:
    """Lift a ruleset."""
    call.run("DELETE FROM rulesets WHERE id = ?", row["id"])
    call.cache.pop(("rulesets", row["repo_id"]), None)


def _pattern(text: str) -> re.Pattern[str]:
    """Ruby's `fnmatch` with FNM_PATHNAME: a star stops at a slash, `**/` does not."""
    # https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/creating-rulesets-for-a-repository#using-fnmatch-syntax
    parts = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(parts.get(part, re.escape(part)) for part in re.split(r"(\*\*/|\*|\?)", text)))


def _names(repo: Repo, patterns: list[str], ref: str) -> bool:
    def one(pattern: str) -> bool:
        if pattern == "~DEFAULT_BRANCH":
            return ref == f"refs/heads/{repo.default_branch}"
        return pattern == "~ALL" or _pattern(pattern).fullmatch(ref) is not None

    return any(map(one, patterns))


def binding(call: Call, repo: Repo, ref: str) -> list[tuple[Row, Json]]:
    """The active rulesets whose patterns name a ref, whether or not it exists, each with its data."""
    found = []
    for row in rulesets(call, repo):
        data = json.loads(row["data"])
        where = (data.get("conditions") or {}).get("ref_name") or {}
        named = _names(repo, where.get("include") or [], ref) and not _names(repo, where.get("exclude") or [], ref)
        if row["enforcement"] == "active" and ref.startswith(TARGETS[row["target"]]) and named:
            found.append((row, data))
    return found


def passed(call: Call, repo: Repo, data: Json) -> str:
    """How far who asks passes a ruleset."""
    modes = []
    for one in data.get("bypass_actors") or []:
        number, kind = one.get("actor_id"), one.get("actor_type")
        held = kind == "RepositoryRole" and number in _ROLES and call.level(repo) >= level(_ROLES[number])
        admin = kind == "OrganizationAdmin" and call.may(repo, "admin")
        named = kind in ("User", "Integration") and call.viewer is not None and call.viewer.id == number
        if held or admin or named:
            modes.append("pull_request" if one.get("bypass_mode") == "pull_request" else "always")
    return "always" if "always" in modes else modes[0] if modes else ""


def _of_ruleset(row: Row, data: Json, passed: str) -> Demands:
    by = {rule["type"]: rule.get("parameters") or {} for rule in data.get("rules") or []}
    pull, status = by.get("pull_request", {}), by.get("required_status_checks", {})
    checks = {one["context"]: one.get("integration_id") or 0 for one in status.get("required_status_checks") or []}
    return Demands(
        ruleset=row, passed=passed, creation="creation" in by, update="update" in by, deletion="deletion" in by,
        forced="non_fast_forward" in by, linear="required_linear_history" in by, signed="required_signatures" in by,
        pull="pull_request" in by, approvals=int(pull.get("required_approving_review_count", 0)),
        stale=bool(pull.get("dismiss_stale_reviews_on_push")), owners=bool(pull.get("require_code_owner_review")),
        last_push=bool(pull.get("require_last_push_approval")),
        conversations=bool(pull.get("required_review_thread_resolution")),
        methods=tuple(pull.get("allowed_merge_methods") or METHODS), checks=tuple(checks.items()),
        strict=bool(status.get("strict_required_status_checks_policy")),
        on_create=not status.get("do_not_enforce_on_create"), queue=by.get("merge_queue"),
        patterns=tuple(rule for rule in data.get("rules") or [] if rule["type"] in patterns.KINDS),
        results=tuple(rule for rule in data.get("rules") or [] if rule["type"] in results.KINDS),
    )  # fmt: skip


def of_ref(call: Call, repo: Repo, ref: str) -> list[Demands]:
    """Everything that is demanded of a ref, the branch's protection first."""
    found = [_of_ruleset(row, data, passed(call, repo, data)) for row, data in binding(call, repo, ref)]
    branch = ref.removeprefix("refs/heads/")
    own = classic(call, repo, branch) if branch != ref else None
    return ([of_classic(own, call.may(repo, "admin"))] if own is not None else []) + found


def of_branch(call: Call, repo: Repo, branch: str) -> list[Demands]:
    """Everything that is demanded of a branch."""
    return of_ref(call, repo, f"refs/heads/{branch}")
