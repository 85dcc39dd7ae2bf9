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
echo "== why the first of long-best are there"
"$curate" show long-best --top 3 --db demo/demo.db
echo "== GATEAU by what was asked: far and book need the far context, near and talk do not"
"$curate" query --db demo/demo.db "SELECT substr(ext_id, 1, 4) AS kind, count(*) AS samples,
    sum(sample_id IN (SELECT sample_id FROM v_selection WHERE selection = 'long-best')) AS selected,
    round(avg(value) * count(*), 3) AS sum_of_gateau
    FROM v_scores WHERE metric = 'gateau' AND value IS NOT NULL GROUP BY 1 ORDER BY 3 DESC"
echo
cat examples/next.txt
