"""The rules of the house as functions over a folder of Python: each takes a root and returns what breaks the rule.

They are functions so that tests/house/test_checks.py can feed them a house that is broken on purpose.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ORDER: Final = (
    "model", "config", "wording", "pipeline", "system", "git", "github", "engines", "sandbox", "host", "lease",
    "publish", "run", "executors", "steer", "status", "dashboard", "tick", "setup", "demo", "cli",
)  # fmt: skip
PURE: Final = ("bee.model", "bee.wording", "bee.pipeline")
# Programs of their own, which run inside the box: the agent's `bee` runs git there, the others an engine's program.
IN_THE_BOX: Final = ("bee.sandbox.relay", "bee.engines.session_lines", "bee.run.agent_cli")
# What talks to a terminal or is a program of its own.
OUTWARD: Final = ("bee.cli", "bee.demo", *IN_THE_BOX, "bee.status.terminal")
OUTERMOST: Final = frozenset({"bee", "bee.__main__"})
FORGE_USERS: Final = frozenset({"bee.cli.commands.demo", "bee.cli.commands.forge"})

# One importer for each outside library: the third-party or system module, and where alone it may be imported.
IMPORTERS: Final[Mapping[str, tuple[str, ...]]] = {
    # The demo's person talks to GitHub as anybody would, past bee's own client.
    "requests": ("bee.github", "bee.system.notifier", "bee.demo.person"),
    "urllib3": ("bee.github",),
    "urllib.request": (),
    "http.client": (),
    "subprocess": ("bee.system.process", "bee.forge", *IN_THE_BOX),
    "multiprocessing": (),
    "yaml": ("bee.config.yaml",),
    "filelock": ("bee.system.home",),
    "argcomplete": ("bee.cli.commands.completion",),
    "pydantic": (),
    "detect_secrets": ("bee.system.secrets",),
    "markdown_it": ("bee.model.markdown",),
    "rich": ("bee.cli", "bee.demo", "bee.status"),
    "textual": ("bee.status.watch",),
    "werkzeug": ("bee.forge",),
    "graphql": ("bee.forge",),
}

# What is written by one module alone. A use anywhere else needs its reason here.
RAW_WRITERS: Final = "bee.github.write"
WRITERS: Final[Mapping[str, str]] = {
    "bee.publish": "takes a lease, or a person's word, as a value",
    "bee.setup.apply": "`bee init` makes labels, policy and issue form, where no item is yet to be leased",
    "bee.setup.create_issues": "`bee new` opens issues that are nobody's yet",
}
REF_MOVES: Final = frozenset({"update_refs", "move_refs", "push_atomic", "delete_ref", "swap_refs", "swap_by_push"})
REF_MOVERS: Final[Mapping[str, str]] = {
    "bee.lease.store": "every compare-and-swap on bee's refs",
    "bee.lease.swap": "how it is done, whatever GitHub answers",
    "bee.setup.apply": "`bee init` moves a branch, with the policy on it",
    "bee.setup.prove": "`bee doctor --prove` makes refs of its own and takes them away",
}
LABEL_WRITES: Final = frozenset({"add_labels", "remove_label", "mark_claimed", "label_id"})
LABELLERS: Final[Mapping[str, str]] = {
    "bee.publish.labels": "every label on an item",
    "bee.setup.apply": "`bee init` makes the labels themselves",
}
RIGHTS: Final[Mapping[str, Mapping[str, str]]] = {
    "Lease": {"bee.lease.store": "a lease is what a compare-and-swap has won"},
    "ByPerson": {
        "bee.cli.commands.steer": "where a person's command comes in",
        "bee.status.watch.app": "where a person's key comes in",
    },
}
# What looks at a file or a folder; and the paths of a run that its agent can write.
LOOKS: Final = frozenset(
    "open read_text read_bytes glob rglob iterdir walk listdir scandir stat lstat exists is_file is_dir is_symlink "
    "readlink resolve chmod copyfile copytree".split()
)
RECURSES: Final = frozenset(
    {"os.walk", "os.fwalk", "shutil.rmtree", "shutil.copytree"}
)  # on Python 3.11; and every `rglob`
AGENTS_PATHS: Final[Mapping[str, frozenset[str]]] = {
    "clone": frozenset({"job", "workspace", "session"}),
    "home": frozenset({"job", "workspace"}),
}
LABEL_NAMES: Final = "bee/model/labels.py"
LABEL_PREFIX: Final = "breeze:"

# Pure packages do no I/O, read no clock and know no chance.
IMPURE: Final = frozenset(
    "asyncio concurrent fcntl ftplib getpass glob http io logging mmap multiprocessing os platform pwd queue random "
    "secrets select selectors shutil signal smtplib socket socketserver sqlite3 ssl subprocess sys syslog tempfile "
    "threading time urllib.request uuid webbrowser".split()
)
IMPURE_NAMES: Final = frozenset({("pathlib", "Path"), ("datetime", "now"), ("datetime", "utcnow"), ("date", "today")})
STARTS_PROCESSES: Final = frozenset(
    "execl execle execlp execlpe execv execve execvp execvpe fork forkpty popen posix_spawn posix_spawnp spawnl "
    "spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe system".split()
)


@dataclass(frozen=True, slots=True)
class Import:
    """One import of `target` (a dotted name), at `line`.

    `typing` where it stands under `if TYPE_CHECKING`; `late` where it runs only when its function is called.
    """

    target: str
    line: int
    typing: bool
    late: bool


@dataclass(frozen=True, slots=True)
class Module:
    """One file of the package: its dotted name, where it is (`shown`: from the root), and its syntax tree."""

    name: str
    path: Path
    shown: str
    tree: ast.Module

    def at(self, line: int) -> str:
        """Where something stands, as an editor opens it."""
        return f"{self.shown}:{line}"


@cache
def modules(root: Path) -> tuple[Module, ...]:
    """Every module of the package `bee` under `root`."""
    found = []
    for path in sorted((root / "bee").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(
            Module(name, path, str(path.relative_to(root)), ast.parse(path.read_text(encoding="utf-8"), str(path)))
        )
    return tuple(found)


def _within(name: str, places: Iterable[str]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


def _typing_only(tree: ast.Module) -> set[ast.AST]:
    """The nodes that only a type checker sees."""
    return {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
        for statement in node.body
        for inner in ast.walk(statement)
    }


def _in_functions(tree: ast.Module) -> set[ast.AST]:
    """The nodes that run only when a function is called."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {inner for function in functions for statement in function.body for inner in ast.walk(statement)}


def _dynamic(call: ast.Call) -> str | None:
    """What `import_module("…")` or `__import__("…")` imports; of an f-string, the package it starts with."""
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if function not in {"import_module", "__import__"} or not call.args:
        return None
    name = call.args[0]
    if isinstance(name, ast.Constant) and isinstance(name.value, str):
        return name.value
    if isinstance(name, ast.JoinedStr) and name.values and isinstance(name.values[0], ast.Constant):
        return str(name.values[0].value).rpartition(".")[0]
    return None


def _from(module: Module, node: ast.ImportFrom, known: frozenset[str]) -> Iterator[str]:
    """The modules that `from x import a, b` names: x.a where that is a module, else x."""
    base = node.module or ""
    if node.level:
        package = module.name.split(".") if module.path.name == "__init__.py" else module.name.split(".")[:-1]
        base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [base])])
    for alias in node.names:
        inner = f"{base}.{alias.name}"
        yield inner if inner in known or base.partition(".")[0] != "bee" else base


def imports(module: Module, known: frozenset[str]) -> list[Import]:
    """Every import of a module, wherever it stands: at the top, in a function, by name at run time."""
    typing, late = _typing_only(module.tree), _in_functions(module.tree)
    found: list[Import] = []
    for node in ast.walk(module.tree):
        targets: Iterable[str] = ()
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            targets = list(_from(module, node, known))
        elif isinstance(node, ast.Call) and (name := _dynamic(node)):
            targets = [name]
        line = getattr(node, "lineno", 0)
        found.extend(Import(target, line, node in typing, node in late) for target in targets)
    return found


@cache
def _all_imports(root: Path) -> tuple[tuple[Module, Import], ...]:
    everything = modules(root)
    known = frozenset(module.name for module in everything)
    return tuple((module, found) for module in everything for found in imports(module, known))


def _rank(name: str) -> int | None:
    parts = name.split(".")
    return ORDER.index(parts[1]) if len(parts) > 1 and parts[1] in ORDER else None


def broken_order(root: Path) -> list[str]:
    """Imports against the order of the packages, into the forge or out of it, and modules that are in no package."""
    problems = []
    for module in modules(root):
        if _rank(module.name) is None and module.name not in OUTERMOST and not _within(module.name, ["bee.forge"]):
            problems.append(f"{module.at(1)}: {module.name} is in none of {', '.join(ORDER)}, nor in the forge")
    for module, found in _all_imports(root):
        if not _within(found.target, ["bee"]):
            continue
        of, to = _rank(module.name), _rank(found.target)
        where = module.at(found.line)
        if _within(module.name, ["bee.forge"]):
            if not _within(found.target, ["bee.forge"]):
                problems.append(f"{where}: the forge imports {found.target}; it is a world of its own")
        elif _within(found.target, ["bee.forge"]):
            if module.name not in FORGE_USERS:
                problems.append(f"{where}: {module.name} imports the forge; only {', '.join(sorted(FORGE_USERS))} may")
        elif of is not None and to is not None and to > of:
            problems.append(f"{where}: {ORDER[of]} imports {found.target}, which comes later in the order")
        elif of is not None and found.target == "bee.__main__":
            problems.append(f"{where}: {module.name} imports the entry point")
    return problems


def import_cycles(root: Path, late: bool = True) -> list[str]:
    """Groups of modules that import one another in a circle; with `late`, also in functions and for types alone."""
    known = frozenset(module.name for module in modules(root))
    edges: dict[str, set[str]] = {name: set() for name in known}
    for module, found in _all_imports(root):
        if (found.late or found.typing) <= late and found.target in known and found.target != module.name:
            edges[module.name].add(found.target)
    reach = {name: _reachable(name, edges) for name in known}
    circles = {
        tuple(sorted(other for other in reach[name] if name in reach[other])) for name in known if name in reach[name]
    }
    return [f"import cycle: {' <-> '.join(circle)}" for circle in sorted(circles)]


def late_imports(root: Path, allowed: Iterable[str] = ()) -> list[str]:
    """Imports inside functions, but for those of the modules or packages in `allowed`."""
    return [
        f"{module.at(found.line)}: {module.name} imports {found.target} inside a function"
        for module, found in _all_imports(root)
        if found.late and not found.typing and not _within(module.name, allowed)
    ]


def _reachable(start: str, edges: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for target in edges[waiting.pop()] - seen:
            seen.add(target)
            waiting.append(target)
    return seen


def imported_elsewhere(root: Path) -> list[str]:
    """Outside libraries imported by any but their one importer, and libraries that have none."""
    problems = []
    for module, found in _all_imports(root):
        top = found.target.partition(".")[0]
        if top == "bee":
            continue
        where = module.at(found.line)
        library = next((name for name in IMPORTERS if _within(found.target, [name])), None)
        if library is not None:
            # The forge is a world of its own, and brings its own way of serving HTTP and starting git.
            if not _within(module.name, IMPORTERS[library]):
                only = " and ".join(IMPORTERS[library]) or "nobody"
                problems.append(f"{where}: {module.name} imports {library}; only {only} may")
        elif top not in sys.stdlib_module_names and top != "__future__":
            problems.append(f"{where}: {module.name} imports {top}, which has no importer in tests/house/checks.py")
        if _within(module.name, PURE) and _impure(found.target):
            problems.append(f"{where}: {module.name} is pure, and imports {found.target}")
    return problems


def _impure(target: str) -> bool:
    return _within(target, IMPURE) or tuple(target.rsplit(".", 1)) in IMPURE_NAMES


def outer_world(root: Path) -> list[str]:
    """Where the environment, the terminal and the exit are used by any but the outward modules and the forge."""
    problems = []
    for module in modules(root):
        if module.name in OUTERMOST or _within(module.name, [*OUTWARD, "bee.forge"]):
            continue
        for line, what in _outer_uses(module.tree):
            problems.append(f"{module.at(line)}: {what} in a module that is not outward")
        if _within(module.name, PURE):
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Attribute) and (getattr(node.value, "id", ""), node.attr) in IMPURE_NAMES:
                    problems.append(f"{module.at(node.lineno)}: {ast.unparse(node)} in a pure module")
    return problems


def _outer_uses(tree: ast.Module) -> Iterator[tuple[int, str]]:
    attributes = {
        "os": frozenset({"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv", "_exit"}),
        "sys": frozenset({"exit", "argv", "stdin", "stdout", "stderr"}),
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in attributes.get(getattr(node.value, "id", ""), ()):
            yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.ImportFrom) and node.module in attributes:
            for alias in node.names:
                if alias.name in attributes[node.module]:
                    yield node.lineno, f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Name) and node.id in {"print", "SystemExit"}:
            yield node.lineno, node.id
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"exit", "quit", "input"}:
            yield node.lineno, ast.unparse(node.func)


def recursing(root: Path) -> list[str]:
    """Calls that recurse over folders, which agents and strangers make as deep as they like.

    The forge and the demo have no folders but their own.
    """
    problems = []
    for module in modules(root):
        if _within(module.name, ["bee.forge", "bee.demo"]):
            continue
        for node in ast.walk(module.tree):
            names: list[str] = []
            if isinstance(node, ast.Attribute):
                names = ["rglob"] if node.attr == "rglob" else [ast.unparse(node)]
            elif isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            problems += [f"{module.at(node.lineno)}: {name} recurses" for name in names if name in {*RECURSES, "rglob"}]
    return problems


def processes_started_elsewhere(root: Path) -> list[str]:
    """Calls of `os` that start a process past the one module that may."""
    return [
        f"{module.at(node.lineno)}: {ast.unparse(node)} in {module.name}"
        for module in modules(root)
        if not _within(module.name, IMPORTERS["subprocess"])
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "os" and node.attr in STARTS_PROCESSES
    ]


def _uses(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The names a module imports from another, and the attributes and names it uses, whatever it calls them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.Name):
            yield node.lineno, node.id


def _used_elsewhere(root: Path, names: frozenset[str], at: Mapping[str, str]) -> list[str]:
    return [
        f"{module.at(line)}: {name} is used in {module.name}, which is none of {', '.join(at)}"
        for module in modules(root)
        if not _within(module.name, [*at, "bee.forge"])
        for line, name in _uses(module.tree)
        if name in names
    ]


def raw_writes_elsewhere(root: Path) -> list[str]:
    """Imports of the raw writers past `publish`: a write without a lease would type-check there."""
    return [
        f"{module.at(found.line)}: {module.name} imports {RAW_WRITERS}; only {', '.join(WRITERS)} may"
        for module, found in _all_imports(root)
        if _within(found.target, [RAW_WRITERS]) and not _within(module.name, WRITERS)
    ]


def refs_moved_elsewhere(root: Path) -> list[str]:
    """Compare-and-swaps past the lease store."""
    return _used_elsewhere(root, REF_MOVES, REF_MOVERS)


def labels_written_elsewhere(root: Path) -> list[str]:
    """Label writes past the one module that makes them, and label names spelled out past the one that names them."""
    spelled = [
        f"{module.shown}:{number}: `{LABEL_PREFIX}` is spelled out; use Label"
        for module in modules(root)
        if module.shown != LABEL_NAMES and not _within(module.name, ["bee.forge"])
        for number, line in enumerate(module.path.read_text(encoding="utf-8").splitlines(), 1)
        if LABEL_PREFIX in line
    ]
    return spelled + _used_elsewhere(root, LABEL_WRITES, LABELLERS)


def rights_made_elsewhere(root: Path) -> list[str]:
    """Leases made past the store, and a person's word given where no person speaks."""
    return [
        f"{module.at(node.lineno)}: {module.name} makes a {name}; only {', '.join(RIGHTS[name])} may"
        for module in modules(root)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        for name in [getattr(node.func, "attr", getattr(node.func, "id", ""))]
        if name in RIGHTS and not _within(module.name, RIGHTS[name])
    ]


def long_calls(root: Path, positional_max: int, allowed: Iterable[str] = ()) -> list[str]:
    """Calls with more positional arguments than a reader can tell apart. A function of `*words` takes any number."""
    functions = [
        node
        for module in modules(root)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    of_any_number = {function.name for function in functions if function.args.vararg}
    return [
        f"{module.at(node.lineno)}: {ast.unparse(node.func)} is called with {len(node.args)} positional arguments"
        for module in modules(root)
        if not _within(module.name, allowed)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        if len(node.args) > positional_max
        if getattr(node.func, "attr", getattr(node.func, "id", "")) not in of_any_number
    ]


def built_by_position(root: Path, fields_max: int, allowed: Iterable[str] = ()) -> list[str]:
    """Dataclasses of more than `fields_max` fields that are not `kw_only`."""
    return [
        f"{module.at(node.lineno)}: {node.name} has {len(fields)} fields and is not kw_only"
        for module in modules(root)
        if not _within(module.name, allowed)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
        for made in [ast.unparse(decorator) for decorator in node.decorator_list]
        if re.match(r"(dataclasses\.)?dataclass\b", made) and "kw_only=True" not in made
        for fields in [[line for line in node.body if isinstance(line, ast.AnnAssign)]]
        if len(fields) > fields_max
    ]


def work_at_import(root: Path) -> list[str]:
    """Loops, `with` blocks and bare calls at the top of a module: an import must do no work."""
    problems = []
    for module in modules(root):
        for node in module.tree.body:
            call = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
            if call or isinstance(node, ast.For | ast.While | ast.With):
                problems.append(f"{module.at(node.lineno)}: {ast.unparse(node).splitlines()[0]} runs at import")
    return problems


def long_modules(root: Path, lines_max: int) -> dict[str, int]:
    """Modules of more than `lines_max` lines, with their length."""
    lengths = {module.shown: len(module.path.read_text(encoding="utf-8").splitlines()) for module in modules(root)}
    return {name: length for name, length in lengths.items() if length > lines_max}


def long_functions(root: Path, lines_max: int) -> dict[str, int]:
    """Functions of more than `lines_max` lines, as `module:function`, with their length."""
    found = {}
    for module in modules(root):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > lines_max:
                    found[f"{module.name}:{node.name}"] = length
    return found


# What is true of a member of these enums stands in one table: the enum, and the modules that may key by its members.
FACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "Position": ("bee.pipeline.positions",),
    "Role": ("bee.model.roles",),
    "Outcome": ("bee.model.outcomes",),
    "Failure": ("bee.model.outcomes",),
    "Label": ("bee.model.labels",),
    "CheckState": ("bee.model.items",),
    # its meaning is a sentence, and every sentence that people read is in `wording`
    "Cause": ("bee.model.outcomes", "bee.wording.escalations"),
}


def facts_elsewhere(root: Path) -> list[str]:
    """Dicts keyed by, and sets of, two or more members of one of FACTS outside its own table: they are its columns."""
    problems = []
    for module in modules(root):
        for node in ast.walk(module.tree):
            named = [name for name in map(_member_of, _fact_parts(node)) if name]
            for enum, homes in FACTS.items():
                if named.count(enum) > 1 and module.name not in homes:
                    problems.append(f"{module.at(getattr(node, 'lineno', 0))}: a fact of {enum} outside {homes[-1]}")
    return problems


def _fact_parts(node: ast.AST) -> Sequence[ast.expr | None]:
    """The keys of a dict, the members of a set, and those of a tuple or list that something is looked up in."""
    if isinstance(node, ast.Dict):
        return node.keys
    if isinstance(node, ast.Set):
        return node.elts
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
        among = node.comparators[0]
        return among.elts if isinstance(among, ast.Tuple | ast.List) else ()
    return ()


def _member_of(node: ast.expr | None) -> str:
    """The enum of `Enum.MEMBER` or `Enum.MEMBER.value`; empty for anything else."""
    while isinstance(node, ast.Attribute):
        if isinstance(node.value, ast.Name) and node.value.id in FACTS:
            return node.value.id
        node = node.value
    return ""


def raised_unsaid(root: Path) -> list[str]:
    """Public functions that raise, and whose docstring neither names an error that they raise nor says "raises"."""
    return [
        f"{module.at(node.lineno)}: {node.name} raises {', '.join(sorted(raised))}, and its docstring does not say so"
        for module in modules(root)
        for node in _public(module.tree)
        for raised in [set(_raised(node.body))]
        if raised and not re.search("|".join(["[Rr]aises", *map(re.escape, raised)]), ast.get_docstring(node) or "")
    ]


def _public(tree: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef]:
    """The functions and methods that other modules may call."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from _public(node)
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def _raised(nodes: Iterable[ast.AST], caught: frozenset[str] = frozenset()) -> Iterator[str]:
    """What these statements raise by name, but for what a `try` around it catches by the same name."""
    for node in nodes:
        if isinstance(node, ast.Raise) and node.exc is not None:
            made = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            name = ast.unparse(made)
            yield from () if name in caught else (name,)
        elif isinstance(node, ast.Try):
            names = {
                ast.unparse(one)
                for handler in node.handlers
                if handler.type is not None
                for one in (handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type])
            }
            yield from _raised(node.body, caught | names)
            yield from _raised([*node.handlers, *node.orelse, *node.finalbody], caught)
        elif not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda):
            yield from _raised(ast.iter_child_nodes(node), caught)


def looked_past_the_box(root: Path) -> list[str]:
    """Looks at what a live agent can write: its clone or its HOME, by a call of one of LOOKS."""
    return [
        f"{module.at(node.lineno)}: the worker looks where a live agent writes; let bytes come over the socket"
        for module in modules(root)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and _called(node) in LOOKS and any(map(_is_agents, ast.walk(node)))
    ]


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _is_agents(node: ast.AST) -> bool:
    """Whether it is `job.clone`, `workspace.home`, `run.workspace.clone` or the like."""
    if not isinstance(node, ast.Attribute) or node.attr not in AGENTS_PATHS:
        return False
    of = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    return of in AGENTS_PATHS[node.attr]
