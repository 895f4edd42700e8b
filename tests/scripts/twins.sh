#!/bin/bash
# Every document that has a Spanish twin is built like it: the same headings, tables, lists, links and code, in the same
# order; what the words are is no matter. twins.sh CHECKOUT
set -euo pipefail
cd "$1"

# A line for each part of a document. Comments in code, names of files and drawings are translated, too.
shape() {
    awk '
        /^```/ { in_code = !in_code; language = substr($0, 4); print in_code ? $0 : "end of code"; next }
        in_code {
            sub(/\/\*.*\*\//, ""); sub(/(^| )#( .*)?$/, ""); gsub(/ +/, " "); sub(/ $/, "")
            print "code " (language ~ /^(c|cmake)$/ ? $0 : language == "sh" ? $1 : "")
            next
        }
        { now = "" }
        /^#+ / { now = "heading " length($1) }
        /^\|/ { cells = gsub(/\|/, "|"); now = "row of " cells }
        /^[-*] / { now = "item" }
        /^[0-9]+\. / { now = "step" }
        now != "" { print now }' "$1"
    echo 'links'
    { grep -oE '\]\([^)]*\)' "$1" || true; } | sed -E '
        s|\((\.\./)?lessons/|(|; s|\(\.\./|(|        # the twin of the README at the top lies one folder below
        s/README(\.es)?\.md|PROYECTO\.es\.md/README/
        s/#[^)]*//' | sort
}

failed=0
compare() { # ENGLISH SPANISH
    local difference english spanish
    if ! [ -e "$2" ]; then
        echo "not ok: $1 has no twin $2" >&2
        failed=1
        return
    fi
    english=$(shape "$1") spanish=$(shape "$2")
    [[ $english == heading* ]] || { echo "not ok: $1 begins without a heading" >&2 && failed=1; }
    if difference=$(diff <(echo "$english") <(echo "$spanish")); then
        echo "ok: $1, $2"
    else
        echo "not ok: $1 and $2 are not built alike:" >&2
        echo "$difference" >&2
        failed=1
    fi
}

compare README.md lessons/PROYECTO.es.md
count=0
for english in lessons/README.md lessons/*/README.md; do
    compare "$english" "${english%.md}.es.md"
    count=$((count + 1))
done
[ "$count" -ge 13 ] || { echo "not ok: only $count documents in lessons/" >&2 && failed=1; }
exit "$failed"
