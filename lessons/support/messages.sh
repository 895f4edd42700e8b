#!/bin/sh
# Collects what the checks say, for translation. Usage: messages.sh OUT.pot FILE.c...
# A call may have several texts to translate, so xgettext reads the files once for each place.
set -eu
out=$1
shift
rm -f "$out"
touch "$out"
for keywords in '-ksay -ktranslated -kcheck:2 -krecognise:2 -kmeasured -kcheck_set:3 -kcheck_sequence:3 -kcheck_times:4 -kcheck_order:4 -kcheck_overlap:3' \
    '-kcheck:5 -kcheck_set:5 -kcheck_sequence:5 -kcheck_order:5' '-kcheck:3' '-kcheck:4'; do
    # shellcheck disable=SC2086 # several words
    xgettext --language=C --from-code=UTF-8 --no-location --omit-header --join-existing -k $keywords -o "$out" "$@"
done
