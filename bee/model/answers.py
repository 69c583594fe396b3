"""What GitHub can say to a request of bee's, and what bee then does: one table for REST, GraphQL and git.

The only place that knows GitHub's statuses, error types and words. Pure; the first row that fits counts, and each way
ends in a row of its own for what bee does not know: that never reads as a no, nor as a lost race.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from bee.model.errors import (
    AuthError,
    BeeError,
    CutOffError,
    ForbiddenError,
    MovedError,
    NotFoundError,
    RateLimitError,
    RefusedError,
    RuleError,
    ServerError,
    TooBigError,
    UnavailableError,
    UnknownAnswerError,
    UnreachableError,
    UnsupportedError,
)


class Way(StrEnum):
    """How GitHub was asked. `git`: a fetch or a push, of which there are only words."""

    REST = "REST"
    GRAPHQL = "GraphQL"
    GIT = "git"


class Broken(StrEnum):
    """What came in place of an answer of the API."""

    NOTHING = "nothing"
    NOT_JSON = "not JSON"


class Does(StrEnum):
    """What bee does then."""

    WAIT = "waits until GitHub's time, then asks again; nobody's try is spent"
    LOOK = "looks whether it took effect, then tries again, within bounds"
    SHRINK = "asks for less at once, and remembers the size"
    PART = "takes that part as unknown where the rest came, else stops and says what to change"
    FOLLOW = "follows it on the same server, else stops and says the new address"
    ASK = "stops, and asks a person once with GitHub's own words"
    STOP = "stops and says what to change"
    ANSWER = "an answer: whoever asked reads it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing that GitHub said, or that came in its place (`broken`).

    `kind`, `code` and `path` are GraphQL's; `slow`: it let a query wait for SLOW_SECONDS.
    """

    way: Way
    status: int = 0
    kind: str = ""
    code: str = ""
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    slow: bool = False
    path: tuple[str, ...] = ()
    broken: Broken | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of answer: what it looks like (all that is given must fit), the error it becomes, what bee does then.

    `status`, `kinds`, `codes`: one of them, where any are given; `words`: a pattern in the text, in any letter case;
    `header`: a header and a pattern; `part`: a field that GraphQL's path leads through. `source`: where GitHub
    documents it, or a public thread that has its text; empty where neither is known.
    """

    name: str
    way: Way
    error: type[BeeError]
    does: Does
    source: str
    status: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    words: str = ""
    header: tuple[str, str] = ("", "")
    slow: bool = False
    part: str = ""
    broken: Broken | None = None

    def fits(self, said: Said) -> bool:
        """Whether GitHub said this."""
        name, pattern = self.header
        return (
            self.way is said.way
            and self.broken is said.broken
            and (not self.status or said.status in self.status)
            and (not self.kinds or said.kind in self.kinds)
            and (not self.codes or said.code in self.codes)
            and (not self.words or re.search(self.words, said.text, re.IGNORECASE) is not None)
            and (not name or re.search(pattern, said.headers.get(name, "")) is not None)
            and (not self.slow or said.slow)
            and (not self.part or self.part in said.path)
        )


_DOCS: Final = "https://docs.github.com/en"
_LIMITS: Final = f"{_DOCS}/rest/using-the-rest-api/rate-limits-for-the-rest-api"
_TROUBLE: Final = f"{_DOCS}/rest/using-the-rest-api/troubleshooting-the-rest-api"
_PRACTICE: Final = f"{_DOCS}/rest/using-the-rest-api/best-practices-for-using-the-rest-api"
_GRAPH_LIMITS: Final = f"{_DOCS}/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api"
_RULE: Final = (
    r"repository rule violations? found|push declined due to repository rule|\bGH0\d\d\b|push protection|"
    r"protected branch|changes must be made through a pull request|refusing to allow .* (workflow|without)|"
    r"(creations|updates|deletions) being restricted|cannot (create|update|delete) ref due to|"
    r"pre-receive hook declined|commits must have (verified|valid) signatures"
)
_CLOSED: Final = (
    r"was archived so (it )?is read-only|repository access blocked|repository\b.* is disabled|unavailable due to DMCA"
)
_LIMIT: Final = r"rate limit|submitted too quickly|abuse detection|login attempts exceeded"
_FORBIDDEN: Final = ("FORBIDDEN", "INSUFFICIENT_SCOPES")
_TOO_BIG: Final = ("RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED")
_TIMED_OUT: Final = "may be the result of a timeout"
COLLABORATORS: Final = "collaborators"
CHECKS: Final = "statusCheckRollup"
REDIRECTS: Final = (301, 302, 307, 308)

ROWS: Final = (
    # ---- REST, and what comes instead of a GraphQL answer --------------------------------------------------------
    Row(
        name="rest: no answer", way=Way.REST, broken=Broken.NOTHING, error=UnreachableError, does=Does.LOOK,
        source="https://requests.readthedocs.io/en/latest/user/quickstart/#errors-and-exceptions",
    ),
    Row(
        name="rest: not JSON", way=Way.REST, broken=Broken.NOT_JSON, error=ServerError, does=Does.LOOK, source="",
    ),
    Row(
        name="rest: a part behind single sign-on", way=Way.REST, status=(200,), header=("x-github-sso", "^partial"),
        error=CutOffError, does=Does.STOP, source=f"{_DOCS}/rest/authentication/authenticating-to-the-rest-api",
    ),
    Row(
        name="rest: single sign-on", way=Way.REST, status=(403, 404), header=("x-github-sso", "^required"),
        error=ForbiddenError, does=Does.STOP,
        source="https://github.com/fwouts/prmonitor/issues/1042",
    ),
    Row(
        name="rest: limit with its time", way=Way.REST, status=(403, 429), header=("retry-after", r"^\d+$"),
        error=RateLimitError, does=Does.WAIT, source=f"{_LIMITS}#exceeding-the-rate-limit",
    ),
    Row(
        name="rest: limit spent", way=Way.REST, status=(403, 429), header=("x-ratelimit-remaining", "^0$"),
        error=RateLimitError, does=Does.WAIT, source=f"{_LIMITS}#exceeding-the-rate-limit",
    ),
    Row(
        name="rest: limit in words", way=Way.REST, status=(403,), words=_LIMIT,
        error=RateLimitError, does=Does.WAIT, source=f"{_LIMITS}#about-secondary-rate-limits",
    ),
    Row(
        name="rest: too many requests", way=Way.REST, status=(429,),
        error=RateLimitError, does=Does.WAIT, source=f"{_LIMITS}#exceeding-the-rate-limit",
    ),
    Row(
        name="rest: too quickly", way=Way.REST, status=(422,), words=_LIMIT,
        error=RateLimitError, does=Does.WAIT, source="https://github.com/cli/cli/issues/4801",
    ),
    Row(
        name="rest: token refused", way=Way.REST, status=(401,),
        error=AuthError, does=Does.STOP, source=f"{_TROUBLE}",
    ),
    Row(
        name="rest: refused by rule", way=Way.REST, status=(403, 405, 409, 422), words=_RULE,
        error=RuleError, does=Does.ASK, source="https://github.com/satisfactory-factories/application/issues/67",
    ),
    Row(
        name="rest: closed to all", way=Way.REST, status=(403, 451), words=_CLOSED,
        error=UnavailableError, does=Does.STOP, source="https://github.com/github/rest-api-description/issues/3314",
    ),
    Row(
        name="rest: forbidden", way=Way.REST, status=(403, 451),
        error=ForbiddenError, does=Does.STOP, source=f"{_TROUBLE}#resource-not-accessible",
    ),
    Row(
        name="rest: gone", way=Way.REST, status=(410,),
        error=NotFoundError, does=Does.ANSWER, source=f"{_DOCS}/rest/issues/issues#get-an-issue",
    ),
    Row(
        name="rest: not found", way=Way.REST, status=(404,),
        error=NotFoundError, does=Does.ANSWER, source=f"{_TROUBLE}#404-not-found-for-an-existing-resource",
    ),
    Row(
        name="rest: moved", way=Way.REST, status=REDIRECTS,
        error=MovedError, does=Does.FOLLOW, source=f"{_PRACTICE}#follow-redirects",
    ),
    Row(
        name="rest: refused", way=Way.REST, status=(400, 405, 409, 422),
        error=RefusedError, does=Does.ANSWER, source=f"{_TROUBLE}#validation-failed",
    ),
    Row(
        name="rest: query too slow", way=Way.REST, status=(502, 503, 504), slow=True,
        error=TooBigError, does=Does.SHRINK, source=f"{_GRAPH_LIMITS}#timeouts",
    ),
    Row(
        name="rest: outage", way=Way.REST, status=tuple(range(500, 600)),
        error=ServerError, does=Does.LOOK, source=f"{_TROUBLE}#timeouts",
    ),
    Row(name="rest: unknown", way=Way.REST, error=UnknownAnswerError, does=Does.LOOK, source=""),
    # ---- GraphQL: an entry of `errors`, with status 200 ----------------------------------------------------------
    Row(
        name="graphql: points spent", way=Way.GRAPHQL, kinds=("RATE_LIMITED",),
        error=RateLimitError, does=Does.WAIT, source=f"{_GRAPH_LIMITS}#exceeding-the-rate-limit",
    ),
    Row(
        name="graphql: limit by its code", way=Way.GRAPHQL, kinds=("RATE_LIMIT",),
        error=RateLimitError, does=Does.WAIT, source="https://github.com/yanyongyu/githubkit/issues/271",
    ),
    Row(
        name="graphql: limit without a type", way=Way.GRAPHQL, codes=("graphql_rate_limit",),
        error=RateLimitError, does=Does.WAIT, source="https://github.com/yanyongyu/githubkit/issues/271",
    ),
    Row(
        name="graphql: too quickly", way=Way.GRAPHQL, words=_LIMIT,
        error=RateLimitError, does=Does.WAIT, source="https://github.com/intel/dffml/issues/1408",
    ),
    # A part of an answer that bee can do without: who may write is asked for singly, checks count as unknown.
    Row(
        name="graphql: collaborators refused", way=Way.GRAPHQL, part=COLLABORATORS, kinds=_FORBIDDEN,
        error=ForbiddenError, does=Does.PART, source=f"{_DOCS}/rest/collaborators/collaborators",
    ),
    Row(
        name="graphql: too many collaborators", way=Way.GRAPHQL, part=COLLABORATORS, kinds=_TOO_BIG,
        error=TooBigError, does=Does.PART, source=f"{_GRAPH_LIMITS}#node-limit",
    ),
    Row(
        name="graphql: collaborators timed out", way=Way.GRAPHQL, part=COLLABORATORS, words=_TIMED_OUT,
        error=TooBigError, does=Does.PART, source="https://github.com/liatrio/liatrio-otel-collector/issues/71",
    ),
    Row(
        name="graphql: checks refused", way=Way.GRAPHQL, part=CHECKS, kinds=_FORBIDDEN,
        error=ForbiddenError, does=Does.PART,
        source=f"{_DOCS}/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens",
    ),
    Row(
        name="graphql: too much for one query", way=Way.GRAPHQL, kinds=("RESOURCE_LIMITS_EXCEEDED",),
        error=TooBigError, does=Does.SHRINK,
        source="https://github.com/yoshi389111/github-profile-3d-contrib/issues/163",
    ),
    Row(
        name="graphql: too many nodes", way=Way.GRAPHQL, kinds=("MAX_NODE_LIMIT_EXCEEDED",),
        error=TooBigError, does=Does.SHRINK, source=f"{_GRAPH_LIMITS}#node-limit",
    ),
    Row(
        name="graphql: timed out", way=Way.GRAPHQL, words=_TIMED_OUT,
        error=TooBigError, does=Does.SHRINK, source="https://github.com/liatrio/liatrio-otel-collector/issues/71",
    ),
    Row(
        name="graphql: outage", way=Way.GRAPHQL, kinds=("SERVICE_UNAVAILABLE", "INTERNAL", "INTERNAL_SERVER_ERROR"),
        error=ServerError, does=Does.LOOK, source="",
    ),
    Row(
        name="graphql: something went wrong", way=Way.GRAPHQL, kinds=("",), words="something went wrong",
        error=ServerError, does=Does.LOOK, source="https://github.com/cli/cli/issues/7234",
    ),
    Row(
        name="graphql: unknown field", way=Way.GRAPHQL, words="doesn't exist on type",
        error=UnsupportedError, does=Does.ANSWER, source="",
    ),
    Row(
        name="graphql: closed to all", way=Way.GRAPHQL, words=_CLOSED, error=UnavailableError, does=Does.STOP,
        source="https://github.com/actions-automation/manage-your-labels/issues/4",
    ),
    Row(
        name="graphql: refused by rule", way=Way.GRAPHQL, kinds=("UNPROCESSABLE", "FORBIDDEN"), words=_RULE,
        error=RuleError, does=Does.ASK, source="",
    ),
    Row(
        name="graphql: single sign-on", way=Way.GRAPHQL, kinds=("FORBIDDEN",), words="SAML",
        error=ForbiddenError, does=Does.STOP, source="https://github.com/fwouts/prmonitor/issues/1042",
    ),
    Row(
        name="graphql: forbidden", way=Way.GRAPHQL, kinds=_FORBIDDEN,
        error=ForbiddenError, does=Does.STOP, source="https://github.com/github/docs/issues/19712",
    ),
    Row(
        name="graphql: not found", way=Way.GRAPHQL, kinds=("NOT_FOUND",),
        error=NotFoundError, does=Does.ANSWER, source=f"{_DOCS}/graphql/reference/queries#repository",
    ),
    Row(
        name="graphql: refused", way=Way.GRAPHQL, kinds=("UNPROCESSABLE", "STALE_DATA"),
        error=RefusedError, does=Does.ANSWER,
        source="https://github.com/ministryofjustice/modernisation-platform/issues/11985",
    ),
    Row(name="graphql: unknown", way=Way.GRAPHQL, error=UnknownAnswerError, does=Does.LOOK, source=""),
    # ---- git: what it prints of a fetch or a push ----------------------------------------------------------------
    Row(
        name="git: token refused", way=Way.GIT, error=AuthError, does=Does.STOP,
        words=r"authentication failed|could not read (username|password)|terminal prompts disabled|(error:|HTTP) 401|"
        r"invalid username or (password|token)",
        source="https://git-scm.com/docs/gitcredentials",
    ),
    Row(
        name="git: refused by rule", way=Way.GIT, words=_RULE, error=RuleError, does=Does.ASK,
        source="https://github.com/henne49/dbus-opendtu/issues/235",
    ),
    Row(
        name="git: closed to all", way=Way.GIT, words=_CLOSED, error=UnavailableError, does=Does.STOP,
        source="https://github.com/github/docs/pull/6862",
    ),
    Row(
        name="git: forbidden", way=Way.GIT, error=ForbiddenError, does=Does.STOP,
        words=r"(error:|HTTP) (403|451)|write access .* not granted|permission .* denied to|SAML SSO",
        source="https://github.com/ministryofjustice/operations-engineering/issues/4904",
    ),
    Row(
        name="git: not found", way=Way.GIT, error=ForbiddenError, does=Does.STOP,
        words=r"repository .*not found|(error:|HTTP) (404|410)",
        source="https://github.com/yesolutions/mirror-action/issues/24",
    ),
    Row(
        name="git: moved", way=Way.GIT, words=r"(error:|HTTP) 30[1278]\b|url base from redirection", error=MovedError,
        does=Does.STOP, source="https://git-scm.com/docs/git-config#Documentation/git-config.txt-httpfollowRedirects",
    ),
    Row(
        name="git: too many requests", way=Way.GIT, error=RateLimitError, does=Does.WAIT,
        words=r"(error:|HTTP) 429|rate-limited due to too many requests",
        source="https://github.com/ROCm/TheRock/issues/6431",
    ),
    Row(
        name="git: the server failed", way=Way.GIT, error=ServerError, does=Does.LOOK,
        words=r"(error:|HTTP) 5\d\d|internal server error|fatal error in commit_refs",
        source="https://github.com/microsoft/vscode/issues/182679",
    ),
    Row(
        name="git: unknown", way=Way.GIT, words=r"returned error: \d\d\d|HTTP [34]\d\d", error=UnknownAnswerError,
        does=Does.LOOK, source="",
    ),
    Row(
        name="git: no whole answer", way=Way.GIT, error=UnreachableError, does=Does.LOOK,
        words=r"could not resolve|couldn't resolve|failed to connect|couldn't connect|timed out|operation too slow|"
        r"connection (refused|reset|was reset)|ssl|gnutls|early eof|hung up|unexpected disconnect|rpc failed|"
        r"empty reply|network is unreachable|recv failure|cannot access url|"
        r"invalid (server|ls-refs) response|expected (flush|ack|'packfile')|unexpected flush|failed to report status|"
        r"unable to find [0-9a-f]{40} under",
        source="https://git-scm.com/docs/git-config#Documentation/git-config.txt-httplowSpeedLimit",
    ),
    Row(
        name="git: a ref did not move", way=Way.GIT, words=r"remote rejected|atomic", error=RefusedError,
        does=Does.LOOK, source="https://github.com/jadehh/TVSpider/issues/76",
    ),
)  # fmt: skip


def row_of(said: Said) -> Row | None:
    """The row of what GitHub said; None where git speaks of nothing that has to do with the server."""
    return next((row for row in ROWS if row.fits(said)), None)
