"""Names that may not leave a run: two that are one file on some disks, and leftovers of programs. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from bee.model.protected import fits
from bee.model.text import one_line
from bee.pipeline.output_checks import Change

SHOWN_MAX: Final = 5  # files that one refusal names

# What programs leave behind and common .gitignore files leave out: never somebody's work. By the line that a .gitignore
# wants for it. https://github.com/github/gitignore
LEFTOVERS: Final = {
    "__pycache__/": "**/__pycache__/**", "*.py[co]": "**/*.pyc **/*.pyo", "*.egg-info/": "**/*.egg-info/**",
    ".pytest_cache/": "**/.pytest_cache/**", ".mypy_cache/": "**/.mypy_cache/**", ".ruff_cache/": "**/.ruff_cache/**",
    ".hypothesis/": "**/.hypothesis/**", ".tox/": "**/.tox/**", ".nox/": "**/.nox/**", ".venv/": "**/.venv/**",
    ".coverage": "**/.coverage **/.coverage.*", "htmlcov/": "**/htmlcov/**",
    ".ipynb_checkpoints/": "**/.ipynb_checkpoints/**", "node_modules/": "**/node_modules/**",
    ".nyc_output/": "**/.nyc_output/**", ".eslintcache": "**/.eslintcache", "*.tsbuildinfo": "**/*.tsbuildinfo",
    "npm-debug.log*": "**/npm-debug.log* **/yarn-error.log*", ".next/": "**/.next/**", ".turbo/": "**/.turbo/**",
    ".parcel-cache/": "**/.parcel-cache/**", ".gradle/": "**/.gradle/**", "*.class": "**/*.class",
    "target/debug/": "**/target/debug/** **/target/release/**", "*.o": "**/*.o", "*.gcda": "**/*.gcda **/*.gcno",
    "CMakeFiles/": "**/CMakeFiles/** **/CMakeCache.txt", ".terraform/": "**/.terraform/**",
    ".DS_Store": "**/.DS_Store", "Thumbs.db": "**/Thumbs.db", "*.sw[op]": "**/*.swp **/*.swo", "*~": "**/*~",
}  # fmt: skip


def refuse_names(changes: Sequence[Change], paths: Iterable[str]) -> list[str]:
    """Why these names may not leave. `paths` are all that are there with the change; only what it adds is looked at.

    A repository that keeps such leftovers already goes on keeping them.
    """
    added = {change.path for change in changes if change.status == "A"}
    if not added:
        return []
    there = list(paths)
    return [*_collisions(added, there), *_leftovers(added, [path for path in there if path not in added])]


def _collisions(added: set[str], there: Sequence[str]) -> list[str]:
    """Two spellings of one name, of a file or a folder: macOS and Windows check out one of them."""
    new = {_one_name(name) for path in added for name in _names(path)}
    spelt: dict[str, dict[str, str]] = {}
    for path in sorted(there, key=lambda path: path in added):  # what was there before has its spelling
        for name in _names(path):
            if _one_name(name) in new:
                spelt.setdefault(_one_name(name), {}).setdefault(name, path)
    pairs = [names for names in spelt.values() if len(names) > 1 and added & set(names.values())]
    return [
        f"{_named(names)} are one name on disks without case (macOS, Windows): spell it one way"
        for names in pairs[:SHOWN_MAX]
    ]


def _names(path: str) -> Iterator[str]:
    """A file, and each folder that it is in."""
    parts = path.split("/")
    for count in range(1, len(parts) + 1):
        yield "/".join(parts[:count])


def _one_name(path: str) -> str:
    """https://unicode.org/reports/tr15/#Canon_Compat_Equivalence, and no case."""
    return path.lower() if path.isascii() else unicodedata.normalize("NFD", path).casefold()


def _leftovers(added: set[str], before: Sequence[str]) -> list[str]:
    problems = []
    for line, globs in LEFTOVERS.items():
        patterns = globs.split()
        found = sorted(path for path in added if fits(path, patterns))
        if found and not any(fits(path, patterns) for path in before):
            problems.append(
                f"{_named(found)} {'is' if len(found) == 1 else 'are'} what a program left behind: take it out "
                f"(`git rm -r --cached`), and add `{line}` to `.gitignore`"
            )
    return problems


def _named(paths: Iterable[str]) -> str:
    names = [f"`{one_line(path, 120)}`" for path in paths]
    more = f" and {len(names) - SHOWN_MAX} more" if len(names) > SHOWN_MAX else ""
    return f"{', '.join(names[:SHOWN_MAX])}{more}"
