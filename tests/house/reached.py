"""Names code in `bee` that no other code of bee names:  python -m tests.house.reached

Tests do not count: what only they use is reached by no entry point. EXCEPTIONS are names that something outside bee's
own code calls or reads; one that excuses nothing is a problem too. Exit 1 where there is a problem.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from vulture import Vulture  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parents[2]

# Where, which names, and who reaches them; place and name are matched whole.
EXCEPTIONS: Final = (
    (r"bee/.*watch.*", r"BINDINGS|CSS|TITLE|ENABLE_COMMAND_PALETTE", "textual reads them of an app and its screens"),
    (r"bee/.*watch.*", r"(on|action)_\w+", "textual calls them for its events and for the keys of BINDINGS"),
    (r".*", r"daemon_threads|block_on_close|request_queue_size|handle_error", "socketserver reads and calls them"),
    (
        r"bee/forge/http.py",
        r"protocol_version|disable_nagle_algorithm|rbufsize|handle_one_request|raw_requestline|handle_expect_100|log_message|explain",
        "http.server reads and calls them",
    ),
    (r"bee/(model|pipeline)/\w+\.py", "_value_", "enum reads it of a member that has columns"),
    (r".*", r"row_factory|formatter_class", "settings of sqlite3 and argparse"),
    (r".*", r"out_name|resolve_type", "settings of graphql-core"),
    (r".*", r"TRIAGE|DISMISSED", "GitHub's own values, which an enumeration reads whole"),
    (r"bee/.*", r"timeout|auth", "settings of http.server's handlers and of requests' sessions"),
    (r"bee/pipeline/grants.py", "BASE|EDIT|ACCESS|DENIED|SECOND|FORK|APP", "columns of the documents' table of grants"),
    (
        r"bee/(cli/commands/\w+|status/lines)\.py",
        r"days|heartbeat_at|suspected|what_you_can_do|last_line|person_needed|writes_last_hour",
        "keys of a line of `--json`, which is written whole",
    ),
    (r"bee/demo/person.py", r"trust_env", "a setting of requests"),
)


def unreached(root: Path) -> list[tuple[str, str, str]]:
    """Place, name and kind of what nothing else in `bee` names."""
    found = Vulture(ignore_decorators=["@route"])  # the forge's REST API finds an endpoint by its decorator
    documents = root / "scripts" / "documents"  # it makes tables of what the code says
    found.scavenge([str(root / "bee"), *([str(documents)] if documents.exists() else [])])
    items = [item for item in found.get_unused_code(sort_by_size=False) if documents not in item.filename.parents]
    return [(f"{item.filename.relative_to(root)}:{item.first_lineno}", item.name, item.typ) for item in items]


def problems(root: Path, exceptions: tuple[tuple[str, str, str], ...]) -> list[str]:
    """What is not reached and not excepted, and exceptions that excuse nothing."""
    left = unreached(root)
    wrong = []
    for place, names, reason in exceptions:
        excused = [one for one in left if re.fullmatch(place, one[0].split(":")[0]) and re.fullmatch(names, one[1])]
        if not excused or not reason:
            wrong.append(f"the exception {names} in {place} excuses nothing, or has no reason")
        left = [one for one in left if one not in excused]
    return wrong + [f"{place}: nothing reaches the {kind} {name}" for place, name, kind in left]


def main() -> int:
    """Print the problems."""
    found = problems(ROOT, EXCEPTIONS)
    print("\n".join(found) or f"{len(EXCEPTIONS)} exceptions")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
