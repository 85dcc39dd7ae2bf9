# SPDX-License-Identifier: Apache-2.0
# Splits: groups, hashed and exact parts, new samples, joined groups, errors.
cat > a.jsonl <<'END'
{"id": "math-1", "instruction": "Name the largest planet.", "output": "The largest planet of the solar system is Jupiter, which is more than eleven times as wide as the Earth."}
{"id": "math-2", "instruction": "Name the largest planet.", "output": "The largest planet of the solar system is JUPITER - which is more than eleven times as wide as the earth!"}
{"id": "text-1", "context": "Anna walks along the shore.", "question": "Who is on the shore?", "answer": "Anna."}
{"id": "text-2", "context": "Anna walks along the shore.", "question": "Where does Anna walk?", "answer": "Along the shore."}
{"instruction": "Is it so?", "output": "Yes."}
END
awk 'BEGIN { for (i = 0; i < 40; i++) printf "{\"id\": \"n%d-%d\", \"instruction\": \"Question %d?\", \"output\": \"Answer %d.\"}\n", i / 4, i, i, i * 7 }' > b.jsonl
split() { "$CURATE" split "$@" || echo "status $?"; }
parts() { "$CURATE" query --csv "SELECT part, group_concat(ext_id, ' ') AS samples FROM
    (SELECT * FROM v_split WHERE split = '$1' ORDER BY ext_id) GROUP BY part"; }
split --by train=.5,test=.5
"$CURATE" ingest -q a.jsonl

echo "-- nothing is stored in a dry run"
split --by train=.5,test=.5 --dry-run
"$CURATE" split list --json

echo "-- contexts stay together, and near duplicates once a set of them exists"
split --by train=.5,test=.5
"$CURATE" query "SELECT n_groups FROM v_splits"
"$CURATE" dedup near -q
split --by train=.5,test=.5
"$CURATE" split drop split
split --by train=.5,test=.5
split --by train=.5,test=.5
split --by test=.5,train=.5
split --name other --by train=.5,test=.5 --dedup none --seed other

echo "-- files, expressions and prefixes of ids"
"$CURATE" ingest -q b.jsonl
split --name files --by a=.5,b=.5 --group file
parts files
split --name prefixes --by a=50%,b=.5 --group-ext-id '^[a-z]+[0-9]*-' --where "ext_id LIKE 'n%'"
parts prefixes
split --name lengths --by a=.5,b=.5 --group "CASE WHEN instruction LIKE 'Q%' THEN length(response) END"
"$CURATE" query "SELECT DISTINCT length(response) AS length, part FROM v_split JOIN v_sample USING (sample_id)
    WHERE split = 'lengths' AND instruction LIKE 'Q%' ORDER BY 1"

echo "-- exact sizes, for all samples and for each value"
"$CURATE" measure -q length
split --name exact --by train=.6,valid=.2,test=.2 --exact samples
split --name exact --by train=.6,valid=.2,test=.2 --exact samples
split --name words --by train=.6,test=.4 --exact words --stratify "substr(ext_id, 1, 1)"
"$CURATE" query "SELECT substr(ext_id, 1, 1) AS value, part, count(*) AS n, sum(words) AS words
    FROM v_split JOIN v_facts USING (sample_id, ext_id) WHERE split = 'words' GROUP BY 1, 2"
split --name tokens --by train=.6,test=.4 --exact tokens

echo "-- new samples move no others, unless they join groups"
split --by train=.5,test=.5 --quiet
parts split > before.txt
awk 'BEGIN { for (i = 0; i < 40; i++) printf "{\"instruction\": \"Another question %d?\", \"output\": \"Yes.\"}\n", i }' > c.jsonl
"$CURATE" ingest -q c.jsonl
split --by train=.5,test=.5
"$CURATE" query "SELECT count(*) AS n, count(DISTINCT part) AS parts FROM v_split WHERE split = 'split' AND ext_id IS NULL"
parts split | diff before.txt -
split --name joined --by a=.5,b=.5 --group "meta->>'book'"
for i in $(seq 0 9); do printf '{"id": "j%d", "context": "A text.", "question": "Question %d?", "answer": "Answer %d."}\n' $i $i $i; done > d.jsonl
"$CURATE" ingest -q d.jsonl
split --name joined --by a=.5,b=.5 --group "meta->>'book'"
sqlite3 curate.db "UPDATE sample SET meta = '{\"book\":1}' WHERE ext_id LIKE 'n%'"
split --name joined --by a=.5,b=.5 --group "meta->>'book'"
split --name joined --by a=.5,b=.5 --group "meta->>'book'"
"$CURATE" split list
"$CURATE" split show joined
"$CURATE" fsck -q

echo "-- a part is exported"
"$CURATE" select -q --name all --by words --order ascending --top 100%
for part in train test; do
    "$CURATE" export all -o $part.jsonl --to jsonl --split $part
    grep -c . $part.jsonl
done
grep -o '"split":[^,]*,' test.jsonl.manifest
"$CURATE" export all -o a.part.jsonl --split prefixes:a
"$CURATE" export all -o b.part.jsonl --split split:none || echo "status $?"
"$CURATE" export all -o b.part.jsonl --split none:a || echo "status $?"
"$CURATE" select -q --name one --by words --top 1
"$CURATE" export one -o b.part.jsonl --split files:b || echo "status $?"

echo "-- a recipe"
printf 'version: 1\nsteps:\n- split: {name: r, by: "a=.9,b=.1", group: [file, source], exact: samples}\n- export: {selection: all, output: r.jsonl, split: "r:a"}\n- split drop: {split: r}\n' > r.yaml
"$CURATE" run r.yaml

echo "-- errors"
split
split --by train=1
split --by train=.5,test=.4
split --by train=.5,train=.5
split --by train=.5,te:st=.5
split --by train=.5,test=half
split --by train=.5,test
split --by train=1.5,test=-.5
split --name '' --by train=.5,test=.5
split --name e --by train=.5,test=.5 --stratify source
split --name e --by train=.5,test=.5 --group-ext-id '('
split --name e --by train=.5,test=.5 --group 'count(*)'
split --name e --by train=.5,test=.5 --group 'no_such'
split --name e --by train=.5,test=.5 --group '1) FROM sample; --'
split --name e --by train=.5,test=.5 --dedup nothing
split --name e --by train=.5,test=.5 --dedup none --dedup near
split --name e --by train=.5,test=.5 --where 0
"$CURATE" split drop e || echo "status $?"
"$CURATE" split show e || echo "status $?"
