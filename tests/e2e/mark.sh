# SPDX-License-Identifier: Apache-2.0
# Bash reads this before a case (BASH_ENV). Before each command, write its line number and those of
# its callers to both output streams. lines.py removes these marks.
unset BASH_ENV
exec 198>&1 199>&2
set -o functrace
trap 'printf "\001@%s\n" "$LINENO ${BASH_LINENO[*]}" >&198
    printf "\001@%s\n" "$((LINENO - 1)) ${BASH_LINENO[*]}" >&199' DEBUG
