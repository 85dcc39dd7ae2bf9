# SPDX-License-Identifier: Apache-2.0
# What a selection is: printed, stored, compared, deleted.
awk 'BEGIN { for (i = 1; i <= 40; i++) { printf "{\"id\": \"a%d\", \"instruction\": \"Count to %d.\", \"output\": \"", i, i; for (k = 1; k <= i; k++) printf "%d, ", k; print "done.\"}" } }' > a.jsonl
awk 'BEGIN { for (i = 1; i <= 20; i++) printf "{\"id\": \"b%d\", \"instruction\": \"What is %d and %d?\", \"output\": \"It is %d.\"}\n", i, i, i * 3, i * 4 }' > b.jsonl
"$CURATE" ingest -q a.jsonl b.jsonl
"$CURATE" select --name random --random --top 10
echo "-- the order is that of length, and says so"
"$CURATE" measure -q length
"$CURATE" select --name long --by words_response --top 25%
"$CURATE" selection show long
"$CURATE" selection show long --json | grep -E '"(warning|sum|overlap|source)"'
echo "-- few samples are described, but not printed"
"$CURATE" select --name few --by words_response --top 5 --where "words < 12 AND ext_id LIKE 'a%'"
"$CURATE" selection show few --json | grep '"count"'
echo "-- the same samples again: the description has what was measured since"
"$CURATE" select --name random --random --top 10 -q --json | grep -o '"result":"[a-z]*"'
"$CURATE" query "SELECT name, subject, pool, selected FROM v_selection_statistics WHERE selection = 'random' AND subject = 'words' AND name IN ('median', 'sum') ORDER BY 1"
echo "-- a dry run describes, and stores nothing"
"$CURATE" select --name dry --by words --top 50% --dry-run
"$CURATE" selection list
echo "-- two selections"
"$CURATE" select -q --name short --by words --order ascending --top 30
"$CURATE" selection diff long random
"$CURATE" selection diff long long --json
"$CURATE" selection diff short random --json
echo "-- mistakes"
"$CURATE" selection diff long || echo "status $?"
"$CURATE" selection diff long none || echo "status $?"
"$CURATE" selection show none || echo "status $?"
"$CURATE" selection drop none || echo "status $?"
echo "-- an empty selection replaces one that holds samples only with --replace"
"$CURATE" select --name few --by words --top 5 --where "words > 1000" || echo "status $?"
"$CURATE" select --name few --by words --top 5 --where "words > 1000" --replace
echo "-- deleted, with its description"
"$CURATE" selection drop long --dry-run
"$CURATE" selection drop long
"$CURATE" query "SELECT (SELECT count(*) FROM v_selection WHERE selection = 'long') AS samples,
    (SELECT count(*) FROM v_selection_statistics WHERE selection = 'long') AS statistics,
    (SELECT count(*) FROM v_selection_groups WHERE selection = 'long') AS groups,
    (SELECT count(*) FROM v_sample) AS all_samples"
"$CURATE" fsck
