"""Which repository a submodule's address means, and what `.gitmodules` says."""

from __future__ import annotations

import pytest

from bee.git.submodules import listed, repo_of

OWN = "https://git.example/ada/calc.git"


@pytest.mark.parametrize(
    ("address", "repo"),
    [
        ("../lib.git", "ada/lib"), ("../lib", "ada/lib"), ("../../eve/lib.git", "eve/lib"), ("./lib", None),
        ("../../../lib", None), ("https://git.example/eve/lib.git", "eve/lib"),
        ("https://git.example/eve/lib/", "eve/lib"), ("https://GIT.example/eve/lib", "eve/lib"),
        ("https://git.example:8443/eve/lib", None),
        ("ssh://git@git.example/eve/lib.git", "eve/lib"), ("ssh://git@git.example:22/eve/lib.git", "eve/lib"),
        ("git@git.example:eve/lib.git", "eve/lib"), ("git@other.example:eve/lib.git", None),
        ("git@git.example:/eve/lib.git", None), ("https://other.example/eve/lib.git", None), ("/eve/lib.git", None),
        ("file:///eve/lib.git", None), ("https://git.example/eve", None), ("https://git.example/eve/../lib", None),
        ("https://git.example/eve/-upload", "eve/-upload"), ("https://git.example/.git/lib", None), ("", None),
        ("https://git.example@other.example/eve/lib", None), ("ext::sh -c id", None),
    ],
)  # fmt: skip
def test_the_repository_of_an_address(address: str, repo: str | None) -> None:
    assert repo_of(address, OWN) == repo


def test_what_gitmodules_lists() -> None:
    text = """[submodule "lib"]
\tpath = vendor/lib
\turl = "../lib.git"
\tbranch = main
[core]
\tpath = x
\turl = y
[submodule "half"]
\tpath = half
"""
    assert listed(text) == {"vendor/lib": "../lib.git"}
    assert listed("") == listed("no sections\n") == {}
