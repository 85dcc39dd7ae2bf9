#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Search for crashes with libFuzzer: .ci/fuzz.sh [NAME...], FUZZ_SECONDS (60) for each target.
# What it finds goes to build-fuzz/found/; a crash becomes a file of tests/fuzz/corpus/NAME/,
# together with its fix.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${FUZZ_SECONDS:-60}
dir=build-fuzz

echo "== building the fuzz targets with clang, AddressSanitizer and libFuzzer ($dir)"
again=()
[[ ! -f $dir/build.ninja ]] || again=(--reconfigure)
CC=clang meson setup "${again[@]}" "$dir" -Dfuzz=true -Dbench=false -Doptimization=1 \
    -Db_sanitize=address,undefined -Db_lundef=false > /dev/null
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

failed=()
for name in "${names[@]}"; do
    echo "== $name for $seconds s"
    mkdir -p "$dir/found/$name"
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        "$dir/tests/engine_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$dir/found/$name-" \
        "$dir/found/$name" "tests/fuzz/corpus/$name" > "$dir/found/$name.log" 2>&1 ||
        failed+=("$name")
    grep -E '^(stat::number_of_executed_units|SUMMARY|Done)' "$dir/found/$name.log" || true
done
if [[ ${#failed[@]} -gt 0 ]]; then
    echo "curate: libFuzzer broke ${failed[*]}: the log is $dir/found/NAME.log" >&2
    exit 1
fi
