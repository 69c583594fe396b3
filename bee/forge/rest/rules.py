"""Branches, their protection, and rulesets (https://docs.github.com/rest/branches, https://docs.github.com/rest/repos/rules)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from bee.forge.core import protection, refs, rules
from bee.forge.core.errors import not_found, unprocessable
from bee.forge.core.ids import node_id
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo
from bee.forge.rest import pullshapes as shapes
from bee.forge.rest.base import REPO, Ask, route
from bee.forge.rest.shapes import Json, repo_url, user

BRANCH: Final = REPO + "/branches/<path:branch>"
RULESET: Final = REPO + "/rulesets/<ruleset>"
_SWITCHES: Final = (
    "required_linear_history", "allow_force_pushes", "allow_deletions", "block_creations",
    "required_conversation_resolution", "lock_branch", "allow_fork_syncing",
)  # fmt: skip


@route("GET", REPO + "/branches")
def list_branches(ask: Ask) -> list[Json]:
    """The branches."""
    url, rows = repo_url(ask.call, ask.repo) + "/commits/", ask.paged(ask.repo.git.refs.below("refs/heads/"))
    branches = {name.removeprefix("refs/heads/"): {"sha": oid, "url": url + oid} for name, oid in rows}
    kept = {name: rules.classic(ask.call, ask.repo, name) is not None for name in branches}
    return [{"name": name, "commit": commit, "protected": kept[name]} for name, commit in branches.items()]


@route("GET", BRANCH)
def get_branch(ask: Ask) -> Json:
    """One branch. Raises Refused (404)."""
    name = ask.args["branch"]
    oid = ask.repo.git.refs.get(f"refs/heads/{name}")
    commit = ask.repo.git.commit(oid) if oid else None
    if commit is None:
        raise not_found("Branch not found")
    kept = rules.classic(ask.call, ask.repo, name)
    url = f"{repo_url(ask.call, ask.repo)}/branches/{name}"
    asked = _contexts(kept)
    level = "off" if not asked["checks"] else "everyone" if (kept or {}).get("enforce_admins") else "non_admins"
    return {
        "name": name, "commit": shapes.commit(ask.call, ask.repo, commit),
        "_links": {"self": url, "html": f"{ask.call.web}/{ask.repo.full_name}/tree/{name}"},
        "protected": kept is not None,
        "protection": {"enabled": kept is not None, "required_status_checks": {"enforcement_level": level, **asked}},
        "protection_url": url + "/protection",
    }  # fmt: skip


@route("POST", BRANCH + "/rename", status=201)
def rename_branch(ask: Ask) -> Json:
    """Give a branch another name."""
    refs.rename_branch(ask.call, ask.repo, ask.args["branch"], ask.data.get("new_name"))
    ask.args["branch"] = ask.data["new_name"]
    return get_branch(ask)


# -- protection -------------------------------------------------------------------------------------


def _put(ask: Ask, data: Json) -> Json:
    values = ask.repo.id, ask.args["branch"], json.dumps(data)
    ask.call.run("REPLACE INTO protections VALUES (?, ?, ?)", *values)
    return data


def _protection(ask: Ask, asked: Json) -> Json:
    url = f"{repo_url(ask.call, ask.repo)}/branches/{ask.args['branch']}/protection"
    status, wanted, only = (asked.get(name) for name in (
        "required_status_checks", "required_pull_request_reviews", "restrictions"))  # fmt: skip
    made: Json = {
        "url": url, "enforce_admins": {"url": url + "/enforce_admins", "enabled": bool(asked.get("enforce_admins"))},
        "required_signatures": _signatures(ask, asked),
        **{name: {"enabled": bool(asked.get(name))} for name in _SWITCHES},
    }  # fmt: skip
    if status is not None:
        checks = url + "/required_status_checks"
        required = {"url": checks, "strict": bool(status.get("strict")), "contexts_url": checks + "/contexts"}
        made["required_status_checks"] = required | _contexts(asked)
    if wanted is not None:
        demands = rules.of_classic(asked)
        made["required_pull_request_reviews"] = {
            "url": url + "/required_pull_request_reviews", "dismiss_stale_reviews": demands.stale,
            "require_code_owner_reviews": demands.owners, "require_last_push_approval": demands.last_push,
            "required_approving_review_count": demands.approvals,
        }  # fmt: skip
    if only is not None:
        people = [user(ask.call, ask.call.forge.users.by_login(login)) for login in only.get("users") or []]
        made["restrictions"] = {
            "url": url + "/restrictions", **{f"{kind}_url": f"{url}/restrictions/{kind}" for kind in (
                "users", "teams", "apps")}, "users": [one for one in people if one], "teams": [], "apps": [],
        }  # fmt: skip
    return made


def _contexts(asked: Json | None) -> Json:
    found = rules.contexts(asked)
    return {"contexts": list(found), "checks": [{"context": one, "app_id": app or None} for one, app in found.items()]}


def _signatures(ask: Ask, asked: Json) -> Json:
    url = f"{repo_url(ask.call, ask.repo)}/branches/{ask.args['branch']}/protection/required_signatures"
    return {"url": url, "enabled": bool(asked.get("required_signatures"))}


@route("GET", BRANCH + "/protection", needs="admin")
def get_protection(ask: Ask) -> Json:
    """The rules of a branch."""
    return _protection(ask, protection.get(ask.call, ask.repo, ask.args["branch"]))


@route("PUT", BRANCH + "/protection", needs="admin")
def put_protection(ask: Ask) -> Json:
    """Protect a branch; the four main keys are required, as on GitHub. Raises Refused (404, 422)."""
    repo, data = ask.repo, ask.data
    needed = ("required_status_checks", "enforce_admins", "required_pull_request_reviews", "restrictions")
    missing = [name for name in needed if name not in data]
    if missing:
        words = ", ".join(f'"{name}"' for name in missing)
        raise unprocessable(f"Invalid request.\n\n{words} weren't supplied.")
    if repo.git.refs.get(f"refs/heads/{ask.args['branch']}") is None:
        raise not_found("Branch not found")
    if lacking := sorted(_not_enforced(data)):
        raise unprocessable(f"This forge does not enforce {', '.join(lacking)}.")
    return _protection(ask, _put(ask, data))


def _not_enforced(data: Json) -> Iterator[str]:
    """The parts of a protection that name somebody and mean nothing here."""
    reviews = data.get("required_pull_request_reviews") or {}
    for part in ("dismissal_restrictions", "bypass_pull_request_allowances"):
        if any((reviews.get(part) or {}).values()):
            yield part
    for part in ("teams", "apps"):
        if (data["restrictions"] or {}).get(part):
            yield f"{part} of restrictions"


@route("DELETE", BRANCH + "/protection", status=204, needs="admin")
def delete_protection(ask: Ask) -> None:
    """Lift the protection."""
    protection.get(ask.call, ask.repo, ask.args["branch"])
    ask.call.run("DELETE FROM protections WHERE repo_id = ? AND branch = ?", ask.repo.id, ask.args["branch"])


@route("GET", BRANCH + "/protection/required_signatures", needs="admin")
@route("POST", BRANCH + "/protection/required_signatures", needs="admin")
def signatures(ask: Ask) -> Json:
    """Whether commits must be signed; asked by POST, they must from now on."""
    asked = protection.get(ask.call, ask.repo, ask.args["branch"])
    if ask.request.method == "POST":
        asked = _put(ask, {**asked, "required_signatures": True})
    return _signatures(ask, asked)


@route("DELETE", BRANCH + "/protection/required_signatures", status=204, needs="admin")
def lift_signatures(ask: Ask) -> None:
    """Unsigned commits may be pushed again."""
    _put(ask, {**protection.get(ask.call, ask.repo, ask.args["branch"]), "required_signatures": False})


# -- rulesets ---------------------------------------------------------------------------------------


@route("GET", REPO + "/rules/branches/<path:branch>")
def branch_rules(ask: Ask) -> list[Json]:
    """The rules of active rulesets that bind a branch, whether or not it exists; to whoever may read."""
    source = {"ruleset_source_type": "Repository", "ruleset_source": ask.repo.full_name}
    found = [
        {**rule, **source, "ruleset_id": row["id"]}
        for row, data in rules.binding(ask.call, ask.repo, f"refs/heads/{ask.args['branch']}")
        for rule in data.get("rules") or []
    ]
    return list(ask.paged(found))


def _brief(call: Call, repo: Repo, row: Row) -> Json:
    url, page = f"{repo_url(call, repo)}/rulesets/{row['id']}", f"{call.web}/{repo.full_name}/rules/{row['id']}"
    return {
        "id": row["id"], "name": row["name"], "target": row["target"], "source_type": "Repository",
        "source": repo.full_name, "enforcement": row["enforcement"], "node_id": node_id("RepositoryRuleset", row["id"]),
        "_links": {"self": {"href": url}, "html": {"href": page}}, "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }  # fmt: skip


def _ruleset(call: Call, repo: Repo, row: Row) -> Json:
    """Who may administer also sees who passes it."""
    data: dict[str, Any] = json.loads(row["data"])
    can = {"always": "always", "pull_request": "pull_requests_only", "": "never"}[rules.passed(call, repo, data)]
    named = data.get("conditions") or {"ref_name": {"include": [], "exclude": []}}
    shown = {"conditions": named, "rules": data.get("rules") or [], "current_user_can_bypass": can}
    passing = {"bypass_actors": data.get("bypass_actors") or []} if call.may(repo, "admin") else {}
    return _brief(call, repo, row) | shown | passing


@route("GET", REPO + "/rulesets", _brief)
def list_rulesets(ask: Ask) -> list[Row]:
    """The rulesets."""
    return rules.rulesets(ask.call, ask.repo)


@route("POST", REPO + "/rulesets", _ruleset, status=201, needs="admin")
def create_ruleset(ask: Ask) -> Row:
    """Create a ruleset."""
    return rules.put(ask.call, ask.repo, ask.data)


@route("GET", RULESET, _ruleset)
def get_ruleset(ask: Ask) -> Row:
    """One ruleset."""
    return rules.get(ask.call, ask.repo, ask.integer("ruleset"))


@route("PUT", RULESET, _ruleset, needs="admin")
def update_ruleset(ask: Ask) -> Row:
    """Change a ruleset."""
    return rules.put(ask.call, ask.repo, ask.data, get_ruleset(ask))


@route("DELETE", RULESET, status=204, needs="admin")
def delete_ruleset(ask: Ask) -> None:
    """Lift a ruleset."""
    rules.delete(ask.call, get_ruleset(ask))
