"""Several repositories in one tick: oldest first over all, and a broken one costs only itself."""

from __future__ import annotations

from tests.belt.plays import bee, configure, fault, last_seq, lift, writes_after
from tests.belt.stage import FILES, Stage


def second(stage: Stage, name: str, files: dict[str, str]) -> None:
    """Another repository of ada's with one commit."""
    stage.control("repos", {"owner": "ada", "name": name})
    for path, text in files.items():
        import base64

        data = {"message": f"add {path}", "content": base64.b64encode(text.encode()).decode()}
        stage.call("ada", "PUT", f"/repos/ada/{name}/contents/{path}", data)


def test_the_oldest_of_all_repositories_is_first_and_a_broken_one_stops_nobody(stage: Stage) -> None:
    """No policy, a 404 and a 5xx: each is said, the exit code tells, and the work goes on elsewhere."""
    second(stage, "abacus", FILES)
    second(stage, "bare", {"a.txt": "x"})
    stage.call("ada", "POST", "/repos/ada/abacus/issues", {"title": "Older", "body": "Do it."})
    number = stage.issue("Do it.", "Newer")
    configure(stage)
    repos = [word for name in ("calc", "bare", "nothing", "abacus") for word in ("--repo", f"ada/{name}")]
    ended = bee(stage, "tick", "--inline", "--json", *repos)
    assert ended.code == 2
    said = ended.json
    assert (said["decision"]["repo"], said["decision"]["number"], said["decision"]["role"]) == (
        "ada/abacus", 1, "drafter",
    )  # fmt: skip
    assert {item["repo"] for item in said["items"]} == {"ada/calc", "ada/abacus"}
    assert any("ada/bare" in problem and "there is none" in problem for problem in said["problems"])
    assert any("ada/nothing" in problem for problem in said["problems"])
    assert len(stage.call("ada", "GET", "/repos/ada/abacus/pulls")) == 1
    assert stage.labels(number) == set()


def test_a_repository_that_answers_5xx_is_75_and_the_other_one_is_worked(stage: Stage) -> None:
    """Infrastructure fails one repository at a time; the tick says 75 and has done what it could."""
    second(stage, "abacus", FILES)
    stage.issue("Do it.", "Here")
    host = stage.host()
    fault(stage, "status", {"operation": "Snapshot", "nth": 1}, times=3, status=502)
    before = last_seq(stage)
    report = stage.tick(host, "ada/abacus", stage.repo)
    lift(stage)
    assert report.exit == 75
    assert ["502" in str(problem) for problem in report.problems] == [True]
    assert report.run
    assert len(stage.pulls()) == 1
    assert all("abacus" not in entry["path"] for entry in writes_after(stage, before))
