#!/bin/sh
# All that these checks say is there in Spanish. Usage: spanish.sh FILE.c...
set -eu
here=$(dirname "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$here/messages.sh" "$folder/all.pot" "$@"
# What has no word of a language in it, and what is a command or a line of a program (lines.h), stays as it is.
msggrep --invert-match --msgid --extended-regexp -e '^(timeout |one |producer |1 |%s has ended|"[a-z ]+"|([^a-z]|%[.*0-9]*[a-z]+( s$)?)*$)' \
    -o "$folder/words.pot" "$folder/all.pot"
count=$(grep -c '^msgid' "$folder/words.pot")
[ "$count" -gt 50 ] || { echo "only $count texts were found" >&2 && exit 1; }
msgcmp "$here/es.po" "$folder/words.pot"
echo "$count texts are there"
