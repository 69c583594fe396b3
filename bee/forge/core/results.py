"""Deployments and results of code scanning, and the rules that ask for them of a commit before a branch takes it.

https://docs.github.com/rest/deployments, https://docs.github.com/rest/code-scanning. Nothing is deployed or scanned
here: it is told. The sentences are GitHub's, but for the one about alerts, whose wording is not known.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable
from typing import Any, Final

from bee.forge.core import checks
from bee.forge.core.errors import Refused, invalid, unprocessable
from bee.forge.core.store import Row
from bee.forge.core.world import Call, Repo

Json = dict[str, Any]
STATES: Final = ("error", "failure", "inactive", "in_progress", "queued", "pending", "success")
# From which number on a security alert is of the threshold, and which levels an alert of it has.
# https://docs.github.com/code-security/code-scanning/managing-code-scanning-alerts/about-code-scanning-alerts#about-alert-severity-and-security-severity-levels
_SECURITY: Final = {"none": 11.0, "critical": 9.0, "high_or_higher": 7.0, "medium_or_higher": 4.0, "all": 0.0}
_LEVELS: Final = {
    "none": (), "errors": ("error",), "errors_and_warnings": ("error", "warning"), "all": ("error", "warning", "note"),
}  # fmt: skip
SARIF_BYTES_MAX: Final = 10_000_000
KINDS: Final = ("required_deployments", "code_scanning")


def is_valid(kind: str, parameters: Any) -> bool:
    """Whether a rule of this kind can be kept."""
    asked = parameters if isinstance(parameters, dict) else {}
    if kind == "required_deployments":
        names = asked.get("required_deployment_environments")
        return isinstance(names, list) and all(isinstance(name, str) and name for name in names)
    tools = asked.get("code_scanning_tools")
    return isinstance(tools, list) and all(
        isinstance(one, dict) and isinstance(one.get("tool"), str) and one.get("alerts_threshold") in _LEVELS
        and one.get("security_alerts_threshold") in _SECURITY
        for one in tools
    )  # fmt: skip


def against(call: Call, repo: Repo, rules: Iterable[Json], sha: str) -> list[str]:
    """The sentences that stand against a commit."""
    said = []
    for rule in rules:
        asked = rule["parameters"]
        for name in asked.get("required_deployment_environments", ()):
            if not _is_deployed(call, repo, sha, name):
                said.append(f"Missing successful active {name} deployment")
        for tool in asked.get("code_scanning_tools", ()):
            found = call.row(_OF_TOOL, repo.id, sha, tool["tool"])
            if found is None:
                said.append(f"Code scanning is waiting for results from {tool['tool']} for the commit {sha[:7]}.")
            elif any(_is_beyond(tool, *alert) for alert in json.loads(found["alerts"])):
                said.append(f"Code scanning found alerts of {tool['tool']} for the commit {sha[:7]}.")
    return said


_OF_TOOL: Final = "SELECT alerts FROM analyses WHERE repo_id = ? AND sha = ? AND tool = ? ORDER BY id DESC LIMIT 1"


def _is_deployed(call: Call, repo: Repo, sha: str, environment: str) -> bool:
    sql = "SELECT id FROM deployments WHERE repo_id = ? AND sha = ? AND environment = ? ORDER BY id DESC LIMIT 1"
    row = call.row(sql, repo.id, sha, environment)
    last = statuses(call, row["id"])[:1] if row else []
    return [one["state"] for one in last] == ["success"]


def _is_beyond(tool: Json, level: str, severity: float | None) -> bool:
    if severity is not None:
        return severity >= _SECURITY[tool["security_alerts_threshold"]]
    return level in _LEVELS[tool["alerts_threshold"]]


# -- what is told -----------------------------------------------------------------------------------


def deploy(call: Call, repo: Repo, asked: Json) -> Row:
    """A new deployment of a commit. Raises Refused (409, 422)."""
    ref = asked.get("ref")
    sha = repo.git.find(ref, repo.default_branch, "commit") if isinstance(ref, str) and ref else None
    if sha is None:
        raise unprocessable(f"No ref found for: {ref}")
    base = repo.git.refs.get(f"refs/heads/{repo.default_branch}")
    if asked.get("auto_merge", True) and base and not repo.git.is_ancestor(base, sha):
        raise unprocessable("This forge merges nothing for a deployment: set auto_merge to false.")
    found, wanted = checks.states(call, repo, sha), asked.get("required_contexts")
    needed = found if wanted is None else wanted
    if any(found.get(name) != "SUCCESS" for name in needed):
        raise Refused(409, f"Conflict: Commit status checks failed for {ref}.")
    return call.insert(
        "deployments", repo_id=repo.id, sha=sha, ref=ref, task=asked.get("task") or "deploy",
        payload=json.dumps(asked.get("payload") or {}), environment=asked.get("environment") or "production",
        description=asked.get("description"), creator_id=call.actor().id, created_at=call.now(),
    )  # fmt: skip


def tell(call: Call, deployment: Row, asked: Json) -> Row:
    """What became of a deployment. Raises Refused (422)."""
    if asked.get("state") not in STATES:
        raise invalid("DeploymentStatus", "state")
    return call.insert(
        "deployment_statuses", deployment_id=deployment["id"], state=asked["state"],
        description=asked.get("description") or "", environment=deployment["environment"],
        creator_id=call.actor().id, created_at=call.now(),
    )  # fmt: skip


def statuses(call: Call, deployment_id: int) -> list[Row]:
    """What was told of a deployment, newest first."""
    sql = "SELECT * FROM deployment_statuses WHERE deployment_id = ? ORDER BY id DESC"
    return call.rows(sql, deployment_id)


def analyse(call: Call, repo: Repo, asked: Json) -> Row:
    """The results of one tool or more for a commit, in SARIF. Raises Refused (400, 422)."""
    sha = asked.get("commit_sha")
    if not isinstance(sha, str) or repo.git.commit(sha) is None:
        raise unprocessable(f"No commit found for SHA: {sha}")
    try:
        packed = zlib.decompressobj(wbits=31).decompress(base64.b64decode(asked["sarif"]), SARIF_BYTES_MAX)
        runs = [(run["tool"]["driver"]["name"], _alerts(run)) for run in json.loads(packed)["runs"]]
    except (KeyError, TypeError, ValueError, zlib.error) as problem:
        raise Refused(400, "Invalid SARIF. The SARIF file is not valid.") from problem
    rows = [
        call.insert("analyses", repo_id=repo.id, sha=sha, tool=tool, alerts=json.dumps(alerts), created_at=call.now())
        for tool, alerts in runs
    ]
    if not rows:
        raise Refused(400, "Invalid SARIF. The SARIF file is not valid.")
    return rows[-1]


def _alerts(run: Json) -> list[tuple[str, float | None]]:
    """The level of each result, and how severe it is for security, where its rule says that."""
    rules = {one["id"]: one.get("properties", {}).get("security-severity") for one in run["tool"]["driver"].get(
        "rules", [])}  # fmt: skip
    found = []
    for one in run.get("results") or []:
        severity = rules.get(one.get("ruleId"))
        found.append((str(one.get("level", "warning")), None if severity is None else float(severity)))
    return found
