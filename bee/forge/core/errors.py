"""The refusals of the forge, in GitHub's words. REST and GraphQL translate them, neither invents one."""

from __future__ import annotations

from typing import Any, Final

DOCS: Final = "https://docs.github.com/rest"
_GRAPH_TYPES: Final = {401: "FORBIDDEN", 403: "FORBIDDEN", 404: "NOT_FOUND"}


class Refused(Exception):
    """A request that GitHub would refuse too: REST status, message and the list of details."""

    def __init__(self, status: int, message: str, errors: list[Any] | None = None, *, kind: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.kind = kind or _GRAPH_TYPES.get(status, "UNPROCESSABLE")

    def body(self) -> dict[str, Any]:
        """The JSON body of a REST refusal."""
        answer: dict[str, Any] = {"message": self.message}
        if self.errors is not None:
            answer["errors"] = self.errors
        answer["documentation_url"] = DOCS
        answer["status"] = str(self.status)
        return answer


class RuleViolated(Refused):
    """A write to a branch that its protection or a ruleset stands against."""


def not_found(message: str = "Not Found") -> Refused:
    """404, also for what the caller may not know to exist."""
    return Refused(404, message)


def forbidden(message: str = "Resource not accessible by personal access token") -> Refused:
    """403: the caller is known and lacks the permission."""
    return Refused(403, message)


def invalid(resource: str, field: str, code: str = "invalid", **more: Any) -> Refused:
    """422 in the shape of https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api."""
    detail = {"resource": resource, "field": field, "code": code, **more}
    return Refused(422, "Validation Failed", [detail])


def custom(resource: str, field: str, message: str) -> Refused:
    """422 with a sentence about one field."""
    return invalid(resource, field, "custom", message=message)


def unprocessable(message: str, errors: list[Any] | None = None) -> Refused:
    """422 with GitHub's own sentence."""
    return Refused(422, message, errors)
