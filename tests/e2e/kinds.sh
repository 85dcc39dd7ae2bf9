# The kinds of samples: in the closing line, in v_runs, and as a condition on what may be read.
# A duplicate that says more than its sample is counted and kept.
cat > mix.jsonl <<'END'
{"instruction": "Why?", "output": "Because.", "page": 1, "tags": {"a": 1, "b": 2}}
{"instruction": "Why?", "output": "Because.", "tags": {"b": 2, "a": 1}, "page": 1}
{"id": "x", "instruction": "Why?", "output": "Because.", "page": 2}
{"instruction": "Why?", "output": "Because."}
{"prompt": "Tell me."}
{"text": "A passage."}
END
runs() { "$CURATE" query --csv "SELECT run_id, status, inserted, duplicate, dup_meta, sft, pair, prompt_only, text FROM v_runs"; }

"$CURATE" ingest mix.jsonl
"$CURATE" query --csv "SELECT sample_id, source, line, ext_id, meta, sample_meta FROM v_dup_meta"
"$CURATE" rejects
runs

# Reading the records again changes none of these rows.
before=$("$CURATE" digest --json | tail -1)
cp mix.jsonl again.jsonl
"$CURATE" ingest --source mix.jsonl mix.jsonl
[[ $("$CURATE" digest --json | tail -1) == "$before" ]] && echo same

"$CURATE" ingest --dry-run --db other.db mix.jsonl

# Another kind than expected is an error that names the record, and nothing of its batch is stored.
"$CURATE" --db some.db ingest --expect sft,prompt_only mix.jsonl && exit 1 || echo "exit $?"
"$CURATE" --db some.db ingest --dry-run --expect sft mix.jsonl && exit 1 || echo "exit $?"
"$CURATE" --db some.db ingest --expect novel mix.jsonl && exit 1 || echo "exit $?"
"$CURATE" --db some.db ingest --expect sft,prompt_only,text mix.jsonl
"$CURATE" fsck --db some.db

# What was committed before stays, and without the condition the run goes on from there.
for i in $(seq 600); do echo "{\"instruction\": \"Why $i?\", \"output\": \"Because.\"}"; done > long.jsonl
echo '{"text": "A passage."}' >> long.jsonl
"$CURATE" --db long.db ingest --expect sft long.jsonl && exit 1 || echo "exit $?"
"$CURATE" --db long.db ingest long.jsonl
"$CURATE" --db long.db query --csv "SELECT kind, count(*) FROM v_sample GROUP BY kind"

cat > recipe.yaml <<'END'
version: 1
db: recipe.db
steps:
  - ingest:
      files: [mix.jsonl]
      expect: sft
END
"$CURATE" run recipe.yaml && exit 1 || echo "exit $?"
