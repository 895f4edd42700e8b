#!/bin/bash
# Installs Multirank into a temporary prefix, and builds and runs the README's first program against that copy, in each
# way that the README tells of: check.sh BUILD-FOLDER COMPILER [FLAGS...]
set -euo pipefail # so no `grep -q`: whoever writes to one that has found it early would fail
build=$1 compiler=$2 flags=("${@:3}")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
prefix="$scratch/a prefix" # a space in it must not matter

say() { echo "==== $*"; }
check_run() { # PROGRAM...
    local output
    output=$("$@")
    echo "$output"
    [[ $output == *"Process-1: hello, world"* ]] && [[ $output == *"exit code 7"* ]]
}

say "Installing"
cmake --install "$build" --prefix "$prefix" >"$scratch/install.log" || { cat "$scratch/install.log" && exit 1; }
rm -f "$build/install_manifest.txt"

# Programs keep their own symbols; what a minor version may change is another library to the loader.
lib=$(dirname "$(find "$prefix" -name libmultirank.so)")
say "Symbols"
exported=$(nm -D --defined-only "$lib/libmultirank.so" | awk '{ print $NF }' | grep -v '^mr_') || true
[ -z "$exported" ] || { echo "exported, but not part of the interface: $exported" && exit 1; }
nm -D --defined-only "$lib/libmultirank.so" | grep ' mr_init$' >/dev/null
foreign=$(nm --extern-only --defined-only "$lib/libmultirank.a" 2>/dev/null | awk 'NF == 3 { print $3 }' | grep -v '^mr_') || true
[ -z "$foreign" ] || { echo "defined for the whole program: $foreign" && exit 1; }
readelf --dynamic "$lib/libmultirank.so" | grep -F 'soname: [libmultirank.so.0.1]'

say "Scripts and documents"
share=$prefix/share/multirank documents=$prefix/share/doc/multirank
"$share/slurm/submit" help | grep SBATCH-OPTIONS >/dev/null
code=0
"$share/cluster/check" 2>"$scratch/usage" || code=$?
[ "$code" = 2 ] && grep -q 'usage: cluster/check' "$scratch/usage"
for script in "$here"/../../slurm/*.sbatch; do cmp "$script" "$share/slurm/$(basename "$script")"; done
while read -r document link; do
    [ -e "$(dirname "$documents/$document")/$link" ] || { echo "$document: $link is not installed" && exit 1; }
done < <(cd "$documents" && grep -roE --include='*.md' '\]\([^)#:]+' . | sed 's/:](/ /')
[ -e "$documents/README.md" ] && [ -e "$documents/lessons/PROYECTO.es.md" ]

say "Manual, completion and licence"
for page in man3/mr_init.3 man3/mr_pool_map.3 man7/multirank.7 man1/multirank.1; do [ -s "$prefix/share/man/$page" ]; done
[ -s "$prefix/share/bash-completion/completions/multirank" ] && [ -s "$prefix/share/zsh/vendor-completions/_multirank" ]
[ -s "$documents/html/index.html" ] && [ -s "$documents/LICENSE" ]
if command -v man >/dev/null; then man -M "$prefix/share/man" --where mr_init mr_dict_get | grep -c "$prefix" >/dev/null; fi

mkdir "$scratch/hello"
sed -n '/^```c$/,/^```$/ { /^```/d; p }' "$here/../../README.md" >"$scratch/hello/hello.c"
cp "$here/consumer.cmake" "$scratch/hello/CMakeLists.txt"

say "CMake, shared and static"
cmake -S "$scratch/hello" -B "$scratch/build" -DCMAKE_BUILD_TYPE=None -DCMAKE_C_COMPILER="$compiler" \
    -DCMAKE_C_FLAGS="${flags[*]}" -DCMAKE_PREFIX_PATH="$prefix" >"$scratch/cmake.log" ||
    { cat "$scratch/cmake.log" && exit 1; }
cmake --build "$scratch/build"
check_run "$scratch/build/hello_shared"
check_run "$scratch/build/hello_static"
needs() { readelf --dynamic "$1" | grep NEEDED; }
needs "$scratch/build/hello_shared" | grep 'libmultirank[.]so' >/dev/null
if needs "$scratch/build/hello_static" | grep libmultirank; then exit 1; fi

say "pkg-config and the compiler alone"
pc=$(dirname "$(find "$prefix" -name multirank.pc)")
# It is to do without the packages that the library itself was built with.
export PKG_CONFIG_LIBDIR=$pc
options=()
# shellcheck disable=SC2294 # pkg-config quotes for a shell
eval "options=($(pkg-config --cflags --libs multirank))"
"$compiler" "${flags[@]}" -std=c11 -Wall -Wextra -Wpedantic -Werror -o "$scratch/hello/hello" "$scratch/hello/hello.c" \
    "${options[@]}"
LD_LIBRARY_PATH=$(dirname "$pc") check_run "$scratch/hello/hello"
