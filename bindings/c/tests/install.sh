#!/usr/bin/env bash
# An installed library serves its users: install.sh PREFIX SONAME
set -euo pipefail
prefix=$1 soname=$2
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

judge() { # runs an example and compares what it prints
    (cd "$root" && "$1") | sed 's/, [0-9]* min left//' | diff "$here/../examples/decide.out" -
}

objdump -p "$prefix/lib/libbailiwick.so" | grep "SONAME *$soname$" >/dev/null
nm -D "$prefix/lib/libbailiwick.so" | grep 'bw_decide@@BAILIWICK_' >/dev/null

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
if command -v pkg-config >/dev/null; then
    # shellcheck disable=SC2046
    cc "$here/../examples/decide.c" $(pkg-config --cflags --libs bailiwick) -Wl,-rpath,"$prefix/lib" -o "$scratch/shared"
    judge "$scratch/shared"
else
    echo "pkg-config is not installed: its test is skipped" >&2
fi

if command -v cmake >/dev/null; then
    cat > "$scratch/CMakeLists.txt" <<EOF
cmake_minimum_required(VERSION 3.13)
project(host C)
find_package(Bailiwick 0.1 REQUIRED)
add_executable(shared-host $here/../examples/decide.c)
target_link_libraries(shared-host PRIVATE Bailiwick::bailiwick)
add_executable(static-host $here/../examples/decide.c)
target_link_libraries(static-host PRIVATE Bailiwick::bailiwick-static)
EOF
    cmake -S "$scratch" -B "$scratch/build" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
    cmake --build "$scratch/build" >/dev/null
    judge "$scratch/build/shared-host"
    judge "$scratch/build/static-host"
else
    echo "cmake is not installed: its test is skipped" >&2
fi
echo "install: the installed library serves its users" >&2
