"""An example of everything that GitHub can say, by the row of `bee.model.answers` that it is: in GitHub's own words.

Those of public threads stand in the `source` of their row. As faults, they are run against every request of bee.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from bee.model.answers import CHECKS, COLLABORATORS, Broken, Said, Way

RULE: Final = "Repository rule violations found\n\nCannot create ref due to creations being restricted.\n\n"
SAML: Final = "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to"
WENT_WRONG: Final = "Something went wrong while executing your query."


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One answer: REST's status, body and headers; or an entry of GraphQL's `errors`; or what git prints.

    `text`: what comes where it is not JSON; `broken` where it is no answer of the API.
    """

    status: int = 200
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    error: dict[str, Any] = field(default_factory=dict)
    git: str = ""
    slow: bool = False
    text: str = ""
    broken: Broken | None = None

    @property
    def answer(self) -> dict[str, Any] | str:
        """The JSON that comes; a text where it is none."""
        return self.text or ({"data": None, "errors": [self.error]} if self.error else self.body)

    def said(self) -> Said:
        """As bee's table takes it."""
        if self.git:
            return Said(way=Way.GIT, text=self.git)
        if self.error:
            code = self.error.get("code") or self.error.get("extensions", {}).get("code", "")
            kind, path = self.error.get("type", ""), tuple(map(str, self.error.get("path", ())))
            return Said(way=Way.GRAPHQL, kind=kind, code=code, text=self.error["message"], path=path)
        errors = "".join(str(one) for one in self.body.get("errors", []))
        text = f"{self.body.get('message', '')} {errors}"
        return Said(
            way=Way.REST, status=self.status, text=text, headers=self.headers, slow=self.slow, broken=self.broken
        )


def _rest(status: int, message: str, slow: bool = False, errors: Any = None, **headers: str) -> Example:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"message": message, **({"errors": errors} if errors else {})}
    return Example(status=status, body=body, headers=named, slow=slow)


def _graphql(message: str, kind: str = "", **more: Any) -> Example:
    return Example(error={**({"type": kind} if kind else {}), "message": message, **more})


EXAMPLES: Final[dict[str, Example]] = {
    "rest: no answer": Example(broken=Broken.NOTHING),
    "rest: not JSON": Example(text="<html><body>Sign in to this network</body></html>", broken=Broken.NOT_JSON),
    "rest: a part behind single sign-on": Example(headers={"x-github-sso": "partial-results; organizations=1,2"}),
    "rest: single sign-on": _rest(403, SAML, x_github_sso="required; url=https://github.com/orgs/o/sso?token=x"),
    "rest: limit with its time": _rest(403, "You have exceeded a secondary rate limit.", retry_after="60"),
    "rest: limit spent": _rest(403, "API rate limit exceeded for user ID 1.", x_ratelimit_remaining="0"),
    "rest: limit in words": _rest(403, "You have exceeded a secondary rate limit. Please wait a few minutes."),
    "rest: too many requests": _rest(429, "Too many requests"),
    "rest: too quickly": _rest(422, "Validation Failed", errors=[{"message": "was submitted too quickly"}]),
    "rest: token refused": _rest(401, "Bad credentials"),
    "rest: refused by rule": _rest(422, RULE),
    "rest: closed to all": _rest(403, "Repository was archived so is read-only."),
    "rest: forbidden": _rest(403, "Resource not accessible by personal access token"),
    "rest: gone": _rest(410, "Issues are disabled for this repo"),
    "rest: not found": _rest(404, "Not Found"),
    "rest: moved": _rest(307, "Moved Permanently", location="https://elsewhere.example/repositories/1"),
    "rest: refused": _rest(422, "Validation Failed", errors=[{"resource": "Issue", "field": "title"}]),
    "rest: query too slow": _rest(504, "We couldn't respond to your request in time.", slow=True),
    "rest: outage": _rest(502, "Server Error"),
    "rest: unknown": _rest(418, "I'm a teapot"),
    "graphql: points spent": _graphql("API rate limit exceeded for user ID 1.", "RATE_LIMITED"),
    "graphql: limit by its code": _graphql("already exceeded for user ID 1.", "RATE_LIMIT", code="graphql_rate_limit"),
    "graphql: limit without a type": _graphql("It is spent.", extensions={"code": "graphql_rate_limit"}),
    "graphql: too quickly": _graphql("was submitted too quickly", "UNPROCESSABLE"),
    "graphql: collaborators refused": _graphql(
        "You do not have permission to view repository collaborators.", "FORBIDDEN", path=["repository", COLLABORATORS]
    ),
    "graphql: too many collaborators": _graphql(
        "Resource limits for this query exceeded.", "RESOURCE_LIMITS_EXCEEDED", path=["repository", COLLABORATORS]
    ),
    "graphql: collaborators timed out": _graphql(
        f"{WENT_WRONG} This may be the result of a timeout, or it could be a GitHub bug.",
        path=["repository", COLLABORATORS],
    ),
    "graphql: checks refused": _graphql(
        "Resource not accessible by personal access token",
        "FORBIDDEN",
        path=["repository", "pullRequest", "commits", "nodes", 0, "commit", CHECKS],
    ),
    "graphql: too much for one query": _graphql(
        "Resource limits for this query exceeded.", "RESOURCE_LIMITS_EXCEEDED", path=["repository", "issues"]
    ),
    "graphql: too many nodes": _graphql(
        "This query requests up to 1,000,000 possible nodes which exceeds the maximum limit of 500,000.",
        "MAX_NODE_LIMIT_EXCEEDED",
    ),
    "graphql: timed out": _graphql(f"{WENT_WRONG} This may be the result of a timeout, or it could be a GitHub bug."),
    "graphql: outage": _graphql("The service is not available.", "SERVICE_UNAVAILABLE"),
    "graphql: something went wrong": _graphql(f"{WENT_WRONG} Please include `E5B8:B01C` when reporting this issue"),
    "graphql: unknown field": _graphql("Field 'updateRefs' doesn't exist on type 'Mutation'"),
    "graphql: closed to all": _graphql("Repository was archived so is read-only", "UNPROCESSABLE"),
    "graphql: refused by rule": _graphql(RULE, "UNPROCESSABLE"),
    "graphql: single sign-on": _graphql(SAML, "FORBIDDEN", extensions={"saml_failure": True}),
    "graphql: forbidden": _graphql("Resource not accessible by personal access token", "FORBIDDEN"),
    "graphql: not found": _graphql("Could not resolve to a Repository with the name 'o/r'.", "NOT_FOUND"),
    "graphql: refused": _graphql(
        'Expected branch to point to "d8a7" but it did not.  Pull and try again.', "STALE_DATA"
    ),
    "graphql: unknown": _graphql("Short and stout.", "TEAPOT"),
    "git: token refused": Example(git="fatal: Authentication failed for 'https://github.com/o/r.git/'"),
    "git: refused by rule": Example(
        git="remote: error: GH013: Repository rule violations found for refs/heads/main.\n"
        "remote: - Changes must be made through a pull request.\n"
        " ! [remote rejected] main -> main (push declined due to repository rule violations)"
    ),
    "git: closed to all": Example(
        git="remote: This repository was archived so it is read-only.\nfatal: ... returned error: 403"
    ),
    "git: forbidden": Example(git="remote: Permission to o/r.git denied to bee.\nfatal: ... returned error: 403"),
    "git: not found": Example(git="remote: Repository not found.\nfatal: repository 'https://x/o/r.git/' not found"),
    "git: moved": Example(git="fatal: unable to access 'https://x/': The requested URL returned error: 301"),
    "git: too many requests": Example(
        git="remote: This request was rate-limited due to too many requests.\nfatal: ... returned error: 429"
    ),
    "git: the server failed": Example(git="remote: fatal error in commit_refs\n ! [remote rejected] a -> a (failure)"),
    "git: unknown": Example(git="fatal: unable to access 'https://x/': The requested URL returned error: 413"),
    "git: no whole answer": Example(git="fatal: unable to access 'https://x/': Could not resolve host: x"),
    "git: a ref did not move": Example(git=" ! [remote rejected] HEAD -> js (atomic transaction failed)"),
}
