#!/bin/bash
# The manual that was built: a page with all its sections for each public call, and nothing that man complains of:
# manual.sh MANUAL-FOLDER SOURCE-FOLDER TOOL
set -euo pipefail
manual=$1 source=$2 tool=$3
wrong=0
complain() { echo "manual: $*" && wrong=1; }

# Not by the generator's own eyes: what the compiler sees of the headers.
mapfile -t calls < <(printf '#include "%s"\n#include "%s"\n' "$source/multirank.h" "$source/multirank/scoped.h" |
    cat - <(sed '/^#include/d' "$source/multirank_mpi.h") | gcc -E -P -x c - | tr '\n' ' ' |
    grep -oE 'visibility\("default"\)\)\)[^;{]*;' | sed -E 's/^visibility[^ ]* *//' |
    sed -nE 's/^[^(]*\b(mr_[a-z0-9_]+)\(.*/\1/p' | grep -v '^mr__' | sort -u)
[ "${#calls[@]}" -gt 250 ] || complain "the headers declare only ${#calls[@]} calls"
for call in "${calls[@]}"; do
    page=$manual/man/man3/$call.3
    [ -s "$page" ] || { complain "$call has no page" && continue; }
    if grep -q '^\.so ' "$page"; then page=$manual/man/$(sed 's/^\.so //' "$page"); fi
    for section in NAME SYNOPSIS DESCRIPTION 'RETURN VALUE' ERRORS 'WHO MAY CALL' 'SEE ALSO'; do
        grep -qx ".SH $section" "$page" || complain "$call: no section $section in $page"
    done
    grep -A 1 -x '.SH NAME' "$page" | grep -qE "\b$call\b.* \\\\- .+" || complain "$call is not in the NAME of $page"
    sed -n '/^\.SH SYNOPSIS/,/^\.SH DESC/p' "$page" | grep -q "\b$call(" || complain "$call is not in the SYNOPSIS of $page"
    grep -rq "id=\"$call\"" "$manual/html" || complain "$call is not in the HTML"
done

# Every page that a page names is there.
while IFS=: read -r page reference; do
    name=${reference%% *} section=${reference##*(}
    case $name in gdb | valgrind) continue ;; esac
    [ -e "$manual/man/man${section%%)*}/$name.${section%%)*}" ] || complain "$page names $reference, which is not there"
done < <(cd "$manual/man" && grep -rE '^\.BR [^ ]+ \([137]\)' . | sed 's/:\.BR /:/')
while read -r link; do
    file=${link%%#*} anchor=${link#*#}
    grep -q "id=\"$anchor\"" "$manual/html/$file" || complain "HTML: $link leads nowhere"
done < <(grep -rhoE 'href="[^"]*#[^"]*"' "$manual/html" | sed 's/href="//; s/"$//' | sort -u)

for word in $("$tool" help | sed -nE 's/^(usage:|  +) *multirank ([a-z-]+).*/\2/p'); do
    grep -q "^\.B multirank $word" "$manual/man/man1/multirank.1" || complain "multirank.1 does not tell of $word"
done

mapfile -t pages < <(grep -rL '^\.so ' "$manual/man")
if command -v mandoc >/dev/null; then
    mandoc -T lint -W warning "${pages[@]}" || complain "mandoc warns"
else
    echo "there is no mandoc, so that is left out"
fi
if command -v groff >/dev/null && groff -man -Tutf8 -z /dev/null 2>/dev/null; then
    warnings=$(groff -man -ww -Tutf8 -z "${pages[@]}" 2>&1) || true
    [ -z "$warnings" ] || complain "groff warns: $warnings"
else
    echo "there is no groff with its macros, so that is left out"
fi
echo "manual: ${#calls[@]} calls, ${#pages[@]} pages"
exit "$wrong"
