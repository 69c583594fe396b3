"""Turns the error responses of GitHub into exceptions, by the table of `bee.model.answers`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import requests

from bee.model.answers import ROWS, Broken, Does, Row, Said, Way, row_of
from bee.model.errors import (
    AuthError,
    BeeError,
    CutOffError,
    ForbiddenError,
    MovedError,
    NotFoundError,
    RateLimitError,
    RefusedError,
    UnavailableError,
)

_SSO: Final = "https://github.com/settings/tokens (Configure SSO)"


@dataclass(frozen=True, slots=True)
class GraphQLErrors(Exception):
    """A GraphQL answer that carried errors; `data` is what came beside them."""

    errors: tuple[dict[str, Any], ...]
    data: dict[str, Any] = field(default_factory=dict)

    def kinds(self) -> set[str]:
        """The `type` of each error."""
        return {str(error.get("type", "")) for error in self.errors}

    def text(self) -> str:
        """What GitHub said, as one sentence."""
        return "; ".join(str(error.get("message", "")) for error in self.errors)[:500]

    def parts(self) -> set[str]:
        """The part of the document that each error is about; an empty one where it is about all of it."""
        return {str((error.get("path") or [""])[0]) for error in self.errors}


def of_answer(answer: requests.Response, now: int, slow: bool = False) -> BeeError | None:
    """What an answer of status 300 or above, or one with a part left out, means; None for any other.

    `now` is GitHub's clock. A 304 is what was asked for. `slow`: it is the answer to a query that GitHub let wait for
    SLOW_SECONDS.
    """
    status = answer.status_code
    good = status < 300 or status == 304
    if good and "x-github-sso" not in answer.headers:
        return None
    message = "" if good else _message(answer)
    row = row_of(Said(way=Way.REST, status=status, text=message, headers=answer.headers, slow=slow))
    assert row is not None
    path = str(answer.request.path_url or "").split("?")[0]
    if row.error is CutOffError:
        what = f"GitHub leaves out what is behind single sign-on ({path}); nothing was decided"
        return CutOffError(f"{what}: authorize the token at {_SSO}")
    if good:
        return None
    if row.error is RateLimitError:
        return rate_limited(message, retry_at(answer, now), now)
    if row.error is AuthError:
        return AuthError(
            f"GitHub does not accept the token ({message}); set GH_TOKEN or run `gh auth login`, then try again"
        )
    if row.error is UnavailableError:
        return unavailable(f"the repository takes nothing from anybody ({message})")
    if row.error is ForbiddenError:
        return ForbiddenError(_forbidden(message, answer.headers.get("x-github-sso", "")))
    if row.does is Does.FOLLOW:
        where = answer.headers.get("Location", "nowhere")
        return MovedError(f"{path} has moved to {where[:200]}, on another server; put its new name into config.yml")
    if row.error is NotFoundError:
        return NotFoundError(f"GitHub has no {path} for this token ({message})")
    if issubclass(row.error, RefusedError):
        return row.error(status, message)
    return row.error(f"GitHub answered {status} ({message}); try again later")


def of_broken(broken: Broken, what: str) -> BeeError:
    """What it means that something else came than an answer; `what` says it."""
    row = row_of(Said(way=Way.REST, broken=broken))
    assert row is not None
    return row.error(what)


def of_graphql(problems: GraphQLErrors, variables: Mapping[str, Any], now: int = 0, reset: int = 0) -> BeeError:
    """What GraphQL errors mean, `variables` say what was asked for: the first of them in the order of ROWS.

    One that is about a part comes last. `now` is GitHub's clock, `reset` when the limit starts anew.
    """
    where = f"{variables.get('owner', '')}/{variables.get('name', '')}".strip("/")
    if where and "number" in variables:
        where += f"#{variables['number']}"
    text = problems.text()
    row = min(map(row_of_error, problems.errors), key=lambda row: (row.does is Does.PART, ROWS.index(row)))
    if row.error is RateLimitError:
        return rate_limited(text or "GraphQL points", reset or now + 60, now)
    if row.error is NotFoundError:
        what = "number" if "number" in variables else "name"
        shown = where or "such item"
        return NotFoundError(f"GitHub shows no {shown} to this token ({text}); check the {what}: bee doctor")
    if row.error is UnavailableError:
        return unavailable(f"{where or 'the repository'} takes nothing from anybody ({text})")
    if row.error is ForbiddenError:
        return ForbiddenError(_forbidden(text, "required" if "SAML" in text else "", where))
    if issubclass(row.error, RefusedError):
        return row.error(422, text)
    return row.error(f"GitHub's GraphQL did not answer the query ({text}); try again later")


def row_of_error(error: Mapping[str, Any]) -> Row:
    """The row of one entry of `errors`."""
    extensions = error.get("extensions")
    code = error.get("code") or (extensions.get("code") if isinstance(extensions, dict) else "") or ""
    kind, text = str(error.get("type") or ""), str(error.get("message", ""))
    path = tuple(map(str, error.get("path") or ()))
    row = row_of(Said(way=Way.GRAPHQL, kind=kind, code=str(code), text=text, path=path))
    assert row is not None
    return row


def _forbidden(message: str, sign_on: str, where: str = "") -> str:
    """In words; `sign_on` is the header X-GitHub-SSO, which may name where to sign on."""
    of = f" in {where}" if where else ""
    if not sign_on.startswith("required"):
        return f"the token may not do this{of} ({message}); SECURITY.md lists the permissions it needs"
    link = sign_on.partition("url=")[2] or _SSO
    return f"the organization wants single sign-on for this token{of} ({message}): authorize it at {link}"


def unavailable(said: str) -> UnavailableError:
    """A repository that no token can use, and the two ways out."""
    return UnavailableError(
        f"{said}, whatever the token may do. Open it again on GitHub (an archived one: `gh repo unarchive`), or take "
        "it out of `repos` in config.yml"
    )


def rate_limited(what: str, retry_at: int, now: int) -> RateLimitError:
    """A limit is spent until `retry_at`, in seconds since the epoch."""
    clock = time.strftime("%H:%M:%S UTC", time.gmtime(retry_at))
    seconds = max(retry_at - now, 0)
    return RateLimitError(
        f"GitHub's rate limit is reached ({what}); it ends at {clock}, in {seconds} s: try again then", retry_at
    )


def retry_at(answer: requests.Response, now: int) -> int:
    """When the limit that an answer speaks of ends, in seconds since the epoch; in a minute where GitHub does not say.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
    """
    wait = answer.headers.get("Retry-After", "")
    if wait.isdecimal():
        return now + int(wait)
    reset, left = answer.headers.get("x-ratelimit-reset", ""), answer.headers.get("x-ratelimit-remaining", "0")
    return int(reset) if left == "0" and reset.isdecimal() else now + 60


def _message(answer: requests.Response) -> str:
    try:
        decoded = answer.json()
    except ValueError:
        said = answer.text.strip() if answer.headers.get("Content-Type", "").startswith("text/plain") else ""
        return said[:500] or answer.reason or str(answer.status_code)  # git's words
    if not isinstance(decoded, dict):
        return answer.reason
    parts = [str(decoded.get("message", answer.reason))]
    errors = decoded.get("errors")
    for error in errors if isinstance(errors, list) else []:
        parts.append(str(error.get("message") or error.get("code") or error) if isinstance(error, dict) else str(error))
    return "; ".join(parts)[:500]
