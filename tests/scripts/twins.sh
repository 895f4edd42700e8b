#!/bin/bash
# Every document that has a Spanish twin is built like it: the same headings, tables, lists, links and code, in the same
# order; what the words are is no matter. twins.sh CHECKOUT
set -euo pipefail
cd "$1"

# NAME.md FILE: a line for each part. Of code, its language and lines without comments, which are translated, too.
shape() {
    awk '
        /^```/ { in_code = !in_code; print in_code ? $0 : "end of code"; next }
        in_code { print "code"; next }
        { now = "" }
        /^#+ / { now = "heading " length($1) }
        /^\|/ { cells = gsub(/\|/, "|"); now = "row of " cells }
        /^[-*] / { now = "item" }
        /^[0-9]+\. / { now = "step" }
        now != "" { print now }' "$1"
    echo 'links'
    grep -oE '\]\([^)]*\)' "$1" | sed -E 's/README(\.es)?\.md|PROYECTO\.es\.md/README/; s/#[^)]*//' | sort
}

failed=0
compare() { # ENGLISH SPANISH
    local difference
    if ! [ -e "$2" ]; then
        echo "not ok: $1 has no twin $2" >&2
        failed=1
    elif difference=$(diff <(shape "$1") <(shape "$2")); then
        echo "ok: $1, $2"
    else
        echo "not ok: $1 and $2 are not built alike:" >&2
        echo "$difference" >&2
        failed=1
    fi
}

count=0
for english in lessons/README.md lessons/*/README.md; do
    compare "$english" "${english%.md}.es.md"
    count=$((count + 1))
done
[ "$count" -ge 13 ] || { echo "not ok: only $count documents in lessons/" >&2 && failed=1; }
exit "$failed"
