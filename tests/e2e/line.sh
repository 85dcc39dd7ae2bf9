# The whole pipeline: ingest, score, select, export. A second run changes nothing.
cp "$SOURCE/examples/corpus/long.jsonl" .
"$CURATE" ingest --quiet long.jsonl
"$CURATE" score gateau --where "sample_id <= 6" --threads 2
"$CURATE" score gateau --where "sample_id <= 6" --threads 1
sqlite3 curate.db "SELECT metric, model, count(*), count(value) FROM v_scores GROUP BY 1, 2 ORDER BY 1, 2"
sqlite3 curate.db "SELECT count(*) > 0, min(attention) >= 0, min(tok_end - tok_start) >= 64 FROM v_segments"
"$CURATE" select --name best --by gateau --top 50%
"$CURATE" select --name best --by gateau --top 50%
"$CURATE" export best --to messages -o best.jsonl
"$CURATE" export best --to messages -o best.jsonl
wc -l < best.jsonl

# The exported samples are those that were ingested.
"$CURATE" ingest --db again.db --quiet best.jsonl
sqlite3 again.db "ATTACH 'curate.db' AS one; SELECT count(*) FROM sample a JOIN one.sample b USING (hash)"

status=0
"$CURATE" select --name worst --by nll --top 1 || status=$?
echo "status $status"
"$CURATE" select --name worst --by nll --model curate-tiny-long --top 1 --json
"$CURATE" export best --to alpaca -o - --quiet | wc -l
status=0
"$CURATE" export best --to alpaca -o best.jsonl || status=$?
echo "status $status"
