# Scores as published code computes them are score sets of their own.
cp "$SOURCE/examples/corpus/long.jsonl" .
"$CURATE" ingest --quiet long.jsonl
few="sample_id <= 3"
"$CURATE" score ifd --where "$few" --quiet
"$CURATE" score ifd --where "$few" --compat superfiltering
"$CURATE" score ifd_loss --where "$few" --compat cherry --max-tokens 2048
"$CURATE" score ifd_loss --where "$few" --compat cherry
"$CURATE" score gateau --where "$few" --compat gateau-code --max-tokens 1550
"$CURATE" score gateau --where "$few" --compat gateau-code --max-tokens 1550
sqlite3 curate.db "SELECT m.name, json_extract(t.params, '\$.compat'), json_extract(t.params, '\$.max_tokens'), count(k.value), group_concat(DISTINCT k.status)
    FROM score_set t JOIN metric m USING (metric_id) JOIN score k USING (score_set_id) GROUP BY score_set_id ORDER BY 1, 2, 3"
sqlite3 curate.db "SELECT normaliser, n, min(gateau) > 0.1 FROM cohort JOIN cohort_score USING (cohort_id)"
"$CURATE" score cas --where "$few" --compat gateau-code --max-tokens 1550 --attention-by layer --quiet
sqlite3 curate.db "SELECT count(DISTINCT sample_id), max(abs(mean - attention)) <= 1e-14 FROM v_segments JOIN
    (SELECT sample_id, segment, avg(attention) AS mean FROM v_segment_attention GROUP BY 1, 2) USING (sample_id, segment)"
sqlite3 curate.db "SELECT DISTINCT count(*) FROM segment_score GROUP BY score_set_id, sample_id"
! "$CURATE" score lds --compat cherry
! "$CURATE" score ifd --compat alpaca
! "$CURATE" score ifd --compat cherry --turns all
! "$CURATE" score ifd --compat cherry --template chatml
