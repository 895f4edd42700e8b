#!/bin/bash
# arrows-noticed.sh SRC: arrows.sh notices an include that leads up, one without a folder, a new folder, and a list that is
# longer than it need be.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

try() { # NAME: with $scratch/src and $scratch/known
    if "$here/arrows.sh" "$scratch/src" "$scratch/known" >"$scratch/output" 2>&1; then
        echo "not noticed: $1" && exit 1
    fi
    grep -F "$2" "$scratch/output" || { cat "$scratch/output" && exit 1; }
}
fresh() { rm -rf "$scratch/src" && cp -r "$1" "$scratch/src" && cp "$here/arrows.known" "$scratch/known"; }

fresh "$1" && "$here/arrows.sh" "$scratch/src" "$scratch/known"
fresh "$1" && echo '#include "pool/pool.h"' >>"$scratch/src/base/status.c" && try "an arrow that leads up" 'status.c includes "pool/pool.h", which is above it'
fresh "$1" && echo '#include "status.h"' >>"$scratch/src/pool/pool.c" && try "an include without a folder" 'pool.c includes "status.h", which names no folder'
fresh "$1" && mkdir "$scratch/src/attic" && touch "$scratch/src/attic/old.c" && try "a folder without a place" 'attic/ has no place'
fresh "$1" && echo 'base/status.c pool/pool.h' >>"$scratch/known" && try "a list that is too long" "take it off the list"
