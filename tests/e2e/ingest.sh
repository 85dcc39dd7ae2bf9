# Records of every shape are inserted, broken ones are rejected, and a second run changes nothing.
cat > mixed.jsonl <<'END'
{"instruction": "Add.", "input": "1 and 2", "output": "3"}
{"id": "q7", "question": "Who?", "answer": "Nobody."}

{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
{"conversations": [{"from": "human", "value": "Up?"}, {"from": "gpt", "value": "Down."}]}
{"prompt": "Once", "completion": " upon"}
{"id": 9, "instruction": "Say.", "context": "A fact.", "response": "Said.", "category": "qa"}
{"text": "plain"}
{"instruction": "Add.", "input": "1 and 2", "output": "3"}
{"instruction": "cut off
{"no": "shape"}
{"prompt": "after the broken ones", "completion": "still here"}
END
printf '{"prompt": "caf\xe9", "completion": "bytes"}\n' >> mixed.jsonl

status=0
"$CURATE" ingest mixed.jsonl || status=$?
echo "status $status"
"$CURATE" query "SELECT ext_id, kind, context, instruction, response FROM v_sample"
"$CURATE" rejects
"$CURATE" rejects export -o refused.jsonl
cat -v refused.jsonl

"$CURATE" query --csv "SELECT * FROM v_sample" > before.csv
"$CURATE" ingest --max-rejects 50 mixed.jsonl
"$CURATE" query --csv "SELECT * FROM v_sample" | cmp - before.csv
"$CURATE" query "SELECT command, status, read, inserted, duplicate, rejected FROM v_runs"

# One array, pretty-printed, compressed, from standard input: the same samples again.
printf '[\n  {"prompt": "Once",\n   "completion": " upon"},\n  {"text": "plain"}\n]\n' > array.json
gzip -k array.json
zstd -q array.json
"$CURATE" ingest array.json array.json.gz array.json.zst
"$CURATE" ingest - < array.json.gz
"$CURATE" ingest --json --dry-run array.json
sqlite3 curate.db 'SELECT count(*) FROM v_sample'
