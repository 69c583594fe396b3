"""The files that programs obey without being asked, in one list: what a change must not touch unseen. Pure.

Everything that guards such files reads this list: protected paths, what is the base's in an agent's clone, what the
reviewer is told, doctor, and the documents. The files of an engine that bee knows stand in its own row
(`bee/engines/table.py`) and join this list where a run needs them.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from typing import Final, NamedTuple


class Guarded(NamedTuple):
    """Files of one kind: who obeys them, whether an agent's clone has the base's, and the patterns of their paths."""

    obeyed_by: str
    from_base: bool
    patterns: tuple[str, ...]


OF_BEE: Final = (".github/bee.yml", ".github/bee/**")

GUARDED: Final = (
    Guarded("bee", True, OF_BEE),
    Guarded("agents", True, (
        "**/.agent/**", "**/.agents/**", "**/AGENT*.md", "**/.mcp.json", "**/.rules", "**/.ruler/**",
        "**/.aiassistant/**", "**/.aider*/**", "**/.amazonq/**", "**/.amp/**", "**/.augment*/**", "**/.cline*/**",
        "**/.codeium/**", "**/.continue*/**", "**/.copilot/**", "**/.crush*/**", "**/crush.json", "**/CRUSH*.md",
        "**/.cursor*/**", "**/.devin/**", "**/.factory/**", "**/.goose*/**", "**/.iflow/**", "**/.jules/**",
        "**/.junie/**", "**/.kilocode*/**", "**/.kimi/**", "**/.kiro/**", "**/.opencode/**", "**/opencode.json*",
        "**/.openhands*/**", "**/.qwen/**", "**/QWEN*.md", "**/.roo*/**", "**/.rovodev/**", "**/.tabnine*/**",
        "**/.trae/**", "**/.warp/**", "**/WARP.md", "**/.windsurf*/**", "**/.github/copilot*/**",
        "**/.github/agents/**", "**/.github/chatmodes/**", "**/.github/instructions/**", "**/.github/prompts/**",
        "**/.github/skills/**",
    )),
    Guarded("CI and services", False, (
        ".github/**", "**/CODEOWNERS", ".forgejo/**", ".gitea/**", ".gitlab/**", ".gitlab-ci.y*ml", ".circleci/**",
        "**/Jenkinsfile*", "**/azure-pipelines*.y*ml", ".azure-pipelines/**", ".azuredevops/**", ".appveyor.y*ml",
        "appveyor.y*ml", "bitbucket-pipelines.y*ml", ".buildkite/**", ".build.y*ml", ".builds/**", "buildspec*.y*ml",
        ".cirrus.*", "cloudbuild.y*ml", "codefresh.y*ml", ".drone.*", ".gitpod.*", ".harness/**", ".mergify.y*ml",
        "netlify.toml", ".prow/**", ".prow.y*ml", ".readthedocs.y*ml", "renovate.json*", ".renovaterc*",
        ".semaphore/**", ".teamcity/**", ".tekton/**", ".travis.y*ml", "vercel.json", "wercker.y*ml",
        ".woodpecker/**", ".woodpecker.y*ml", ".zuul*/**", "zuul*.y*ml", "zuul.d/**",
    )),
    Guarded("git and its hooks", False, (
        "**/.gitmodules", "**/.gitattributes", "**/.gitconfig", "**/.lfsconfig", "**/.githooks/**", "**/.husky/**",
        "**/.huskyrc*", "**/captainhook.json", "**/hk.pkl", "**/lefthook.*", "**/lefthook-local.*", "**/.lefthook*/**",
        "**/.lintstagedrc*", "**/lint-staged.config.*", "**/.overcommit.y*ml", "**/.pre-commit-config.y*ml",
        "**/.pre-commit-hooks.y*ml", "**/prek.toml", "**/.simple-git-hooks.*", "**/simple-git-hooks.*",
    )),
    Guarded("editors", False, (
        "**/.vscode/**", "**/*.code-workspace", "**/.devcontainer/**", "**/.devcontainer.json", "**/.dir-locals*.el",
        "**/.exrc", "**/.fleet/**", "**/.helix/**", "**/.idea/**", "**/.lvimrc", "**/.nvim.lua", "**/.nvimrc",
        "**/.run/**", "**/*.sublime-project", "**/.vimrc", "**/.vs/**", "**/.zed/**",
    )),
    Guarded("shells, interpreters and version managers", False, (
        "**/.env", "**/.envrc", "**/.autoenv*", "**/devbox.json", "**/devenv.*", "**/flake.nix", "**/shell.nix",
        "**/mise.toml", "**/mise.*.toml", "**/mise/config*.toml", "**/.mise*/**", "**/.config/mise*/**",
        "**/.rtx*.toml", "**/.*-version*", "**/.nvmrc", "**/.rvmrc", "**/.ruby-gemset", "**/.sdkmanrc",
        "**/rust-toolchain*", "**/global.json", "**/.Rprofile", "**/.Renviron", "**/.ghci", "**/.irbrc",
        "**/.pdbrc*", "**/.pryrc",
    )),
    Guarded("package managers and build tools", False, (
        "**/.npmrc", "**/.pnpmfile.*", "**/pnpm-workspace.y*ml", "**/.yarnrc*", "**/.yarn/plugins/**",
        "**/.yarn/releases/**", "**/bunfig.toml", "**/.cargo/**", "**/pip.conf", "**/.pypirc", "**/uv.toml",
        "**/pdm.toml", "**/poetry.toml", "**/.pixi/**", "**/.condarc", "**/sitecustomize.py", "**/usercustomize.py",
        "**/.bundle/**", "**/.gemrc", "**/nuget.config", "**/.mvn/**", "**/mvnw*", "**/gradle/wrapper/**",
        "**/gradlew*", "**/.jvmopts", "**/.sbtopts", "**/project/build.properties", "**/.swiftpm/**", "**/.bazelrc",
        "**/.bazeliskrc", "**/.bazelversion", "**/.buckconfig*",
    )),
    Guarded("package managers, which fetch exactly this", False, (
        "**/package-lock.json", "**/npm-shrinkwrap.json", "**/yarn.lock", "**/pnpm-lock.y*ml", "**/bun.lock*",
        "**/deno.lock", "**/poetry.lock", "**/pdm.lock", "**/uv.lock", "**/pylock*.toml", "**/Pipfile.lock",
        "**/pixi.lock", "**/conda-lock.y*ml", "**/Cargo.lock", "**/go.sum", "**/go.work.sum", "**/Gemfile.lock",
        "**/gems.locked", "**/composer.lock", "**/flake.lock", "**/devbox.lock", "**/devenv.lock", "**/mise.lock",
        "**/mix.lock", "**/rebar.lock", "**/pubspec.lock", "**/Podfile.lock", "**/Cartfile.resolved",
        "**/Package.resolved", "**/packages.lock.json", "**/paket.lock", "**/*gradle.lockfile",
        "**/gradle/verification-metadata.xml", "**/MODULE.bazel.lock", "**/stack.y*ml.lock",
        "**/cabal.project.freeze", "**/Manifest.toml", "**/lake-manifest.json", "**/renv.lock", "**/conan.lock",
        "**/shard.lock", "**/dub.selections.json", "**/spago.lock", "**/Chart.lock", "**/.terraform.lock.hcl",
    )),
)  # fmt: skip

PROTECTED: Final = tuple(pattern for row in GUARDED for pattern in row.patterns)
FROM_BASE: Final = tuple(pattern for row in GUARDED if row.from_base for pattern in row.patterns)


def fold(path: str) -> str:
    """A path as the most forgiving file system compares it: no case, no other form of the same character."""
    if path.isascii():
        return path.lower()
    plain = unicodedata.normalize("NFKC", path).casefold()
    # HFS+ leaves characters out that cannot be seen
    return unicodedata.normalize("NFKC", "".join(char for char in plain if unicodedata.category(char) != "Cf"))


def fits(path: str, patterns: Iterable[str]) -> bool:
    """Whether a path of a repository, folded, fits one of these globs: `*` within a folder, `**` across folders.

    A folder's pattern (`x/**`) fits the folder's own name too: a link or a file may take its place. A pattern that
    ends in a plain name fits what is below it too: a folder may take its place.
    """
    return _joined(tuple(patterns)).fullmatch(fold(path)) is not None


_FOLDERS: Final = "(?:[^/]+/)*"


@functools.lru_cache(maxsize=64)
def _joined(patterns: tuple[str, ...]) -> re.Pattern[str]:
    # no pattern fits nothing: an alternative that is empty would fit the empty path
    globs = [_glob(pattern) for pattern in patterns]
    anywhere = [glob.removeprefix(_FOLDERS) for glob in globs if glob.startswith(_FOLDERS)]
    deep = [f"{_FOLDERS}(?:{'|'.join(anywhere)})"] if anywhere else []  # tried together: a clone has many paths
    return re.compile(
        "|".join([*deep, *(glob for glob in globs if not glob.startswith(_FOLDERS))]) or r"(?!)", re.DOTALL
    )


def _glob(pattern: str) -> str:
    pattern = fold(pattern)
    inner = pattern.removesuffix("/**")
    below = inner != pattern or "*" not in inner.rpartition("/")[2]
    parts = re.split(r"(\*\*/|\*\*|\*)", inner)
    meant = {"**/": _FOLDERS, "**": ".*", "*": "[^/]*"}
    return "".join(meant.get(part) or re.escape(part) for part in parts) + ("(?:/.*)?" if below else "")


def listed(of_engines: Iterable[str]) -> tuple[Guarded, ...]:
    """The whole list: with the patterns of the engines that bee knows."""
    return (Guarded("bee's engines", True, tuple(of_engines)), *GUARDED)


def obeyed_by(path: str, of_engines: Iterable[str]) -> Guarded | None:
    """The row of the whole list that a path falls under."""
    return next((row for row in listed(of_engines) if fits(path, row.patterns)), None)
