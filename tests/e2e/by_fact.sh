# SPDX-License-Identifier: Apache-2.0
# Selections that are ordered by a fact: their order, what is stored, exported and shown of them.
cat > a.jsonl <<'END'
{"id": "a", "instruction": "one two", "output": "three"}
{"id": "b", "instruction": "one two three", "output": "four five"}
{"id": "c", "instruction": "one two three four", "output": ""}
{"id": "d", "instruction": "one two three four five", "output": "six seven eight nine"}
{"id": "e", "instruction": "one", "output": "two three"}
END
"$CURATE" ingest -q --max-rejects 100 a.jsonl
by() { "$CURATE" select --name s --top 3 --by "$@" || echo "status $?"; }

echo "-- nothing is measured"
by words_response
by nothing
"$CURATE" measure -q length language

echo "-- in both directions"
by words_response
by words_response
by words_response --order ascending
"$CURATE" query "SELECT rank, ext_id, score FROM v_selection"
by words_response --order ascending --where "words > 3"
"$CURATE" query "SELECT * FROM v_selections"
"$CURATE" fsck -q

echo "-- show, export and its manifest, digest"
"$CURATE" show s
"$CURATE" show s --json --top 1
"$CURATE" export -q s --to messages -o s.jsonl
cat s.jsonl.manifest
[[ $("$CURATE" digest --selection s | cut -c1-64) = $("$CURATE" digest --export s.jsonl | cut -c1-64) ]]

echo "-- samples without a value are left out and counted"
by words_context
"$CURATE" select --name s --by words_response --top 50%
"$CURATE" query --csv "SELECT group_concat(ext_id) AS ids FROM v_selection"

echo "-- a policy and a recipe"
printf 'policy: p\nconditions:\n- {fact: words_response, max: 2}\n' > p.yaml
by words --order ascending --policy p.yaml --any-corpus
printf 'version: 1\nsteps:\n- select: {name: r, by: words, order: ascending, top: 2}\n' > r.yaml
"$CURATE" run r.yaml
"$CURATE" query "SELECT selection, ordered_by, direction, policy, n_samples FROM v_selections"

echo "-- a metric says itself which end is better, and can have the name of a fact"
printf 'sample,value\na,0.5\nb,0.25\n' > scores.csv
"$CURATE" score import -q scores.csv --key-field sample --metric words --by us
"$CURATE" score import -q scores.csv --key-field sample --metric mine --by us
by words
by words --model us
by words --order ascending
by mine
by mine --order ascending
by mine --model us --order ascending
by words --cohort c --order ascending
by words --order upwards
by language
"$CURATE" fsck -q

echo "-- the database accepts either a fact with an order or scores"
for change in "fact = 'words', fact_order = 'ascending'" "score_set_id = NULL" "fact_order = 'ascending'" \
    "score_set_id = NULL, fact = 'words'" "score_set_id = NULL, fact = 'words', fact_order = 'up'"; do
    sqlite3 curate.db "UPDATE selection SET $change WHERE name = 's'" 2>&1 | grep -o "CHECK constraint failed" || true
done
sqlite3 curate.db "UPDATE selection SET fact = 'nothing' WHERE name = 'r'"
"$CURATE" fsck || echo "status $?"
sqlite3 curate.db "UPDATE selection SET fact = 'a' || char(27) || '[31m' WHERE name = 'r'"
"$CURATE" show r --top 1 | head -n 1
