#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests that take too long for every run, with AddressSanitizer and UndefinedBehaviorSanitizer:
# ingest SOAK_MUTANTS (10,000) damaged corpora and as many damaged Parquet and Arrow files, and let
# each operation on files of ingest, score, select and export fail once.
set -euo pipefail
cd "$(dirname "$0")/.."

dir=build-asan
echo "== building with the sanitizers ($dir)"
again=()
[[ ! -f $dir/build.ninja ]] || again=(--reconfigure)
CC=clang CXX=clang++ meson setup "${again[@]}" "$dir" -Dbench=false -Doptimization=1 \
    -Db_sanitize=address,undefined -Db_lundef=false > /dev/null
ninja -C "$dir" tests/prop_mutants tests/prop_tables tests/test_faults > "$dir/compile.log" || {
    tail -n 40 "$dir/compile.log"
    exit 1
}
export CURATE_SOURCE=$PWD UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
echo "== damaging corpora"
CURATE_MUTANTS=${SOAK_MUTANTS:-10000} "$dir/tests/prop_mutants" | grep -v '^# from seed'
CURATE_MUTANTS=${SOAK_MUTANTS:-10000} "$dir/tests/prop_tables" | grep -v '^# from seed'
echo "== letting each operation on files fail"
CURATE_FAULTS=all "$dir/tests/test_faults"
