# What each record of tests/data/records becomes: a file holds one kind of record, a line of the
# expectation what one record became. A word in capitals names a part of the sample.
# A thought is in brackets.
show() {
    sqlite3 -separator ' ' "$1" "
        WITH turns AS (SELECT sample_id, group_concat(ifnull(upper(side) || '-', '') || upper(role) || ' ' ||
                 ifnull('(' || replace(thought, char(10), '\n') || ') ', '') ||
                 replace(content, char(10), '\n') || ifnull(' TRAINED ' || trained, '') || ifnull(' CALLS ' || calls, '') ||
                 ifnull(' MEDIA ' || media, '') || ifnull(' EXTRA ' || extra, ''), ' ') AS text
            FROM (SELECT * FROM turn ORDER BY sample_id, turn) GROUP BY sample_id),
        seen AS (SELECT sample_id, group_concat(class, ',') AS classes FROM sample_defect
            GROUP BY sample_id)
        SELECT s.line, s.byte_offset, sample_id, '  ' || s.line || ' ' || s.kind ||
               ifnull(' [' || classes || ']', '') ||
               ifnull(' ID ' || ext_id, '') || ifnull(' TOOLS ' || tools, '') || ifnull(' META ' || meta, '') ||
               ifnull(' SPLIT ' || split, '') || ifnull(' SYSTEM ' || replace(system, char(10), '\n'), '') ||
               ifnull(' CONTEXT ' || replace(c.text, char(10), '\n'), '') ||
               ifnull(' ' || turns.text, '')
          FROM sample s LEFT JOIN context c USING (context_id)
          LEFT JOIN turns USING (sample_id) LEFT JOIN seen USING (sample_id)
        UNION ALL
        SELECT line, byte_offset, reject_id, '  ' || line || ' REJECTED ' || class || ': ' || detail FROM reject
        ORDER BY 1, 2, 3" | cut -d ' ' -f 4-
}
for file in "$DATA"/records/*.jsonl; do
    name=$(basename "$file" .jsonl)
    echo "$name"
    "$CURATE" ingest --quiet --max-rejects 100 --db "$name.db" "$file" > said 2>&1 || true
    show "$name.db"
    sqlite3 "$name.db" "SELECT '  inserted ' || inserted || ' duplicate ' || duplicate FROM v_runs"
done

# The same records, with what a user can ask for. First what no shape may swallow by force.
again() {
    echo "$1 $2"
    "$CURATE" ingest --quiet --max-rejects 100 --db again.db "$1" "$2" "$DATA/records/$3.jsonl" \
        > said 2>&1 || true
    show again.db
    rm again.db
}
again --format prompt-only unclaimed-text
again --format text unclaimed-text
again --on unclaimed_text=keep unclaimed-text
again --on type_drift=repair lists
again --oasst all trees
# LLaMA-Factory's old ranking: a list of two outputs, the better one first.
again --format pair lists
# KTO learns from answers that are wrong, too.
again --on disliked=keep verdicts
sqlite3 verdicts.db "SELECT sample_id, instruction, response, meta FROM v_sample WHERE kind = 'sft' LIMIT 3"
