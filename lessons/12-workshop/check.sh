#!/bin/sh
# Uses the workshop's program as a person would, and says for each check whether it held.
# Usage: check.sh EDGES_PROGRAM FOLDER_WITH_SAMPLE      (the program `sample` is expected next to EDGES_PROGRAM)
set -u
[ $# -eq 2 ] && [ -x "$1" ] && [ -r "$2/sample.jpg" ] || {
    echo "Usage: check.sh EDGES_PROGRAM FOLDER_WITH_SAMPLE" >&2
    exit 2
}
here=$(cd "$(dirname "$1")" && pwd)
edges=$here/$(basename "$1")
picture=$(cd "$2" && pwd)/sample.jpg
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
cd "$folder" || exit 1
failed=0

# check WHAT COMMAND...: one line; the command's own words only if it fails.
check() {
    what=$1
    shift
    if "$@" >said 2>&1; then
        echo "ok      $what"
    else
        echo "FAILED  $what"
        sed 's/^/        /' said
        failed=$((failed + 1))
    fi
    rm -f said
}

# The picture is written, exit code 0, nothing on standard error.
good() {
    timeout 60 "$edges" "$@" 2>complaint && [ -s "$2" ] && [ ! -s complaint ] && return
    cat complaint
    return 1
}

# refuses CODE LINES ARGUMENTS...: that exit code, so many lines on standard error, no picture.
refuses() {
    code=$1 lines=$2 got=0
    shift 2
    timeout 60 "$edges" "$@" 2>complaint || got=$?
    cat complaint
    [ $got -eq "$code" ] && [ "$(wc -l <complaint)" -eq "$lines" ] && [ ! -e new.png ]
}

same_as_sequential() {
    good "$picture" new.png --mode "$1" --processes "$2" && cmp new.png sequential.png
    result=$?
    rm -f new.png
    return $result
}

all_modes() {
    "$here/sample" size.jpg "$1" "$2" && good size.jpg new.png --processes "$3" >table &&
        grep -q "^$1 x $2 pixels" table && grep -q "byte for byte" table &&
        [ "$(grep -cE '^(sequential|processes|threads) +[0-9.]+ +[0-9.]+$' table)" -eq 3 ]
    result=$?
    [ $result -eq 0 ] || cat table
    rm -f new.png size.jpg table
    return $result
}

in_place() {
    cp sequential.png place.png && good place.png place.png --mode sequential && ! cmp -s place.png sequential.png
}

# A picture that is there already survives a failure.
keeps_the_old() {
    cp sequential.png old.png && ! "$edges" short.jpg old.png --mode sequential && cmp old.png sequential.png
}

check "sequential" good "$picture" sequential.png --mode sequential
for count in 1 2 3 4 5 6 7 8; do
    check "processes: $count, as sequential" same_as_sequential processes $count
    check "threads: $count, as sequential" same_as_sequential threads $count
done
check "all modes, no options" good "$picture" new.png
rm -f new.png
check "1 x 1, 8 processes" all_modes 1 1 8
check "1 x 9, 4 processes" all_modes 1 9 4
check "9 x 1, 2 processes" all_modes 9 1 2
check "5 x 3, 8 processes" all_modes 5 3 8
check "7 x 9, 8 processes" all_modes 7 9 8
check "3000 x 2000, 2 processes" all_modes 3000 2000 2

check "PNG as input" good sequential.png twice.png --mode sequential
cp "$picture" jpeg.png
check "JPEG that is called PNG" good jpeg.png twice.png --mode sequential
check "the picture itself overwritten" in_place

head -c 20000 "$picture" >short.jpg
head -c 20000 sequential.png >short.png
echo "This is a letter." >letter.png
: >empty.png
mkdir folder.png
for file in missing.png empty.png letter.png folder.png short.jpg short.png; do
    check "refused: $file" refuses 1 1 $file new.png
done
check "refused: an output folder that is not there" refuses 1 1 sequential.png none/new.png --mode sequential
check "refused: an output that is a folder" refuses 1 1 sequential.png folder.png --mode sequential
check "the old picture survives a failure" keeps_the_old

check "no arguments" refuses 2 1
check "one argument" refuses 2 1 "$picture"
check "three pictures" refuses 2 2 "$picture" new.png third.png
check "unknown mode" refuses 2 2 "$picture" new.png --mode magic
check "unknown option" refuses 2 2 "$picture" new.png --quickly
check "option without a value" refuses 2 2 "$picture" new.png --processes
for count in 0 -1 two 2x 1025 99999999999999999999 ""; do
    check "processes: '$count'" refuses 2 2 "$picture" new.png --processes "$count"
done

rm -rf complaint sequential.png twice.png place.png old.png jpeg.png short.* letter.png empty.png folder.png
check "nothing left behind" test -z "$(ls -A)"
[ $failed -eq 0 ] && echo "All checks held." || echo "Checks that failed: $failed."
[ $failed -eq 0 ]
