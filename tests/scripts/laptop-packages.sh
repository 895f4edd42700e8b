#!/bin/bash
# cluster/laptop, run by a user who may not install anything on a machine where two packages are missing, names exactly
# those two, installs nothing and exits with 1: laptop-packages.sh CHECKOUT
set -euo pipefail
checkout=$1
missing=(libpmix-dev libcriterion-dev)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
mkdir "$scratch/bin" "$scratch/cluster"
cp "$checkout/cluster/laptop" "$scratch/cluster/" # the other user may not be allowed to read the checkout

failed=0
wrong() {
    echo "$*" >&2
    failed=1
}

fake() { # PROGRAM, with its body on standard input
    { echo '#!/bin/bash' && cat; } >"$scratch/bin/$1"
    chmod 755 "$scratch/bin/$1"
}

fake dpkg-query <<END
case " ${missing[*]} " in *" \${*: -1} "*) exit 1 ;; esac
echo -n installed
END
fake sudo <<<'echo "sudo: a password is required" >&2; exit 1'
fake apt-get <<<'echo "apt-get was called"'

other_user=()
[ "$(id -u)" != 0 ] || other_user=(setpriv --reuid 65534 --regid 65534 --clear-groups)

check() { # COMMAND
    local output code=0
    output=$(cd / && env -u HOME -u CI PATH="$scratch/bin:$PATH" "${other_user[@]}" "$scratch/cluster/laptop" "$1" \
        2>&1 <&-) || code=$?
    echo "---- laptop $1: exit code $code"
    echo "$output"
    [ "$code" = 1 ] || wrong "laptop $1: exit code $code, not 1"
    [[ $(tail -n 1 <<<"$output") == *"packages are missing, and only root may install them: ${missing[*]}" ]] ||
        wrong "laptop $1: the last line does not name the missing packages"
    ! grep -q 'apt-get was called' <<<"$output" || wrong "laptop $1: it tried to install something"
}

for command in build run test bench; do check "$command"; done
exit "$failed"
