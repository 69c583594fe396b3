"""A repository with submodules and Git LFS: what is filled for agents and E2E, and that the rest is said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from bee.git import submodules
from tests.belt.plays import bee, configure
from tests.belt.stage import DRAFT, Stage, staged

USES = f"""grep -q "A library." lib/lib.txt || exit 1
test ! -e lib/.git || exit 1
test -z "$(git status --porcelain)" || exit 1
{DRAFT}"""
VERIFY = 'grep -q "A library." lib/lib.txt\n'
HERE = {"lib": "../lib.git"}


def library(stage: Stage, private: bool = False) -> str:
    """ada/lib; its head."""
    made = {"owner": "ada", "name": "lib", "files": {"lib.txt": "A library.\n"}, "message": "A library"}
    stage.control("repos", {**made, "private": private})
    return str(stage.call("ada", "GET", "/repos/ada/lib/git/ref/heads/main")["object"]["sha"])


def with_attributes(stage: Stage, files: Mapping[str, str]) -> None:
    """`.gitattributes` on the default branch, by their folders."""
    where = stage.clone()
    stage.git("checkout", "-q", "main")
    for folder, text in files.items():
        Path(where, folder).mkdir(parents=True, exist_ok=True)
        Path(where, folder, ".gitattributes").write_text(text)
    stage.git("add", "-A")
    stage.git("commit", "-qm", "attributes")
    stage.git("push", "-q", "origin", "HEAD:main")


def said_by_doctor(stage: Stage, *names: str) -> dict[str, str]:
    """The status of what `bee doctor` says, by its text."""
    configure(stage)
    checks = bee(stage, "doctor", "--json", HOME=str(stage.folder)).json["checks"]
    return {check["text"]: check["status"] for check in checks if check["name"] in names}


def with_modules(stage: Stage, oid: str, addresses: Mapping[str, str], more: str = "") -> None:
    """Submodules on the default branch."""
    where = stage.clone()
    stage.git("checkout", "-q", "main")
    lines = [f'[submodule "{path}"]\n\tpath = {path}\n\turl = {url}\n' for path, url in addresses.items()]
    Path(where, ".gitmodules").write_text("".join(lines))
    if more:
        Path(where, ".gitattributes").write_text(more)
    stage.git("add", "-A")
    for path in addresses:
        stage.git("update-index", "--add", "--cacheinfo", f"160000,{oid},{path}")
    stage.git("commit", "-qm", "submodules")
    stage.git("push", "-q", "origin", "HEAD:main")


def test_case_p11_a_submodule_on_the_same_server_is_there_for_agents_and_e2e(stage: Stage) -> None:
    stage.push({"tests/e2e/verify.sh": VERIFY})
    with_modules(stage, library(stage), {**HERE, "far": "https://far.example/o/far.git"}, "*.png filter=lfs\n")
    stage.issue()
    host = stage.host(moves={"drafter": USES})
    report = stage.tick(host)
    prompt = (host.home.run_dir(report.run) / "prompt.md").read_text()
    assert "the submodule `lib` is ada/lib at" in prompt
    assert "the submodule `far` is empty: its address is not on this server" in prompt
    assert "files that Git LFS keeps are pointers here" in prompt
    stage.ticks(host)
    (pull,) = stage.pulls()
    assert pull["merged_at"]
    files = {one["filename"] for one in stage.call("ada", "GET", stage.at(f"/pulls/{pull['number']}/files"))}
    assert files == {"work-1.txt"}
    (trace,) = [text for text in stage.comments(pull["number"]) if "E2E" in text and "submodule lib" in text]
    assert "the submodule far is empty: its address is not on this server" in trace


def test_case_p11_what_is_not_public_does_not_come_into_a_public_repository(stage: Stage) -> None:
    """Though bee's token may read it."""
    with_modules(stage, library(stage, private=True), HERE)
    stage.issue()
    host = stage.host(moves={"drafter": f"test ! -e lib/lib.txt || exit 1\n{DRAFT}"})
    report = stage.tick(host)
    assert (
        "the submodule `lib` is empty: ada/lib is not to be read by everybody"
        in (host.home.run_dir(report.run) / "prompt.md").read_text()
    )
    assert len(stage.pulls()) == 1


def test_case_p11_a_private_repository_gets_its_private_submodule(tmp_path: Path) -> None:
    with staged(tmp_path, private=True) as stage:
        stage.push({"tests/e2e/verify.sh": VERIFY})
        with_modules(stage, library(stage, private=True), HERE)
        stage.issue()
        stage.ticks(stage.host(moves={"drafter": USES}))
        assert stage.pulls()[0]["merged_at"]


def test_a_commit_that_is_on_no_branch_is_said(stage: Stage) -> None:
    library(stage)
    with_modules(stage, "1" * 40, HERE)
    stage.issue()
    host = stage.host()
    report = stage.tick(host)
    said = (host.home.run_dir(report.run) / "prompt.md").read_text()
    assert "the submodule `lib` is empty: ada/lib has no commit 1111111111 on a branch or tag" in said


@pytest.mark.parametrize("private", [False, True])
def test_case_p11_doctor_says_what_agents_do_not_get(stage: Stage, private: bool) -> None:
    modules = {**HERE, "far": "https://far.example/o/far.git", "none": "../none.git"}
    with_modules(stage, library(stage, private), modules, "*.png filter=lfs diff=lfs\n")
    assert said_by_doctor(stage, "submodules", "lfs") == {
        **({"lib is empty for agents and E2E: ada/lib is private, and ada/calc is not": "warn"} if private
           else {"lib is filled from ada/lib for agents and E2E, to read": "ok"}),
        "far is empty for agents and E2E: its address is not on this server": "warn",
        "none is empty for agents and E2E: this token may not read ada/none": "warn",
        "files that Git LFS keeps are pointers for agents and E2E, not their contents": "warn",
    }  # fmt: skip


OTHER = (
    "the filter {} of .gitattributes does not run for agents and E2E: its files are as the repository stores them, and "
    "what is written to one is stored as it is"
)
LFS = "files that Git LFS keeps are pointers for agents and E2E, not their contents"


def test_case_p11_filters_are_named_in_whatever_folder_their_attributes_are(stage: Stage) -> None:
    attributes = {
        ".": "*.py text\n",
        "assets": "*.png filter=lfs diff=lfs merge=lfs -text\n",
        "apps/web/keys": "# *.x filter=unused\n*.secret diff=git-crypt filter=git-crypt\n[attr]nb filter=nbstripout\n",
    }
    with_attributes(stage, attributes)
    stage.issue()
    host = stage.host()
    prompt = (host.home.run_dir(stage.tick(host).run) / "prompt.md").read_text()
    assert "files that Git LFS keeps are pointers here" in prompt
    assert "the filter `git-crypt` of .gitattributes does not run here" in prompt
    assert "the filter `nbstripout` of .gitattributes does not run here" in prompt
    assert "unused" not in prompt
    assert said_by_doctor(stage, "lfs", "filters") == {
        LFS: "warn", OTHER.format("git-crypt"): "warn", OTHER.format("nbstripout"): "warn",
    }  # fmt: skip


def test_doctor_says_how_many_attribute_files_it_left(stage: Stage) -> None:
    with_attributes(stage, {f"p{at:02}": f"*.x filter={'lfs' if at == 20 else 'a'}\n" for at in range(21)})
    said = said_by_doctor(stage, "lfs", "filters")
    assert said == {OTHER.format("a"): "warn", "of 21 .gitattributes, 20 were read": "warn"}


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["* text=auto", "*.c diff=cpp", "# * filter=lfs", "  # * filter=lfs"], []),
        (["*.z filter=zip", "*.png filter=lfs -text", "*.jpg filter=lfs"], ["lfs", "zip"]),
        (["*.a -filter", "*.b !filter", "*.c filter", "filter=x text"], []),
        (["*.a\tfilter=tabs", "*.b filter=\u0060rm\u0060", "*.c xfilter=no"], ["tabs"]),
        ([f"*.{at:02} filter=f{at:02}" for at in range(30)], [f"f{at:02}" for at in range(submodules.FILTERS_MAX)]),
    ],
)
def test_the_filters_of_attributes(lines: list[str], names: list[str]) -> None:
    assert submodules.filters(lines) == names


def test_a_monorepo_is_whole_for_agents_and_e2e_whatever_somebodys_own_clone_leaves_out(stage: Stage) -> None:
    """Also where ada's clone is a sparse one."""
    stage.push({"apps/web/page.txt": "A page.\n", "libs/sum/sum.txt": "A sum.\n", "docs/a.txt": "x\n"})
    whole = "grep -q 'A page.' apps/web/page.txt && grep -q 'A sum.' libs/sum/sum.txt && test -e docs/a.txt"
    stage.push({"tests/e2e/verify.sh": f"{whole}\n"})
    stage.git("sparse-checkout", "set", "apps")
    stage.issue()
    work = "echo more >> libs/sum/sum.txt\ngit commit -qam 'Sum more'\nbee submit --title 'Sum more' --body x\n"
    host = stage.host(moves={"drafter": f'test -z "$(git status --porcelain)" && {whole} || exit 1\n{work}'})
    report = stage.tick(host)
    lacks = "is empty", "are pointers here", "does not run here"
    assert [text for text in lacks if text in (host.home.run_dir(report.run) / "prompt.md").read_text()] == []
    stage.ticks(host)
    (pull,) = stage.pulls()
    assert pull["merged_at"]
    files = {one["filename"] for one in stage.call("ada", "GET", stage.at(f"/pulls/{pull['number']}/files"))}
    assert files == {"libs/sum/sum.txt"}
