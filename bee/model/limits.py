"""Every bound of bee, in one place, each with its unit in its name. Policies may lower or raise some of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Lease and runs
LEASE_SECONDS: Final = 15 * 60
LEASE_RENEW_SECONDS: Final = 4 * 60
LEASE_POLL_SECONDS: Final = 30
LEASE_MARGIN_SECONDS: Final = 60
WRITE_SECONDS_MAX: Final = 30
PROOF_SECONDS_MAX: Final = 15
CLAIM_TRIES_MAX: Final = 2
REPAIRS_PER_TICK_MAX: Final = 20
KILL_GRACE_SECONDS: Final = 10
LAUNCH_SECONDS_MAX: Final = 60
RUN_GRACE_SECONDS: Final = 5 * 60
HUMAN_WIP_HOLD_SECONDS: Final = 2 * 60 * 60

# Attempts
BACKOFF_MINUTES: Final = (5, 10, 20, 40, 60)
FAILURES_MAX: Final = 5
LOST_MAX: Final = 5
REVIEW_ROUNDS_MAX: Final = 3
SAME_FAILURE_INPUTS_MAX: Final = 3
REPAIR_ROUNDS_MAX: Final = 5
OVERTAKEN_PASSES_MAX: Final = 3
HOT_LOOP_SECONDS: Final = 5 * 60
HOT_LOOP_RELEASES_MAX: Final = 3
IDLE_DEBT_TICKS: Final = 3
CHECKS_PENDING_MINUTES_MAX: Final = 120
MERGED_BEFORE_MAX: Final = 3
CHANGED_READ_MAX: Final = 20
LANDED_ASKED_MAX: Final = 20
MERGED_READ_MAX: Final = 20
MERGED_CHECKS_READ_MAX: Final = 20
SETTLING_MINUTES_MAX: Final = 30
TRACE_REFUSED_SECONDS: Final = 60 * 60
SHOWN_AGAIN_SECONDS: Final = 3600  # until bee tries again to show what GitHub did not let it show
PULL_DISPATCHES_IN_A_ROW_MAX: Final = 5
SWEEP_HOURS: Final = 24
SWEEP_ITEMS_MAX: Final = 20
SWEEP_REFS_MAX: Final = 100
CLOSED_LOOKED_AT_HOURS: Final = 72
ITEM_REFS_KEPT_DAYS_MAX: Final = 30
TRACES_KEPT_DAYS_MAX: Final = 30
QUOTA_MINUTES: Final = 30
HISTORY_RUNS_MAX: Final = 60

# The dashboard issue
DASHBOARD_MINUTES_MIN: Final = 5
DASHBOARD_ROWS_MAX: Final = 20
SEEN_LINES_MAX: Final = 10  # commits, and files, that a person is shown before they approve a head
DASHBOARD_BOXES_MAX: Final = 10
DASHBOARD_SAID_MAX: Final = 5
DASHBOARD_EDITS_MAX: Final = 90

# Money and runs, unless the policy says otherwise
USD_PER_ITEM_MAX: Final = 25.0
USD_PER_DAY_MAX: Final = 100.0
RUNS_PER_ITEM_MAX: Final = 40
RUNS_PER_DAY_MAX: Final = 200
DAY_SECONDS: Final = 24 * 60 * 60

# Notifications
NOTIFY_SECONDS_MAX: Final = 10
BROWSER_SECONDS_MAX: Final = 5
TOLD_MAX: Final = 1000

# What people watch
TICK_EVERY_MINUTES: Final = 5
# Every hour has the same ticks, and the watchdog's fifteen minutes without one stay a sign that something is wrong.
TICK_EVERY_MINUTES_ALLOWED: Final = (1, 2, 3, 4, 5, 6, 10)
TICK_EVERY_SECONDS: Final = TICK_EVERY_MINUTES * 60
WATCH_SECONDS: Final = 30
WATCH_SECONDS_MIN: Final = 5
SHOWN_ITEMS_MAX: Final = 20
WATCH_LINES_MAX: Final = 300

# Reading GitHub
PAGE_ITEMS_MAX: Final = 100
PAGES_PER_LIST_MAX: Final = 200
REQUEST_SECONDS_MAX: Final = 30
REQUEST_TRIES_MAX: Final = 3
GITHUB_AWAY_SECONDS_MAX: Final = 65 * 60  # the primary limit starts anew within the hour
REDIRECTS_MAX: Final = 3
TOKEN_EXPIRY_SECONDS: Final = 7 * 24 * 60 * 60
TOKEN_COMMAND_SECONDS_MAX: Final = 30
TOKEN_BYTES_MAX: Final = 4096
TOKEN_SECONDS_MAX: Final = 45 * 60  # an App's token lives for an hour
TOKEN_LEFT_SECONDS_MIN: Final = 10 * 60
TOKEN_RETRY_SECONDS: Final = 60
SLOW_SECONDS: Final = 8  # GitHub ends a query after ten
SETTLE_READS_MAX: Final = 5
RATE_WAIT_SECONDS_MAX: Final = 10
# How long a limit lasts that does not say until when:
# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
RATE_PAUSE_SECONDS: Final = 60
RESERVE_REQUESTS: Final = 500
WRITES_AT_ONCE_MAX: Final = 20
WRITE_EVERY_SECONDS: Final = 1
WRITES_PER_HOUR_MAX: Final = 400
MEMO_MINUTES_MAX: Final = 60
HINT_SETTLED_SECONDS: Final = 5
HINT_BYTES_MAX: Final = 5 * 1024 * 1024
BLOCKERS_READ_MAX: Final = 30  # requests in one look, for what issues name as blockers
FOREIGN_COMMITS_MAX: Final = 100
FOREIGN_TIPS_READ_MAX: Final = 20
COUNTED_REFS_MAX: Final = 10_000

# What an agent gives and gets
BODY_BYTES_MAX: Final = 60_000
ISSUE_BODY_CHARACTERS_MAX: Final = 65_536  # GitHub's own bound
PLAN_CHARACTERS_MIN: Final = 1_000  # what a plan of a step or two takes: without that room no planner is sent
ESCALATION_REASON_BYTES_MAX: Final = 40_000
TITLE_CHARACTERS_MAX: Final = 256
OWN_ISSUES_PAGES_MAX: Final = 5
LEDGER_PAGE_RECORDS: Final = 500
LEDGER_RECORDS_MAX: Final = 100_000
# A run's job, as JSON on its worker's standard input; half of it before the claim, for what is said meanwhile.
JOB_BYTES_MAX: Final = 64 * 1024 * 1024
VERB_BYTES_MAX: Final = 512 * 1024
COMMITS_BYTES_MAX: Final = 64 * 1024 * 1024
COMMITS_SECONDS_MAX: Final = 60
COMMIT_AHEAD_SECONDS_MAX: Final = 60
OBJECTS_MAX: Final = 200_000
OBJECTS_BYTES_MAX: Final = 512 * 1024 * 1024
OBJECT_BYTES_MAX: Final = 16 * 1024 * 1024
VERBS_PER_RUN_MAX: Final = 200
PROMPT_BYTES_MAX: Final = 65_536
# What an agent is given to read, by file; the thread keeps its end, everything else its beginning.
CONTEXT_BYTES_MAX: Final[Mapping[str, int]] = {
    "item.json": 100_000,
    "item.md": 80_000,
    "issue.md": 80_000,
    "thread.md": 60_000,
    "plan.md": 40_000,
    "step.md": 20_000,
    "diff.patch": 200_000,
    "since.patch": 200_000,
    "guarded.md": 20_000,
    "feedback.md": 60_000,
    "threads.md": 60_000,
    "last-failure.md": 4_000,
    "handoff.md": 16_000,
    "hint.md": 16_000,
}
TRANSCRIPT_BYTES_MAX: Final = 50 * 1024 * 1024
DIFF_FILES_MAX: Final = 300
DIFF_BYTES_MAX: Final = 2 * 1024 * 1024
FILE_BYTES_MAX: Final = 1024 * 1024
PATH_BYTES_MAX: Final = 512  # with the folder of a clone before it, within every system's bound
PATH_FOLDERS_MAX: Final = 64
SCAN_BYTES_MAX: Final = 32 * 1024 * 1024
COMMITS_PER_RUN_MAX: Final = 100
PLAN_STEPS_MAX: Final = 20
OUTPUT_HEAD_BYTES: Final = 4_000
OUTPUT_TAIL_BYTES: Final = 8_000

# Commands
GIT_SECONDS_MAX: Final = 300
# A run's fetch, the first above all, may take as long as bytes flow.
FETCH_SECONDS_MAX: Final = 12 * 60 * 60
FETCH_STALL_SECONDS_MAX: Final = 120
CONFINED_MEMORY_BYTES_MAX: Final = 2 * 1024 * 1024 * 1024
VERIFY_SECONDS_MAX: Final = 20 * 60
# What `bee init` tries of a repository: how many ways to test it, and for how long all together.
CANDIDATES_MAX: Final = 8
TRIALS_SECONDS_MAX: Final = 40 * 60
RUNS_KEPT_MAX: Final = 200
RUNS_KEPT_DAYS_MAX: Final = 30
DEAD_SOCKET_MINUTES: Final = 60
SOCKETS_LOOKED_AT_MAX: Final = 200
