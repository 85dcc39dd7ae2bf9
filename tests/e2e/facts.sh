# SPDX-License-Identifier: Apache-2.0
# The facts tokens and language: counts equal those of `model tokenize`, another vocabulary measures
# again, and the values do not depend on the number of threads.
tiny=$SOURCE/tests/data/tiny-qwen2.gguf
built_in=$SOURCE/models/curate-tiny-long.gguf
cat > c.jsonl <<'EOS'
{"instruction": "Name two fruits that grow in the north.", "output": "An apple. A pear!\nBoth like the frost."}
{"instruction": "Was ist die Hauptstadt von Frankreich?", "output": "Die Hauptstadt von Frankreich ist Paris, und sie liegt an der Seine.", "category": "geography"}
{"instruction": "Write a function that adds two numbers, please.", "output": "```python\ndef somme(nombre, autre):\n    return nombre + autre\n```"}
{"context": "Le chat dort sur le lit pendant que la pluie tombe sur le toit de la maison.", "question": "Que fait le chat?", "answer": "Il dort sur le lit, et la pluie tombe dehors."}
{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "法国的首都是什么？"}, {"role": "assistant", "content": "法国的首都是巴黎。"}]}
EOS
"$CURATE" ingest -q c.jsonl

echo "-- tokens need a vocabulary"
"$CURATE" measure tokens || echo "status $?"
"$CURATE" measure tokens --tokenizer c.jsonl || echo "status $?"
"$CURATE" measure words --tokenizer "$tiny" || echo "status $?"
"$CURATE" measure tokens --tokenizer "$tiny" --dry-run
"$CURATE" measure tokens --tokenizer "$tiny"
"$CURATE" measure tokens --tokenizer "$tiny"

echo "-- counts are those of model tokenize"
for part in instruction response context; do
    for id in 1 2 3 4 5; do
        "$CURATE" query --csv "SELECT tokens_$part FROM v_facts WHERE sample_id = $id" | tail -1 > got
        text=$("$CURATE" query --json "SELECT $part AS text FROM v_sample WHERE sample_id = $id" |
               python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["text"] or "", end="")' &&
               echo .)
        printf %s "${text%.}" | "$CURATE" model tokenize "$tiny" | wc -w > want
        [[ $(cat want) -eq 0 ]] || cmp got want
    done
done
"$CURATE" query "SELECT sample_id, tokens, tokens_instruction, tokens_context, tokens_response FROM v_facts"
"$CURATE" query "SELECT * FROM v_turn_facts"

echo "-- another vocabulary removes the counts and measures again; others facts stay"
"$CURATE" measure length language
"$CURATE" measure tokens --tokenizer "$built_in" --dry-run
"$CURATE" measure tokens --tokenizer "$built_in" --where "sample_id = 1"
"$CURATE" query "SELECT sample_id, tokens, words FROM v_facts"
"$CURATE" query "SELECT count(DISTINCT params), length(min(params)) FROM fact_column WHERE params IS NOT NULL"
cp "$built_in" copy.gguf
"$CURATE" measure --tokenizer copy.gguf
"$CURATE" query "SELECT sample_id, tokens > 0 AS counted FROM v_facts"

echo "-- language"
"$CURATE" query "SELECT sample_id, language, language_share >= 0.7 AS sure, language_instruction, language_context, language_response FROM v_facts"
"$CURATE" query "SELECT * FROM v_missing_facts WHERE fact LIKE 'language%' ORDER BY sample_id, fact"
"$CURATE" score -q mtld
"$CURATE" select --name german --by mtld --top 5 --where "language = 'de' AND tokens < 4096"
"$CURATE" fsck

echo "-- the same values with one thread and with eight"
for threads in 1 8; do
    "$CURATE" ingest -q c.jsonl --db "t$threads.db"
    "$CURATE" measure -q --threads $threads --tokenizer "$tiny" --label topic=category \
        --db "t$threads.db"
    for table in fact turn_fact fact_version fact_column fact_missing; do
        "$CURATE" query --csv --db "t$threads.db" "SELECT * FROM $table"
    done > "t$threads.txt"
done
cmp t1.txt t8.txt
grep -c . t1.txt > rows
[[ $(cat rows) -gt 60 ]]
