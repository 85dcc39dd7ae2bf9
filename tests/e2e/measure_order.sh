# SPDX-License-Identifier: Apache-2.0
# Facts, missing facts and spans are the same for any number of threads, any order of ingestion,
# and samples that come in shards and are measured after each.
awk 'BEGIN {
    for (i = 0; i < 1400; i++) {
        printf "{\"id\": \"%d\", \"topic\": \"t%d\", \"instruction\": \"Say %d", i, i % 7, i
        if (i % 5 == 1) printf " in at most %d words, as JSON", i % 9 + 1
        printf ".\", \"output\": \""
        if (i % 11 == 0) printf "Mail user%d@acme.com or call +49 30 12345%02d. ", i, i % 100
        if (i % 7 == 2) printf "```json\\n{\\\"a\\\": %d%s\\n```\\n", i, i % 2 ? "}" : "]"
        for (w = 0; w < i % 40; w++) printf "word%d%s", w * i % 53, w % 9 == 8 ? ".\\n" : " "
        if (i % 13 == 3) for (w = 0; w < 30; w++) printf "and so on, "
        printf "\"}\n"
    }
}' > texts.jsonl
python3 - > calls.jsonl <<'END'
import json
for i in range(40):
    call = {"type": "function", "id": f"c{i}", "function": {"name": f"f{i % 3}", "arguments": json.dumps({"x": i % 5})}}
    print(json.dumps({"tools": [{"type": "function", "function": {"name": "f0", "parameters": {
        "type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}}}],
        "messages": [{"role": "user", "content": f"Look up {i}."},
                     {"role": "assistant", "content": "", "tool_calls": [call]},
                     {"role": "tool", "tool_call_id": f"c{i - i % 4}", "content": "found"},
                     {"role": "assistant", "content": "found", "tool_calls": [call]},
                     {"role": "assistant", "content": "found"}]}))
END
cat texts.jsonl calls.jsonl > all.jsonl
tac all.jsonl > reversed.jsonl
sed -n '1,600p' all.jsonl > first.jsonl
sed -n '601,$p' all.jsonl > second.jsonl
measure() { # THREADS
    "$CURATE" measure -q -t "$1" --tokenizer "$DATA/tiny-qwen2.gguf" --label topic=meta.topic "${@:2}"
}
columns=$("$CURATE" ingest -q --db names.db first.jsonl && measure 1 --db names.db &&
    sqlite3 names.db "SELECT group_concat('quote(\"' || name || '\")', ' || char(9) || ') FROM (
        SELECT name FROM pragma_table_info('fact') WHERE name <> 'sample_id' ORDER BY 1)")
rows() { # what the tables hold, without ids
    sqlite3 curate.db "
        CREATE TEMP VIEW h AS SELECT sample_id, hex(hash) AS hash FROM sample;
        SELECT 'fact', hash, $columns FROM fact JOIN h USING (sample_id) ORDER BY 2;
        SELECT 'turn', hash, turn, words, chars, tokens FROM turn_fact JOIN h USING (sample_id)
            ORDER BY 2, 3;
        SELECT 'missing', hash, name, reason FROM fact_missing JOIN h USING (sample_id) ORDER BY 2, 3;
        SELECT 'span', hash, turn, part, start, \"end\", fact_group, kind, detail FROM span
            JOIN h USING (sample_id) ORDER BY 2, 7, 3, 5, 6, 8, 9;
        SELECT * FROM fact_column ORDER BY name, of_turns"
}

mkdir a b c d
for way in a b c d; do
    cd $way
    for file in all first second reversed; do ln -s ../$file.jsonl; done
    case $way in
    a) "$CURATE" ingest -q all.jsonl && measure 1 ;;
    b) "$CURATE" ingest -q all.jsonl && measure 8 --max-memory 64M ;;
    c) "$CURATE" ingest -q reversed.jsonl && measure 2 ;;
    d) "$CURATE" ingest -q second.jsonl && measure 8 --where "sample_id % 2 = 0" && measure 3
       "$CURATE" ingest -q first.jsonl && measure 2 ;;
    esac
    rows > ../$way.txt
    "$CURATE" digest --parts | grep -E " (turn_)?fact| span" > ../$way.digest
    "$CURATE" fsck -q
    cd ..
done
for kind in fact turn missing span; do
    [[ $(grep -c "^$kind|" a.txt) -gt 100 ]] || echo "too few rows: $kind"
done
cut -d '|' -f 1,7,8 a.txt | grep ^span | sort | uniq -c
[[ $(wc -l < a.digest) -eq 6 ]] || echo "too few tables"
for way in b c d; do
    cmp a.txt $way.txt
    cmp a.digest $way.digest
done
