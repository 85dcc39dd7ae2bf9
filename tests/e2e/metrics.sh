# Metrics beside those of the line, and what belongs to some of them only.
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
"$CURATE" fsck
