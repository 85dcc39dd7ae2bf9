#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Install the missing Debian packages of packages.txt. Prints nothing if none is missing.
set -euo pipefail
cd "$(dirname "$0")"

die() {
    echo "curate: $*" >&2
    exit 1
}

have() {
    local name
    for name in "$@"; do
        command -v "$name" > /dev/null || return 1
    done
}

mapfile -t wanted < <(sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' packages.txt)

if ! have apt-get dpkg-query; then
    have meson ninja pkg-config python3 cc c++ ||
        die "this is not a Debian machine: install the packages of .ci/packages.txt, then try again"
    echo "curate: not a Debian machine, so .ci/packages.txt is not checked" >&2
    exit 0
fi

missing=()
for package in "${wanted[@]}"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null || true)
    [[ $status == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
if [[ $EUID -ne 0 ]]; then
    have sudo ||
        die "packages are missing, and there is no sudo: run as root" \
            "apt-get install ${missing[*]}"
    as_root=(sudo)
    [[ -t 0 ]] || as_root+=(-n) # nobody can type a password
fi

echo "== installing Debian packages: ${missing[*]}"
apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
"${as_root[@]}" "${apt[@]}" update < /dev/null ||
    die "apt-get could not fetch the package lists: its messages are above"
"${as_root[@]}" "${apt[@]}" install --no-install-recommends "${missing[@]}" < /dev/null ||
    die "apt-get could not install the packages: its messages are above"
