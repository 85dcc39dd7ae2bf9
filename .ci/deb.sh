#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Build the Debian package in build-deb/: .ci/deb.sh [build|test]
#
#   build  the package of a release
#   test   a package without optimisation, which builds in less time: install it below a folder
#          of its own, run it there, and remove it again. Without root it is only unpacked.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=${1:-build}
dir=build-deb
jobs=$(nproc)

die() {
    echo "curate: $*" >&2
    exit 1
}

# build FOLDER OPTION...: the sources are copied, since debhelper writes among them.
build() {
    local to=$1
    shift
    rm -rf "$to"
    mkdir -p "$to/curate"
    tar -c --exclude=./.git --exclude='./build*' --exclude=./demo --exclude='*.db' . |
        tar -x -C "$to/curate"
    echo "== building the Debian package in $to"
    (cd "$to/curate" && DEB_BUILD_OPTIONS="parallel=$jobs noautodbgsym $*" \
        dpkg-buildpackage --build=binary --unsigned-changes --unsigned-buildinfo) \
        > "$to/build.log" 2>&1 && return
    grep -E -A 12 'FAILED|error:' "$to/build.log" | head -n 60
    die "dpkg-buildpackage failed: see $to/build.log"
}

# A package database of its own: the one of this machine is neither read nor changed, so the
# packages that curate depends on are missing in it.
install_package() {
    mkdir -p "$2/var/lib/dpkg/info" "$2/var/lib/dpkg/updates"
    : > "$2/var/lib/dpkg/status"
    dpkg --root="$2" --log=/dev/null --force-depends --install "$1" > "$2.log" 2>&1 ||
        die "dpkg could not install $1: see $2.log"
}

remove_package() {
    dpkg --root="$1" --log=/dev/null --purge curate >> "$1.log" 2>&1 ||
        die "dpkg could not remove the package: see $1.log"
    local left
    left=$(find "$1" ! -type d ! -path '*/var/lib/dpkg/*')
    [[ -z $left ]] || die "removing the package left behind: $left"
}

check() {
    local deb=$1 root=$2
    if [[ $EUID -eq 0 ]]; then
        install_package "$deb" "$root"
    else
        dpkg-deb --extract "$deb" "$root"
    fi
    bash tests/install/works.sh "$root/usr"
    [[ "curate $(dpkg-deb --field "$deb" Version)" == "$("$root/usr/bin/curate" --version)" ]] ||
        die "debian/changelog and meson.build name different versions"
    [[ $EUID -ne 0 ]] || remove_package "$root"
    echo "== $deb works when installed"
}

command -v dpkg-buildpackage > /dev/null || die "dpkg-buildpackage is missing: install dpkg-dev"
case $mode in
build)
    build $dir
    ls $dir/*.deb
    ;;
test)
    build $dir/test noopt
    check $dir/test/curate_*.deb $dir/test/root
    ;;
*)
    echo "curate: .ci/deb.sh: no mode named $mode: use build or test" >&2
    exit 64
    ;;
esac
