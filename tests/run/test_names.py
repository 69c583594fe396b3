"""Names that no run may publish: refused in session, with what to do; and at the merge, when the base has moved on."""

from __future__ import annotations

from tests.belt.plays import refusals, task_pull
from tests.belt.stage import Stage

CARELESS = r"""
no() { bee submit --title "$1" --body x && exit 9 || true; }
mkdir calc __pycache__; echo x > __pycache__/core.cpython-311.pyc; echo x > calc/core.py; touch .DS_Store
git add -A; git commit -qm "one"; no leftovers
git rm -rq --cached __pycache__ .DS_Store; printf '__pycache__/\n.DS_Store\n' > .gitignore
echo two > A.txt; git add -A; git commit -qm "two"; no case
git mv A.txt b.txt; git commit -qm "three"
bee submit --title "Work" --body "Done."
"""


def test_case_p14_a_careless_add_is_refused_in_session_with_what_to_do(stage: Stage) -> None:
    stage.issue()
    host = stage.host(moves={"drafter": CARELESS})
    stage.tick(host)
    leftovers, case = refusals(host)
    assert "`__pycache__/core.cpython-311.pyc` is what a program left behind: take it out" in leftovers
    assert "add `__pycache__/` to `.gitignore`" in leftovers
    assert "`.DS_Store` is what a program left behind" in leftovers
    assert "`a.txt`, `A.txt` are one name on disks without case" in case
    (pull,) = stage.pulls()
    files = stage.call("ada", "GET", stage.at(f"/pulls/{pull['number']}/files"))
    assert {one["filename"] for one in files} == {".gitignore", "b.txt", "calc/core.py"}


def test_case_p14_a_name_that_collides_with_what_the_base_has_by_now_is_not_merged(stage: Stage) -> None:
    task_pull(stage)
    host = stage.host()
    while stage.position(2) != "needs-e2e":
        stage.tick(host)
    (name,) = [one["filename"] for one in stage.call("ada", "GET", stage.at("/pulls/2/files"))]
    stage.push({name.upper(): "x\n"})
    stage.ticks(host)
    assert not stage.call("ada", "GET", stage.at("/pulls/2"))["merged_at"]
    assert any("are one name on disks without case" in text for text in stage.comments(2))
