"""A3 on the embedded GitHub: the same script, through the same doors as on the real one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scripts.conftest import Checkout

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
TOKEN = "keeper-token"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[str]:
    """The API address of a forge with one repository, `keeper/n`."""
    words = [sys.executable, "-m", "bee", "forge", "--root", str(tmp_path / "forge"), "--port", "0"]
    with subprocess.Popen([*words, "--user", f"keeper:{TOKEN}:admin"], stdout=subprocess.PIPE, text=True) as forge:
        try:
            assert forge.stdout is not None
            address = str(json.loads(forge.stdout.readline())["api_url"])
            ask(address, "/user/repos", {"name": "n", "auto_init": True})
            yield address
        finally:
            forge.terminate()


def ask(address: str, path: str, data: object = None) -> Any:
    """One request, and its JSON answer."""
    body = json.dumps(data).encode() if data is not None else None
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{address}{path}", body, headers), timeout=30) as answer:
        return json.load(answer)


def test_a3_one_silence_is_one_issue_on_the_forge(checkout: Checkout, api: str) -> None:
    ask(api, "/repos/keeper/n/issues", {"title": "something else", "body": 'with "number": 99 in it'})
    checkout.home.mkdir()
    (checkout.home / "config.yml").write_text("version: 1\nrepos: [keeper/n]\n")
    for _ in range(2):
        # The second time another home, as on a second host, finds what the first one wrote.
        for name in ("watchdog-first", "watchdog-alerted-heartbeat"):
            (checkout.home / name).unlink(missing_ok=True)
        assert checkout.run("watchdog", GH_TOKEN=TOKEN, GITHUB_API_URL=api).returncode == 0
        first = checkout.home / "watchdog-first"
        first.write_text(f"{int(first.read_text()) - 300}\n")
        done = checkout.run("watchdog", GH_TOKEN=TOKEN, GITHUB_API_URL=api)
        assert done.returncode == 0, done.stderr
        assert "keeper/n#2" in done.stderr
    titles = [issue["title"] for issue in ask(api, "/repos/keeper/n/issues")]
    assert sorted(titles) == ["bee has stopped ticking", "something else"]
