#!/bin/bash
# Whole programs in questions compile without a warning, and print what the question says. programs.sh LESSONS SOURCE LIBRARY
set -euo pipefail
lessons=$1 source=$2 library=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
awk -v folder="$folder" '
    /^code program/ { file = sprintf("%s/%02d.c", folder, ++count); in_code = 1; next }
    /^[|]/ && in_code { print substr($0, 3) >file; next }
    { in_code = 0 }
    /^question/ { file = "" }
    /^prints / { if (file == "") { print FILENAME ": prints, but no program" >"/dev/stderr"; exit 1 }
                 print substr($0, 8) >(file ".expected") }' "$lessons"/[0-9][0-9]-*/quiz.txt
failed=0 count=0
for program in "$folder"/*.c; do
    count=$((count + 1))
    gcc -std=c11 -Wall -Wextra -Werror -I "$source" "$program" -o "$program.run" "$library" -Wl,--build-id=sha1 \
        "-Wl,-rpath,$(dirname "$library")"
    if diff "$program.expected" <("$program.run"); then
        echo "ok: $(cat "$program.expected")"
    else
        echo "not ok: this program prints something else than its question says:" >&2
        cat "$program" >&2
        failed=1
    fi
done
[ "$count" -ge 4 ] || { echo "not ok: only $count programs in all questions" >&2 && failed=1; }
exit "$failed"
