# ingest --explain prints what becomes of the first records, and stores nothing.
cat > mixed.jsonl <<'E'
{"id": "m1", "instruction": "Name a metal.", "input": "", "output": "Tin.", "category": "simple", "score": null}
{"id": "m2", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Name a tree &amp; a river, please, in one line."}, {"role": "assistant", "content": "Oak and Elbe."}]}
{"instruction": "Sum up.", "response": "It rains.", "context": ["A long day of rain.", "And a night of it."], "notes": ["by hand"]}
{"question": "Up?", "answer": "Down.", "solution": "Left.", "generations": ["Right.", "Under a very long text that does not fit into the line that is printed."]}
{"odd": {"a": 1}, "\u001b[31m": 2}
{"prompt": "The sixth", "completion": "is passed over"}
E
printf 'question;answer\nWho?;Me.\n' > table.csv
echo 'A note.' > note.md
"$CURATE" ingest --explain mixed.jsonl table.csv note.md
test ! -e curate.db
"$CURATE" ingest -q --explain --json mixed.jsonl | sed -n '2p;4p'
# Options that decide what becomes of a record count, and so do several samples in a record.
echo '{"v": 1, "rows": [{"q": "In?", "a": ["Out.", "Up."]}, {"q": "On?", "a": ["Off."]}]}' > rows.json
"$CURATE" ingest -q --explain --records rows --map instruction=q --map 'response=a[0]' rows.json
echo '{"data": [{"input": "a", "output": "b"}, {"input": "c", "output": "d"}]}' > wrapped.json
"$CURATE" ingest -q --explain --on html_entity=repair wrapped.json mixed.jsonl | grep -v '^  [a-z_]*  *->'
# Tools, calls, thoughts and images have their places, and so has a list without a record.
cat > forms.jsonl <<'E'
{"tools": "[{\"name\": \"lamp\"}]", "images": ["room.png"], "conversations": [{"from": "human", "value": "<image>Switch the lamp on."}, {"from": "function_call", "value": "{\"name\": \"lamp\", \"arguments\": {\"on\": \"yes\"}}"}, {"from": "observation", "value": "It is on."}, {"from": "gpt", "value": "<think>\nThe tool said so, so it is.\n</think>\n\nDone."}]}
[{"role": "user", "content": "No record?"}, {"role": "assistant", "content": "A list."}]
{"question": "Which is wet?", "choices": ["sand", "water"], "answer": 1}
{"id": 0, "query": "Switch lamp 0 off.", "tools": "[{\"name\": \"lamp\"}]", "answers": "[{\"name\": \"lamp\", \"arguments\": {\"number\": 0}}]"}
E
"$CURATE" ingest -q --explain forms.jsonl
# Errors are those of ingest.
"$CURATE" ingest --explain none.jsonl || echo "status $?"
"$CURATE" ingest --explain || echo "status $?"
: > empty.jsonl
"$CURATE" ingest --explain empty.jsonl
# A large file is not read to its end.
python3 -c "
for i in range(200000): print('{\"prompt\": \"What is %d?\", \"completion\": \"It is %d.\"}' % (i, i))
print('{')" > large.jsonl
"$CURATE" ingest --explain large.jsonl | tail -n 1
printf 'version: 1\ndb: r.db\nsteps:\n  - ingest: {files: [wrapped.json], explain: true}\n' > explain.yaml
"$CURATE" run -q explain.yaml
"$CURATE" --db r.db query "SELECT count(*) FROM v_sample"
