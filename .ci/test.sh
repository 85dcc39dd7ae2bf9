#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Build and test the named parts, or all of them:
# .ci/test.sh [werror] [kernels] [lean] [deb] [asan] [tsan]
#
#   werror  gcc, warnings are errors: every suite
#   kernels clang, the kernels at every level of optimisation
#   lean    gcc, without CLD2 and without a C++ compiler: a few suites
#   deb     the Debian package: built, installed, run, removed
#   asan    clang, warnings are errors, AddressSanitizer and UndefinedBehaviorSanitizer:
#           every suite but lint
#   tsan    clang, ThreadSanitizer: the tests that start threads, some of the whole program
#
# Debug information is that of back traces (-g1), which takes an eighth of the compile time less.
# Each part keeps its build directory, so a second run builds only what changed. The last line
# is "N passed, N failed" over all parts; .ci/count.py explains how they are counted.
set -euo pipefail
cd "$(dirname "$0")/.."

parts=("$@")
[[ ${#parts[@]} -gt 0 ]] || parts=(werror kernels lean deb asan tsan)
failures=()
counted=()
n_passed=0 # of the checks that Meson does not run

say() {
    echo "== $*"
}

fail() {
    failures+=("$*")
}

# configure DIR OPTION...: also works after options changed and after an interrupted first run.
configure() {
    local dir=$1
    shift
    mkdir -p "$dir"
    [[ -f $dir/build.ninja ]] || rm -rf "$dir/meson-private"
    local again=()
    [[ ! -f $dir/build.ninja ]] || again=(--reconfigure)
    meson setup "${again[@]}" "$dir" "$@" > "$dir/configure.log" 2>&1 && return
    tail -n 5 "$dir/configure.log"
    fail "configuring $dir did not work: see $dir/configure.log"
    return 1
}

compile() {
    local dir=$1
    ninja -C "$dir" > "$dir/compile.log" 2>&1 && return
    grep -E -A 12 'FAILED|error:' "$dir/compile.log" | head -n 60
    fail "compiling $dir did not work: see $dir/compile.log"
    return 1
}

# run_tests DIR OPTION...: Meson builds what the tests need and DIR lacks.
run_tests() {
    local dir=$1
    shift
    counted+=("$dir")
    rm -f "$dir/meson-logs/testlog.json" # do not count an earlier run
    # One more than there are processors: a test often waits, for a lock, a server or the disk.
    meson test -C "$dir" --print-errorlogs --num-processes $(($(nproc) + 1)) "$@" |
        grep --line-buffered -v '^\[[0-9]*/[0-9]*\] ' && return
    fail "tests in $dir failed: see $dir/meson-logs/testlog.txt"
}

werror() {
    say "building with gcc, warnings are errors (build-test)"
    CC=gcc CXX=g++ configure build-test -Dwerror=true -Dc_args=-g1 || return 0
    compile build-test || return 0
    say "testing every suite (build-test)"
    run_tests build-test --no-rebuild
}

kernels() {
    say "building the kernels with clang and testing them (build-clang)"
    CC=clang CXX=clang++ configure build-clang -Dwerror=true -Dbench=false || return 0
    run_tests build-clang --suite kernels
}

lean() {
    say "building without CLD2 and without a C++ compiler, and testing a few suites (build-lean)"
    CC=gcc CXX=false configure build-lean -Dwerror=true -Dbench=false -Dcld2=disabled \
        -Doptimization=0 -Ddebug=false || return 0
    run_tests build-lean e2e_left_out e2e_cli e2e_explain test_defect test_scorers
}

deb() {
    if .ci/deb.sh test; then
        n_passed=$((n_passed + 1))
    else
        fail "the Debian package does not build or does not work"
    fi
}

asan() {
    say "building with clang for AddressSanitizer and UndefinedBehaviorSanitizer (build-asan)"
    # AddressSanitizer finds what the two checks left out would find, and they take a fifth of the
    # time. gold links in a quarter of the time.
    CC=clang CXX=clang++ CC_LD=gold CXX_LD=gold configure build-asan -Dwerror=true \
        -Dbench=false -Doptimization=1 -Db_sanitize=address,undefined -Db_lundef=false \
        -Dc_args='-g1 -fno-sanitize=null,object-size' || return 0
    compile build-asan || return 0
    say "testing every suite but lint (build-asan)"
    ASAN_OPTIONS=strict_string_checks=1:detect_stack_use_after_return=1 \
        UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        run_tests build-asan --no-rebuild --no-suite lint --timeout-multiplier 4
}

# ThreadSanitizer needs a fixed address range, which some kernels use for something else.
tsan_works() {
    local probe=build-tsan/probe
    echo 'int main(void) { return 0; }' > $probe.c
    clang -fsanitize=thread $probe.c -o $probe && $probe 2> /dev/null
}

tsan() {
    mkdir -p build-tsan
    if ! tsan_works; then
        say "ThreadSanitizer does not run on this kernel (vm.mmap_rnd_bits above 28?): skipped"
        return 0
    fi
    say "building with clang and testing what has threads under ThreadSanitizer (build-tsan)"
    # Not linked by gold: such a program ends with SIGBUS under ulimit -f.
    CC=clang CXX=clang++ configure build-tsan -Dbench=false -Doptimization=1 \
        -Db_sanitize=thread -Db_lundef=false -Dc_args=-g1 || return 0
    TSAN_OPTIONS=halt_on_error=1 \
        run_tests build-tsan --suite threads --timeout-multiplier 6
}

for part in "${parts[@]}"; do
    case $part in
    werror) werror ;;
    kernels) kernels ;;
    lean) lean ;;
    deb) deb ;;
    asan) asan ;;
    tsan) tsan ;;
    *)
        echo "curate: .ci/test.sh: no part named $part: its first lines list the parts" >&2
        exit 64
        ;;
    esac
done

[[ ${#failures[@]} -eq 0 ]] || printf 'curate: %s\n' "${failures[@]}" >&2
status=0
python3 .ci/count.py "$n_passed" "${#failures[@]}" "${counted[@]}" || status=1
exit "$status"
