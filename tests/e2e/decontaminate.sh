# SPDX-License-Identifier: Apache-2.0
# Decontamination: evaluations of all kinds, packs, what is stored, and what is refused.
cp "$DATA"/tables/tasks.* .
python3 - <<'END'
import json

def words(seed, n):
    return " ".join(f"word{(seed * 7919 + k * k * 31 + k) % 4001}" for k in range(n))

with open("eval.jsonl", "w") as out:
    for i in range(12):
        print(json.dumps({"id": f"q{i}", "question": f"{words(i, 20)}, {words(i + 50, 4)}?",
                          "answer": words(i + 100, 9)}), file=out)
    print('{"question": "Who knows?", "answer": "I do."}\n{"topic": 1}\nbroken', file=out)
with open("train.jsonl", "w") as out:
    for user, assistant in [
        (f"Please: {words(0, 20).upper()}! {words(50, 4)}", "no"),            # q0 whole
        (words(1, 10), words(900, 30)),                                      # q1, 10 of 24 words
        (words(2, 15), words(901, 30)),                                      # q2, 15 of 24
        (words(902, 30), f"It is: {words(103, 9)}."),                        # the answer of q3
        (words(104, 9), words(4, 20)),                                       # sides exchanged
        (words(903, 30), words(904, 30)),                                    # clean
    ]:
        print(json.dumps({"instruction": user, "output": assistant}), file=out)
    print(json.dumps({"text": f"{words(905, 400)} {words(5, 20)} {words(55, 4)} {words(906, 400)}"}),
          file=out)
with open("more.jsonl", "w") as out:
    print(json.dumps({"messages": [
        {"role": "user", "content": words(907, 12)}, {"role": "assistant", "content": "ok"},
        {"role": "user", "content": f"{words(6, 12)}"}, {"role": "assistant", "content": "yes"}]}), file=out)
records = [json.loads(line) for line in open("eval.jsonl") if line[:4] == '{"id']
json.dump([{"data": {"q": r["question"]}, "a": [r["answer"]]} for r in records], open("other.json", "w"))
with open("eval.csv", "w") as out:
    print("id,question,answer", file=out)
    for r in records:
        print(f'{r["id"]},"{r["question"]}",{r["answer"]}', file=out)
END
"$CURATE" ingest -q train.jsonl
search() { { "$CURATE" decontaminate "$@" 2>&1 || echo "status $?"; } | sed 's/ bytes=.*//'; }
found() { sqlite3 "${2-curate.db}" "SELECT sample_id, item, round(covered, 3), longest, answer_whole, flagged
    FROM v_contamination WHERE evaluation = '$1' ORDER BY 1, 2"; }

echo "-- a run, what it stores, and a second run"
search --against eval.jsonl --dry-run
search --against eval.jsonl
"$CURATE" query "SELECT sample_id AS id, item, place, round(covered, 3) AS covered, longest, answer_whole AS whole, flagged
    FROM v_contamination"
"$CURATE" query --csv "SELECT sample_id, turn, item, of_answer, item_word, n_words, substr(text, 1, 16), length(text) FROM v_contamination_spans"
"$CURATE" query "SELECT evaluation, n_items, n_hit_items, n_searched, n_flagged, n_not_checkable FROM v_evaluations"
search --against eval.jsonl
"$CURATE" show --contamination --top 2
"$CURATE" show --contamination --top 1 --json | cut -c1-120

echo "-- new samples alone are searched; all turns of a dialogue are"
"$CURATE" ingest -q more.jsonl
search --against eval.jsonl
sqlite3 curate.db "SELECT turn, item, n_words FROM v_contamination_spans WHERE sample_id = 8"

echo "-- conditions know the most of all evaluations"
"$CURATE" query "SELECT sample_id, round(contamination, 3) AS c, contamination_longest AS n FROM v_sample_contamination"
"$CURATE" measure -q words
"$CURATE" select --name clean --by words --top 100% --where "contamination <= 0.5 AND contamination_longest < 15" 2>&1 | grep -o "selected=[0-9]*"
printf 'policy: p\nconditions: [{sql: contamination < 0.5}]\n' > p.yaml
"$CURATE" select --name policy --by words --top 100% --policy p.yaml --any-corpus 2>&1 | grep -o "selected=[0-9]*"

echo "-- the same evaluation as CSV, in other members, as a pack, in one run with another"
found eval > want.txt
search --against eval.csv --name csv
search --against other.json --prompt-field data.q --answer-field "a[*]"
"$CURATE" decontaminate --against eval.jsonl --emit pack eval.pack
wc -l < eval.pack
! grep -q word eval.pack
search --against eval.pack
gzip -k eval.pack
search --against eval.pack.gz --against tasks.parquet --against tasks.jsonl
search --against eval.pack.gz --name packed
for name in csv other packed; do found $name | diff want.txt - && echo "$name: equal"; done
sqlite3 curate.db "SELECT count(*), count(prompt), max(n_prompt_words) FROM evaluation_item JOIN evaluation USING (evaluation_id) WHERE name = 'packed'"
cp eval.csv second.csv
search --against tasks.parquet --against eval.csv
mv tasks.jsonl t.jsonl
search --against t.jsonl --against second.csv
"$CURATE" query --csv "SELECT count(*), min(n_items), min(hex(digest)) = max(hex(digest)) FROM evaluation WHERE name IN ('t', 'tasks')"

echo "-- presets, sides, and other rules"
for preset in tulu3 gpt3 llama2 datatrove; do
    search --against eval.jsonl --name $preset --preset $preset | tail -1 | grep -o "hit_items.*"
done
search --against eval.jsonl --name everywhere --everywhere --covered 0.4 --longest 0 --ngram 6 | grep -o "hit_items.*"
found everywhere
sqlite3 curate.db "SELECT params FROM evaluation WHERE name IN ('gpt3', 'everywhere')"

echo "-- one thread and many"
for threads in 1 4; do
    cp curate.db t$threads.db
    "$CURATE" decontaminate -q -t $threads --db t$threads.db --against eval.csv --name threads --max-memory 64M
    found threads t$threads.db | sha256sum
done | uniq -c | sed 's/ *\([0-9]\).*/\1/'

echo "-- other items and other parameters need --replace; what is removed takes all with it"
head -n 3 eval.csv > fewer.csv
search --against fewer.csv --name csv
search --against eval.csv --name csv --longest 5
search --against fewer.csv --name csv --replace --dry-run | tail -1
search --against fewer.csv --name csv --replace
sqlite3 curate.db "SELECT count(DISTINCT item) FROM v_contamination WHERE evaluation = 'csv'"
sqlite3 curate.db "PRAGMA foreign_keys = 1; DELETE FROM sample WHERE sample_id = 1; DELETE FROM evaluation WHERE name = 'csv';
    SELECT count(*) FROM contamination WHERE sample_id = 1; PRAGMA foreign_key_check"

echo "-- what is refused"
"$CURATE" show --contamination sel 2>&1 || echo "status $?"
"$CURATE" show 2>&1 || echo "status $?"
try() { "$CURATE" decontaminate "$@" 2>&1 || echo "status $?"; }
try
try --against none.jsonl
try --against eval.jsonl eval.pack
try --against eval.jsonl --emit pack
try --against eval.jsonl --against eval.csv --emit pack x.pack
try --against eval.jsonl --against eval.csv --name two
try --against eval.jsonl --ngram 4
try --against eval.jsonl --prompt-field "a["
try --against eval.jsonl --prompt-field nothing
printf '{"a": 1}\n' > odd.jsonl
try --against odd.jsonl
: > empty.jsonl
try --against empty.jsonl
try --against eval.pack --preset gpt3
head -n 4 eval.pack > short.pack
try --against short.pack
sed '3s/"prompt":"..../"prompt":"0000/' eval.pack > bad.pack
try --against bad.pack
sed '2s/"prompt_words":24/"prompt_words":4000000000/' eval.pack > long.pack
try --against long.pack
sed '1s/"words":1/"words":99/' eval.pack > new.pack
try --against new.pack
