"""Which commands may test a repository, from its files: rows for `bee init` to try. Pure.

A row that is wrong costs a failed try; nothing is proposed because it stands here.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import basename
from typing import Any, Final

from bee.model.limits import CANDIDATES_MAX

TEXTS_MAX: Final = 60
_CI_LINE_MAX: Final = 200
VERIFY_SCRIPT: Final = "tests/e2e/verify.sh"
OWN: Final = f"sh {VERIFY_SCRIPT}"
Files = Mapping[str, str]
"""the text by path, of every file; empty where it was not read"""

_READ: Final = re.compile(
    r"\.gitignore|pyproject\.toml|setup\.(?:cfg|py)|tox\.ini|pytest\.ini|noxfile\.py|[^/]*requirements[^/]*\.txt|package\.json|go\.mod"
    r"|(?:GNU)?[Mm]akefile|\.github/workflows/[^/]+\.ya?ml"
)
_PYTHON_TEST: Final = re.compile(r"test\w*\.py|\w+_test\.py|conftest\.py")
_PYTEST_SAID: Final = re.compile(r"pytest|^(?:async )?def test_", re.MULTILINE)  # unittest looks for no function
_NODE_TEST: Final = re.compile(r"(?:.*/)?(?:test/[^/]+|[^/]+[.-]test)\.[cm]?js")
_REQUIREMENTS: Final = re.compile(r"(?:(?:dev|tests?|ci)[-_])?requirements(?:[-_](?:dev|tests?|ci))?\.txt")
_EXTRAS: Final = ("test", "tests", "testing", "dev")
_TOOL: Final = re.compile(
    r"\b(manage\.py test|pytest|tox|nox|unittest|npm|pnpm|yarn|bun|cargo|go test|make|node --test)\b"
)
# Of one lock file: what it is called, how its packages are fetched, and how the project's script is run then.
_LOCKS: Final = (
    ("package-lock.json", "npm ci", "npm test"),
    ("npm-shrinkwrap.json", "npm ci", "npm test"),
    ("pnpm-lock.yaml", "pnpm install --frozen-lockfile", "pnpm test"),
    ("yarn.lock", "yarn install --frozen-lockfile", "yarn test"),
    ("bun.lock", "bun install --frozen-lockfile", "bun run test"),
    ("bun.lockb", "bun install --frozen-lockfile", "bun run test"),
)
_INSTALLS: Final = re.compile(
    r"(?:npm (?:ci|i|install)|pnpm (?:i|install)|yarn(?: install.*)?|bun install|corepack enable)(?: .*)?"
    r"|(?:\S*python3? -m |\S*/)?pip3? install .*|python3? -m venv .*|uv (?:sync|venv|pip install).*"
    r"|(?:poetry|pipenv|pdm|bundle|composer|hatch env) (?:install|sync|create)(?: .*)?"
    r"|cargo (?:fetch|vendor)(?: .*)?|go mod (?:download|vendor|tidy)(?: .*)?|.*\btox\b.* --notest.*"
    r"|.*\bnox\b.* --install-only.*"
)
_MORE: Final = frozenset("();<>|&`\\\n'\"")  # alone, these are more of the shell's language than `&&`
_PIECE: Final = re.compile(r"""'[^']*'|"[^"`$\\]*"|&&|[^();<>|&`\\\n'"]+|[();<>|&`\\\n'"]""")
_PIP: Final = re.compile(r"(?:python3? -m )?pip3? install (.*)")
_VENV: Final = "python3 -m venv .venv"
_IGNORED: Final = "echo '*' > .venv/.gitignore"  # as venv itself does it since Python 3.13
# A line of CI that tests; and what of CI is not for here.
_TESTS: Final = re.compile(
    r"(?:^|[^A-Za-z0-9])(?:pytest|unittest|ctest|tests?|tox|nox|rspec|phpunit|bats|prove)(?![A-Za-z0-9])"
)
_NOT_HERE: Final = re.compile(
    r"\$\{\{|\\$|[|;<>]|(?<!&)&(?!&)|(?<!\S)--(?:help|version|co|collect-only)(?![\w-])"  # these hide how tests ended
    r"|^(?:test|\[) |^(?:python3? -m )?(?:ruff|mypy|flake8|black|isort|pylint|compileall|eslint|prettier) (?!.*&&)"
    r"|\bsudo\b|\bdocker\b|\bapt(?:-get)?\b|\bcurl\b|\bgit\b|publish|deploy|upload"
    r"|^(?:echo|cd|export|mkdir|if|for|while|fi|done|else|then)\b"
)
_RUN: Final = re.compile(r"^(\s*)(?:- )?run:\s*(.*)$")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to test a repository: `setup` fetches what it needs, `verify` tests it without a network."""

    verify: str
    setup: tuple[str, ...] = ()

    @property
    def commands(self) -> tuple[str, ...]:
        """All of its commands, in their order."""
        return (*self.setup, self.verify)


def wanted(paths: Iterable[str]) -> list[str]:
    """The files whose texts say how a repository is tested, TEXTS_MAX at most."""
    paths = [path for path in paths if path.isprintable()]  # git reads none whose name breaks a line
    named = sorted(path for path in paths if _READ.fullmatch(path))
    tests = sorted((path for path in paths if _PYTHON_TEST.fullmatch(basename(path))), key=lambda path: path.count("/"))
    return [*named, *(path for path in tests if path not in named)][:TEXTS_MAX]


def candidates(files: Files) -> list[Candidate]:
    """What to try, the likeliest first, CANDIDATES_MAX at most: the repository's own script, then what CI names too."""
    lines = list(dict.fromkeys(_ci_lines(files)))
    said = "\n".join(lines)
    rows = [*_python(files), *_node(files), *_cargo(files), *_go(files), *_make(files)]
    rows.sort(key=lambda row: not any(tool in said for tool in _TOOL.findall(row.verify)))
    own = [Candidate(OWN)] if VERIFY_SCRIPT in files else []
    of_ci = [
        row
        for line in lines
        if _TESTS.search(line)
        for row in [split(line, files)]
        if not _INSTALLS.fullmatch(row.verify)
    ]
    return list(dict.fromkeys([*own, *rows, *of_ci]))[:CANDIDATES_MAX]


def split(command: str, files: Files) -> Candidate:
    """A command that begins by installing, as `setup` and `verify`: the network is in reach of the first alone.

    What pip would install into the system goes into a virtual environment, which `verify` then works in.
    """
    parts = _parts(command)
    count = next((at for at, part in enumerate(parts) if not _INSTALLS.fullmatch(part)), len(parts))
    setup, verify = tuple(parts[:count]), " && ".join(parts[count:])
    if not setup or not verify:
        return Candidate(command)
    if any(map(_PIP.fullmatch, setup)) and not any(" venv " in part for part in setup):
        environment = _environment(files)
        setup = (*environment, *(_PIP.sub(lambda found: f".venv/bin/pip install {found[1]}", part) for part in setup))
        verify = f". .venv/bin/activate && {verify}"
    return Candidate(verify, setup)


def _parts(command: str) -> list[str]:
    """What `&&` joins; the whole command where the shell's language says more than that."""
    parts = [""]
    for piece in _PIECE.findall(command):
        if piece == "&&":
            parts.append("")
        elif piece in _MORE:
            return [command]
        else:
            parts[-1] += piece
    return [part.strip() for part in parts]


# ---- by ecosystem ---------------------------------------------------------------------------------------------------


def _python(files: Files) -> Iterator[Candidate]:
    tests = [path for path in files if _PYTHON_TEST.fullmatch(basename(path))]
    units = "-m unittest"
    if any(path.startswith("tests/") for path in tests) and "tests/__init__.py" not in files:
        units = "-m unittest discover -s tests"
    texts = (text for path, text in files.items() if path.endswith((".py", ".toml", ".ini", ".cfg", ".txt")))
    tools = ["-m pytest", units]
    if not any(map(_PYTEST_SAID.search, texts)):
        tools.reverse()
    if "manage.py" in files:
        tools.insert(0, "manage.py test")
    packages = _packages(files, "pytest" if tools[0] == "-m pytest" else "")
    if tests:
        yield from _locked(files, tools[0])
        yield Candidate(f"python3 {tools[0]}")
        if packages:
            yield Candidate(f".venv/bin/python {tools[0]}", _environment(files, packages))
        for tool in tools[1:]:
            yield Candidate(f"python3 {tool}")
        if tools[-1] == "-m pytest":
            yield Candidate(".venv/bin/python -m pytest", _environment(files, _packages(files, "pytest")))
    if "tox.ini" in files or "[tool.tox" in files.get("pyproject.toml", ""):
        notest = ".venv/bin/tox run --notest"
        yield Candidate(".venv/bin/tox run --skip-pkg-install", (*_environment(files, "tox"), notest))
    if "noxfile.py" in files:
        yield Candidate(".venv/bin/nox -R", (*_environment(files, "nox"), ".venv/bin/nox --install-only"))


def _environment(files: Files, *packages: str) -> tuple[str, ...]:
    """A virtual environment with what pip is told, of which git takes no notice."""
    names = {line.strip().strip("/") for line in files.get(".gitignore", "").splitlines()}
    ignored = () if ".venv" in names else (_IGNORED,)
    return (_VENV, *ignored, *(f".venv/bin/pip install {words}" for words in packages))


def _packages(files: Files, also: str) -> str:
    """What pip installs to test here, as it is told; the project itself in place, for a change of it to be tested."""
    words = [f"-r {path}" for path in sorted(files) if _REQUIREMENTS.fullmatch(path)]
    project = _toml(files.get("pyproject.toml", ""))
    known = [name for name in _EXTRAS if name in _table(_table(project, "project"), "optional-dependencies")]
    if "project" in project or "setup.py" in files or "[metadata]" in files.get("setup.cfg", ""):
        words.append(f'-e ".[{",".join(known)}]"' if known else "-e .")
    words += [f"--group {name}" for name in _EXTRAS if name in _table(project, "dependency-groups")]
    return " ".join([*words, *filter(None, [also])])


def _locked(files: Files, tool: str) -> Iterator[Candidate]:
    project = _toml(files.get("pyproject.toml", ""))
    extras = [name for name in _EXTRAS if name in _table(_table(project, "project"), "optional-dependencies")]
    if "uv.lock" in files:
        yield Candidate(
            f"uv run --no-sync python {tool}",
            (" ".join(["uv sync --frozen", *(f"--extra {name}" for name in extras)]),),
        )
    if "poetry.lock" in files:
        yield Candidate(
            f"poetry run python {tool}", (" ".join(["poetry install", *(f"-E {name}" for name in extras)]),)
        )


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):  # TOMLDecodeError is one, and so is what Python says of a very long number
        return {}


def _table(of: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def _node(files: Files) -> Iterator[Candidate]:
    try:
        package = json.loads(files.get("package.json") or "{}")
    except (ValueError, RecursionError):
        package = {}
    package = package if isinstance(package, dict) else {}
    if "test" in _table(package, "scripts"):
        lock = next((row for row in _LOCKS if row[0] in files), None)
        if lock is not None:
            newer = lock[0] == "yarn.lock" and ".yarnrc.yml" in files
            yield Candidate(lock[2], ("yarn install --immutable" if newer else lock[1],))
        elif _table(package, "dependencies") or _table(package, "devDependencies"):
            yield Candidate("npm test", ("npm install --no-package-lock",))
        else:
            yield Candidate("npm test")
    if any(map(_NODE_TEST.fullmatch, files)):
        yield Candidate("node --test")


def _cargo(files: Files) -> Iterator[Candidate]:
    if "Cargo.toml" in files:
        yield Candidate("cargo test --offline", ("cargo fetch --locked" if "Cargo.lock" in files else "cargo fetch",))


def _go(files: Files) -> Iterator[Candidate]:
    if "go.mod" in files:
        yield Candidate("go test ./...", ("go mod download",) if "require" in files["go.mod"] else ())


def _make(files: Files) -> Iterator[Candidate]:
    for name in ("GNUmakefile", "makefile", "Makefile"):  # in make's own order
        if name in files:
            targets = re.findall(r"(?m)^(test|check)\s*:(?!=)", files[name])
            yield from (Candidate(f"make {target}") for target in ("test", "check") if target in targets)
            return


# ---- continuous integration -----------------------------------------------------------------------------------------


def _ci_lines(files: Files) -> Iterator[str]:
    """The commands of the workflows' `run:` that mean the same here: a line each."""
    for path in sorted(files):
        if path.startswith(".github/workflows/"):
            yield from (line for line in _runs(files[path].splitlines()) if _plain(line))


def _plain(line: str) -> bool:
    return bool(line) and len(line) <= _CI_LINE_MAX and not line.startswith("#") and not _NOT_HERE.search(line)


def _runs(lines: Collection[str]) -> Iterator[str]:
    """What `run:` says: on its own line, or on the lines below that are further in."""
    inside = -1
    for line in lines:
        depth = len(line) - len(line.lstrip())
        if found := _RUN.match(line):
            block = found[2].strip()[:1] in ("|", ">", "")
            inside = len(found[1]) if block else -1
            if not block:
                yield found[2].strip().strip("'\"")
        elif inside >= 0 and line.strip() and depth <= inside:
            inside = -1
        elif inside >= 0:
            yield line.strip()
