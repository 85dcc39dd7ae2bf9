# Killed at any moment and started again, a run ends in the database of one that was left alone.
# The law holds after each kill, for what was committed by then.
awk 'BEGIN {
    for (i = 0; i < 12000; i++)
        printf "{\"id\": %d, \"question\": \"How much is %d and %d?\", \"answer\": \"It is %d.\"}\n", i, i, i, 2 * i
    print "{\"cut off"
}' > sums.jsonl

content() {
    sqlite3 "$1" "SELECT ext_id, instruction, response FROM v_sample ORDER BY 1;
                  SELECT line, byte_offset, class FROM v_rejects;
                  SELECT ext_id, metric, value, status FROM v_scores ORDER BY 1, 2" | sha256sum
}

"$CURATE" ingest --quiet --db whole.db sums.jsonl
"$CURATE" score ifd --quiet --db whole.db --where "sample_id <= 40"
content whole.db > want

killed() { # SECONDS COMMAND...: bash would tell of every kill
    (timeout -s KILL "$1" "$CURATE" "${@:2}" --quiet --db killed.db || true) 2> noise.txt
}
for pause in 0.01 0.03 0.05 0.08 0.13; do
    killed "$pause" ingest sums.jsonl
done
"$CURATE" ingest --quiet --db killed.db sums.jsonl
for pause in 0.02 0.06 0.12; do
    killed "$pause" score ifd --where "sample_id <= 40"
done
"$CURATE" score ifd --quiet --db killed.db --where "sample_id <= 40"
content killed.db | cmp - want
sqlite3 killed.db "SELECT DISTINCT read = inserted + duplicate + rejected FROM v_runs"
sqlite3 killed.db "SELECT count(*) FROM v_runs WHERE status = 'running'"
