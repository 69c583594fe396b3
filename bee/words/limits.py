"""Every bound of bee, in one place, each with its unit in its name. Policies may lower or raise some of them."""

from __future__ import annotations

from typing import Final

# Lease and runs
LEASE_SECONDS: Final = 15 * 60
LEASE_RENEW_SECONDS: Final = 4 * 60
LEASE_POLL_SECONDS: Final = 30
LEASE_MARGIN_SECONDS: Final = 60
WRITE_SECONDS_MAX: Final = 30
CLAIM_TRIES_MAX: Final = 2
REPAIRS_PER_TICK_MAX: Final = 20
KILL_GRACE_SECONDS: Final = 10
RUN_GRACE_SECONDS: Final = 5 * 60
HUMAN_WIP_HOLD_SECONDS: Final = 2 * 60 * 60

# Attempts
BACKOFF_MINUTES: Final = (5, 10, 20, 40, 60)
FAILURES_MAX: Final = 5
LOST_MAX: Final = 5
REVIEW_ROUNDS_MAX: Final = 3
OVERTAKEN_PASSES_MAX: Final = 3
HOT_LOOP_SECONDS: Final = 5 * 60
HOT_LOOP_RELEASES_MAX: Final = 3
IDLE_DEBT_TICKS: Final = 3
CHECKS_PENDING_MINUTES_MAX: Final = 120
SETTLING_MINUTES_MAX: Final = 30
PULL_DISPATCHES_IN_A_ROW_MAX: Final = 5
QUOTA_MINUTES: Final = 30
HISTORY_RUNS_MAX: Final = 60

# Money and runs, unless the policy says otherwise
USD_PER_ITEM_MAX: Final = 25.0
USD_PER_DAY_MAX: Final = 100.0
RUNS_PER_ITEM_MAX: Final = 40
RUNS_PER_DAY_MAX: Final = 200
DAY_SECONDS: Final = 24 * 60 * 60

# Reading GitHub
PAGE_ITEMS_MAX: Final = 100
PAGES_PER_LIST_MAX: Final = 200
REQUEST_SECONDS_MAX: Final = 30
REQUEST_TRIES_MAX: Final = 3
SETTLE_READS_MAX: Final = 5

# What an agent gives and gets
BODY_BYTES_MAX: Final = 60_000
TITLE_CHARACTERS_MAX: Final = 256
OWN_ISSUES_PAGES_MAX: Final = 5
VERB_BYTES_MAX: Final = 512 * 1024
VERBS_PER_RUN_MAX: Final = 200
CONTEXT_PART_BYTES_MAX: Final = 100_000
TRANSCRIPT_BYTES_MAX: Final = 50 * 1024 * 1024
DIFF_FILES_MAX: Final = 300
DIFF_BYTES_MAX: Final = 2 * 1024 * 1024
FILE_BYTES_MAX: Final = 1024 * 1024
SCAN_BYTES_MAX: Final = 32 * 1024 * 1024
COMMITS_PER_RUN_MAX: Final = 100
PLAN_STEPS_MAX: Final = 20
OUTPUT_HEAD_BYTES: Final = 4_000
OUTPUT_TAIL_BYTES: Final = 8_000

# Commands
GIT_SECONDS_MAX: Final = 300
VERIFY_SECONDS_MAX: Final = 20 * 60
RUNS_KEPT_MAX: Final = 200
RUNS_KEPT_DAYS_MAX: Final = 30
