#!/bin/bash
# tests/conformance, with tables, lists and reports made up here, accepts what is right and refuses all else, naming the
# row: conformance.sh CHECKOUT
# shellcheck disable=SC2016 # backquotes in single quotes are marks of code in the table
set -euo pipefail
checkout=$1

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin" "$scratch/build"
cp "$checkout/tests/conformance" "$scratch/"

failed=0
wrong() {
    echo "$*" >&2
    failed=1
}

# Five scenarios and a unit test; what became of each is written behind it.
tests=(good.one.alone=run good.one.mpirun1=run good.one.mpirunN=run good.one.hosts=skip good.two=run
    bad.fails.alone=run bad.fails.mpirun1=fail bad.skips.alone=skip bad.hosts.hosts=skip bad.fails.hosts=run
    over.hosts.alone=run over.hosts.hosts=fail bad.gone.alone=unlisted bad.unrun.alone=unrun bad.lost.alone=lost)

fake_run() { # ctest's list, and the report of its last run
    local test name result number=0
    {
        echo '#!/bin/bash'
        echo 'echo "Test project /nowhere"'
        for test in "${tests[@]}"; do
            [ "${test#*=}" = unlisted ] || echo "echo '  Test #$((++number)): ${test%=*}'"
        done
    } >"$scratch/bin/ctest"
    chmod 755 "$scratch/bin/ctest"
    {
        echo '<?xml version="1.0" encoding="UTF-8"?><testsuite>'
        for test in "${tests[@]}"; do
            name=${test%=*} result=${test#*=}
            case $result in
                run | unlisted) echo "<testcase name=\"$name\" status=\"run\"><system-out/></testcase>" ;;
                fail) echo "<testcase name=\"$name\" status=\"fail\"><failure message=\"\"/></testcase>" ;;
                skip) echo "<testcase name=\"$name\" status=\"notrun\"><skipped message=\"SKIP_RETURN_CODE=77\"/></testcase>" ;;
                unrun) echo "<testcase name=\"$name\" status=\"notrun\"><skipped message=\"Unable to find executable\"/></testcase>" ;;
            esac
        done
        echo '</testsuite>'
    } >"$scratch/build/tests.xml"
}

# Runs it on a table of these rows, each `test|tier|our tests|status`, of which _T.must (C) and _T.may (A) must be there.
try() { # CODE WORDS ROW...: it ends with CODE and prints WORDS in one line
    local code=0 output row test tier ours status wanted_code=$1 words=$2
    shift 2
    printf '# a remark\nC _T.must\nA _T.may\n' >"$scratch/conformance.rows"
    {
        printf '# Title\n\n| CPython test | tier | behaviour | our tests | status |\n| --- | --- | --- | --- | --- |\n'
        for row; do
            IFS='|' read -r test tier ours status <<<"$row"
            echo "| \`$test\` | $tier | it does: what it must | $ours | $status |"
        done
    } >"$scratch/CONFORMANCE.md"
    output=$(PATH="$scratch/bin:$PATH" "$scratch/conformance" "$scratch/build" 2>&1) || code=$?
    [ "$code" = "$wanted_code" ] || wrong "code $code, not $wanted_code, for: $*"$'\n'"$output"
    grep -qF -- "$words" <<<"$output" || wrong "no line says '$words' for: $*"$'\n'"$output"
}

may='_T.may|A|`good.two`|adapted: since this is C'
must='_T.must|C|`good.one`|pass'

fake_run
try 0 '2 rows: 1 pass, 1 adapted, 0 n.a., 0 open; 0 wrong' "$must" "$may"
try 0 '0 wrong' "$must" '_T.may|A||n.a.: no such thing in C'
try 0 '0 wrong' '_T.must|C|`good.one`, `good.two`|pass' '_T.may|A|`good.two`|open: half of it'

# Tests that are missing, failed, were skipped or have not been run
try 1 '_T.must: ctest knows no test bad.none' '_T.must|C|`bad.none`|pass' "$may"
try 1 '_T.must: ctest knows no test good' '_T.must|C|`good`|pass' "$may"
try 1 '_T.must: ctest knows no test bad.gone' '_T.must|C|`bad.gone`|pass' "$may"
try 1 '_T.must: bad.fails.mpirun1: failed' '_T.must|C|`bad.fails`|pass' "$may"
try 1 '_T.must: bad.skips.alone: skipped' '_T.must|C|`bad.skips`|pass' "$may"
try 1 '_T.must: bad.unrun.alone: failed' '_T.must|C|`bad.unrun`|pass' "$may"
try 1 '_T.must: bad.lost.alone: not run' '_T.must|C|`bad.lost`|pass' "$may"
try 1 '_T.must: bad.hosts: skipped under every launch' '_T.must|C|`bad.hosts`|pass' "$may"
try 1 '_T.must: over.hosts.hosts: failed' '_T.must|C|`over.hosts`|pass' "$may"
try 1 '_T.must: bad.fails.mpirun1: failed' '_T.must|C|`good.one`, `bad.fails`|pass' "$may"
try 1 '_T.may: bad.skips.alone: skipped' "$must" '_T.may|A|`bad.skips`|adapted: since this is C'
try 1 '_T.may: bad.skips.alone: skipped' "$must" '_T.may|A|`bad.skips`|n.a.: no such thing in C'

# Rows that claim without a test, or say nothing
try 1 '_T.must: has the status pass, but no test' '_T.must|C||pass' "$may"
try 1 '_T.may: has the status adapted, but no test' "$must" '_T.may|A||adapted: since this is C'
try 1 '_T.may: has the status adapted without a word why' "$must" '_T.may|A|`good.two`|adapted'
try 1 '_T.may: has the status n.a. without a word why' "$must" '_T.may|A||n.a.'
try 1 '_T.may: has the status open without a word why' "$must" '_T.may|A||open: '
try 1 "_T.may: has the status 'passed'" "$must" '_T.may|A|`good.two`|passed'

# Rows that are missing, there twice, unknown, of another tier or broken
try 1 '_T.may: is in the table 0 times, not once' "$must"
try 1 '_T.may: is in the table 2 times, not once' "$must" "$may" "$may"
try 1 '_T.more: is not in conformance.rows' "$must" "$may" '_T.more|C|`good.one`|pass'
try 1 '_T.must: is of tier C, not A' '_T.must|A|`good.one`|pass' "$may"
try 1 '_T.must: the row has 6 cells, not 5' '_T.must|C|`good.one` | and more|pass' "$may"

# Without a report, or with one that is cut off, nothing can be claimed
echo '<testsuite><testcase' >"$scratch/build/tests.xml"
try 1 'conformance: ' "$must" "$may"
rm "$scratch/build/tests.xml"
try 1 'conformance: ' "$must" "$may"
exit "$failed"
