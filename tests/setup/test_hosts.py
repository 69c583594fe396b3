"""What `bee doctor` says of Windows' Linux, by the kernel's own name."""

from __future__ import annotations

import pytest

from bee.setup.machine import wsl_checks


@pytest.mark.parametrize(
    ("release", "home", "status", "text"),
    [
        ("6.1.0-44-amd64", "/home/ann/.git-bee", "", ""),
        ("6.1.0-44-amd64", "/mnt/data/.git-bee", "", ""),
        ("23.6.0", "/Users/ann/.git-bee", "", ""),
        ("5.15.167.4-microsoft-standard-WSL2", "/home/ann/.git-bee", "warn", "nobody has tried"),
        ("5.15.167.4-microsoft-standard-WSL2", "/mnt/c/Users/ann/.git-bee", "fail", "on a Windows drive"),
        ("4.4.0-19041-Microsoft", "/home/ann/.git-bee", "fail", "WSL 1"),
    ],
)
def test_case_r13_what_is_so_on_wsl_is_said_and_nothing_elsewhere(
    release: str, home: str, status: str, text: str
) -> None:
    found = wsl_checks(release, home)
    assert [str(check.status) for check in found] == [status][: bool(status)]
    assert all(text in check.text and check.fix for check in found)
