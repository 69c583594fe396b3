"""The examples in the documents are good ones: files that bee takes, plans that it reads, shapes that it prints."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from bee.cli.commands import help
from bee.config.schema import Policy, Settings, policy_of, settings_of
from bee.config.yaml import parse
from bee.model import errors
from bee.model.labels import OWNED
from bee.model.limits import LEASE_RENEW_SECONDS, LEASE_SECONDS, PLAN_STEPS_MAX
from bee.model.plan import read_body
from bee.model.steps import parse_steps
from bee.pipeline.design import SKELETON, sections_of
from bee.setup.create_issues import drafts_of
from scripts.documents import generate
from tests.docs import pages
from tests.docs.pages import Block
from tests.shapes import judge

YAML = [block for block in pages.blocks() if block.language == "yaml"]


def read_yaml(block: Block) -> Settings | Policy:
    """The block as the file it is: the policy has an `intake`, the machine's settings have none."""
    reader = policy_of if "intake:" in block.text else settings_of
    return reader(str(block), parse(block.text, str(block)))


@pytest.mark.parametrize("block", YAML, ids=str)
def test_every_configuration_is_taken(block: Block) -> None:
    assert read_yaml(block)


def test_both_files_are_shown_in_the_readme_and_in_the_reference() -> None:
    kinds = {(block.page, type(read_yaml(block)).__name__) for block in YAML}
    assert kinds >= {(page, kind) for page in ("README.md", "docs/config.md") for kind in ("Settings", "Policy")}


def test_the_form_of_a_design_doc_is_a_design_doc() -> None:
    texts = [block.text for block in pages.blocks("docs/design-docs.md") if block.language == "markdown"]
    form, features, plan = texts
    body = read_body(form)
    assert (body.design_gate, body.plan_gate, body.plan) == (False, None, None)
    headings = [heading for heading, _ in sections_of(form)]
    assert headings == [heading for heading, _ in sections_of(SKELETON)]
    assert [(one.title, one.after) for one in drafts_of(features)] == [
        ("Read a file", ()),
        ("Export as CSV", ("Read a file",)),
    ]
    whole = read_body(f"{form}\n{plan}")
    assert whole.plan is not None
    assert [step.id for step in whole.plan.steps] == ["parser", "cli"]
    assert (whole.design_gate, whole.plan_gate) == (False, False)
    assert parse_steps(plan.partition("## Plan finalized")[0])[1] == ()


def shapes() -> dict[str, dict[str, Any]]:
    """The JSON examples of docs/cli.md, by the first command named before each."""
    text = pages.read("docs/cli.md").partition("\n## JSON\n")[2]
    found = {}
    for before, block in re.findall(r"(.*?)```json\n(.*?)```", text, re.DOTALL):
        found[re.findall(r"`(bee [a-z]+(?: --all)?)", before.strip().rpartition("\n\n")[2])[0]] = json.loads(block)
    return found


def test_every_example_is_of_its_published_shape() -> None:
    found = shapes()
    names = ("approve", "request-changes", "cancel", "retry", "override", "resume", "resume --all")
    steered = {f"bee {name}" for name in names}
    assert {f"bee {name}" for name in help.shapes()} == set(found) | steered
    for command, example in found.items():
        judge(command.removeprefix("bee "), example)


def test_the_exit_codes_in_the_table_are_those_of_the_errors() -> None:
    listed = {int(code) for code in re.findall(r"^\| (\d+) \| [a-z`]", generate.MAKERS["exits"](), re.MULTILINE)}
    kinds = [value for value in vars(errors).values() if isinstance(value, type)]
    assert {kind.exit_code for kind in kinds if issubclass(kind, errors.BeeError)} <= listed
    assert listed == {0, 1, 2, 3, 75, 130, 141}


def test_numbers_in_sentences_are_those_of_the_code() -> None:
    architecture, design = pages.read("docs/architecture.md"), pages.read("docs/design-docs.md")
    assert f"A lease lives {LEASE_SECONDS // 60} minutes" in architecture
    assert f"renews after {LEASE_RENEW_SECONDS // 60} minutes" in architecture
    assert f"at most {PLAN_STEPS_MAX} steps" in design


def test_every_label_is_explained_for_agents() -> None:
    text = pages.read("AGENTS.md")
    assert [label for label in OWNED if f"| `{label}` |" not in text] == []
