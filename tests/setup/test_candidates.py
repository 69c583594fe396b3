"""Which commands may test a repository, by its files, and how many tests an output says that it ran: tables."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bee.model.limits import CANDIDATES_MAX
from bee.pipeline.tests_ran import count_tests, said_failed
from bee.setup.candidates import Candidate, candidates, split, wanted

FUNCTION, METHOD = "def test_a():\n    pass\n", "class T(TestCase):\n    def test_a(self): pass\n"
VENV, IGNORED = "python3 -m venv .venv", "echo '*' > .venv/.gitignore"
NODE = '{"scripts": {"test": "jest"}, "devDependencies": {"jest": "1"}}'
CI = ".github/workflows/ci.yml"


def pip(packages: str, tool: str = "-m pytest") -> tuple[str, ...]:
    """The commands of a virtual environment with these packages."""
    return (VENV, IGNORED, f".venv/bin/pip install {packages}", f".venv/bin/python {tool}")


# What stands in a repository, and the commands that are tried, in their order.
ROWS: dict[str, tuple[dict[str, str], list[tuple[str, ...]]]] = {
    "nothing": ({"README.md": "# calc\n"}, []),
    "the repository's own": ({"tests/e2e/verify.sh": "", "Makefile": "test:\n"},
                             [("sh tests/e2e/verify.sh",), ("make test",)]),
    "pytest": ({"test_a.py": FUNCTION},
               [("python3 -m pytest",), pip("pytest"), ("python3 -m unittest",)]),
    "a project with extras": (
        {"pyproject.toml": "[project]\nname='a'\n[project.optional-dependencies]\ntest=['pytest']\nfast=[]\n",
         "tests/test_a.py": METHOD},
        [("python3 -m pytest",), pip('-e ".[test]" pytest'), ("python3 -m unittest discover -s tests",)]),
    "requirements and groups": (
        {"pyproject.toml": "[dependency-groups]\ndev=['pytest']\n", "requirements.txt": "flask\n", "test_a.py": METHOD,
         "requirements-dev.txt": "pytest\n"},
        [("python3 -m pytest",), pip("-r requirements-dev.txt -r requirements.txt --group dev pytest"),
         ("python3 -m unittest",)]),
    "unittest": ({"tests/__init__.py": "", "tests/test_a.py": METHOD},
                 [("python3 -m unittest",), ("python3 -m pytest",), pip("pytest")]),
    "unittest, with requirements": (
        {"requirements.txt": "flask\n", "test_a.py": METHOD},
        [("python3 -m unittest",), pip("-r requirements.txt", "-m unittest"), ("python3 -m pytest",),
         pip("-r requirements.txt pytest")]),
    "uv": ({"uv.lock": "", "pyproject.toml": "[project]\nname='a'\n", "test_a.py": FUNCTION},
           [("uv sync --frozen", "uv run --no-sync python -m pytest"), ("python3 -m pytest",), pip("-e . pytest"),
            ("python3 -m unittest",)]),
    "poetry": ({"poetry.lock": "", "test_a.py": FUNCTION},
               [("poetry install", "poetry run python -m pytest"), ("python3 -m pytest",), pip("pytest"),
                ("python3 -m unittest",)]),
    "django": ({"manage.py": "", "app/tests.py": METHOD},
               [("python3 manage.py test",), ("python3 -m unittest",), ("python3 -m pytest",), pip("pytest")]),
    "tox": ({"tox.ini": "[tox]\n"},
            [(VENV, IGNORED, ".venv/bin/pip install tox", ".venv/bin/tox run --notest",
              ".venv/bin/tox run --skip-pkg-install")]),
    "nox": ({"noxfile.py": ""},
            [(VENV, IGNORED, ".venv/bin/pip install nox", ".venv/bin/nox --install-only", ".venv/bin/nox -R")]),
    "a git that takes no notice": ({"test_a.py": FUNCTION, ".gitignore": "*.pyc\n.venv/\n"},
                                   [("python3 -m pytest",), (VENV, *pip("pytest")[2:]), ("python3 -m unittest",)]),
    "a broken pyproject": ({"pyproject.toml": "[[["}, []),
    "a number too long for Python": ({"pyproject.toml": f"a = {'1' * 5000}\n", "go.mod": ""}, [("go test ./...",)]),
    "npm": ({"package.json": NODE, "package-lock.json": "{}"}, [("npm ci", "npm test")]),
    "npm without a lock": ({"package.json": NODE}, [("npm install --no-package-lock", "npm test")]),
    "npm without packages": ({"package.json": '{"scripts": {"test": "node --test"}}'}, [("npm test",)]),
    "pnpm": ({"package.json": NODE, "pnpm-lock.yaml": ""}, [("pnpm install --frozen-lockfile", "pnpm test")]),
    "yarn": ({"package.json": NODE, "yarn.lock": ""}, [("yarn install --frozen-lockfile", "yarn test")]),
    "yarn, newer": ({"package.json": NODE, "yarn.lock": "", ".yarnrc.yml": ""},
                    [("yarn install --immutable", "yarn test")]),
    "bun": ({"package.json": NODE, "bun.lock": ""}, [("bun install --frozen-lockfile", "bun run test")]),
    "node alone": ({"src/a.test.mjs": ""}, [("node --test",)]),
    "a package.json that is not one": ({"package.json": "[1]"}, []),
    "cargo": ({"Cargo.toml": "", "Cargo.lock": ""}, [("cargo fetch --locked", "cargo test --offline")]),
    "go": ({"go.mod": "module a\n"}, [("go test ./...",)]),
    "go with modules": ({"go.mod": "module a\nrequire b v1\n"}, [("go mod download", "go test ./...")]),
    "make": ({"Makefile": "test := 1\ncheck: all\n\techo\n"}, [("make check",)]),
    "what CI names goes first": (
        {"Makefile": "test:\n", "go.mod": "module a\n", CI: "jobs:\n  a:\n    steps:\n      - run: make test\n"},
        [("make test",), ("go test ./...",)]),
    "django, by CI": (
        {"manage.py": "", "app/tests.py": METHOD, "Makefile": "check:\n", CI: "    - run: python manage.py test\n"},
        [("python3 manage.py test",), ("python3 -m unittest",), ("python3 -m pytest",), pip("pytest"), ("make check",),
         ("python manage.py test",)]),
    "what of CI hides how tests ended, or tests nothing": (
        {CI: "    - run: |\n" + "".join(f"        {line}\n" for line in (
            "pytest | tee log", "pytest || true", "pytest; true", "pytest &", "pytest < x", "pytest 2>&1",
            "pytest --help", "pytest --co -q", "pytest --collect-only", "python3 -m unittest --version",
            "test -f README.md", "[ -f tests ]", "ruff check tests", "python3 -m compileall -q test_a.py",
            "pytest --count 2"))},
        [("pytest --count 2",)]),
    "what CI alone knows": (
        {CI: "    - name: t\n      run: |\n        pip install -r r.txt && pytest -x\n        ./scripts/test\n"
             "        echo test\n    - run: npm ci && npm run test:unit\n    - run: ./deploy test ${{ secrets.X }}\n"},
        [(VENV, IGNORED, ".venv/bin/pip install -r r.txt", ". .venv/bin/activate && pytest -x"), ("./scripts/test",),
         ("npm ci", "npm run test:unit")]),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_case_u1_what_is_tried_is_read_off_the_files(name: str) -> None:
    files, tried = ROWS[name]
    assert [row.commands for row in candidates(files)] == tried


@pytest.mark.parametrize(("command", "setup", "verify"), [
    ("npm ci && npm test", ("npm ci",), "npm test"),
    ("npm ci && npm run lint && npm test", ("npm ci",), "npm run lint && npm test"),
    ("npm test && npm ci", (), "npm test && npm ci"),
    ("pip install -r x && pytest", (VENV, IGNORED, ".venv/bin/pip install -r x"), ". .venv/bin/activate && pytest"),
    ("python3 -m pip install '.[a]' && pytest -k 'a && b'", (VENV, IGNORED, ".venv/bin/pip install '.[a]'"),
     ". .venv/bin/activate && pytest -k 'a && b'"),
    ("python3 -m venv v && v/bin/pip install x && v/bin/pytest", ("python3 -m venv v", "v/bin/pip install x"),
     "v/bin/pytest"),
    ("uv sync && uv run pytest", ("uv sync",), "uv run pytest"),
    ("go mod download && go test ./...", ("go mod download",), "go test ./..."),
    ("npm ci", (), "npm ci"),
    ("npm ci && npm test || true", (), "npm ci && npm test || true"),
    ("npm ci; npm test", (), "npm ci; npm test"),
    ("npm ci && (cd a && npm test)", (), "npm ci && (cd a && npm test)"),
    ("echo 'a && b", (), "echo 'a && b"),
    ("make test", (), "make test"),
])  # fmt: skip
def test_case_u1_an_installing_command_becomes_setup_and_verify(
    command: str, setup: tuple[str, ...], verify: str
) -> None:
    assert split(command, {}) == Candidate(verify, setup)


@given(st.text(max_size=80))
def test_any_command_is_split_or_stays(command: str) -> None:
    found = split(command, {})
    assert found.setup or found.verify == command


def test_what_git_cannot_be_asked_for_by_its_name_is_left_out() -> None:
    assert wanted([".github/workflows/a\nb.yml", "a\nb/test_a.py", "go.mod"]) == ["go.mod"]


NAMES = ["pyproject.toml", "package.json", "go.mod", "Makefile", "manage.py", "test_a.py", CI]


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=200)))
def test_whatever_stands_in_the_files_a_bounded_list_is_made(files: dict[str, str]) -> None:
    assert len(candidates(files)) <= CANDIDATES_MAX
    assert set(wanted(files)) == set(files) - {"manage.py"}


OUTPUTS: dict[str, tuple[str, int | None]] = {
    "nothing said": ("ok\nall good\n", None),
    "pytest": ("..\n====== 3 passed, 1 failed, 2 skipped, 1 warning in 0.12s ======\n", 4),
    "pytest -q": ("..  [100%]\n2 passed in 0.01s\n", 2),
    "pytest, an hour": ("=== 7 passed in 3600.12s (1:00:00) ===\n", 7),
    "pytest, coloured": ("\x1b[32m== \x1b[32m\x1b[1m5 passed\x1b[0m\x1b[32m in 0.01s\x1b[0m ==\x1b[0m\n", 5),
    "pytest, none": ("collected 0 items\n=== no tests ran in 0.00s ===\n", 0),
    "pytest, all skipped": ("=== 5 skipped in 0.10s ===\n", 0),
    "pytest, all deselected": ("=== 5 deselected in 0.10s ===\n", 0),
    "unittest": ("....\n-----\nRan 4 tests in 0.000s\n\nOK\n", 4),
    "unittest, one": ("Ran 1 test in 0.000s\n\nFAILED (failures=1)\n", 1),
    "unittest, skipped": ("Ran 4 tests in 0.000s\n\nOK (skipped=4)\n", 0),
    "unittest, none": ("Ran 0 tests in 0.000s\n\nOK\n", 0),
    "unittest of 3.12, none": ("Ran 0 tests in 0.000s\n\nNO TESTS RAN\n", 0),
    "cargo": ("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n"
              "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n", 5),
    "cargo, none": ("running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n",
                    0),
    "nextest": ("     Summary [   0.012s] 9 tests run: 9 passed, 0 skipped\n", 9),
    "go": ("ok  \texample.org/a\t0.003s\n?   \texample.org/b\t[no test files]\n", 1),
    "go, cached": ("ok  \texample.org/a\t(cached)\n", 1),
    "go -v": ("=== RUN   TestA\n--- PASS: TestA (0.00s)\n--- FAIL: TestB (0.00s)\nFAIL\n", 2),
    "go, none": ("?   \texample.org/a\t[no test files]\n", 0),
    "go, none to run": ("ok  \texample.org/a\t0.003s [no tests to run]\n", 0),
    "jest": ("Test Suites: 1 passed, 1 total\nTests:       1 failed, 2 skipped, 3 passed, 6 total\n", 4),
    "jest, none": ("No tests found, exiting with code 0\n", 0),
    "vitest": (" Test Files  1 passed (1)\n      Tests  3 passed | 1 failed (4)\n", 4),
    "vitest, none": ("No test files found, exiting with code 0\n", 0),
    "mocha": ("  calc\n    ✓ adds\n\n  12 passing (5ms)\n  1 failing\n", 13),
    "mocha, none": ("\n  0 passing (1ms)\n", 0),
    "node --test": ("ok 1 - a\n1..1\n# tests 2\n# pass 1\n# fail 1\n# skipped 0\n", 2),
    "node --test, by spec": ("✔ a (0.5ms)\n\u2139 tests 2\n\u2139 pass 2\n\u2139 fail 0\n", 2),
    "npm's own": ('> echo "Error: no test specified" && exit 1\n\nError: no test specified\n', 0),
    "npm, no script": ('npm error Missing script: "test"\n', 0),
    "bats": ("1..3\nok 1 a\nnot ok 2 b\nok 3 c # skip\n", 2),
    "bats, on a terminal": ("3 tests, 1 failure\n", 3),
    "rspec": ("Finished in 0.01 seconds\n4 examples, 0 failures\n", 4),
    "prove": ("All tests successful.\nFiles=2, Tests=10,  0 wallclock secs\n", 10),
    "bun": ("bun test v1.1\n 3 pass\n 0 fail\nRan 3 tests across 1 file. [5.00ms]\n", 3),
    "phpunit": ("OK (3 tests, 4 assertions)\n", 3),
    "phpunit, failing": ("Tests: 3, Assertions: 4, Failures: 1.\n", 3),
    "maven": ("[INFO] Tests run: 2, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.1 s - in A\n"
              "[INFO] Tests run: 2, Failures: 0, Errors: 0, Skipped: 0\n", 2),
    "ctest": ("100% tests passed, 0 tests failed out of 6\n", 6),
    "tox around pytest": ("py: commands[0]> pytest\n=== 3 passed in 0.01s ===\n  py: OK (0.5=setup[0.1]+cmd[0.4] s)\n",
                          3),
    "make, with a folder of that name": ("make: 'test' is up to date.\n", 0),
    "make, nothing to do": ("make[1]: Nothing to be done for 'check'.\n", 0),
    "make, with something to do": ("make[1]: Nothing to be done for 'all'.\nchecked\n", None),
    "make around two": ("pytest\n2 passed in 0.01s\nRan 3 tests in 0.001s\n\nOK\n", 5),
}  # fmt: skip


@pytest.mark.parametrize("name", OUTPUTS)
def test_case_u1_how_many_tests_ran_is_read_off_the_output(name: str) -> None:
    output, count = OUTPUTS[name]
    assert count_tests(output) == count


# What says that tests failed, whatever the command ended with.
FAILURES: dict[str, str] = {
    "pytest": "=== 3 passed, 1 failed, 1 warning in 0.12s ===", "pytest -q": "1 failed, 3 passed in 0.01s",
    "pytest, an error": "=== 1 error in 0.12s ===", "unittest": "FAILED (errors=1, skipped=2)",
    "cargo": "test result: FAILED. 2 passed; 1 failed; 0 ignored", "go": "FAIL\ta\t0.003s",
    "nextest": "     Summary [   0.012s] 9 tests run: 8 passed, 1 failed, 0 skipped",
    "go -v": "--- FAIL: TestB (0.00s)",
    "jest": "Tests:       10 failed, 3 passed, 13 total", "jest, a file": "Test Suites: 1 failed, 1 total",
    "vitest": "      Tests  3 passed | 1 failed (4)", "mocha": "  1 failing", "node --test": "# fail 1",
    "node --test, by spec": "\u2139 fail 2", "bun": " 1 fail", "TAP": "not ok 2 b", "bats": "3 tests, 1 failure",
    "minitest": "4 runs, 4 assertions, 0 failures, 1 errors, 0 skips", "prove": "Result: FAIL",
    "phpunit": "Tests: 3, Assertions: 4, Failures: 1.",
    "maven": "[ERROR] Tests run: 2, Failures: 0, Errors: 1, Skipped: 0",
    "ctest": "83% tests passed, 1 tests failed out of 6", "make": "make: [Makefile:2: test] Error 1 (ignored)",
    "make below make": "make[1]: [test] Error 2 (ignored)",
}  # fmt: skip
PASSES = (
    "=== 3 passed, 1 xfailed in 0.12s ===", "OK (expected failures=1)", "FAIL: says how it fails",
    "test result: ok. 3 passed; 0 failed; 0 ignored", "1 failed attempt",
    "Tests:       3 passed, 3 total", "Test Suites: 1 passed, 1 total", "  0 failing", "# fail 0", " 0 fail",
    "not ok 2 b # skip later", "ok 1 - not ok 2", "3 tests, 0 failures", "Result: PASS",
    "Files=2, Tests=10,  0 wallclock secs",
    "Tests run: 2, Failures: 0, Errors: 0, Skipped: 1", "100% tests passed, 0 tests failed out of 6",
    "     Summary [   0.012s] 9 tests run: 9 passed, 0 skipped",
)  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
def test_case_u1_that_tests_failed_is_read_off_the_output(name: str) -> None:
    line = FAILURES[name]
    assert said_failed(f"begins\n\x1b[31m{line}\x1b[0m\nends\n") == line.strip()


def test_case_u1_what_passed_says_of_no_test_that_it_failed() -> None:
    for line in PASSES:
        assert said_failed(f"{line}\n") == "", line


@given(st.text())
def test_any_output_is_read(output: str) -> None:
    assert (count_tests(output) or 0) >= 0
    assert said_failed(output) in output


def test_what_is_made_to_be_hard_to_read_is_read_at_once() -> None:
    begun = time.monotonic()
    assert count_tests(f"Tests {'1' * 300_000}\n{'Tests 1 ' * 40_000}\n2 passed in 0.01s\n") == 2
    deep = {"package.json": "[" * 100_000, "pyproject.toml": f"a = {'[' * 100_000}", "Cargo.toml": ""}
    assert [row.verify for row in candidates(deep)] == ["cargo test --offline"]
    assert split("a && " * 20_000, {}).setup == ()
    assert time.monotonic() - begun < 10
