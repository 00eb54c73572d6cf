#!/usr/bin/env bash
# Tokens to and from PyJWT, joserfc (PyPI) and jose (npm). What is installed lies under target/cross.
set -euo pipefail
cd "$(dirname "$0")/../.."

folder="${CARGO_TARGET_DIR:-$PWD/target}/cross"
mkdir -p "$folder"
rm -f "$folder"/*.json
export BAILIWICK_CROSS="$folder"

cargo test --quiet -p bailiwick --test cross -- --ignored --exact ours

if command -v python3 >/dev/null; then
    [ -x "$folder/venv/bin/python" ] || python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r tests/cross/requirements.txt
    "$folder/venv/bin/python" tests/cross/exchange.py "$folder"
else
    echo "skipped: PyJWT and joserfc, for there is no python3"
fi

if command -v npm >/dev/null && command -v node >/dev/null; then
    mkdir -p "$folder/node"
    [ -d "$folder/node/node_modules/jose" ] ||
        npm install --prefix "$folder/node" --silent --no-fund --no-audit jose@6
    node tests/cross/exchange.mjs "$folder"
else
    echo "skipped: jose, for there is no node or npm"
fi

cargo test --quiet -p bailiwick --test cross -- --ignored --exact --nocapture theirs
