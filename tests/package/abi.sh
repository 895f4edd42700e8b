#!/bin/bash
# The shared library exports what tests/package/symbols lists, no less and no more: abi.sh LIBRARY [--write]. What goes, or
# changes, needs another minor version; what comes is to be added to the list (--write does it).
set -euo pipefail
library=$1
list=$(dirname "${BASH_SOURCE[0]}")/symbols
exported=$(nm -D --defined-only "$library" | awk '{ print $NF }' | LC_ALL=C sort)
[ -n "$exported" ] || { echo "abi: $library exports nothing" && exit 1; }
if [ "${2:-}" = --write ]; then
    echo "$exported" >"$list"
    exit 0
fi
gone=$(LC_ALL=C comm -13 <(echo "$exported") "$list")
new=$(LC_ALL=C comm -23 <(echo "$exported") "$list")
[ -z "$gone" ] || echo "gone, so programs that use them do not start any more: ${gone//$'\n'/ }"
[ -z "$new" ] || echo "new, and not in tests/package/symbols yet (abi.sh LIBRARY --write): ${new//$'\n'/ }"
[ -z "$gone$new" ] && echo "abi: $(wc -l <"$list") symbols, as listed"
