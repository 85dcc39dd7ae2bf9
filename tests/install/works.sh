#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An installed program works: works.sh PREFIX, where PREFIX is the folder above bin/
#
# The program uses nothing from its build tree. It finds its models below the prefix.
set -euo pipefail

prefix=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "works.sh: $*" >&2
    exit 1
}

curate() {
    env -i "PATH=$PATH" LC_ALL=C.UTF-8 "$prefix/bin/curate" "$@"
}

for file in share/curate/models/curate-tiny-{long,short}.gguf \
    share/doc/curate/docs/scores.md share/doc/curate/examples/{demo.yaml,corpus/long.jsonl}; do
    [[ -s $prefix/$file ]] || fail "$file is not installed"
done
[[ -s $prefix/share/man/man1/curate.1 || -s $prefix/share/man/man1/curate.1.gz ]] ||
    fail "the manual page is not installed"

for file in bash-completion/completions/curate fish/vendor_completions.d/curate.fish; do
    [[ -s $prefix/share/$file ]] || fail "share/$file is not installed"
done
compgen -G "$prefix/share/zsh/*/_curate" > /dev/null || fail "no completions for zsh are installed"

cp -r "$prefix/share/doc/curate/examples" .
curate --version > version.txt
grep -q '^curate [0-9]' version.txt || fail "--version prints no version"
curate explain ifd > page.txt
grep -q '^ifd - ' page.txt || fail "explain prints no page"
curate ingest --quiet examples/corpus/tasks.json
curate score ifd --quiet --where 'sample_id <= 3'
n=$(curate query --csv "SELECT count(value) FROM v_scores WHERE metric = 'ifd'" | tail -n 1)
[[ $n -eq 3 ]] || fail "$n of 3 samples have a score"
