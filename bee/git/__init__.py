"""git: every command is built here, from scratch and with a time limit; nothing of an agent's becomes an argument.

`command` runs one git command; `parse` reads its output; `mirror` is the bare mirror of one repository, with
`reading` for questions to it; `workspace` makes clones that borrow the mirror's objects, and reads them safely; `ports`
is what verbs ask of all that. Each is imported when it is used, because an idle tick runs no git.
"""

from typing import TYPE_CHECKING

from bee.system.lazy import imported_when_used

if TYPE_CHECKING:
    from bee.git.command import EMPTY_TREE, Git
    from bee.git.mirror import Mirror
    from bee.git.parse import Commit, DiffEntry, LogEntry
    from bee.git.ports import RefChange, Repository, WorkTree
    from bee.git.workspace import AGENT, Clone

__all__ = [
    "AGENT",
    "EMPTY_TREE",
    "Clone",
    "Commit",
    "DiffEntry",
    "Git",
    "LogEntry",
    "Mirror",
    "RefChange",
    "Repository",
    "WorkTree",
]

__getattr__ = imported_when_used(
    __name__,
    {
        "command": ("EMPTY_TREE", "Git"),
        "mirror": ("Mirror",),
        "parse": ("Commit", "DiffEntry", "LogEntry"),
        "ports": ("RefChange", "Repository", "WorkTree"),
        "workspace": ("AGENT", "Clone"),
    },
)
