"""What strangers meet: workflows with pinned actions and few permissions, issue forms, the version, the packages."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import bee
from tests.house import checks

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"(?:\./\S+|\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$")


def read(path: Path) -> Any:
    """A file of YAML."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_to_a_commit_and_names_its_version(path: Path) -> None:
    used = re.findall(r"\buses: (.*)", path.read_text(encoding="utf-8"))
    assert used
    assert [one for one in used if not PINNED.match(one)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_job_is_bounded_and_may_write_only_what_it_says(path: Path) -> None:
    workflow = read(path)
    assert set(workflow["permissions"].values() if workflow["permissions"] else ()) <= {"read"}
    assert "group" in workflow["concurrency"]
    writes = {
        (name, permission)
        for name, job in workflow["jobs"].items()
        for permission, access in job.get("permissions", {}).items()
        if access != "read"
    }
    allowed = {("publish", "id-token"), ("publish", "attestations"), ("page", "contents")}
    assert writes == (allowed if path.name == "release.yml" else set())
    assert [name for name, job in workflow["jobs"].items() if "uses" not in job and "timeout-minutes" not in job] == []


def test_the_jobs_that_may_write_run_no_code_of_the_checkout() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    for name in ("publish", "page"):
        assert "actions/checkout" not in str(jobs[name])


def test_the_tests_run_on_every_python_that_the_package_names() -> None:
    matrix = read(ROOT / ".github" / "workflows" / "tests.yml")["jobs"]["test"]["strategy"]["matrix"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [one.rsplit(" ", 1)[1] for one in project["classifiers"] if re.search(r":: 3\.\d+$", one)]
    assert matrix["python"] == named
    assert project["requires-python"] == f">={named[0]}"


def test_the_version_has_a_section_of_the_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"(?m)^## {re.escape(bee.__version__)} - \d{{4}}-\d\d-\d\d$", text)
    assert "\n## Unreleased\n" in text


@pytest.mark.parametrize("name", ["bug.yml", "feature.yml", "recording.yml"])
def test_an_issue_form_asks_for_what_a_maintainer_needs(name: str) -> None:
    form = read(ROOT / ".github" / "ISSUE_TEMPLATE" / name)
    assert form["name"]
    assert form["description"]
    asked = [part["attributes"]["label"] for part in form["body"] if part["type"] != "markdown"]
    assert len(asked) == len(set(asked))
    assert ("bee doctor" in asked) == (name == "bug.yml")


def test_contributing_lists_the_packages_in_their_order() -> None:
    rows = re.findall(r"(?m)^\| (`\w+`(?:, `\w+`)*) \|", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert tuple(name.strip("` ") for row in rows for name in row.split(",")) == checks.ORDER
