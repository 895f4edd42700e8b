#!/bin/bash
# Games by a pipe and on a terminal; what is refused. played.sh MULTIRANK LESSONS
set -euo pipefail
multirank=$1 lessons=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export LC_ALL=C.UTF-8
failed=0
ok() { echo "ok: $1"; }
not_ok() { echo "not ok: $1" >&2; failed=1; }
has() { # WHAT FILE TEXT
    if grep -qF -- "$3" "$2"; then ok "$1"; else not_ok "$1: no '$3' in:" && cat "$2" >&2; fi
}
mkdir "$folder/course" "$folder/course/01-words"
file=$folder/course/01-words/quiz.txt
good=$'lesson 01\nboth Words\nquestion one\nes ¿Q?\nen Q?\nright\nes sí\nen right one\nwrong\nes no\nen other\nwrong\nboth third\nreason\nes porque\nen because'
quiz() { "$multirank" quiz --folder "$folder/course" "$@"; }

# A question each of the four kinds, played to its end. Which letter is right is seen in a first game of the same seed.
cat >"$file" <<QUIZ
$good
question several
both S?
right
both a first one
right
both a second one
wrong
both a bad one
reason
both because of S
question number
both N?
answer -15
reason
both because of N
question truth
both T?
answer false
reason
both because of T
QUIZ
answers() { # from what a game has shown
    awk '/^S\?$/ { several = 1 } /^Q\?$/ { several = 0 }
        / right one$|a first one$|a second one$/ { found = found substr($1, 1, 1) }
        /^\(/ { print found == "" ? (number ? "-15" : "f") : found; found = ""; number = 0 } /^N\?$/ { number = 1 }' "$1"
}
printf '1\n1\n1\n' | quiz --seed 5 --lang en >"$folder/first" || not_ok 'a game that ends early'
for seed in 1 2 3 4 5; do
    : >"$folder/answers"
    for _ in 1 2 3 4; do # question by question: each game shows one more
        quiz --seed "$seed" --lang en <"$folder/answers" >"$folder/shown"
        answers "$folder/shown" >"$folder/more"
        cp "$folder/more" "$folder/answers"
    done
    quiz --seed "$seed" --lang en <"$folder/answers" >"$folder/shown"
    has "all right, seed $seed" "$folder/shown" 'Right: 4 of 4 (100 %)'
    for reason in because 'because of S' 'because of N' 'because of T'; do
        grep -qF "  $reason" "$folder/shown" || not_ok "no reason '$reason'"
    done
done
quiz --seed 5 --lang en <"$folder/answers" | cmp - "$folder/shown" && ok 'the same seed, the same game'
quiz --lang es </dev/null >"$folder/shown" && has 'the end of input ends it' "$folder/shown" 'Aciertos: 0 de 0'
printf 'zz\nq\n' | quiz --lang en --seed 1 --questions 1 >"$folder/shown"
has 'an answer that is none' "$folder/shown" 'That is no answer here'
if grep -q $'\033' "$folder/shown"; then not_ok 'colour in a pipe'; else ok 'no colour in a pipe'; fi

# On a terminal of 80 x 24 all questions of the course fit, with colour, without it if that is asked for.
game="'$multirank' quiz --folder '$folder/course' --lang en --seed 1"
printf 'f\na\n-1\nf\n\nq\n' | TERM=xterm script -qec "stty cols 80 rows 24; $game" /dev/null >"$folder/shown"
grep -q $'\033\\[3[12]m' "$folder/shown" && ok 'colour on a terminal' || { not_ok 'no colour on a terminal'; cat "$folder/shown"; }
printf 'f\na\n-1\nf\n\nq\n' | NO_COLOR=1 TERM=xterm script -qec "$game" /dev/null >"$folder/shown"
if grep -q $'\033' "$folder/shown"; then not_ok 'colour with NO_COLOR'; else ok 'no colour with NO_COLOR'; fi
for language in es en; do
    for _ in $(seq 300); do printf 'a\n1\nt\n'; done | # one of them is an answer to each question
        "$multirank" quiz --folder "$lessons" --lang "$language" --seed 1 >"$folder/shown"
    if grep -E '^.{81}' "$folder/shown"; then not_ok "$language: lines too long for 80 columns"; fi
    awk '/^[0-9]+\/[0-9]+ · / { if (!first) first = NR; begin = NR; asked++ }
        /^\(/ && begin { if (NR - begin > 23) { print "not ok: too high for 24 rows: line " begin; bad = 1 }; begin = 0 }
        END { exit bad || asked < 66 }' "$folder/shown" || not_ok "$language: a question does not fit"
done
ok 'the questions fit into 80 x 24'

refused() { # WHAT TEXT OF-THE-MESSAGE
    local code=0
    printf '%s\n' "$2" >"$file"
    quiz </dev/null >"$folder/shown" 2>&1 || code=$?
    [ "$code" = 1 ] || not_ok "$1: exit code $code"
    has "$1" "$folder/shown" "$3"
    has "$1: its place" "$folder/shown" "01-words/quiz.txt:"
}
refused 'a language is missing' "${good/en Q?/}" "has no text in 'en'"
refused 'the reason is missing' "${good%reason*}" "the reason of this question has no text"
refused 'two right options' "${good/wrong/right}" "has one right option, and this one has 2"
refused 'options that are the same' "${good/en other/en third}" "say the same in 'en'"
refused 'an unknown word' "$good"$'\nanswers 3' "no line begins with 'answers'"
refused 'an unknown kind' "${good/question one/question many}" "'many' is no kind of question"
refused 'no answer' $'lesson 01\nboth W\nquestion number\nboth N\nreason\nboth R' 'has no answer'
refused 'a number that is none' $'lesson 01\nboth W\nquestion number\nboth N\nanswer 3x\nreason\nboth R' "'3x' is no answer"
refused 'no lesson' "${good#*$'\n'*$'\n'}" 'nobody knows whose question'
refused 'an empty file' '' 'there is no question in this file'
for wrong in '--lesson 77' '--lang fr' '--seed x' '--questions 0' '--export pdf' '--lesson' '--colour yes'; do
    # shellcheck disable=SC2086 # options and values
    if "$multirank" quiz $wrong </dev/null >"$folder/shown" 2>&1; then not_ok "$wrong is not refused"; fi
    has "$wrong" "$folder/shown" 'multirank: quiz: '
done
exit "$failed"
