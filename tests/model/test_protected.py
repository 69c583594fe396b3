"""The list of files that programs obey: what is on it, how it is compared, and that every use of it is the same."""

from __future__ import annotations

import pytest

from bee.config.schema import POLICY_PATH, Policy
from bee.engines.table import AGENT_FILES, ENGINES, OF_ENGINES
from bee.host import all_output_checks
from bee.model.protected import FROM_BASE, GUARDED, OF_BEE, PROTECTED, fits, obeyed_by
from bee.pipeline.output_checks import Change
from bee.run.workspace import guarded

BY_AGENTS = (
    "CLAUDE.md", "sub/CLAUDE.local.md", "AGENTS.md", "AGENTS.override.md", "AGENT.md", "GEMINI.md", "QWEN.md",
    "WARP.md",
    ".claude/settings.json", ".claude.json", ".codex/config.toml", ".gemini/settings.json", ".agents/skills/x/SKILL.md",
    ".agents", ".mcp.json", ".cursorrules", ".cursorignore", ".cursor/rules/x.mdc", ".cursor", ".windsurfrules",
    ".windsurf/rules/x.md", ".clinerules", ".clinerules/x.md", ".roo/rules/x.md", ".roomodes", ".rooignore",
    ".aider.conf.yml", ".aiderignore", ".kilocode/x", ".continue/config.yaml", ".github/copilot-instructions.md",
    ".github/instructions/x.instructions.md", ".github/prompts/x.prompt.md", ".github/agents/x.md", ".junie/x",
    ".amazonq/rules/x.md", ".kiro/steering/x.md", ".goosehints", ".opencode/x", "opencode.json", "opencode.jsonc",
    ".trae/rules/x", ".rules", ".augment/rules/x", ".openhands/microagents/repo.md", ".github/bee.yml",
    ".github/bee/drafter.md", "Claude.MD", ".CLAUDE/settings.json", ".cur\u017for/x",
    "\uff23LAUDE.md", "CLAU\u200dDE.md", "agents.override.MD",
)  # fmt: skip
BY_OTHERS = (
    ".github/workflows/ci.yml", ".gitlab-ci.yml", ".circleci/config.yml", "Jenkinsfile", "ci/Jenkinsfile.deploy",
    "azure-pipelines.yaml", ".travis.yml", "appveyor.yml", "bitbucket-pipelines.yml", ".buildkite/pipeline.yml",
    ".drone.yml", ".woodpecker/x.yml", ".woodpecker.yaml", ".cirrus.yml", ".forgejo/workflows/x.yml", ".gitea/x",
    ".teamcity/settings.kts", ".semaphore/x.yml", ".tekton/x.yaml", ".zuul.yaml", ".builds/x.yml", ".gitpod.yml",
    "docs/CODEOWNERS", "sub/.gitattributes", ".gitmodules", ".husky/pre-push", ".husky", "web/.husky/x",
    ".hu\u017fky/pre-commit", ".v\u017fcode/tasks.json", ".VSCODE/tasks.json", "pkg/.vscode/tasks.json",
    ".devcontainer.json", "x/.devcontainer/devcontainer.json", ".idea/x", "x.code-workspace", ".exrc",
    ".pre-commit-config.yaml", "sub/.pre-commit-config.yml", "lefthook.yml", "lefthook.toml", ".lefthook.yml",
    ".lefthook/pre-push/x.sh", ".githooks/pre-push", ".lintstagedrc.json", "mise.toml", ".mise.toml", "mise.local.toml",
    ".mise/config.toml", ".config/mise/config.toml", ".tool-versions", ".envrc", "rust-toolchain.toml", ".npmrc",
    ".nvmrc", "web/.node-version", ".python-version", ".Python-Versions", ".ruby-version", "api/.go-version",
    ".terraform-version", "rust-toolchain", ".rvmrc", ".sdkmanrc", "global.json", ".env", "web/.env", "flake.nix",
    "shell.nix", ".Rprofile", ".pdbrc", ".pdbrc.py", ".irbrc", ".lfsconfig", "poetry.toml", "pdm.toml",
    ".pixi/config.toml", ".jvmopts", "project/build.properties",
    ".yarnrc", "web/.yarnrc.yml", ".yarn/releases/yarn.cjs", ".pnpmfile.cjs", "bunfig.toml", ".cargo/config.toml",
    "sub/.cargo/config", "pip.conf", "uv.toml", ".bundle/config", "nuget.config", "NuGet.Config", ".mvn/extensions.xml",
    "mvnw", "gradlew", "gradle/wrapper/gradle-wrapper.jar", ".bazelrc", "web/package-lock.json", "yarn.lock",
    "pnpm-lock.yaml", "bun.lock", "bun.lockb", "deno.lock", "poetry.lock", "pdm.lock", "uv.lock", "pylock.toml",
    "pixi.lock", "Cargo.lock", "go.sum", "go.work.sum", "Gemfile.lock", "composer.lock", "flake.lock", "mix.lock",
    "pubspec.lock", "Podfile.lock", "Package.resolved", "packages.lock.json", "gradle.lockfile",
    ".terraform.lock.hcl", "Chart.lock", "MODULE.bazel.lock",
)  # fmt: skip
FREE = (
    "src/github/x.py", "docs/agents.md.txt", "lock.txt", "package.json", "claude/x.py", "cursor/x.py", "README.md",
    "Dockerfile", "Makefile", "pyproject.toml", "tests/test_lefthook.py", "docs/CONTRIBUTING.md", "vscode/x.ts",
    "go.mod", "src/rules.py", ".gitignore", ".editorconfig", "agents/drafter.md",
    ".env.example", "docs/python-version.md", "nvmrc.md", "version",
    "src/environment.py", "src/global.json.py", "project/build.py", "nix/module.nix",
)  # fmt: skip


def refused(path: str, status: str = "A", policy: Policy | None = None) -> bool:
    """Whether a run on this machine may not hand in a change of this file."""
    mode = "000000" if status == "D" else "120000" if status == "T" else "100644"
    said = all_output_checks().files([Change(path, status, mode, 1)], policy or Policy(), False)
    return any("only a person changes it" in line for line in said)


@pytest.mark.parametrize("path", BY_AGENTS)
def test_case_t18_what_agents_obey_is_protected_and_the_bases_in_a_clone(path: str) -> None:
    assert refused(path)
    assert fits(path, AGENT_FILES)
    assert "the clone has that of the base" in guarded([path])


@pytest.mark.parametrize("path", BY_OTHERS)
def test_case_t21_what_other_programs_obey_is_protected(path: str) -> None:
    assert refused(path)
    assert not fits(path, AGENT_FILES)
    assert guarded([path]).startswith("- `")


@pytest.mark.parametrize("path", FREE)
def test_other_files_are_anybodys(path: str) -> None:
    assert not refused(path)
    assert guarded([path]) == ""


@pytest.mark.parametrize("status", ["A", "M", "D", "T"])
@pytest.mark.parametrize("path", [".github/workflows/ci.yml", ".hu\u017fky/pre-push", "tests/e2e/verify.sh"])
def test_case_t21_deleting_or_replacing_counts_as_changing(path: str, status: str) -> None:
    free_to_add = path == "tests/e2e/verify.sh" and status == "A"
    assert refused(path, status) is not free_to_add


def test_case_t18_every_use_reads_the_one_list() -> None:
    assert Policy().protected_paths == PROTECTED == tuple(pattern for row in GUARDED for pattern in row.patterns)
    assert set(Policy().protected(OF_ENGINES)) == {*PROTECTED, *OF_ENGINES}
    assert {*AGENT_FILES} == {*FROM_BASE, *(pattern for row in ENGINES.values() for pattern in row.files)}
    assert {*FROM_BASE} <= {*PROTECTED}
    assert OF_BEE[0] == POLICY_PATH
    assert len(PROTECTED) == len(set(PROTECTED))
    for pattern in (*PROTECTED, *OF_ENGINES):
        path = pattern.replace("**", "x").replace("*", "x")
        row = obeyed_by(path, OF_ENGINES)
        assert row is not None
        assert refused(path)
        assert row.from_base or not fits(path, AGENT_FILES)


def test_a_list_of_the_policys_own_replaces_all_but_bees_own_files() -> None:
    own = Policy(protected_paths=("infra/**",), protected_paths_add=("db/*.sql",))
    assert refused("infra/main.tf", policy=own)
    assert refused("DB/x.sql", policy=own)
    assert refused(POLICY_PATH, policy=own)
    assert refused(".github/bee/drafter.md", policy=own)
    for path in ("CLAUDE.md", "uv.lock", ".husky/x", "db/deep/x.sql"):
        assert not refused(path, policy=own)


@pytest.mark.parametrize(
    ("path", "pattern", "is_meant"),
    [
        ("CLAUDE.md", "**/CLAUDE.md", True),
        ("a/b/CLAUDE.md", "**/CLAUDE.md", True),
        ("a/.claude/x/y", "**/.claude/**", True),
        (".claude", "**/.claude/**", True),  # a link or a file in the folder's place
        ("CLAUDE.md/x", "**/CLAUDE.md", True),  # a folder in the file's place
        (".github/bee.yml", ".github/bee.yml", True),
        ("x/.github/bee.yml", ".github/bee.yml", False),
        ("notCLAUDE.md", "**/CLAUDE.md", False),
        ("infra/a/b", "infra/*", False),
        ("infra/a", "infra/*", True),
        ("a\nb/CLAUDE.md", "**/CLAUDE.md", True),
        ("x", "", False),
        ("", "", True),
    ],
)
def test_how_a_pattern_fits(path: str, pattern: str, is_meant: bool) -> None:
    assert fits(path, [pattern]) is is_meant
    assert not fits(path, [])
