"""The sentences that stand beside the code's own names in the generated tables. Texts only: `reference` puts them in.

`Mover` and rules say who moves next; here stand only words for readers. A name without a sentence fails a test.
"""

from __future__ import annotations

from typing import Final

from bee.model.labels import Label

COLOURS: Final = {
    "agent": "#aceebb",
    "person": "#fff8c5",
    "condition": "#ddf4ff",
    "bee": "#eedcff",
    "nobody": "#eaeef2",
}
LEGEND: Final = (
    "Colours say who moves next: green an agent, yellow a person, blue a condition that bee rechecks by itself, "
    "violet bee, grey nobody."
)

Edges = tuple[tuple[str, str, str], ...]

ISSUE_EDGES: Final[Edges] = (
    ("design-open", "a person ticks Design finalized", "needs-plan"),
    ("needs-plan", "planner writes the plan", "plan-open"),
    ("plan-open", "a person ticks Plan finalized", "needs-step"),
    ("plan-open", "the design text changes", "needs-plan"),
    ("blocked", "what it waits for is closed", "needs-plan"),
    ("blocked", "what a task waits for is closed", "needs-step"),
    ("needs-step", "drafter opens a pull request", "in-review"),
    ("in-review", "merged, and a step is left", "needs-step"),
    ("in-review", "a person closes it unmerged", "abandoned"),
    ("abandoned", "bee retry", "needs-step"),
    ("in-review", "the last step is merged", "complete"),
    ("complete", "bee posts a summary", "closed"),
)
PULL_EDGES: Final[Edges] = (
    ("draft", "a person marks it ready", "needs-review"),
    ("checks-pending", "the checks turn green", "needs-review"),
    ("checks-pending", "a check turns red", "checks-failed"),
    ("checks-failed", "drafter pushes", "needs-review"),
    ("conflicted", "drafter merges the base", "needs-review"),
    ("needs-review", "reviewer asks for changes", "changes-requested"),
    ("changes-requested", "drafter pushes or replies", "needs-review"),
    ("needs-review", "reviewer approves", "needs-e2e"),
    ("queued", "the pull request before it is merged", "needs-e2e"),
    ("needs-e2e", "E2E fails", "e2e-failed"),
    ("e2e-failed", "drafter pushes", "needs-review"),
    ("needs-e2e", "E2E passes", "settling"),
    ("settling", "GitHub has computed mergeable", "ready-to-merge"),
    ("ready-to-merge", "the base moved", "needs-e2e"),
    ("ready-to-merge", "merger, through the merge gate", "closed"),
)
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

HISTORY: Final = {
    "backing-off": "A run failed here with nothing changed since. bee tries again by itself, after 5, 10, 20, 40, "
    "then 60 minutes.",
    "no-change": "The last run here said that there is nothing to do. A person or a change moves it.",
    "exhausted": "Attempts, review rounds, runs or money are spent, or a wait took too long. bee asks a person once.",
}

OUTCOMES: Final = {
    "progressed": "The run published something: a plan, commits, a reply, a verdict, an E2E result, a merge.",
    "no-op-already-done": "The agent said, with its reason, that there is nothing left to do. Not asked again "
    "until something changes.",
    "no-op-waiting": "The agent said, with its reason, what it waits for. Not asked again until something changes.",
    "no-op-stale-input": "What the run was claimed for had changed, or a person stopped it. Nothing of it counts "
    "but what was published before.",
    "escalated": "The item went to a person: an agent's pause, or a limit of bee's own.",
    "error": "The run failed; the failure beside it says how.",
    "no-op-unclassified": "The agent ended without a verb. It counts as a failed try.",
    "lost": "The claim ended without a word (its host died or slept). Bounded separately.",
}

FAILURES: Final = {
    "quota": "The engine's own limit is reached. Not a failed try.",
    "auth": "The engine refused its login.",
    "budget": "The engine's money limit ended the run.",
    "turn-limit": "The engine's turn limit ended the run.",
    "timeout": "The run took longer than its total time and was ended.",
    "stall": "The agent was silent for too long and was ended.",
    "killed": "A signal, or too much output, ended the agent.",
    "no-verb": "The agent ended without a verb.",
    "crash": "The agent's program failed, or bee has a bug; the note says which.",
    "output-gate": "What the agent made may not be published.",
    "workspace": "git, the sandbox or the network failed around the run.",
    "merge-refused": "The merge gate or GitHub refused; the note says which proof failed.",
    "cancelled": "A person stopped the run, or its input changed. Not a failed try.",
}

# name: (values, written by, effect)
MARKERS: Final = {
    "approved-for-e2e": ("`sha=`", "a person, on a pull request", "approved: on to E2E and merge without review"),
    "changes-requested": ("`sha=`", "a person, on a pull request", "back to the drafter, over any approval"),
    "plan": ("`design=`", "bee, above the plan", "binds the plan to the design text it was made from"),
    "plan-approved": (
        "`text=` `by=`",
        "a person through `bee approve`, or bee for a box that a person ticked on the dashboard",
        "approves the plan of this text, as a tick at its gate does",
    ),
    "pr": ("`issue=` `step=` `plan=`", "bee, in a pull request body", "says which step the pull request is"),
    "run": (
        "`id=` `role=` `key=`, and for evidence `verdict=` `head=` `base=` `result=` `class=` `trace=`; "
        "`kind=status` in the status comment",
        "bee, in everything it posts",
        "finds bee's own earlier effect, so that a retry repeats nothing; carries verdicts and E2E results",
    ),
    "alert": ("`key=`", "bee and `scripts/watchdog`, in an alert issue", "one issue per key; never work"),
    "hint": ("none", "`bee retry --hint`", "the comment is given to the next run as `hint.md`"),
    "new": ("`key=`", "`bee new`, in an issue's body", "a second try finds the issue, and opens no other"),
}

# What a reader without values of its own takes, by the name of its function in bee/config/schema.py.
ACCEPTS: Final = {
    "_text": "text",
    "ways_of": "`desktop`, an address, `{command: [program, argument]}`, or a list of these",
    "_yes_no": "`true` or `false`",
    "_texts": "list of texts",
    "_text_or_texts": "text, or list of texts",
    "_repos": "list of `owner/name`",
    "_engine": "a name, or `{command: [program, argument]}`",
    "_prices": "by model, a list of three numbers",
    "_network": "`open`, `none`, or list of hosts",
    "_per_repo": "by `owner/name`, the keys `engine` and `roles`",
}

# Bounds that a configuration file may change, and those of the context folder: tables of their own show them.
BOUNDS_ELSEWHERE: Final = frozenset(
    "FAILURES_MAX REVIEW_ROUNDS_MAX USD_PER_ITEM_MAX RUNS_PER_ITEM_MAX USD_PER_DAY_MAX RUNS_PER_DAY_MAX "
    "CHECKS_PENDING_MINUTES_MAX DIFF_FILES_MAX DIFF_BYTES_MAX VERIFY_SECONDS_MAX CONTEXT_BYTES_MAX".split()
)
KEYS: Final = {
    "settings": {
        "repos": "The repositories this machine watches. Needed unless `--repo` is given.",
        "engine": "The program that plays the roles. See *Engines* below.",
        "roles": "Per role, by its name: how this machine plays it.",
        "slots": "How many agents may run on this machine at the same time.",
        "sandbox": "`required`: every agent runs in a box, or no agent runs. `none`: agents run with all your rights.",
        "usd_per_day": "US dollars that one repository may cost in a UTC day, whichever machine spends them. 0 is no "
        "limit. What is left of it is the limit of a run.",
        "runs_per_day": "Runs that may begin in one repository in a UTC day, on whichever machine.",
        "notify": "How this machine tells you that you are needed, see [operators.md](operators.md#notifications).",
        "prices": "US dollars for a million tokens read, read from the cache, and written. They beat the table in "
        "[engines.md](engines.md#what-a-run-costs).",
        "per_repo": "Where a repository is played differently here: its own `engine`, its own `roles`. It beats what "
        "stands outside. See *Which value counts* below.",
    },
    "settings-role": {
        "engine": "Another engine for this role. Default: the machine's.",
        "model": "The model, for an engine that takes one. The `command` engine does not.",
        "minutes": "The total time of a run. Default: the role's, see [AGENTS.md](../AGENTS.md#roles).",
        "minutes_silent": "How long the agent may print nothing. Default: the role's.",
        "usd": "The money limit of one run, for an engine that takes one. The `command` engine does not.",
        "args": "More arguments for the engine's program.",
        "base_url": "Another server than the vendor's, see [engines.md](engines.md#model-servers-of-your-own). "
        "The `command` engine does not take one.",
        "network": "What the agent may reach, see [engines.md](engines.md#what-an-agent-may-reach). Default: `open`.",
    },
    "policy": {
        "intake": "**Required.** `all`: every open issue of trusted authors. `opted-in`: design docs, and what carries "
        f"`{Label.NEW}`. bee's own pull requests are in scope in both.",
        "verify": "What E2E runs, one after the other with `sh -c`, in a clean checkout of base plus head.",
        "plan_approval": "`auto` waives the second gate: work begins as soon as the plan stands.",
        "merge_method": "How the merge gate merges.",
        "protected_paths": "Paths that no run may change. A list here **replaces** the default; to keep the default "
        "and add to it, write `protected_paths_add`.",
        "protected_paths_add": "More paths that no run may change, beside `protected_paths`.",
        "secrets_allowed_in": "Paths where what looks like a credential may stand, such as test keys. Credentials of "
        "the machine bee runs on may stand nowhere.",
        "trust": "Who may steer bee here, beside those with write access: `allow` and `deny` name logins, `bots` names "
        "bots. `deny` wins.",
        "limits": "Bounds of this repository.",
        "roles": "`test` and `merger` take `engine: none`: bee then does the mechanical part itself, without an agent. "
        "Every role takes `network`, which narrows what the machine allows, see "
        "[engines.md](engines.md#what-an-agent-may-reach).",
        "dashboard": "One issue that shows what runs, what is next and what waits for you, with boxes to steer by. See "
        "[operators.md](operators.md#the-dashboard-issue).",
    },
    "policy-limits": {
        "failures": "Failed tries with nothing changed, before a person is asked.",
        "review_rounds": "Times the reviewer may ask for changes on one pull request, before a person is asked.",
        "usd_per_item": "Money spent on one item, before a person is asked. 0 is no limit.",
        "runs_per_item": "Runs on one item, before a person is asked.",
        "checks_minutes": "How long checks may be pending, before a person is asked.",
        "diff_files": "Files that one pull request of bee's may change.",
        "diff_bytes": "Bytes that the changed files may hold together.",
        "verify_minutes": "Time limit of one verify command.",
    },
}

# What a command ends with.
EXITS: Final = (
    ("0", "done, or nothing to do"),
    ("1", "`bee status`: a person is needed. `bee doctor`: a check failed. `bee demo`: it did not end as it should"),
    ("2", "the command line, a configuration file, or an item that is not there"),
    ("3", "a bug in bee, with a report that is ready to paste"),
    ("75", "could not look, or could not write: network, login, permission, rate limit. Try again later"),
    ("130", "interrupted"),
    ("141", "whoever read the output went away"),
)

ENVIRONMENT: Final = (
    ("`GH_TOKEN`, then `GITHUB_TOKEN`, then `gh auth token`", "the token"),
    ("`GIT_BEE_HOME`", "bee's home, default `~/.git-bee`"),
    ("`GITHUB_API_URL`, `GITHUB_GRAPHQL_URL`, `GITHUB_SERVER_URL`", "another server, as GitHub Actions sets them"),
    ("`GIT_BEE_LOGS=1`", "the guards write logs under `~/.git-bee/logs`"),
    ("`GIT_BEE_ALERT_REPO`", "where `scripts/watchdog` writes its alert; default: the first of `repos`"),
    ("`VISUAL`, then `EDITOR`", "the editor of `bee new`"),
    ("`NO_COLOR`", "no colours"),
    ("`PAGER`", "what shows `bee help TOPIC` on a terminal"),
)

# ---- messages: what `bee/reference/messages.py` finds in the code, and what a person does about it

# By the kind of error.
WHAT_TO_DO: Final = {
    "AuthError": "Log in with `gh auth login`, or set `GH_TOKEN`; for scheduled ticks `bee install --token-from-env`.",
    "BeeError": "A bug in bee: paste the report into an issue.",
    "ConfigError": "Mend that line of that file; `bee help settings` has every key.",
    "CutOffError": "Nothing was decided. Run it again; where it stays, the text says what is too much.",
    "ForbiddenError": "Give the token what it lacks; `bee doctor` says what that is.",
    "GitError": "Run it again; the next tick does so by itself. Where it stays: `bee doctor`, and the network.",
    "LeaseLost": "Nothing: the run has ended and published nothing more.",
    "LookError": "Run it again; the next tick does so by itself. Where it stays: `bee doctor`.",
    "NotFoundError": "Check the number, the repository's name, and what the token may see.",
    "RateLimitError": "Nothing: the next tick after that time looks again.",
    "RefConflict": "Somebody else was faster: run the command again.",
    "RefusedError": "Do what GitHub says, or ask `bee doctor` what does not fit.",
    "SandboxError": "Install what the text names, or decide for `sandbox: none` in `config.yml`.",
    "ServerError": "Nothing: the next tick looks again.",
    "StopOrder": "Nothing: a person stopped the run, and nothing more was published.",
    "UnreachableError": "Check the network and the addresses in the environment; the next tick looks again.",
    "UsageError": "Type what the text says; `bee COMMAND --help` has examples.",
}

# Where the text is put together elsewhere: what it says there.
UNSPELLED: Final = {
    "cli.commands.init:run": "nothing was written",
    "cli.commands.logs:run": "… ran on another machine, or its files were pruned here; `bee log …` has its records",
    "cli.commands.pause:run": "say which item: bee pause N [REASON], or everything: bee pause --all [REASON]",
    "run.agent_runner:ready": "what `network` in config.yml asks for cannot be kept here: …",
    "github.errors:of_answer": "GitHub refused (…): …",
    "github.git_database:_update_ref_by_rest": "GitHub says that the ref is elsewhere: …",
    "github.write:pause": "GitHub says that the claim moved: …",
    "github.git_database:update_refs": "GitHub says that a ref is elsewhere: …",
    "sandbox.box:find": "a box for agents cannot be built here: …. Install bubblewrap (macOS has sandbox-exec), or "
    "write `sandbox: none` in config.yml",
    "lease.renewer:_look": "the lease is another run's, or a person said stop",
    "lease.renewer:move": "the lease is another run's, or a person said stop",
    "run.worker:_result": "the lease is another run's, or a person said stop",
}

# By the function of bee/wording/texts.py that words the alert.
ALERTS: Final = {
    "hot_loop": "Read the two runs in the issue, mend the cause, and close it as completed: bee takes the item out of "
    "quarantine.",
    "not_logged_in": "Log the engine in there, `bee resume --all` there, and close the issue.",
    "rolled_back": "Mend or update bee on that machine, then `bee resume --rollback` there.",
    "over_budget": "Nothing: it goes on at the next UTC midnight. Or raise the limit in `config.yml`.",
    "idle_with_debt": "`bee why N` for each item in the list; move it, label it, or close it.",
}
