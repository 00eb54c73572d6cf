#!/bin/sh
# Instructions of five fixed decisions, counted by callgrind: what a noisy machine cannot hide.
#
#   benches/instructions.sh          counts, and fails where a decision takes 10 % more than benches/instructions.txt says
#   benches/instructions.sh --write  counts, and writes that file anew
#
# Only the decisions are counted, not what prepares them. Hashes have another seed in each process, which makes some per cent.
# Needs valgrind.
set -eu
cd "$(dirname "$0")/.."
kept=benches/instructions.txt
command -v valgrind >/dev/null || { echo "valgrind is needed" >&2; exit 1; }

triple=$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')
export "CARGO_TARGET_${triple}_RUNNER=valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=*run_counted*"

runs=10000
collected() {
    "${CARGO:-cargo}" bench --quiet --features sqlite --bench ratios -- "$1" "$runs" 2>&1 |
        sed -n 's/.*Collected : //p' | sort -n | tail -n 1
}

counted=$(for name in decide/links/100 decide/conditions decide/overlay session/decide platform/decide; do
    printf '%s\t%s\n' "$name" $(($(collected "$name") / runs))
done)

if [ "${1:-}" = --write ]; then
    printf '%s\n' "$counted" >"$kept"
fi
printf '%s\n' "$counted" | awk -F '\t' -v kept="$kept" '
    BEGIN { while ((getline line < kept) > 0) { split(line, part, "\t"); known[part[1]] = part[2] } }
    { printf "%s\t%d\tkept\t%d\t%.3f\n", $1, $2, known[$1], known[$1] / $2 }
    $2 > known[$1] * 1.1 { worse = 1 }
    END { exit worse }'
