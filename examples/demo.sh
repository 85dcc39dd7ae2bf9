#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Carry out examples/demo.yaml with the given program: examples/demo.sh build/cli/curate
set -euo pipefail
curate=$(realpath "$1")
cd "$(dirname "$0")/.."

echo "== running examples/demo.yaml"
mkdir -p demo
"$curate" run examples/demo.yaml
echo
cat examples/next.txt
