#!/bin/bash
# Compiles each public header alone, as C and as C++, with each compiler there is, and wants no warning:
# headers.sh FOLDER MPI-FOLDERS...
set -euo pipefail
folder=$1 includes=("${@:2}")
warnings=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

check() { # COMPILER LANGUAGE STANDARDS...
    local header standard
    if ! command -v "$1" >/dev/null; then
        echo "$1 is not here, so it is left out"
        return
    fi
    for header in "$folder"/multirank*.h "$folder"/multirank/*.h; do
        [ "$2" = c++ ] || [ "$(basename "$header")" != multirank_cxx.h ] || continue
        for standard in "${@:3}"; do
            echo "$1 -std=$standard $(basename "$header")"
            # Not by its path alone: as the main file, not as a system header.
            printf '#include "%s"\n' "$header" >"$scratch/alone"
            "$1" -x "$2" "-std=$standard" "${warnings[@]}" -fsyntax-only "${includes[@]/#/-I}" "$scratch/alone"
        done
    done
}

command -v gcc >/dev/null || { echo "there is no gcc" >&2 && exit 1; }
check gcc c c11
check clang c c11
check g++ c++ c++11 c++17 c++20
check clang++ c++ c++11 c++17 c++20
