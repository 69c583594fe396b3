"""The role prompts: their front matter is the roles table, and they use no variable that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bee.model import limits
from bee.model.errors import ConfigError
from bee.model.roles import ROLES, Role
from bee.run.prompt import NEEDED, check_override, render
from bee.run.verbs import EVERY_ROLE, listed, own_verbs

AGENTS = Path(__file__).parents[2] / "agents"
VARIABLES = set(
    "repo number kind title role run position reason issue step_id step_title base_ref branch head base round reviewed "
    "rounds_max context_files withheld last_failure handoff hint verify verbs".split()
)


@pytest.mark.parametrize("role", Role)
def test_front_matter_equals_the_roles_table(role: Role) -> None:
    _, front, _ = (AGENTS / f"{role}.md").read_text().split("---\n", 2)
    row = ROLES[role]
    minutes = {"minutes_total": row.minutes_total, "minutes_silent": row.minutes_silent}
    assert yaml.safe_load(front) == {"role": role.value, **minutes}


@pytest.mark.parametrize("role", Role)
def test_prompt_uses_known_variables_and_gives_what_a_run_needs(role: Role) -> None:
    text = (AGENTS / f"{role}.md").read_text()
    used = set(re.findall(r"\{\{([^}]*)\}\}", text))
    assert used <= VARIABLES
    assert {"context_files", "withheld", "reason", "verbs"} <= used


@pytest.mark.parametrize("role", Role)
def test_prompt_shows_each_verb_of_its_role(role: Role) -> None:
    text = (AGENTS / f"{role}.md").read_text().replace("{{verbs}}", listed(role))
    shown = set(re.findall(r"bee ([a-z0-9-]+)", text))
    assert {*own_verbs(role), *EVERY_ROLE} <= shown
    others = {verb for other in Role for verb in own_verbs(other)} - set(own_verbs(role))
    assert not {verb for verb in others if f"    bee {verb} " in text}


def test_there_is_one_prompt_per_role() -> None:
    assert {path.stem for path in AGENTS.glob("*.md")} == {role.value for role in Role}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"{{context_files}} {{withheld}}\n\xff", "p.md:2: this is not UTF-8"),
        (b"---\nrole: drafter\n---\n{{context_files}} {{withheld}}", "p.md:1: front matter is not read here"),
        (b"{{context_files}}", "p.md: {{withheld}} must be in the prompt"),
        (b"", "p.md: {{context_files}} and {{withheld}} must be in the prompt"),
        (b"../../elsewhere.md", "p.md: {{context_files}} and {{withheld}} must be in the prompt"),
        (b"{{context_files}} {{withheld}}\n{{numbr}}", "p.md:2: unknown variable {{numbr}}; known: number, "),
    ],
)
def test_a_repositorys_own_prompt_that_is_wrong_names_its_line(text: bytes, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        render(check_override(text, "p.md"), {"number": "1", "context_files": "", "withheld": ""}, "p.md")
    assert str(caught.value).replace("known: context_files, number", "known: number, ").startswith(problem)


@pytest.mark.parametrize("role", Role)
def test_a_shipped_prompt_is_within_the_bound_of_a_repositorys_own(role: Role) -> None:
    text = (AGENTS / f"{role}.md").read_text()
    assert all(f"{{{{{name}}}}}" in text for name in NEEDED)
    assert len(text.encode()) < limits.PROMPT_BYTES_MAX / 4
