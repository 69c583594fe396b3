#!/bin/sh
# End to end: calc as a person types it, in a real shell. Exit 0 when everything holds.
set -u
failed=0

check() { # what, expected, found
    if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "FAILED: $1: expected '$2', got '$3'"; failed=1; fi
}

calc() { python3 -m calc "$@"; }

check "add 2 3" "5" "$(calc add 2 3)"
check "subtract 5 3" "2" "$(calc subtract 5 3)"

if calc --help | grep -q divide; then
    check "divide 6 3" "2" "$(calc divide 6 3)"
    check "divide 1 0 says why" "error: cannot divide by zero" "$(calc divide 1 0 2>&1 >/dev/null | tail -n 1)"
    calc divide 1 0 >/dev/null 2>&1
    check "exit status of divide 1 0" "2" "$?"
fi
exit "$failed"
