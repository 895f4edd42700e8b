#!/bin/bash
# cluster/laptop test tells which tests needed a second try, and fails if they are many: tries.sh CHECKOUT
# A copy of it tests a small project, with tests that fail as often as they are told to.
set -euo pipefail
checkout=$1

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/cluster" "$scratch/bin" "$scratch/tests"
cp "$checkout/cluster/laptop" "$scratch/cluster/"
printf '#!/bin/sh\necho conformance\n' >"$scratch/tests/conformance"
printf '#!/bin/sh\necho -n installed\n' >"$scratch/bin/dpkg-query" # packages are not what this is about
chmod 755 "$scratch/tests/conformance" "$scratch/bin/dpkg-query"
cat >"$scratch/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(tries LANGUAGES NONE)
enable_testing()
foreach(test IN ITEMS $ENV{TESTS})
  string(REGEX MATCH "[0-9]+$" failures "${test}")
  string(REPLACE "/" "-" file "${test}")
  add_test(NAME ${test} COMMAND "${CMAKE_SOURCE_DIR}/fail" ${failures} "${CMAKE_BINARY_DIR}/${file}.tries")
  set_tests_properties(${test} PROPERTIES SKIP_RETURN_CODE 77)
endforeach()
END
cat >"$scratch/fail" <<'END'
#!/bin/sh
# fail TIMES FILE: with something that looks like a report of ctest
[ "$1" != 77 ] || exit 77
echo try >>"$2"
echo '1/9 Test #1: steady.0 .....   Passed    0.01 sec'
[ "$(wc -l <"$2")" -gt "$1" ]
END
chmod 755 "$scratch/fail"

failed=0
expect() { # EXIT-CODE LAST-LINES TESTS CTEST-ARGUMENTS...
    local code=0 output last
    rm -rf "$scratch/build"
    output=$(unset MAKEFLAGS && PATH="$scratch/bin:$PATH" TESTS=$3 CMAKE_GENERATOR='Unix Makefiles' \
        "$scratch/cluster/laptop" test "${@:4}" 2>&1 </dev/null) || code=$?
    last=$(sed -n '/^==== Tries/,$ { /^====/d; p }' <<<"$output" | paste -sd'|')
    if [ "$code" != "$1" ] || [ "$last" != "$2" ]; then
        echo "not ok: $3: exit code $code, not $1, or '$last', not '$2': $output" >&2
        failed=1
    else
        echo "ok: $3: $last"
    fi
}

long=a/name_that_leaves_no_room_for_any_dots_between_itself_and_what_became_of_the_test.1
expect 0 '2 passed, 0 needed a second try' 'steady.0;calm.0;left_out.77'
expect 0 '3 passed, 2 needed a second try: a.flake.1, twice.2' 'steady.0;a.flake.1;twice.2' --repeat until-pass:3
expect 0 "3 passed, 3 needed a second try: $long, b.1, c.2" "$long;b.1;c.2" --repeat until-pass:3
expect 1 '5 passed, 4 needed a second try: a.1, b.1, c.1, d.1|more than 3: that is no bad luck' \
    'steady.0;a.1;b.1;c.1;d.1' --repeat until-pass:3
expect 8 '1 passed, 0 needed a second try; 1 failed' 'steady.0;hopeless.9' --repeat until-pass:3
expect 8 '0 passed, 0 needed a second try; 1 failed' 'once.1'
exit "$failed"
