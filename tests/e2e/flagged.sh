# SPDX-License-Identifier: Apache-2.0
# Flagged words: a list that the user names, in measure, in score and in a recipe.
cat > c.jsonl <<'END'
{"id": "printer", "instruction": "What do you think of my damn printer?", "output": "It is a Piece of  Crap, damned thing. Damn, damn!"}
{"id": "strasse", "instruction": "Sag etwas über die Straße.", "output": "Die STRASSE ist blöd, so BLÖD!"}
{"id": "none", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "你好吗"}, {"role": "assistant", "content": "好"}]}
END
printf '# words for tests\r\ndamn\r\npiece of crap\npiece\n\nblo\xcc\x88d\nstraße\nDAMN\n' > words.txt
"$CURATE" ingest -q c.jsonl

echo "-- without a list the measurer is left out, and is an error if it is named"
"$CURATE" measure --dry-run
"$CURATE" measure flagged || echo "status $?"
"$CURATE" score flagged_words || echo "status $?"

echo "-- counts and shares"
"$CURATE" measure flagged --flagged-words words.txt --dry-run
"$CURATE" measure flagged --flagged-words words.txt
"$CURATE" query "SELECT ext_id, flagged_words AS n, flagged_words_instruction AS instruction,
    flagged_words_response AS response, round(flagged_share_response, 4) AS share FROM v_facts"
"$CURATE" query "SELECT sample_id, turn, flagged_words FROM v_turn_facts"
"$CURATE" query "SELECT DISTINCT fact, reason FROM v_missing_facts"
"$CURATE" select --name clean --by flagged_words --order ascending --top 9 --where "flagged_share < 0.045"

echo "-- a list that finds the same is no other list; another list is measured anew"
sort -r words.txt > same.txt
"$CURATE" measure flagged_share --flagged-words same.txt
echo crap > other.txt
"$CURATE" measure flagged --flagged-words other.txt --where "sample_id = 1"
"$CURATE" query "SELECT sample_id, flagged_words FROM v_facts"
"$CURATE" query "SELECT count(DISTINCT params), length(min(params)) FROM fact_column"
"$CURATE" fsck

echo "-- score, a recipe and a policy"
"$CURATE" score flagged_words mtld --flagged-words words.txt
cat > clean.yaml <<'END'
policy: clean
approved_by: a test
conditions:
- {fact: flagged_words_response, max: 0}
END
cat > r.yaml <<'END'
version: 1
db: r.db
steps:
- ingest: {files: [c.jsonl]}
- measure: {facts: [flagged], flagged-words: words.txt}
- score: {metrics: [mtld, flagged], flagged-words: words.txt}
- select: {name: clean, by: flagged_words, top: 9, policy: clean.yaml, any-corpus: true}
END
"$CURATE" run r.yaml
"$CURATE" query --db r.db "SELECT ext_id FROM v_selection"

echo "-- the same values with one thread and with eight"
for threads in 1 8; do
    "$CURATE" ingest -q c.jsonl --db "t$threads.db"
    "$CURATE" measure -q --threads $threads --flagged-words words.txt --db "t$threads.db"
    "$CURATE" digest --parts --db "t$threads.db" | grep -E ' (fact|turn_fact|fact_version|fact_column)' > "t$threads.txt"
done
cmp t1.txt t8.txt
wc -l < t1.txt

echo "-- mistakes"
try() { "$CURATE" "$@" || echo "status $?"; }
try measure words --flagged-words words.txt
try score mtld --flagged-words words.txt
try score mtld --flagged-words words.txt --label topic=meta.topic
try measure --flagged-words nowhere.txt
printf 'damn\n\xff\n' > bad.txt
try measure --flagged-words bad.txt
printf '# only\n\n' > empty.txt
try measure --flagged-words empty.txt
head -c 5000000 /dev/zero > large.txt
try measure --flagged-words large.txt
sed 's/words.txt/nowhere.txt/' r.yaml > bad.yaml
try run bad.yaml
