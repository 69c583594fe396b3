"""The sentences that stand beside the code's own names in the generated tables. Texts only: `tables` puts them in.

`Mover` and rules say who moves next; here stand only words for readers. A name without a sentence fails a test.
"""

from __future__ import annotations

from typing import Final

LEGEND: Final = (
    "Colours say who moves next: green an agent, yellow a person, blue a condition that bee rechecks by itself, "
    "violet bee, grey nobody."
)

Edges = tuple[tuple[str, str, str], ...]

FLOW: Final[Edges] = (
    ("design-open", "you tick the design", "needs-plan"),
    ("needs-plan", "planner", "plan-open"),
    ("plan-open", "you tick the plan", "needs-step"),
    ("needs-step", "drafter", "needs-review"),
    ("needs-review", "reviewer asks for changes", "changes-requested"),
    ("changes-requested", "drafter", "needs-review"),
    ("needs-review", "reviewer approves", "needs-e2e"),
    ("needs-e2e", "E2E fails", "e2e-failed"),
    ("e2e-failed", "drafter", "needs-review"),
    ("needs-e2e", "E2E passes", "ready-to-merge"),
    ("ready-to-merge", "merger, next step", "needs-step"),
    ("ready-to-merge", "merger, last step", "complete"),
    ("complete", "bee closes the issue", "closed"),
)

# Bounds that a configuration file may change, and those of the context folder: tables of their own show them.
BOUNDS_ELSEWHERE: Final = frozenset(
    "FAILURES_MAX REVIEW_ROUNDS_MAX USD_PER_ITEM_MAX RUNS_PER_ITEM_MAX USD_PER_DAY_MAX RUNS_PER_DAY_MAX "
    "CHECKS_PENDING_MINUTES_MAX DIFF_FILES_MAX DIFF_BYTES_MAX VERIFY_SECONDS_MAX CONTEXT_BYTES_MAX".split()
)

# What a command ends with.
EXITS: Final = (
    ("0", "done, or nothing to do"),
    ("1", "`bee status`: a person is needed. `bee doctor`: a check failed. `bee demo`: it did not end as expected"),
    ("2", "the command line, a configuration file, or an item that does not exist"),
    ("3", "a bug in bee, with a report ready to paste"),
    ("75", "could not look, or could not write: network, login, permission, rate limit. Try again later"),
    ("130", "interrupted"),
    ("141", "whoever read the output went away"),
)

ENVIRONMENT: Final = (
    ("`GH_TOKEN`, then `GITHUB_TOKEN`, then `gh auth token`", "the token"),
    ("`BEE_KEY`, then `$XDG_CONFIG_HOME/git-bee/keys`", "the [keys of bee's records](keys.md)"),
    ("`GIT_BEE_HOME`", "bee's home, default `~/.git-bee`"),
    ("`GITHUB_API_URL`, `GITHUB_GRAPHQL_URL`, `GITHUB_SERVER_URL`", "another server, as GitHub Actions sets them"),
    ("`GIT_BEE_LOGS=1`", "the guards write logs under `~/.git-bee/logs`"),
    ("`GIT_BEE_ALERT_REPO`", "where `scripts/watchdog` writes its alert; default: the first of `repos`"),
    ("`VISUAL`, then `EDITOR`", "the editor of `bee new`"),
    ("`NO_COLOR`", "no colours"),
    ("`PAGER`", "what shows `bee help TOPIC` on a terminal"),
)

# ---- messages: what `scripts/documents/messages.py` finds in the code, and what a person does about it

# By the kind of error.
WHAT_TO_DO: Final = {
    "AuthError": "Log in with `gh auth login`, or set `GH_TOKEN`; for scheduled ticks `bee install --token-from-env`.",
    "BeeError": "A bug in bee: paste the report into an issue.",
    "ConfigError": "Fix that line of that file; `bee help settings` has every key.",
    "MovedError": "Put the new name of the repository, or the new server, into `config.yml`.",
    "CutOffError": "Nothing was decided. Run it again; if it persists, the text says what is too much.",
    "ForbiddenError": "Give the token the missing permission; `bee doctor` names it.",
    "UnavailableError": "Open the repository again on GitHub, or take it out of `repos` in `config.yml`.",
    "GitError": "Run it again; the next tick does so by itself. If it persists, check `bee doctor` and the network.",
    "LeaseLost": "Nothing: the run has ended and published nothing more.",
    "LookError": "Run it again; the next tick does so by itself. If it persists: `bee doctor`.",
    "NotFoundError": "Check the number, the repository's name, and what the token may see.",
    "RateLimitError": "Nothing: the next tick after that time looks again.",
    "RefConflict": "Somebody else was faster: run the command again.",
    "RefusedError": "Do what GitHub says, or run `bee doctor`.",
    "RuleError": "Change the rule that GitHub names, or let bee's account bypass it; bee asks once, and tries again.",
    "SandboxError": "Install what the text names, or set `sandbox: none` in `config.yml`.",
    "ServerError": "Nothing: the next tick looks again.",
    "SetupError": "Repair the base branch, or what the policy says; then run: bee resume N",
    "StopOrder": "Nothing: a person stopped the run, and nothing more was published.",
    "UnknownAnswerError": "Nothing: the next tick looks again. If it persists: `bee doctor`.",
    "UnreachableError": "Check the network and the addresses in the environment; the next tick looks again.",
    "UsageError": "Do what the text says; `bee COMMAND --help` has examples.",
}

# Where the text is put together elsewhere: what it says there.
UNSPELLED: Final = {
    "cli.choosing:chosen": "no command passed and ran tests; nothing was written: …",
    "cli.commands.init:run": "nothing was written",
    "cli.commands.logs:run": "… ran on another machine, or its files were pruned here; `bee log …` has its records",
    "cli.commands.steer:_number": "say which item: bee pause N [REASON], or everything: bee pause --all [REASON]",
    "run.session:_made_ready": "The policy's `setup` fails on …: …",
    "run.setup:failure": "The files that agents obey cannot be put back after `setup`: …",
    "run.setup:check_base": "The policy's `setup` fails on …: …",
    "run.traces:push": "E2E traces go to … (`e2e.repo` in the policy), and none may go there: …",
    "run.agent_runner:ready": "what `network` in config.yml asks for cannot be kept here: …",
    "github.errors:of_answer": "GitHub refused (…): …",
    "github.errors:of_graphql": "the token may not do this in … (…); SECURITY.md lists the permissions it needs",
    "github.write:pause_item": "GitHub says that the claim moved: …",
    "sandbox.box:find": "a box for agents cannot be built here: …. Install bubblewrap (macOS has sandbox-exec), or "
    "write `sandbox: none` in config.yml",
    "sandbox.bounds:wrap": "`memory_mb` and `cpus` need a cgroup of systemd's user manager, and none can be had "
    "here: …",
    "sandbox.bounds:check": "`memory_mb` and `cpus` need a cgroup of systemd's user manager, and none can be had "
    "here: …",
    "lease.renewer:look": "the lease is another run's, or a person said stop",
    "lease.renewer:_moved": "the lease is another run's, or a person said stop",
    "run.session:work": "the lease is another run's, or a person said stop",
}

# By the function of bee/wording that words the alert.
ALERTS: Final = {
    "hot_loop": "Read the two runs in the issue, fix the cause, and close it as completed: bee ends the quarantine.",
    "not_logged_in": "Log the engine in there, `bee resume --all` there, and close the issue.",
    "rolled_back": "Fix or update bee on that machine, then `bee resume --rollback` there.",
    "over_budget": "Nothing: it continues at the next UTC midnight. Or raise the limit in `config.yml`.",
    "foreign_records": "Bring the key that it names to that machine, or `bee key adopt owner/name` there.",
    "refused_by_rule": "Change the rule, or let bee's account bypass it; then close the issue.",
    "idle_with_debt": "`bee why N` for each item in the list; move it, label it, or close it.",
}
