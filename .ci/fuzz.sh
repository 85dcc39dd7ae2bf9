#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Search for crashes with libFuzzer: .ci/fuzz.sh [NAME...], FUZZ_SECONDS (60) of processor time
# for each target, however busy the machine is.
# Findings go to build-fuzz/found/. Add a crashing input to tests/fuzz/corpus/NAME/, together
# with its fix.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${FUZZ_SECONDS:-60}
dir=build-fuzz

echo "== building the fuzz targets with clang, AddressSanitizer and libFuzzer ($dir)"
again=()
[[ ! -f $dir/build.ninja ]] || again=(--reconfigure)
CC=clang CXX=clang++ meson setup "${again[@]}" "$dir" -Dfuzz=true -Dbench=false \
    -Doptimization=1 -Db_sanitize=address,undefined -Db_lundef=false > /dev/null
names=("$@")
if [[ ${#names[@]} -eq 0 ]]; then
    for source in tests/fuzz/fuzz_*.c; do
        name=${source#tests/fuzz/fuzz_}
        names+=("${name%.c}")
    done
fi
ninja -C "$dir" "${names[@]/#/tests/engine_}" > "$dir/compile.log" || {
    tail -n 40 "$dir/compile.log"
    exit 1
}

# Set spent to the processor time of all children so far, in whole seconds. Not in a subshell:
# that has children of its own.
look_at_clock() {
    times > "$dir/times"
    spent=$(awk 'NR == 2 { split($1, t, /[ms]/); print int(60 * t[1] + t[2]) }' "$dir/times")
}

# search NAME: in short runs, because libFuzzer itself measures elapsed time only.
search() {
    look_at_clock
    local end=$((spent + seconds)) left=$seconds
    : > "$dir/found/$1.log"
    while [[ $left -gt 0 ]]; do
        UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
            "$dir/tests/engine_$1" -max_total_time="$((left < 60 ? left : 60))" -timeout=30 \
            -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$dir/found/$1-" \
            "$dir/found/$1" "tests/fuzz/corpus/$1" >> "$dir/found/$1.log" 2>&1 || return 1
        look_at_clock
        left=$((end - spent))
    done
}

failed=()
for name in "${names[@]}"; do
    echo "== $name for $seconds s"
    mkdir -p "$dir/found/$name"
    search "$name" || failed+=("$name")
    awk '/^stat::number_of_executed_units/ { n += $2 } /^SUMMARY/ { print }
         END { printf "%d inputs\n", n }' "$dir/found/$name.log"
done
if [[ ${#failed[@]} -gt 0 ]]; then
    echo "curate: libFuzzer broke ${failed[*]}: the log is $dir/found/NAME.log" >&2
    exit 1
fi
