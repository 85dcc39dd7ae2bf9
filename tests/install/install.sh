#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An installed program works, and uninstalling removes every file: install.sh BUILD
set -euo pipefail

build=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# Compile nothing: a test run may be using the build directory.
DESTDIR=$root/tree meson install -C "$build" --no-rebuild --quiet
program=$(find "$root/tree" -path '*/bin/curate')
bash "$here/works.sh" "${program%/bin/curate}"

DESTDIR=$root/tree ninja -C "$build" uninstall > "$root/uninstall.txt"
left=$(find "$root" -path "$root/tree/*" ! -type d)
if [[ -n $left ]]; then
    echo "install.sh: uninstalling did not remove: $left" >&2
    exit 1
fi
