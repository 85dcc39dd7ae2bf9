#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What Meson installs works, and uninstalling removes all of it: install.sh BUILD
set -euo pipefail

build=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# The build directory may belong to a test run: compile nothing in it.
DESTDIR=$root/tree meson install -C "$build" --no-rebuild --quiet
program=$(find "$root/tree" -path '*/bin/curate')
bash "$here/works.sh" "${program%/bin/curate}"

DESTDIR=$root/tree ninja -C "$build" uninstall > "$root/uninstall.txt"
left=$(find "$root" -path "$root/tree/*" ! -type d)
if [[ -n $left ]]; then
    echo "install.sh: uninstalling left behind: $left" >&2
    exit 1
fi
