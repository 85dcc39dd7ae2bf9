# Samples whose embeddings are nearly equal: what is printed and stored, sets that exist already,
# new samples, samples without a vector, and a recipe.
export CURATE_THREADS=2
model=(--model "$DATA/tiny-llama.gguf")
for i in 1 2 3 4 5 6; do
    printf '{"id": "a%d", "prompt": "where is the cat number %d?", "completion": "on the mat"}\n' $i $i
done > a.jsonl
printf '%s\n' '{"id": "b1", "prompt": "where is the cat number 1? ", "completion": "on the mat"}' \
    '{"id": "b2", "prompt": "who let the dog out into the rain?", "completion": ""}' > b.jsonl
"$CURATE" ingest -q a.jsonl b.jsonl

! "$CURATE" dedup semantic
"$CURATE" score -q embedding "${model[@]}" --where "ext_id <> 'a6'"
"$CURATE" dedup semantic --dry-run
"$CURATE" dedup semantic --prefer b.jsonl,a.jsonl
sqlite3 curate.db "SELECT a_ext_id < b_ext_id, round(similarity, 6) FROM v_dedup_pairs
    WHERE 'b1' IN (a_ext_id, b_ext_id) AND 'a1' IN (a_ext_id, b_ext_id)"
sqlite3 curate.db "SELECT name, kind, field, params, keep, complete, threshold FROM dedup_set"

echo "new samples"
"$CURATE" score -q embedding "${model[@]}"
"$CURATE" dedup semantic --threshold 0.999

"$CURATE" dedup semantic -q
"$CURATE" dedup list
"$CURATE" select --name best --by embedding --top 100% --dedup semantic

echo "errors"
! "$CURATE" dedup semantic --least 0.97
! "$CURATE" dedup semantic --threshold 0.9
! "$CURATE" dedup semantic --keep lowest:
! "$CURATE" dedup semantic --prefer a.jsonl,,b.jsonl
! "$CURATE" dedup semantic --prefer a.jsonl,a.jsonl
! "$CURATE" dedup semantic --prefer nowhere
! "$CURATE" dedup semantic --keep nothing
! "$CURATE" dedup semantic --keep lowest:embedding
! "$CURATE" dedup semantic other --embedding nll
! "$CURATE" dedup semantic other --max-pairs 1 --least 0
! "$CURATE" dedup semantic other --max-memory 1M

echo "a recipe"
printf 'version: 1\nsteps:\n  - dedup semantic: {name: centred, centre: true, keep: longest}\n' > r.yaml
"$CURATE" run r.yaml
sqlite3 curate.db "SELECT name, round(statistics ->> '$.nearest.p100', 4),
    statistics ->> '$.vectors' FROM dedup_set ORDER BY name"
"$CURATE" fsck
