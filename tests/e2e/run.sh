#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Run one end-to-end case: run.sh CURATE CASE.sh
#
# The case runs in an empty folder. Its environment has the caller's PATH, and
#   CURATE  the program        DATA    tests/data/
#   SOURCE  the repository     SHARED  the reference material, or empty if there is none
# Its standard output is compared with CASE.out, whose last line is "exit STATUS", and its
# standard error with CASE.err; a missing file means no output. Figures that depend on the clock
# are replaced by N, and the folders above by $SOURCE and so on. If the output differs, the line of
# the case that printed the first difference is reported. UPDATE=1 writes the two files instead:
# review the diff.
# A case that cannot run here prints the reason on standard error and exits with 77.
set -euo pipefail

curate=$(realpath "$1")
script=$(realpath "$2")
here=$(realpath "$(dirname "$0")")
expected=${script%.sh}
source=$(realpath "$(dirname "$script")/../..")
shared=${CURATE_SHARED:-}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/in"

status=0
(
    cd "$work/in"
    keep=("PATH=$PATH" "HOME=$work/in" LC_ALL=C.UTF-8 TZ=UTC)
    for name in ASAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS LSAN_OPTIONS CURATE_CPU; do
        [[ -z ${!name:-} ]] || keep+=("$name=${!name}")
    done
    exec env -i "${keep[@]}" CURATE="$curate" DATA="$source/tests/data" SOURCE="$source" \
        CURATE_MODELS="$source/models" SHARED="$shared" BASH_ENV="$here/mark.sh" \
        bash -euo pipefail "$script" < /dev/null
) > "$work/out" 2> "$work/err" || status=$?
[[ $status -eq 77 ]] || echo "exit $status" >> "$work/out"

sed -E -i -e "s#$work/in#\$PWD#g" -e "s#$curate#\$CURATE#g" -e "s#$source#\$SOURCE#g" \
    -e 's/\b(secs|tok_per_s)=[0-9.e+-]+/\1=N/g' -e 's/"(secs|tok_per_s)": ?[0-9.e+-]+/"\1":N/g' \
    -e 's/("schema_version":|schema_version=)[0-9]+/\1N/' "$work/out" "$work/err"

# Remove the progress that a slow machine prints every 30 seconds of a long run.
sed -E -i '/^[a-z]+: [0-9.kMGTP]+(\/[0-9.kMGTP]+)? [a-z]+, [0-9.kMGTP]+\/s/d' "$work/err"

python3 -B "$here/lines.py" split "$work/out" "$work/err"
if [[ $status -eq 77 ]]; then
    cat "$work/err"
    exit 77 # Meson: skipped
fi
if [[ -n ${UPDATE:-} ]]; then
    cp "$work/out" "$expected.out"
    rm -f "$expected.err"
    [[ ! -s $work/err ]] || cp "$work/err" "$expected.err"
    exit 0
fi
for stream in out err; do
    want=$expected.$stream
    [[ -f $want ]] || want=/dev/null
    diff -u --label "$(basename "$expected").$stream" --label got "$want" "$work/$stream" &&
        continue
    python3 -B "$here/lines.py" where "$script" "$want" "$work/$stream"
    status=differs
done
[[ $status != differs ]]
