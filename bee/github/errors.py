"""Turns the error responses of GitHub into exceptions: one place for what a status or an error type means."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from bee.model.errors import (
    AuthError,
    BeeError,
    ForbiddenError,
    NotFoundError,
    RateLimitError,
    RefusedError,
    ServerError,
)


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


def of_answer(answer: requests.Response, now: int) -> BeeError | None:
    """What an answer of status 400 or above means; None for any other. `now` is GitHub's clock.

    https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
    """
    status = answer.status_code
    if status < 400:
        return None
    message = _message(answer)
    retry_at = _retry_at(answer, message, now) if status in (403, 429) else None
    if retry_at is not None:
        return rate_limited(message, retry_at, now)
    if status == 401:
        return AuthError(
            f"GitHub does not accept the token ({message}); set GH_TOKEN or run `gh auth login`, then try again"
        )
    if status == 403:
        return ForbiddenError(f"the token may not do this ({message}); SECURITY.md lists the permissions it needs")
    if status in (404, 410):
        path = str(answer.request.path_url or "").split("?")[0]
        return NotFoundError(f"GitHub has no {path} for this token ({message})")
    if status in (400, 405, 409, 422):
        return RefusedError(status, message)
    return ServerError(f"GitHub answered {status} ({message}); try again later")


def of_graphql(problems: GraphQLErrors, variables: Mapping[str, Any]) -> BeeError:
    """What GraphQL errors mean for a read, whose `variables` say what was asked for."""
    where = f"{variables.get('owner', '')}/{variables.get('name', '')}".strip("/")
    if where and "number" in variables:
        where += f"#{variables['number']}"
    if "NOT_FOUND" in problems.kinds():
        what = "number" if "number" in variables else "name"
        shown = where or "such item"
        return NotFoundError(f"GitHub shows no {shown} to this token ({problems.text()}); check the {what}: bee doctor")
    if "FORBIDDEN" in problems.kinds():
        return ForbiddenError(f"the token may not read {where} ({problems.text()}); SECURITY.md lists what it needs")
    return ServerError(f"GitHub's GraphQL refused the query ({problems.text()})")


def rate_limited(what: str, retry_at: int, now: int) -> RateLimitError:
    """A limit is spent until `retry_at`, in seconds since the epoch."""
    clock = time.strftime("%H:%M:%S UTC", time.gmtime(retry_at))
    seconds = max(retry_at - now, 0)
    return RateLimitError(
        f"GitHub's rate limit is reached ({what}); it ends at {clock}, in {seconds} s: try again then", retry_at
    )


def reset_at(answer: requests.Response, now: int) -> int:
    """When the limit starts anew, in seconds since the epoch; in a minute where GitHub does not say it."""
    reset = answer.headers.get("x-ratelimit-reset", "")
    return int(reset) if reset.isdecimal() else now + 60


def _retry_at(answer: requests.Response, message: str, now: int) -> int | None:
    """When a limit that an answer speaks of ends; None where it speaks of none.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
    """
    wait = answer.headers.get("Retry-After", "")
    if wait.isdecimal():
        return now + int(wait)
    if answer.headers.get("x-ratelimit-remaining") == "0":
        return reset_at(answer, now)
    if answer.status_code == 429 or "rate limit" in message.lower():
        return now + 60
    return None


def _message(answer: requests.Response) -> str:
    try:
        decoded = answer.json()
    except ValueError:
        return answer.reason or str(answer.status_code)
    if not isinstance(decoded, dict):
        return answer.reason
    parts = [str(decoded.get("message", answer.reason))]
    errors = decoded.get("errors")
    for error in errors if isinstance(errors, list) else []:
        parts.append(str(error.get("message") or error.get("code") or error) if isinstance(error, dict) else str(error))
    return "; ".join(parts)[:500]
