# Records that lie inside a JSON document: --records PATH.
cat > wrapped.json <<'E'
{"version": "1.0", "note": "a [bracket", "data": [
  {"instruction": "Name a metal.", "output": "Tin."},
  {"instruction": "Name a tree.", "output": "Oak."}
], "more": {"data": [{"instruction": "Not at the path.", "output": "No."}]}}
E
cat > rows.json <<'E'
{"features": [], "rows": [{"row_idx": 0, "row": {"prompt": "One", "completion": "two"}},
 {"row_idx": 1, "row": {"prompt": "Three", "completion": "four"}}]}
E
cat > named.json <<'E'
{"q1": {"question": "What is ice?", "answer": "Water."}, "q2": {"question": "What is fog?", "answer": "Mist."}}
E
cat > splits.json <<'E'
{"train": [{"input": "a", "output": "b"}], "test": [{"input": "c", "output": "d"}]}
E
cat > lines.jsonl <<'E'
{"batch": 1, "items": [{"query": "Up?", "response": "Down."}]}
{"batch": 2, "itms": [{"query": "Left?", "response": "Right."}]}
{"batch": 3, "items": []}
{"batch": 4, "items": [{"query": "In?", "response": "Out."}
E
"$CURATE" --db a.db ingest --records data wrapped.json
"$CURATE" --db a.db ingest --records 'rows[*].row' rows.json
"$CURATE" --db a.db ingest --records '[*]' named.json
"$CURATE" --db a.db ingest --records '[*][*]' splits.json
"$CURATE" --db a.db ingest --records items --max-rejects 70 lines.jsonl
"$CURATE" --db a.db query "SELECT source, line, byte_offset, instruction, response FROM v_sample JOIN sample USING (sample_id)"
"$CURATE" --db a.db query --json "SELECT line, class, detail FROM v_rejects"
"$CURATE" --db a.db query "SELECT DISTINCT json_extract(options, '$.records') FROM run"

# A path that is wrong, and files that are no documents.
"$CURATE" --db b.db ingest --records dta wrapped.json || echo "status $?"
"$CURATE" --db b.db query --json "SELECT line, class, detail FROM v_rejects"
for path in '' 'a..b' 'a[' 'a[x]' 'a[0' 'a]' 'a[0]b' a.b.c.d.e.f.g.h.i; do
    "$CURATE" --db b.db ingest --records "$path" wrapped.json || echo "status $?"
done
printf 'prompt,completion\nBy,content\n' > table.csv
"$CURATE" --db b.db -q ingest --records data table.csv || echo "status $?"

# Large documents are read record by record: a run that is stopped goes on within the list.
python3 -c "
import json
print(json.dumps({'meta': {'n': 3000}, 'data': {'train': [{'question': f'What is {i}?', 'answer': f'It is {i}.'}
    for i in range(3000)]}, 'end': [1]}))" > large.json
"$CURATE" --db c.db ingest --records 'data.train[*]' large.json
"$CURATE" --db c.db query "SELECT count(*), min(line), max(line), max(byte_offset) FROM sample"

# Another path is another way of reading: nothing is taken over from the run before.
"$CURATE" --db d.db -q ingest --max-rejects 0 --records dta wrapped.json || echo "status $?"
"$CURATE" --db d.db ingest --max-rejects 0 --records data wrapped.json
