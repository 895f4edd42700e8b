#!/bin/bash
# What the shells offer behind `multirank`: completion.sh COMPLETION-FOLDER FOLDER-OF-THE-TOOL
set -euo pipefail
folder=$1
export PATH=$2:$PATH
# shellcheck source=/dev/null
. "$folder/multirank.bash"
offered() { # WORDS...: what bash would offer for the last of them
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _multirank "$1"
    echo "${COMPREPLY[*]}"
}
want() { # OFFERED EXPECTED
    [[ " $1 " == *" $2 "* ]] || { echo "'$2' is not offered, but '$1'" && exit 1; }
}
for word in info top stack debug help; do want "$(offered multirank '')" "$word"; done
[ "$(offered multirank inf)" = info ] || { echo "'inf' is not completed" && exit 1; }
want "$(offered multirank debug --v)" --valgrind
want "$(offered multirank top '')" $$
if command -v zsh >/dev/null; then
    zsh -n "$folder/_multirank"
else
    echo "there is no zsh, so that is left out"
fi
echo "completion: as it should be"
