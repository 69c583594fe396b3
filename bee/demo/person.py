"""The person of the demo, over REST as anybody would: opens the issue, ticks the gates, looks at the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin

import requests

from bee.model.errors import LookError, RefusedError
from bee.model.markdown import reading, ticked

SECONDS_MAX: Final = 30
PAGES_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the forge."""

    login: str
    token: str
    permission: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a started forge listens, and what its control endpoints ask for."""

    api_url: str
    graphql_url: str
    git_url: str
    control_token: str


@dataclass(slots=True)
class Person:
    """One account on one repository. `requests` counts what it asked of the API."""

    addresses: Addresses
    repo: str
    account: Account
    requests: int = 0

    def create_repository(self, owner: str, name: str, branch: str) -> None:
        """A public, empty repository, through the forge's own control endpoint."""
        self._ask("POST", "/_forge/repos", {"owner": owner, "name": name, "default_branch": branch})

    def open_issue(self, title: str, body: str) -> int:
        """A new issue's number."""
        return int(self._ask("POST", f"/repos/{self.repo}/issues", {"title": title, "body": body})["number"])

    def issue(self, number: int) -> dict[str, Any]:
        """An issue as REST shows it."""
        found: dict[str, Any] = self._ask("GET", f"/repos/{self.repo}/issues/{number}")
        return found

    def items(self) -> list[dict[str, Any]]:
        """All issues and pull requests, oldest first."""
        return sorted(self.all(f"/repos/{self.repo}/issues?state=all"), key=lambda item: int(item["number"]))

    def pulls(self) -> list[dict[str, Any]]:
        """All pull requests, oldest first."""
        return sorted(self.all(f"/repos/{self.repo}/pulls?state=all"), key=lambda item: int(item["number"]))

    def tick(self, number: int, heading: str) -> bool:
        """Tick the first empty box under a heading of an issue; False where there is none."""
        body = str(self.issue(number)["body"] or "")
        ticked = with_box_ticked(body, heading)
        if ticked == body:
            return False
        self._ask("PATCH", f"/repos/{self.repo}/issues/{number}", {"body": ticked})
        return True

    def api_requests(self) -> int:
        """How many REST and GraphQL requests others made of the forge since it started."""
        return int(self._ask("GET", "/_forge/stats")["api_requests"]) - self.requests

    def all(self, path: str) -> list[dict[str, Any]]:
        """Every page of a list. Raises RefusedError or LookError."""
        found: list[dict[str, Any]] = []
        following: str | None = f"{path}&per_page=100"
        for _ in range(PAGES_MAX):
            if following is None:
                return found
            page, following = self._exchange("GET", following, None)
            found.extend(page)
        raise LookError(f"{path} has more than {PAGES_MAX} pages")

    def _ask(self, method: str, path: str, data: dict[str, Any] | None = None) -> Any:
        return self._exchange(method, path, data)[0]

    def _exchange(self, method: str, path: str, data: dict[str, Any] | None) -> tuple[Any, str | None]:
        """The decoded answer and the address of the next page. Raises RefusedError or LookError."""
        url = urljoin(f"{self.addresses.api_url}/", path.removeprefix("/"))
        headers = {"Authorization": f"Bearer {self.account.token}", "Accept": "application/vnd.github+json"}
        headers["X-Forge-Token"] = self.addresses.control_token
        self.requests += "/_forge/" not in url
        try:
            with requests.Session() as session:
                session.trust_env = False  # a server on loopback is not reached through a proxy
                answer = session.request(method, url, json=data, headers=headers, timeout=SECONDS_MAX)
        except requests.RequestException as error:
            raise LookError(f"the embedded GitHub does not answer: {error}") from error
        if not answer.ok:
            raise RefusedError(answer.status_code, answer.text)
        return answer.json() if answer.content else None, answer.links.get("next", {}).get("url")


def with_box_ticked(body: str, heading: str) -> str:
    """The body with the first open box below `heading` ticked; unchanged where there is none to tick."""
    read = reading(body)
    sections = (one for one in read.headings if one.source.lower() == heading.strip("# ").lower())
    boxes = (box for section in sections for box in read.tasks_of(section) if not box.ticked)
    box = next(boxes, None)
    return ticked(body, box) if box else body
