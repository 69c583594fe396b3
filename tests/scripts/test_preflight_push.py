"""The pre-push hook: the default branch is refused in every spelling, and so is a bee that does not start."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.scripts.conftest import BROKEN, SHELLS, SOUND, Checkout


@pytest.fixture
def server(checkout: Checkout, tmp_path: Path) -> Path:
    """A bare repository the checkout pushes to, with `main` as its default branch; the hook is installed."""
    bare = tmp_path / "server.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
    checkout.git("remote", "add", "origin", str(bare))
    checkout.git("push", "-q", "origin", "main")
    checkout.run("install-hooks")
    checkout.git("switch", "-q", "-c", "work")
    checkout.commit(SOUND + "# more\n")
    return bare


def push(checkout: Checkout, *words: str) -> subprocess.CompletedProcess[str]:
    """`git push` as a person types it."""
    return subprocess.run(
        ["git", "-C", str(checkout.root), "push", *words],
        check=False,
        capture_output=True,
        text=True,
        env=checkout.environment(),
    )


def refs(server: Path) -> dict[str, str]:
    """What the server has."""
    lines = subprocess.run(
        ["git", "-C", str(server), "for-each-ref", "--format=%(refname) %(objectname)"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return dict(line.split(" ") for line in lines)


SPELLINGS = [
    ("origin", "HEAD:main"),
    ("origin", "work:main"),
    ("origin", "work:refs/heads/main"),
    ("origin", "+work:main"),
    ("--force", "origin", "work:main"),
    ("--force-with-lease", "origin", "work:main"),
    ("origin", "main"),
    ("--all", "origin"),
    ("--mirror", "origin"),
    ("origin", "refs/heads/*:refs/heads/*"),
    ("origin", "refs/heads/m*:refs/heads/m*"),
    ("--delete", "origin", "main"),
    ("origin", ":main"),
    ("origin", "work", "HEAD:main"),
    ("--no-thin", "--atomic", "origin", "work", "work:main"),
]


@pytest.mark.parametrize("words", SPELLINGS, ids=" ".join)
def test_x7_the_default_branch_is_refused_in_every_spelling(
    checkout: Checkout, server: Path, words: tuple[str, ...]
) -> None:
    # main itself moves too, so that --all and wildcards have something to push there.
    checkout.git("branch", "-f", "main", "work")
    before = refs(server)
    done = push(checkout, *words)
    assert done.returncode != 0
    assert "default branch (refs/heads/main)" in done.stderr
    assert refs(server) == before


@pytest.mark.parametrize("how", ["upstream", "matching", "remote.push"])
def test_x7_the_default_branch_is_refused_when_configuration_chose_it(
    checkout: Checkout, server: Path, how: str
) -> None:
    before = refs(server)
    if how == "upstream":
        checkout.git("branch", "-q", "--set-upstream-to=origin/main", "work")
        checkout.git("config", "push.default", "upstream")
    elif how == "matching":
        checkout.git("branch", "-f", "main", "work")
        checkout.git("config", "push.default", "matching")
    else:
        checkout.git("config", "remote.origin.push", "work:main")
    done = push(checkout)
    assert "default branch" in done.stderr
    assert refs(server) == before


def test_x7_the_servers_own_default_branch_counts(checkout: Checkout, server: Path) -> None:
    checkout.git("push", "-q", "origin", "work:trunk")
    subprocess.run(["git", "-C", str(server), "symbolic-ref", "HEAD", "refs/heads/trunk"], check=True)
    checkout.commit(SOUND + "# again\n")
    done = push(checkout, "origin", "HEAD:trunk")
    assert "default branch (refs/heads/trunk)" in done.stderr


@pytest.mark.parametrize("spelling", ["Main", "MASTER", "master"])
def test_x7_main_and_master_are_refused_in_any_case(checkout: Checkout, server: Path, spelling: str) -> None:
    assert push(checkout, "origin", f"work:{spelling}").returncode != 0
    assert set(refs(server)) == {"refs/heads/main"}


@pytest.mark.parametrize("shell", SHELLS)
def test_a_branch_of_a_bee_that_starts_is_pushed(checkout: Checkout, server: Path) -> None:
    done = push(checkout, "origin", "work")
    assert done.returncode == 0, done.stderr
    assert refs(server)["refs/heads/work"] == checkout.head


@pytest.mark.parametrize("name", ["maintenance", "feature/main", "main2"])
def test_a_branch_that_only_looks_like_the_default_branch_is_pushed(
    checkout: Checkout, server: Path, name: str
) -> None:
    assert push(checkout, "origin", f"work:{name}").returncode == 0
    assert f"refs/heads/{name}" in refs(server)


def test_a_bee_that_does_not_start_is_refused(checkout: Checkout, server: Path) -> None:
    checkout.commit(BROKEN)
    done = push(checkout, "origin", "work")
    assert done.returncode != 0
    assert "does not start" in done.stderr
    assert "SyntaxError" in done.stderr
    assert "refs/heads/work" not in refs(server)


def test_what_is_pushed_is_started_not_what_lies_in_the_folder(checkout: Checkout, server: Path) -> None:
    broken = checkout.commit(BROKEN)
    sound = checkout.commit(SOUND + "# fixed\n")
    (checkout.root / "bee" / "__main__.py").write_text(BROKEN)
    assert push(checkout, "origin", f"{sound}:refs/heads/sound").returncode == 0
    (checkout.root / "bee" / "__main__.py").write_text(SOUND)
    assert push(checkout, "origin", f"{broken}:refs/heads/broken").returncode != 0
    assert set(refs(server)) == {"refs/heads/main", "refs/heads/sound"}


@pytest.mark.parametrize("missing", ["bee", "bee/__init__.py", "bee/__main__.py"])
def test_a_bee_without_its_package_is_refused_however_sound_the_installed_one_is(
    checkout: Checkout, server: Path, missing: str
) -> None:
    checkout.git("rm", "-q", "-r", missing)
    checkout.git("commit", "-q", "-m", "no bee")
    done = push(checkout, "origin", "work")
    assert done.returncode != 0
    assert "is missing" in done.stderr
    assert "refs/heads/work" not in refs(server)


def test_without_an_environment_the_push_is_refused_and_says_what_to_do(checkout: Checkout, server: Path) -> None:
    (checkout.root / ".venv" / "bin" / "python").unlink()
    done = push(checkout, "origin", "work")
    assert done.returncode != 0
    assert "run scripts/test once" in done.stderr
    assert "refs/heads/work" not in refs(server)


def test_a_deleted_branch_and_a_tree_that_is_no_bee_have_nothing_to_start(checkout: Checkout, server: Path) -> None:
    assert push(checkout, "origin", "work").returncode == 0
    assert push(checkout, "--delete", "origin", "work").returncode == 0
    checkout.git("switch", "-q", "--orphan", "pages")
    (checkout.root / "index.html").write_text("hello")
    checkout.git("add", "index.html")
    checkout.git("commit", "-q", "-m", "pages")
    checkout.git("checkout", "-q", "work", "--", "scripts")
    assert push(checkout, "origin", "pages").returncode == 0
    assert set(refs(server)) == {"refs/heads/main", "refs/heads/pages"}


def test_installing_twice_is_installing_once_and_uninstalling_leaves_nothing(checkout: Checkout) -> None:
    hook = checkout.root / ".git" / "hooks" / "pre-push"
    before = sorted(path.name for path in hook.parent.glob("*")) if hook.parent.exists() else []
    assert checkout.run("install-hooks").returncode == 0
    first = hook.read_text()
    assert checkout.run("install-hooks").returncode == 0
    assert hook.read_text() == first
    done = subprocess.run(
        ["sh", str(checkout.root / "scripts" / "install-hooks"), "--uninstall"],
        check=False,
        capture_output=True,
        text=True,
        env=checkout.environment(),
    )
    assert done.returncode == 0
    assert sorted(path.name for path in hook.parent.glob("*")) == before


def test_a_hook_of_somebody_else_is_left_alone(checkout: Checkout) -> None:
    hook = checkout.root / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 0\n")
    done = checkout.run("install-hooks")
    assert done.returncode == 1
    assert "not bee's" in done.stderr
    assert hook.read_text() == "#!/bin/sh\nexit 0\n"


def test_hooks_kept_elsewhere_are_named(checkout: Checkout, tmp_path: Path) -> None:
    checkout.git("config", "core.hooksPath", str(tmp_path / "hooks"))
    done = checkout.run("install-hooks")
    assert done.returncode == 1
    assert "core.hooksPath" in done.stderr
