# SPDX-License-Identifier: Apache-2.0
# select --diverse: what is chosen, said and stored; the same for any order of ingestion and number of threads.
topics=(rivers clocks bread letters stones music winter ships)
for i in $(seq 0 31); do
    topic=${topics[i % 8]}
    printf '{"id": "s%d", "instruction": "Tell me about %s", "output": "%s are %d of many things."}\n' "$i" "$topic" "$topic" "$i"
done > a.jsonl
tac a.jsonl > b.jsonl
export CURATE_CPU=avx2 # other kernels round, which changes what is printed
for db in a b; do
    "$CURATE" --db $db.db ingest -q --max-rejects 100 $db.jsonl
    "$CURATE" --db $db.db score -q embedding --max-tokens 128
done
choose() { "$CURATE" --db a.db select --name d --by embedding "$@" || echo "status $?"; }

echo "-- what is said"
choose --top 10 --diverse facility
choose --top 10 --diverse deita:0.5
"$CURATE" --db a.db query "SELECT selection, ordered_by, top, rule FROM v_selections"
choose --top 10 --diverse facility --dry-run
"$CURATE" --db a.db fsck -q

echo "-- the same choice"
for method in deita k-center facility qdit mmr dpp clusters mig; do
    for run in "a 1" "a 2" "a 8" "b 2"; do
        "$CURATE" --db "${run% *}.db" select -q --name d --by embedding --top 10 --diverse $method --threads "${run#* }"
        "$CURATE" --db "${run% *}.db" digest --selection d | cut -c1-64
    done | sort -u | wc -l
done

echo "-- mistakes"
choose --top 10 --diverse best
choose --top 10 --diverse dpp --vectors length
choose --top 10 --diverse dpp --max-memory 32M
choose --top 10 --diverse mig --max-memory 33600000 --dry-run 2> note.txt && tail -n 1 note.txt
choose --top 10 --diverse mig:32 --max-memory 33600000
