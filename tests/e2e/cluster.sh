# SPDX-License-Identifier: Apache-2.0
# cluster: a column beside the facts, the same for any order of ingestion and number of threads.
topics=(rivers clocks bread letters)
for i in $(seq 0 39); do
    topic=${topics[i % 4]}
    printf '{"id": "s%d", "instruction": "Tell me about %s", "output": "%s, %s and %s: %d."}\n' "$i" "$topic" "$topic" "$topic" "$topic" "$i"
done > a.jsonl
tac a.jsonl > b.jsonl
export CURATE_CPU=avx2 # other kernels round, which can change a cluster
for db in a b; do
    "$CURATE" --db $db.db ingest -q $db.jsonl
    "$CURATE" --db $db.db score -q embedding --max-tokens 128
done
try() { "$CURATE" --db a.db "$@" || echo "status $?"; }

echo "-- a column that conditions and quotas know"
try cluster
try cluster --name topic --clusters 4
try query "SELECT topic, count(*) AS n, count(DISTINCT substr(instruction, 15)) AS topics
    FROM v_facts JOIN v_sample USING (sample_id) GROUP BY 1 ORDER BY 1"
try select -q --name s --all --where "topic = 1"
try select -q --name t --by embedding --top 8 --quota 'topic: 0=50%, *=50%'
try query "SELECT count(*) AS n, sum(topic = 0) AS of_0 FROM v_selection JOIN v_facts USING (sample_id) WHERE selection = 't'"
try fsck -q

echo "-- the same clusters"
for run in "a 1" "a 2" "a 8" "b 2"; do
    "$CURATE" --db "${run% *}.db" cluster -q --name topic --clusters 4 --whiten --threads "${run#* }" 2> /dev/null
    "$CURATE" --db "${run% *}.db" query --csv "SELECT v.ext_id, topic FROM v_facts v ORDER BY 1"
done | sed '/^ext_id/d' | sort | uniq -c | awk '{ print $1 }' | sort -u

echo "-- a sample without a vector; nothing is written in a dry run"
echo '{"id": "new", "instruction": "Tell me more", "output": "More."}' > new.jsonl
try ingest -q new.jsonl
try cluster --name topic --clusters 2 --dry-run
try cluster --name topic --clusters 2
try query "SELECT fact, reason, count(*) AS n FROM v_missing_facts WHERE fact = 'topic' GROUP BY 1, 2"

echo "-- mistakes"
try cluster --name Topic
try cluster --name words
try cluster --name nll
try cluster --clusters 41
try cluster --clusters 0
try cluster --vectors mtld
