#!/bin/sh
# A scripted agent for tests: runs the shell script of its role, in the clone, as a real process would.
#
# Its argument is a folder that holds `<role>.sh`. A role without a script ends with exit 0 and no verb.
cat >/dev/null
[ -e "$1/$BEE_ROLE.sh" ] || exit 0
exec sh -eu "$1/$BEE_ROLE.sh"
