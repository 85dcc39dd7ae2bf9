# SPDX-License-Identifier: Apache-2.0
# Policies: select --policy, its funnel, and which corpora and files are refused.
"$CURATE" ingest -q --max-rejects 5 "$SOURCE/examples/corpus"
"$CURATE" measure -q
"$CURATE" score -q mtld
corpus=$("$CURATE" digest --samples | cut -c1-64)
cat > p.yaml <<END
policy: answers
approved_by: the data team
approved_on: 2026-11-30
corpus: $corpus
conditions:
- {fact: words_response, min: 5, max: 100}
- {fact: words_context, max: 900, missing: keep}
- {metric: mtld, min: 20}
- {fact: turns, in: [2, "4"], not_in: 3}
- {sql: "source <> 'tasks.json' -- a comment"}
END
policy() { "$CURATE" select --name p --by mtld "$@"; }

echo "-- the funnel"
policy --top 100% --policy p.yaml
policy --top 100% --policy p.yaml
"$CURATE" query "SELECT * FROM v_funnel"
"$CURATE" query --csv "SELECT name, approved_by, approved_on, corpus = '$corpus', n_samples FROM selection_policy"
diff p.yaml <(sqlite3 curate.db "SELECT text FROM selection_policy" | sed '$d')

echo "-- the counts are those of SQL"
own="words_response BETWEEN 5 AND 100"
sqlite3 curate.db "SELECT count(*) FILTER (WHERE NOT ($own)), count(*) FILTER (WHERE $own) FROM v_facts"
own+=" AND coalesce(words_context <= 900, 1)"
sqlite3 curate.db "SELECT count(*) FILTER (WHERE words_context > 900),
    count(*) FILTER (WHERE words_context IS NULL), count(*) FILTER (WHERE $own) FROM v_facts"
sqlite3 curate.db "SELECT count(*) FROM v_scores WHERE metric = 'mtld' AND coalesce(value, 0) < 20"
sqlite3 curate.db "SELECT count(*) FROM v_facts JOIN v_scores USING (sample_id) WHERE $own
    AND value >= 20 AND turns IN (2, 4) AND v_facts.source <> 'tasks.json'"
sqlite3 curate.db "SELECT count(*) FROM v_selection"
"$CURATE" fsck -q

echo "-- with a condition, with other facts, and without the policy"
policy --top 3 --policy p.yaml --where "source = 'chat.jsonl'" 2>&1 | tail -n 1
policy --top 3 --policy p.yaml 2>&1 | tail -n 1
sqlite3 curate.db "UPDATE fact SET words_response = 1 WHERE sample_id NOT IN (SELECT sample_id FROM v_selection)"
policy --top 3 --policy p.yaml 2>&1 | tail -n 1
policy --top 3 --policy p.yaml 2>&1 | tail -n 1
sqlite3 curate.db "UPDATE fact SET words_response = 2 WHERE sample_id = 1; UPDATE fact SET turns = 77 WHERE sample_id = 2"
policy --top 3 --policy p.yaml 2>&1 | tail -n 1
policy --top 3
"$CURATE" query "SELECT count(*) AS steps FROM selection_funnel"
"$CURATE" fsck -q

echo "-- another corpus"
echo '{"instruction": "a", "output": "b"}' > new.jsonl
"$CURATE" ingest -q new.jsonl
policy --top 3 --policy p.yaml || echo "status $?"
policy --top 3 --policy p.yaml --any-corpus 2>&1 | tail -n 1
sed -i /^corpus/d p.yaml
policy --top 3 --policy p.yaml || echo "status $?"
policy --top 3 --any-corpus || echo "status $?"

echo "-- the policies that are shipped"
"$CURATE" measure -q
for file in "$SOURCE"/examples/policies/*.yaml; do
    policy --top 5 --policy "$file" --any-corpus 2>&1 | tail -n 1
done

echo "-- a recipe"
printf 'version: 1\nsteps:\n- select: {name: r, by: mtld, top: 2, policy: p.yaml, any-corpus: true}\n' > r.yaml
"$CURATE" run r.yaml 2>&1 | tail -n 1
printf 'policy: a\n' > bad.yaml
sed -i s/p.yaml/bad.yaml/ r.yaml
"$CURATE" run r.yaml || echo "status $?"

echo "-- mistakes"
try() {
    printf 'policy: a\nconditions:\n- %s\n' "$1" > bad.yaml
    policy --top 3 --policy bad.yaml --any-corpus 2>&1 | grep -v '^select: \|failed run' || true
}
try '{fact: nowords, min: 1}'
try '{fact: "words\" OR 1 --", min: 1}'
try '{metric: nometric, min: 1}'
try '{sql: "1) OR (1"}'
try '{sql: "nothing > 1"}'
try '{sql: "load_extension(1)"}'
try '{fact: words, min: x}'
policy --top 3 --policy none.yaml || echo "status $?"
policy --top 3 --policy . || echo "status $?"
"$CURATE" digest --samples --parts || echo "status $?"

echo "-- a metric of several models or with several sets of parameters must say which it means"
"$CURATE" query --csv "SELECT lower(hex(hash)) AS hash, n_turns AS value FROM sample" > scores.csv
"$CURATE" score import -q scores.csv --key hash --metric mark --by judge-a
"$CURATE" score import -q scores.csv --key hash --metric mark --by judge-b
"$CURATE" score -q mtld --turns all
which() {
    printf 'policy: a\nconditions:\n- %s\n' "$1" > which.yaml
    policy --top 1 --policy which.yaml --any-corpus 2>&1 | grep -v '^select: policy\|removed\|failed run\|other parameters' || true
}
which '{metric: mark, min: 2}'
which '{metric: mark, min: 2, model: judge-a}'
which '{metric: mark, min: 2, model: none}'
which '{metric: mtld, min: 20}'
hashes=$(which '{metric: mtld, min: 20}' | grep -oE '[0-9a-f]{8} \(' | cut -c1-8)
for hash in $hashes; do
    which "{metric: mtld, min: 20, score_set: $hash, model: none}"
done
which '{metric: mtld, min: 20, score_set: 00000000}'
which '{metric: mtld, min: 20, score_set: 0000000}'
which '{fact: words, min: 20, model: judge-a}'
sqlite3 curate.db "SELECT count(*) FILTER (WHERE k.value >= 20), count(k.value) FROM score k
    JOIN score_set t USING (score_set_id) JOIN metric m USING (metric_id) WHERE m.name = 'mtld' GROUP BY score_set_id"
