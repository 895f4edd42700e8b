#!/bin/bash
# licence.sh [--write] [FOLDER]: every source file says its licence in its first lines, as SPDX has it. --write adds the line
# where it is missing; it can be run as often as one likes. Documents, pictures and expected output are left as they are.
set -euo pipefail

write=0
[ "${1:-}" != --write ] || { write=1 && shift; }
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/../..}"
tag='SPDX-License-Identifier: BSD-3-Clause'

# How a file comments: prints "c" or "hash", or nothing for what is no source.
comment_of() { # FILE
    case $1 in
        *.c | *.h | *.cc | *.map) echo c ;;
        *.sh | *.py | *.pl | *.pm | *.bash | *.cmake | *.in | *.sbatch | *.gdb | *.po | *.conf) echo hash ;;
        CMakeLists.txt | */CMakeLists.txt) echo hash ;;
        *) [ "$(head -c 2 "$1" | tr -d '\0')" != '#!' ] || echo hash ;;
    esac
}

add() { # FILE COMMENT
    local line="# $tag" after=0 new
    [ "$2" = hash ] || line="/* $tag */"
    case $(head -n 1 "$1") in
        '#!'* | '#compdef'*) after=1 ;;
    esac
    new=$(mktemp)
    { head -n "$after" "$1" && echo "$line" && tail -n "+$((after + 1))" "$1"; } >"$new"
    cat "$new" >"$1" # keeps the file's mode
    rm "$new"
}

# A checkout knows its files; where there is no git (a tarball), all that is there but build folders.
files() {
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files --cached --others --exclude-standard
    else
        find .ci CMakeLists.txt src lessons cluster tests slurm -type f
    fi
}

missing=0 found=0
while IFS= read -r file; do
    [ -s "$file" ] || continue
    comment=$(comment_of "$file")
    [ -n "$comment" ] || continue
    found=$((found + 1))
    ! head -n 3 "$file" | grep -F "$tag" >/dev/null || continue
    if [ "$write" = 1 ]; then
        add "$file" "$comment"
    else
        echo "$file does not say '$tag' (tests/scripts/licence.sh --write adds it)"
        missing=$((missing + 1))
    fi
done < <(files)
[ "$found" -gt 0 ] || { echo "no source is here: $PWD" >&2 && exit 1; }
echo "licence: $found source files, $missing without the line"
[ "$missing" = 0 ]
