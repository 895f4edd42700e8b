#!/bin/bash
# arrows.sh [SRC [KNOWN]]: an include inside the library names its folder, and leads down only: from what a user calls to
# what that is made of. `arrows.known` lists those that still lead up; it may only get shorter.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
source_folder=${1:-$here/../../src}
known=${2:-$here/arrows.known}
layers=(tools program agent manager pool containers messages sync data process far object arena universe launch transport base)

declare -A depth
for i in "${!layers[@]}"; do depth[${layers[i]}]=$i; done
declare -A expected
while read -r arrow; do
    [ -z "$arrow" ] || [ "${arrow:0:1}" = '#' ] || expected[$arrow]=1
done <"$known"

wrong=0
complain() {
    echo "arrows: $*" >&2
    wrong=1
}
cd "$source_folder"
for folder in */; do
    folder=${folder%/}
    compgen -G "$folder/*.[ch]" >/dev/null || continue
    [ "$folder" != multirank ] || continue # what users see
    [ -n "${depth[$folder]:-}" ] || { complain "$folder/ has no place among the layers" && continue; }
    while IFS=: read -r file include; do
        target=${include%%/*}
        case $include in
            multirank.h | multirank_mpi.h | multirank/*) continue ;;
        esac
        if [ "$target" = "$include" ] || [ -z "${depth[$target]:-}" ]; then
            complain "$file includes \"$include\", which names no folder of the house"
        elif [ "${depth[$target]}" -lt "${depth[$folder]}" ]; then
            arrow="$file $include"
            [ -n "${expected[$arrow]:-}" ] || complain "$file includes \"$include\", which is above it"
            unset "expected[$arrow]"
        fi
    done < <(grep -H '^#include "' "$folder"/*.[ch] | sed 's/:#include "\([^"]*\)".*/:\1/')
done
for arrow in "${!expected[@]}"; do
    complain "'$arrow' is not there any more: take it off the list"
done
[ "$wrong" = 0 ] && echo "arrows: all lead down, but for $(grep -cv '^\(#\|$\)' "$known" || true) that are known"
exit "$wrong"
