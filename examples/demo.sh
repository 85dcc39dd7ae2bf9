#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `make demo` does once the program is built: demo.sh CURATE
set -euo pipefail

curate=$1
cd "$(dirname "$0")/.."
[[ -x $curate ]] || { echo "curate: $curate is not there: run 'make demo'" >&2; exit 1; }

echo "== carrying out examples/demo.yaml"
mkdir -p demo
"$curate" run examples/demo.yaml
echo
cat examples/next.txt
