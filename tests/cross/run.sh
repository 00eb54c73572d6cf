#!/usr/bin/env bash
# Tokens to and from PyJWT, joserfc (PyPI) and jose (npm). What is installed lies under target/cross and is used again.
#
# A library that cannot be installed is skipped, and that is said; with CROSS_REQUIRED set it is a failure.
set -euo pipefail
cd "$(dirname "$0")/../.."

folder="${CARGO_TARGET_DIR:-$PWD/target}/cross"
mkdir -p "$folder"
rm -f "$folder"/*.json
export BAILIWICK_CROSS="$folder"

skipped() {
    echo "skipped: $1"
    [ -z "${CROSS_REQUIRED:-}" ] || exit 1
}

# A registry that does not answer is given up soon.
python_libraries() {
    local wanted="tests/cross/requirements.txt" installed="$folder/venv/installed.txt"
    cmp -s "$wanted" "$installed" && return
    rm -rf "$folder/venv"
    timeout 300 python3 -m venv "$folder/venv" &&
        timeout 300 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --retries 2 --timeout 20 -r "$wanted" &&
        cp "$wanted" "$installed"
}

node_libraries() {
    [ -f "$folder/node/installed" ] && return
    rm -rf "$folder/node"
    mkdir -p "$folder/node"
    timeout 300 npm install --prefix "$folder/node" --silent --no-fund --no-audit --fetch-retries=1 \
        --fetch-timeout=20000 jose@6 &&
        touch "$folder/node/installed"
}

cargo test --quiet -p bailiwick --test cross -- --ignored --exact ours

exchanged=
if ! command -v python3 >/dev/null; then
    skipped "PyJWT and joserfc, for there is no python3"
elif ! python_libraries; then
    skipped "PyJWT and joserfc, for they could not be installed"
else
    "$folder/venv/bin/python" tests/cross/exchange.py "$folder"
    exchanged=yes
fi

if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
    skipped "jose, for there is no node or npm"
elif ! node_libraries; then
    skipped "jose, for it could not be installed"
else
    node tests/cross/exchange.mjs "$folder"
    exchanged=yes
fi

[ -n "$exchanged" ] || exit 0
cargo test --quiet -p bailiwick --test cross -- --ignored --exact --nocapture theirs
