"""Every fault is killed: those of the protocol and a tenth of the others, by chance, in each run; all with --deep."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.sabotage.faults import ROOT, Fault, Tree, table

SHARE: Final = 10
FAULTS: Final = table()


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A copy of the project for this worker."""
    return Tree(tmp_path_factory.mktemp("sabotage") / "tree")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Which, by the run's seed; every worker finds the same."""
    if "chosen" in metafunc.fixturenames:
        always = [fault for fault in FAULTS if fault.seeds]
        others = [fault for fault in FAULTS if not fault.seeds]
        few = Random(metafunc.config.getoption("randomly_seed")).sample(others, -(-len(others) // SHARE))
        metafunc.parametrize("chosen", always + few, ids=lambda fault: fault.name)


def _tried(tree: Tree, fault: Fault) -> None:
    killed, said = tree.killed(fault)
    assert killed, f"{fault.name} ({fault.harm}) survives what should kill it:\n{said}"


@pytest.mark.timeout(600)
def test_case_s1_a_fault_is_killed(tree: Tree, chosen: Fault) -> None:
    """By the test that its row names."""
    _tried(tree, chosen)


@pytest.mark.deep
@pytest.mark.timeout(600)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_is_killed(tree: Tree, fault: Fault) -> None:
    """The same of all."""
    _tried(tree, fault)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_its_place_is_there(fault: Fault) -> None:
    """Code that was moved or changed takes its row along."""
    text = (ROOT / fault.file).read_text("utf-8")
    compile(fault.spoiled(text), fault.file, "exec")
    assert fault.harm
    assert bool(fault.killed_by) != bool(fault.seeds)
    assert all(Path(ROOT / name.partition("::")[0]).is_file() for name in fault.killed_by)


def test_names_are_names() -> None:
    """Each once."""
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
