"""The commands of bee: one row each, with what `bee --help`, `bee COMMAND --help` and the reference say. Texts only."""

from __future__ import annotations

from typing import Final, NamedTuple


class Command(NamedTuple):
    """One command: its line in `bee --help`, the first sentence of its own help, and what a person would type.

    `module` is below bee.cli.commands, where it is not of the command's name. `hidden`: not for people.
    """

    name: str
    summary: str
    help: str
    examples: tuple[str, ...] = ()
    module: str = ""
    hidden: bool = False


_ALL: Final = (
    Command("init", "set bee up for a repository, with few questions",
            "set bee up for a repository: labels, policy, issue form, and this machine's configuration",
            ("bee init", "bee init --repo owner/name --yes --intake all", "bee init --dry-run")),
    Command("doctor", "is everything as bee needs it, and what fixes it",
            "look at everything that bee needs, change nothing, and say what fixes it",
            ("bee doctor", "bee doctor --repo owner/name --security")),
    Command("new", "open a design doc as an issue, or a requirements document as several",
            "open a design doc as an issue: from a file, from standard input, or from a few questions in your editor",
            ("bee new", "bee new doc.md", "bee new requirements.md --dry-run")),
    Command("tick", "look once, repair what is broken, send at most one agent",
            "look at each repository once, repair what is broken, and send at most one agent",
            ("bee tick", "bee tick --dry-run --repo owner/name", "bee tick --json")),
    Command("status", "what runs, what is next, what waits for you",
            "what runs now, what is next, what waits for you and with what question, and what today cost",
            ("bee status", "bee status --watch 10", "bee status --json")),
    Command("watch", "the same as a full-screen live view, with keys to steer",
            "a full-screen live view of the queue, with keys to steer",
            ("bee watch", "bee watch --every 10 --repo owner/name")),
    Command("why", "why an item is where it is, and what you can do",
            "why an item is where it is, and what you can do about it",
            ("bee why 12", "bee why 12 --repo owner/name --json")),
    Command("context", "what an agent that is sent to an item is given",
            "what an agent that is sent to an item now is given to read: the files, and how much was left out",
            ("bee context 12", "bee context 12 --repo owner/name --json")),
    Command("pause", "stop all work on an item",
            "stop all work on an item, or on everything, until somebody resumes it",
            ('bee pause 12 "waiting for the vendor"', 'bee pause --all "back on Monday"'), module="steer"),
    Command("resume", "let bee continue with an item",
            "let bee continue with an item, with everything, or after a rollback",
            ("bee resume 12", "bee resume --all", "bee resume --rollback"), module="steer"),
    Command("approve", "approve a pull request at its head, or the plan of an issue",
            "approve a pull request at its head (on to E2E and merge without review), or the plan of an issue",
            ("bee approve 12", 'bee approve 12 "small and safe" --sha "$(git rev-parse HEAD)"'), module="steer"),
    Command("request-changes", "send a pull request back to the drafter, or a plan to the planner",
            "send a pull request back to the drafter, at its head, or the plan of an issue to the planner",
            ('bee request-changes 12 "keep the old flag"',), module="steer"),
    Command("cancel", "end a live run cleanly",
            "end a live run cleanly; the item stays for the next tick",
            ("bee cancel 12",), module="steer"),
    Command("retry", "try an item again now, with a hint",
            "try an item again now, whatever its history says",
            ("bee retry 12", 'bee retry 12 --hint "the parser is in src/"'), module="steer"),
    Command("override", "put an item where you say, with a reason",
            "put an item where you say, whatever its labels and history are; your reason stands on the item",
            ('bee override 12 --to ready --reason "the login is fixed"',), module="steer"),
    Command("log", "the ledger of an item, or of everything",
            "the ledger: who claimed an item, what came of it, at what cost; of every item where none is named",
            ("bee log 12", "bee log --outcome error --since 7d", "bee log --role drafter --limit 20 --json")),
    Command("cost", "what the agents cost, by item, role and day",
            "what the agents cost, by item, role and day, with the limits that hold them",
            ("bee cost", "bee cost --since 30d --by day")),
    Command("logs", "the transcript of a run, live or afterwards",
            "the transcript of a run: what the agent said and did, what bee answered, what it cost so far",
            ("bee logs 12", "bee logs 12 --follow")),
    Command("config", "every setting in effect, and what set it",
            "every setting as it counts here, with the file and line that set it; secrets are not shown",
            ("bee config show", "bee config show --repo owner/name --json", "bee config get drafter.model")),
    Command("watchdog", "when a tick last began, and what the guard has alerted",
            "when a tick last began, how the last ones ended, and what the guard has alerted",
            ("bee watchdog", "bee watchdog --json")),
    Command("install", "tick every few minutes from this machine's scheduler",
            "tick every five minutes (or --every so many) from launchd, systemd or cron, and try one tick there now",
            ("bee install --token-from-env", "bee install --every 10m", "bee install --print",
             "bee install --env CLAUDE_CODE_OAUTH_TOKEN")),
    Command("key", "the keys that seal bee's records",
            "the keys that seal bee's records: show them, add one, or adopt what another key sealed",
            ("bee key", "bee key add", "bee key --secret", "bee key add --from-stdin", "bee key adopt owner/name")),
    Command("uninstall", "take bee out of this machine's scheduler",
            "take bee out of this machine's scheduler, with the token that bee install kept; the rest of its home "
            "stays",
            ("bee uninstall --dry-run", "bee uninstall --purge")),
    Command("demo", "watch a design doc become merged pull requests, without an account",
            "watch a design doc become merged pull requests, on an embedded GitHub",
            ("bee demo", "bee demo --serve", "bee demo --repo . --issue doc.md --engine claude")),
    Command("forge", "serve an embedded GitHub on loopback",
            "serve an embedded GitHub on loopback, for gh, git and other clients",
            ("bee forge --root forge --port 8080 --user ada:a-token:admin",)),
    Command("completion", "print the completion script for your shell",
            "print the completion script for your shell; run it at the shell's start, for bash and zsh with\n"
            'eval "$(bee completion bash)" in ~/.bashrc or ~/.zshrc, for fish with: bee completion fish | source',
            ("bee completion bash", "bee completion zsh")),
    Command("version", "which version this is", "print the version, as `bee --version` does", ("bee version",)),
    Command("help", "explain a command or a topic: labels, positions, exit codes, and more",
            "explain a command, or a topic (`bee help topics` lists them); needs neither network nor configuration",
            ("bee help topics", "bee help exit-codes", "bee help json status")),
    Command("work", "",
            "do one run (started by `bee tick`)", hidden=True),
)  # fmt: skip
COMMANDS: Final = {one.name: one for one in _ALL}
