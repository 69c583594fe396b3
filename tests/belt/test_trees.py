"""What an agent or a stranger piles up in folders never stops bee, nor what their setup makes of the tree."""

from __future__ import annotations

import pytest

from tests.belt.plays import placed, refusals, task_pull
from tests.belt.stage import DRAFT, Stage

DIG = """python3 - <<'END'
import os
for _ in range(3000):
    os.mkdir('d'); os.chdir('d')
END
"""
DEEP = "d/" * 70 + "f.txt"
COMMIT_DEEP = f"""blob=$(echo x | git hash-object -w --stdin)
git update-index --add --cacheinfo "100644,$blob,{DEEP}"
git commit -qm deep
git checkout-index -a -f
bee submit --title "Work" --body "Done." || bee pause "It is refused."
"""
SHUT = "rm -rf sub; mkfifo sub; chmod 000 CLAUDE.md; chmod 555 ."


@pytest.mark.parametrize("where", ["", "cd $HOME\n"], ids=["clone", "home"])
def test_case_w1_thousands_of_nested_folders_end_no_run(stage: Stage, where: str) -> None:
    stage.issue("Do it.")
    host = stage.host(moves={"drafter": f"{DRAFT}{where}{DIG}"})
    report = stage.tick(host)
    assert len(stage.pulls()) == 1
    assert {path.name for path in (host.home.path / "runs" / report.run).iterdir()}.isdisjoint({"clone", "agent-home"})
    stage.tick(host)


def test_case_w1_a_commit_of_a_deep_path_is_refused_with_a_word(stage: Stage) -> None:
    stage.issue("Do it.")
    host = stage.host(moves={"drafter": COMMIT_DEEP})
    stage.tick(host)
    assert any("is 70 folders deep" in said for said in refusals(host))
    assert stage.pulls() == []


def test_case_w1_a_strangers_head_with_a_deep_path_is_never_checked_out(stage: Stage) -> None:
    host = stage.host()
    pull = task_pull(stage, {DEEP: "x\n"})
    report = stage.tick(host)
    assert "is 70 folders deep" in str(stage.record(pull["number"])), report


def test_case_w2_whatever_setup_makes_of_the_tree_the_run_goes_on(stage: Stage) -> None:
    stage.push({"sub/CLAUDE.md": "{}", "CLAUDE.md": "x", "prepare.sh": "true\n"})
    stage.edit_policy("version: 1\nintake: all\nplan_approval: human\nsetup: [sh prepare.sh]\n")
    stage.issue("Do it.")
    host = stage.host(moves={"drafter": f"echo '{SHUT}' > prepare.sh\n{DRAFT}"})
    for _ in range(2):
        stage.tick(host)
    (pull,) = stage.pulls()
    assert placed(stage, host, pull["number"]).placement.position != "human"


def test_case_w2_no_agent_has_a_clone_whose_files_were_not_put_back(stage: Stage) -> None:
    stage.push({"prepare.sh": "true\n"})
    stage.edit_policy("version: 1\nintake: all\nplan_approval: human\nsetup: [sh prepare.sh]\n")
    stage.issue("Do it.")
    pile = f"cat > prepare.sh <<'PILE'\necho obey > AGENTS.md\n{DIG}PILE\n"
    saw = f'test ! -e AGENTS.md || touch "{stage.folder}/obeyed"\n'
    host = stage.host(moves={"drafter": f"{pile}{DRAFT}", "reviewer": saw, "test": saw, "reviser": saw})
    for _ in range(3):
        stage.tick(host)
    (pull,) = stage.pulls()
    assert not (stage.folder / "obeyed").exists()
    assert placed(stage, host, pull["number"]).placement.position == "human"
    assert "cannot be put back after `setup`" in "".join(stage.comments(pull["number"]))
