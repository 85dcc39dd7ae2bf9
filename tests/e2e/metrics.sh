# Metrics that line.sh does not compute, and the options of some of them.
cp "$SOURCE/examples/corpus/long.jsonl" .
"$CURATE" ingest --quiet long.jsonl
printf '%s\n' '{"prompt": "Who are you?"}' '{"text": "A text of its own, and a short one."}' > other.jsonl
"$CURATE" ingest --quiet other.jsonl
some="sample_id <= 3 OR kind <> 'sft'"
"$CURATE" score ppl bpb ic_ifd ppl_gap context_dependency embedding rating --question "A mark from 1 to 6?" --where "$some" --quiet
"$CURATE" score yes_probability --question "Is it good?" --where "$some" --quiet
"$CURATE" score yes_probability --question "Is it bad?" --where "$some" --quiet
"$CURATE" score lds long_attn_strength long_attn_variance --where "sample_id = 1 OR kind <> 'sft'" --quiet
"$CURATE" query --csv "SELECT metric, count(*) AS n, count(value) AS numbers, group_concat(DISTINCT status) AS statuses FROM v_scores GROUP BY metric ORDER BY metric"
sqlite3 curate.db "SELECT count(*), max(length(vector)) FROM embedding"
sqlite3 curate.db "SELECT count(*) FROM score_set WHERE params LIKE '%Is it%'"
"$CURATE" score ic_ifd ppl_gap rating --question "A mark from 1 to 6?" --where "$some"
! "$CURATE" score rating
! "$CURATE" score nll --question "Is it good?"
! "$CURATE" score nll --near-tokens 4
! "$CURATE" score ppl_gap --near-tokens -1
! "$CURATE" score mtld --model no-such.gguf
! "$CURATE" score mtld --neighbour 2

# Metrics of the text, of a pool of samples, and of imported scores.
"$CURATE" score mtld long_attn language_mismatch --quiet
"$CURATE" score knn --neighbour 2 --where "$some"
"$CURATE" score knn --neighbour 2 --where "$some"
"$CURATE" score knn --where "$some" --quiet
! "$CURATE" score instruct_mining_v2
for metric in reward understandability naturalness coherence; do
    sqlite3 curate.db "SELECT 'hash,value' UNION ALL SELECT hex(hash) || ',0.5' FROM sample WHERE sample_id < 3" > scores.csv
    "$CURATE" score import scores.csv --key hash --metric "$metric" --quiet
done
"$CURATE" score instruct_mining_v2
"$CURATE" query --csv "SELECT metric, model, count(*) AS n, count(value) AS numbers, group_concat(DISTINCT status) AS statuses FROM (SELECT * FROM v_scores ORDER BY status) WHERE metric IN ('mtld', 'language_mismatch', 'long_attn', 'knn', 'instruct_mining_v2') GROUP BY 1, 2 ORDER BY 1"
sqlite3 curate.db "SELECT printf('%.4f', max(value)) FROM v_scores WHERE metric = 'instruct_mining_v2'"
"$CURATE" fsck

# In this dialogue, 34 of 82 letters of responses are in another language.
export CURATE_DB=talk.db
printf '%s\n' '{"messages": [{"role": "user", "content": "What is the capital of France, please?"}, {"role": "assistant", "content": "Die Hauptstadt von Frankreich ist Paris."}, {"role": "user", "content": "And what is the capital of Germany, please?"}, {"role": "assistant", "content": "The capital of Germany is called Berlin, on the river Spree."}]}' > talk.jsonl
"$CURATE" ingest --quiet talk.jsonl
"$CURATE" score language_mismatch --turns all --quiet
"$CURATE" query --csv "SELECT turn, value, n_tokens FROM v_turn_scores"
sqlite3 talk.db "SELECT printf('%.6f', value) FROM v_scores"
