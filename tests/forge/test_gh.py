"""The real `gh`, unchanged, against the forge as its proxy for the host `github.localhost`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.forge.world import World

GH = shutil.which("gh")
pytestmark = pytest.mark.skipif(GH is None, reason="gh is not installed")


class Gh:
    """`gh` and git in a home of their own, as one user."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.home = world.folder / "gh-home"
        self.home.mkdir()
        self.folder = self.home
        (self.home / ".git-credentials").write_text("http://ada:t-ada@github.localhost\n")
        config = "[user]\n\tname = Ada\n\temail = ada@example.invalid\n[credential]\n\thelper = store\n"
        (self.home / ".gitconfig").write_text(config)

    def environment(self, token: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "GH_HOST": "github.localhost", "GH_TOKEN": token,
            "http_proxy": self.world.api, "GH_PROMPT_DISABLED": "1", "NO_COLOR": "1", "GIT_CONFIG_NOSYSTEM": "1",
            "GH_NO_UPDATE_NOTIFIER": "1", "GIT_TERMINAL_PROMPT": "0",
        }  # fmt: skip

    def run(self, *words: str, token: str = "t-ada", check: bool = True) -> str:
        """Standard output and standard error of one command."""
        program = [GH or "gh"] if words[0] != "git" else []
        done = subprocess.run(
            [*program, *words],
            cwd=self.folder,
            env=self.environment(token),
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert not check or done.returncode == 0, (words, done.stdout)
        return done.stdout

    def clone(self) -> Path:
        """A clone of ada/calc, where later commands run."""
        self.run("repo", "clone", "ada/calc", "calc")
        self.folder = self.home / "calc"
        return self.folder


@pytest.fixture
def gh(world: World) -> Gh:
    """`gh` as ada."""
    return Gh(world)


def test_it_knows_who_it_is_and_what_there_is(gh: Gh) -> None:
    assert "Logged in to github.localhost as ada" in gh.run("auth", "status", "--hostname", "github.localhost")
    assert gh.run("api", "user", "-q", ".login").strip() == "ada"
    assert gh.run("repo", "create", "made", "--private", "--add-readme").strip() == "http://github.localhost/ada/made"
    assert "# calc" in gh.run("repo", "view", "ada/calc")
    listed = json.loads(gh.run("repo", "list", "--json", "name,isPrivate"))
    assert sorted((one["name"], one["isPrivate"]) for one in listed) == [("calc", False), ("made", True)]
    gh.run("repo", "fork", "ada/calc", "--clone=false", token="t-zoe")
    assert gh.world.people["zoe"].get("/repos/zoe/calc")["parent"]["full_name"] == "ada/calc"


def test_issues_and_labels(gh: Gh) -> None:
    gh.clone()
    assert gh.run("issue", "create", "-t", "One", "-b", "body").strip() == "http://github.localhost/ada/calc/issues/1"
    gh.run("label", "create", "bee", "--color", "ff0000", "-d", "of bee")
    assert "bee\tof bee\t#ff0000" in gh.run("label", "list")
    gh.run("issue", "create", "-t", "Two", "-b", "b", "-l", "bee", "-a", "@me")
    assert [one["number"] for one in json.loads(gh.run("issue", "list", "--json", "number"))] == [2, 1]
    assert [one["number"] for one in json.loads(gh.run("issue", "list", "--label", "bee", "--json", "number"))] == [2]
    gh.run("issue", "edit", "1", "--title", "New", "--add-label", "bee", "--body", "other")
    gh.run("issue", "comment", "1", "-b", "hello")
    gh.run("issue", "close", "1", "-r", "not planned")
    fields = "number,title,body,state,labels,comments,author,url,closedAt"
    found = json.loads(gh.run("issue", "view", "1", "--json", fields))
    assert (found["title"], found["body"], found["state"], found["labels"][0]["name"]) == (
        "New",
        "other",
        "CLOSED",
        "bee",
    )
    assert found["comments"][0]["body"] == "hello"
    gh.run("issue", "reopen", "1")
    assert "title:\tNew" in gh.run("issue", "view", "1")
    assert gh.run("issue", "view", "1", "--comments").endswith("hello\n--\n")
    assert "Issues assigned to you" in gh.run("issue", "status")
    numbers = gh.run("api", "repos/ada/calc/issues?per_page=1", "--paginate", "-q", ".[].number").split()
    assert numbers == ["2", "1"]


def test_pull_requests_from_branch_to_merge(gh: Gh) -> None:
    folder = gh.clone()
    gh.run("issue", "create", "-t", "One", "-b", "body")
    gh.run("git", "checkout", "-q", "-b", "topic")
    (folder / "x.txt").write_text("x\n")
    gh.run("git", "add", "x.txt")
    gh.run("git", "commit", "-qm", "add x")
    gh.run("git", "push", "-q", "origin", "topic")
    made = gh.run("pr", "create", "--draft", "-t", "Add", "-b", "Fixes #1", "-H", "topic", "-B", "main")
    assert made.strip().endswith("http://github.localhost/ada/calc/pull/2")
    assert gh.run("pr", "list").startswith("2\tAdd\ttopic\tDRAFT")
    gh.run("pr", "ready", "2")
    assert "+x" in gh.run("pr", "diff", "2")
    assert "Can not approve your own pull request" in gh.run("pr", "review", "2", "--approve", check=False)
    gh.run("pr", "review", "2", "--approve", "-b", "fine", token="t-wil")
    gh.run("pr", "comment", "2", "-b", "hi")
    gh.run("pr", "edit", "2", "--title", "Added", "--add-label", "bug")
    assert "no checks reported" in gh.run("pr", "checks", "2", check=False)
    sha = gh.run("git", "rev-parse", "HEAD").strip()
    gh.run("api", f"repos/ada/calc/statuses/{sha}", "-f", "state=success", "-f", "context=ci")
    assert gh.run("pr", "checks", "2").startswith("ci\tpass")
    gh.world.settled(2)
    fields = "title,state,isDraft,mergeable,mergeStateStatus,reviews,comments,labels,headRefOid,files,commits,"
    fields += "statusCheckRollup"
    found = json.loads(gh.run("pr", "view", "2", "--json", fields))
    assert (found["title"], found["state"], found["isDraft"], found["mergeable"]) == (
        "Added",
        "OPEN",
        False,
        "MERGEABLE",
    )
    assert (found["mergeStateStatus"], found["headRefOid"], found["reviews"][0]["state"]) == ("CLEAN", sha, "APPROVED")
    assert gh.run("pr", "view", "2").startswith("title:\tAdded")
    gh.run("git", "checkout", "-q", "main")
    gh.run("git", "branch", "-q", "-D", "topic")
    gh.run("pr", "checkout", "2")
    assert gh.run("git", "rev-parse", "HEAD").strip() == sha
    gh.run("pr", "merge", "2", "--squash", "--delete-branch")
    assert json.loads(gh.run("issue", "view", "1", "--json", "state")) == {"state": "CLOSED"}
    assert gh.world.people["ada"].ask("GET", "git/ref/heads/topic").status_code == 404
    assert json.loads(gh.run("pr", "list", "--state", "merged", "--json", "number,state")) == [
        {"number": 2, "state": "MERGED"}]  # fmt: skip


def test_closing_a_pull_request(gh: Gh) -> None:
    gh.world.pull()
    gh.clone()
    assert "Current branch" in gh.run("pr", "status")
    gh.run("pr", "close", "1", "--delete-branch")
    assert json.loads(gh.run("pr", "view", "1", "--json", "state")) == {"state": "CLOSED"}
