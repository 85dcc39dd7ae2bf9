# SPDX-License-Identifier: Apache-2.0
# Facts as metrics of score: measured first, with the code of measure, and without a model unless a
# metric needs one.
tiny=$DATA/tiny-qwen2.gguf
cat > c.jsonl <<'END'
{"id": "a", "instruction": "the cat sat on the mat", "output": "the dog lay on the rug"}
{"id": "b", "instruction": "where is the cat?", "output": "on the mat, by the fire, where it is warm and where the dog lay before"}
{"id": "c", "instruction": "who is there?", "output": "a man at the table"}
END
"$CURATE" ingest -q c.jsonl
score() { "$CURATE" score "$@" || echo "status $?"; }

echo "-- facts alone need no model, not even a built-in one"
CURATE_MODELS=/nowhere score words language --dry-run
CURATE_MODELS=/nowhere score words language --estimate --max-cost 1s
CURATE_MODELS=/nowhere score words language
CURATE_MODELS=/nowhere score words language
"$CURATE" query "SELECT count(*) AS runs_with_kernels FROM run WHERE kernels IS NOT NULL"

echo "-- facts and metrics; the vocabulary is that of the model; the condition reads a new fact"
score tokens nll --model "$tiny" --where "tokens < 40" --dry-run
score tokens nll --model "$tiny" --where "tokens < 40"
score tokens nll --model "$tiny" --where "tokens < 40"
"$CURATE" query "SELECT s.ext_id, f.tokens < 40 AS short, k.value IS NOT NULL AS scored FROM v_sample s
    JOIN fact f USING (sample_id) LEFT JOIN v_scores k USING (sample_id)"

echo "-- the values are those of measure"
"$CURATE" ingest -q c.jsonl --db m.db
"$CURATE" measure -q length language tokens --tokenizer "$tiny" --db m.db
"$CURATE" digest --parts > parts.txt
"$CURATE" digest --parts --db m.db | grep -E ' (fact|turn_fact|fact_version|fact_column|fact_missing)' > want.txt
[[ $(wc -l < want.txt) -gt 3 ]]
diff want.txt <(grep -Fxf want.txt parts.txt)

echo "-- a recipe"
cat > r.yaml <<'END'
version: 1
db: r.db
steps:
- ingest: {files: [c.jsonl]}
- score: {metrics: [tokens, mtld], tokenizer: tiny.gguf}
- select: {name: s, by: tokens, top: 1}
END
cp "$tiny" tiny.gguf
"$CURATE" run r.yaml
"$CURATE" query --db r.db "SELECT ext_id FROM v_selection"

echo "-- mistakes"
score tokens
score words --tokenizer "$tiny"
score words --model "$tiny"
score tokens --tokenizer "$tiny" --model "$tiny"
score tokens --tokenizer c.jsonl
score words --top 3
score words --where "nonesuch > 1"
score words --question "Is it so?"
"$CURATE" fsck -q
