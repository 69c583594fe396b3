"""The sentences that stand beside the code's own names in the generated tables. Texts only: `reference` puts them in.

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
        "`breeze:new`. bee's own pull requests are in scope in both.",
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
    "github.client:_check": "GitHub refused (…): …",
    "github.client:_check_limits": "GitHub's rate limit is reached (…); it ends at …, in … s: try again then",
    "github.client:_raise_limits": "GitHub's rate limit is reached (GraphQL points); it ends at …, in … s: "
    "try again then",
    "github.write:_update_ref_by_rest": "GitHub says that the ref is elsewhere: …",
    "github.write:pause": "GitHub says that the claim moved: …",
    "github.write:update_refs": "GitHub says that a ref is elsewhere: …",
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
