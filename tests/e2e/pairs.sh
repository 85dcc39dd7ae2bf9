# A metric sees the prompt and the chosen side of a pair, as if the rejected turns did not exist.
python3 - <<'END'
import json
talks = [
    ("a", "who sat?", "the cat sat on the mat", "a dog"),
    ("b", "what fell?", "the rain fell on the roof", "the roof fell on the rain and the cat"),
    ("c", "the letter", "he read the letter again", "no"),
]
passage = "the cat sat on the mat and the rain fell on the roof. " * 12 + "\n\n"
with open("pairs.jsonl", "w") as pairs, open("chosen.jsonl", "w") as chosen:
    for key, ask, good, bad in talks:
        text = passage + ask if key == "b" else ask
        extra = {"context_bytes": len(passage) - 2} if key == "b" else {}
        prompt = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hello"},
                  {"role": "assistant", "content": "hello to the cat"}, {"role": "user", "content": ask}]
        prompt[1]["content"] = passage + "hello" if key == "b" else "hello"
        sides = [[{"role": "assistant", "content": text}] for text in (good, bad)]
        print(json.dumps({"id": key, "prompt": prompt, "chosen": sides[0], "rejected": sides[1], **extra}), file=pairs)
        print(json.dumps({"id": key, "messages": prompt + sides[0], **extra}), file=chosen)
END
model="$DATA/tiny-llama.gguf"
for name in pairs chosen; do
    "$CURATE" ingest --quiet --db $name.db $name.jsonl
    for turns in last all; do
        for metric in nll ifd ic_ifd ppl_gap context_dependency embedding lds long_attn knn segments; do
            "$CURATE" score $metric --quiet --turns $turns --model "$model" --db $name.db
        done
    done
    "$CURATE" score mtld --quiet --db $name.db
    sqlite3 $name.db "SELECT s.ext_id, m.name, t.params, k.value, k.status, k.n_tokens FROM score k
        JOIN score_set t USING (score_set_id) JOIN metric m USING (metric_id) JOIN sample s USING (sample_id)
        ORDER BY 1, 2, 3" > $name.scores
    sqlite3 $name.db "SELECT ext_id, metric, turn, value, status FROM v_turn_scores ORDER BY 1, 2, 3" > $name.turns
done
sqlite3 pairs.db "SELECT kind, count(*) FROM sample GROUP BY kind;
    SELECT * FROM v_pair; SELECT ext_id, instruction, response, n_turns FROM v_sample"
wc -l < pairs.scores
cmp pairs.scores chosen.scores && cmp pairs.turns chosen.turns && echo same scores
"$CURATE" select --by nll --top 2 --name best --db pairs.db --quiet
sqlite3 pairs.db "SELECT rank, ext_id FROM v_selection"

# A pair is written as such: other layouts refuse it. What was written is read as the same sample.
try() {
    local status=0
    "$CURATE" "$@" || status=$?
    echo "status $status"
}
try export best --to dpo -o dpo.jsonl --db pairs.db
cut -c 1-60 dpo.jsonl
tail -n 1 dpo.jsonl
for layout in messages sharegpt alpaca kto; do
    try export best --to $layout -o $layout.jsonl --db pairs.db
done
try export best --to messages --skip --allow-empty -o empty.jsonl --db pairs.db
try ingest --db pairs.db --source again dpo.jsonl

# Data for KTO: answers with a label. The shape of LLaMA-Factory becomes that of TRL.
cat > kto.jsonl <<'END'
{"messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "who sat?"}, {"role": "assistant", "content": "the cat"}], "label": true}
{"messages": [{"role": "user", "content": "who sat?"}, {"role": "assistant", "content": "the roof"}], "kto_tag": false}
{"messages": [{"role": "user", "content": "who fell?"}, {"role": "assistant", "content": "the rain"}]}
{"prompt": "who read?", "completion": "he read the letter", "label": true}
END
"$CURATE" ingest --db kto.db kto.jsonl --max-rejects 100 || true
"$CURATE" ingest --quiet --db kto.db --on disliked=keep kto.jsonl --source again
"$CURATE" score nll --quiet --model "$model" --db kto.db
"$CURATE" select --by nll --top 4 --name all --db kto.db --quiet
try export all --to kto -o kto-out.jsonl --db kto.db
try export all --to kto --skip -o kto-out.jsonl --db kto.db
sort kto-out.jsonl
try export all --to dpo -o kto-out.jsonl --db kto.db --force
try ingest --db kto.db --on disliked=keep --source back kto-out.jsonl

# Tools, calls, thoughts and images of pairs and of labelled answers.
cat > rich.jsonl <<'END'
{"id": "r0", "input": {"messages": [{"role": "user", "content": "Weather in Ulm?"}], "tools": [{"type": "function", "function": {"name": "w", "parameters": {"type": "object"}}}]}, "preferred_output": [{"role": "assistant", "content": null, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "w", "arguments": "{\"city\": \"Ulm\"}"}}]}], "non_preferred_output": [{"role": "assistant", "content": "I cannot know."}]}
{"id": "r1", "prompt": "2+2?", "chosen": "<think>\nEasy.\n</think>\n\n4", "rejected": "<think>\nHard.\n</think>\n\n5"}
{"id": "r3", "conversations": [{"from": "human", "value": "<image>What is it?"}], "chosen": {"from": "gpt", "value": "A cat."}, "rejected": {"from": "gpt", "value": "A dog."}, "images": ["a.png"]}
{"id": "r4", "prompt": [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is it?"}]}], "chosen": [{"role": "assistant", "content": [{"type": "text", "text": "A cat."}]}], "rejected": [{"role": "assistant", "content": [{"type": "text", "text": "A dog."}]}], "images": ["b.png"]}
{"id": "r5", "chosen": [{"role": "user", "content": "Weather?"}, {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "w", "arguments": {"c": "Ulm"}}}]}, {"role": "tool", "name": "w", "content": "3"}, {"role": "assistant", "content": "3 degrees."}], "rejected": [{"role": "user", "content": "Weather?"}, {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "w", "arguments": {"c": "Ulm"}}}]}, {"role": "tool", "name": "w", "content": "3"}, {"role": "assistant", "content": "4 degrees."}], "tools": "[{\"name\": \"w\"}]"}
{"id": "r6", "messages": [{"role": "user", "content": "Weather?"}, {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "w", "arguments": {"c": "Ulm"}}}]}, {"role": "tool", "name": "w", "content": "3"}, {"role": "assistant", "content": "<think>Hm.</think>3 degrees."}], "tools": "[{\"name\": \"w\"}]", "label": true}
{"id": "r7", "conversations": [{"from": "human", "value": "Weather?"}, {"from": "function_call", "value": "{\"name\": \"w\", \"arguments\": {}}"}, {"from": "observation", "value": "3"}], "chosen": {"from": "gpt", "value": "3 degrees."}, "rejected": {"from": "gpt", "value": "Nothing."}, "tools": "[{\"name\": \"w\"}]"}
END
"$CURATE" ingest --quiet --db rich.db rich.jsonl
sqlite3 rich.db "SELECT 'hash,value' UNION ALL SELECT hex(hash) || ',' || sample_id FROM sample" > reward.csv
"$CURATE" score import reward.csv --key hash --metric reward --quiet --db rich.db
"$CURATE" select --by reward --top 100% --name all --db rich.db --quiet
for layout in dpo kto jsonl; do
    try export all --to $layout --skip -o rich-$layout.jsonl --db rich.db
    cat rich-$layout.jsonl
    try ingest --db rich.db --source $layout rich-$layout.jsonl
done

# An answer that is not trained on is no response, and no turn to score.
cat > weights.jsonl <<'END'
{"id": "w", "messages": [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "the mat", "weight": 0}, {"role": "user", "content": "who sat?"}, {"role": "assistant", "content": "the cat sat"}, {"role": "user", "content": "who fell?"}, {"role": "assistant", "content": "the rain fell", "weight": 1}, {"role": "user", "content": "and?"}, {"role": "assistant", "content": "the roof", "weight": 0}]}
END
"$CURATE" ingest --quiet --db weights.db weights.jsonl
"$CURATE" score nll --quiet --turns all --model "$model" --db weights.db
sqlite3 weights.db "SELECT response FROM v_sample; SELECT turn, trained FROM v_turn WHERE role = 'assistant';
    SELECT turn, status FROM v_turn_scores"
