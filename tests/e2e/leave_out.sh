# What a set of duplicates and an evaluation make of a selection: list and show the set, leave its
# duplicates and the flagged samples out, and say what is not known.
cat > corpus.jsonl << 'END'
{"id": "long", "instruction": "Name the largest planet.", "output": "The largest planet of the solar system is Jupiter, by far: it has more mass than all the others together."}
{"id": "middle", "instruction": "Name the largest planet.", "output": "The largest planet of the solar system is Jupiter, by far: it has more mass than all the others."}
{"id": "loud", "instruction": "NAME THE LARGEST PLANET!", "output": "The largest planet of the solar system is Jupiter, by far; it has more mass than all the others."}
{"id": "other", "instruction": "How deep is the ocean?", "output": "On average about 3,700 metres, and in the Mariana Trench almost 11,000 metres."}
{"id": "test", "instruction": "A train leaves at nine and arrives at noon after two stops. How long does it travel?", "output": "It travels for three hours."}
END
sed 's/[.!?]"}$/, \x1b[31mas you know."}/' corpus.jsonl | sed -n 4p > newer.jsonl
echo '{"question": "A train leaves at nine and arrives at noon after two stops. How long does it travel?", "answer": "3"}' > trains.jsonl
"$CURATE" init -q
"$CURATE" dedup list
"$CURATE" dedup show near || echo "status $?"
"$CURATE" select --name s --by words --top 10 --dedup near || echo "status $?"
"$CURATE" select --name s --by words --top 10 --clean || echo "status $?"

"$CURATE" ingest -q corpus.jsonl --source first
"$CURATE" measure -q length
"$CURATE" dedup near -q
"$CURATE" decontaminate -q --against trains.jsonl
"$CURATE" dedup list
"$CURATE" dedup show near
"$CURATE" dedup show near --sample 2 --json
"$CURATE" dedup show near --sample 4
"$CURATE" select --name best --by words --top 100% --dedup near --clean
"$CURATE" select --name best --by words --top 100% --dedup near --clean
"$CURATE" query "SELECT ext_id, rank FROM v_selection WHERE selection = 'best'"
"$CURATE" query "SELECT * FROM v_exclusions"

# A new sample, a condition that removes the kept one, and an interrupted run.
"$CURATE" ingest -q newer.jsonl --source second
"$CURATE" measure -q length
"$CURATE" select --name some --by words --top 3 --where "ext_id <> 'long'" --dedup near@component --clean --evaluation trains
cat > recipe.yaml << 'END'
version: 1
db: curate.db
steps:
  - dedup near: {}
  - select: {name: new, by: words, top: 10, dedup: [near], clean: true, evaluation: [trains]}
  - dedup drop: {set: near}
END
"$CURATE" run recipe.yaml
"$CURATE" dedup exact same -q
"$CURATE" dedup show same
"$CURATE" dedup show same --sample 4
sqlite3 curate.db "INSERT INTO dedup_set (name, kind, field, params, keep, complete, n_big_buckets, run_id)
    VALUES ('begun', 'near', 'whole', '{}', '{}', 0, 0, 1)"
"$CURATE" dedup show begun
"$CURATE" select --name s --by words --top 10 --dedup begun || echo "status $?"
"$CURATE" select --name s --by words --top 10 --dedup begun@best || echo "status $?"
"$CURATE" select --name s --by words --top 10 --dedup near || echo "status $?"
"$CURATE" select --name s --by words --top 10 --clean --evaluation planes || echo "status $?"
"$CURATE" select --name s --by words --top 10 --evaluation trains || echo "status $?"
"$CURATE" dedup drop near || echo "status $?"

# One context with two questions is no duplicate, but a split must not part the samples.
for i in 1 2; do
    echo "{\"context\": \"The mill stands at the river, and the chapel on the hill.\", \"question\": \"Where? $i\", \"answer\": \"There. $i\"}"
done > shared.jsonl
"$CURATE" ingest -q shared.jsonl
"$CURATE" query "SELECT n_samples, n_bytes, begins FROM v_shared_contexts"
"$CURATE" dedup list | tail -n 1
"$CURATE" fsck
