# Tools, calls, results, thoughts and images in every layout, and read again as the same samples.
cat > tools.jsonl <<'END'
{"id": "openai", "tools": [{"type": "function", "function": {"name": "sky", "description": "The sky's colour.", "parameters": {"type": "object"}}}], "messages": [{"role": "user", "content": "Sky in Ulm?"}, {"role": "assistant", "content": null, "reasoning_content": "I must look.", "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "sky", "arguments": "{\"town\": \"Ulm\"}"}}]}, {"role": "tool", "content": "grey", "tool_call_id": "c1"}, {"role": "assistant", "content": "It is grey."}]}
{"id": "sharegpt", "tools": "[{\"name\": \"sky\"}]", "conversations": [{"from": "human", "value": "Sky in Bonn?"}, {"from": "function_call", "value": "{\"name\": \"sky\", \"arguments\": {\"town\": \"Bonn\"}}"}, {"from": "observation", "value": "blue"}, {"from": "gpt", "value": "<think>\nBlue.\n</think>\n\nIt is blue."}]}
{"id": "glaive", "system": "SYSTEM: You help. Use -\n{\"name\": \"sky\", \"parameters\": {}}", "chat": "USER: Sky in Kiel?\n\n\nASSISTANT: <functioncall> {\"name\": \"sky\", \"arguments\": '{\"town\": \"Kiel\"}'} <|endoftext|>\n\n\nFUNCTION RESPONSE: {\"sky\": \"red\"}\n\n\nASSISTANT: It is red. <|endoftext|>"}
{"id": "glaive-plain", "system": "SYSTEM: You help, without {tools}.\n", "chat": "USER: Sky in Jena?\n\n\nASSISTANT: I cannot see it. <|endoftext|>"}
{"id": "xlam", "query": "Sky in Trier?", "tools": "[{\"name\": \"sky\"}]", "answers": "[{\"name\": \"sky\", \"arguments\": {\"town\": \"Trier\"}}]"}
{"id": "image", "conversations": [{"from": "human", "value": "<image>What is it?"}, {"from": "gpt", "value": "A cat."}], "images": ["cat.png"]}
{"id": "asked", "question": "What is it?", "image": "elk.png", "answer": "An elk."}
{"id": "part", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "dog.png"}}, {"type": "text", "text": "What is it?"}]}, {"role": "assistant", "content": "A dog.", "weight": 1}]}
{"id": "thought", "instruction": "Name a metal.", "output": "<think>It melts early.</think>Tin."}
END
"$CURATE" ingest --quiet tools.jsonl
python3 - > order.csv <<'END'
import json
print("ext_id,value")
for i, line in enumerate(open("tools.jsonl")):
    print(f'{json.loads(line)["id"]},{-i}')
END
"$CURATE" score import --quiet --metric place order.csv
"$CURATE" select --quiet --name all --by place --top 100%
for to in messages sharegpt alpaca xlam glaive jsonl; do
    echo "-- $to"
    "$CURATE" export all --to "$to" --skip --output "$to.jsonl" 2> said || cat said
    cat "$to.jsonl"
    grep -v 'curate export: ok' said | sed "s/^/$to: /" >&2 || true
    "$CURATE" ingest --quiet --db "$to.db" "$to.jsonl"
    sqlite3 curate.db "ATTACH '$to.db' AS other;
        SELECT count(*), sum(hash IN (SELECT hash FROM sample)) FROM other.sample"
done
# Parts become marks that ShareGPT can hold, and marks parts. What says more stays a part.
cat > media.jsonl <<'END'
{"id": "part", "messages": [{"role": "user", "content": [{"type": "text", "text": "What is"}, {"type": "image_url", "image_url": {"url": "dog.png"}}, {"type": "text", "text": "this?"}]}, {"role": "assistant", "content": "A dog."}]}
{"id": "detail", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "dog.png", "detail": "high"}}, {"type": "text", "text": "And this?"}]}, {"role": "assistant", "content": "A dog."}]}
{"id": "mark", "conversations": [{"from": "human", "value": "<image>Which cat?"}, {"from": "gpt", "value": "A grey one."}], "images": ["cat.png"]}
END
"$CURATE" ingest --quiet --db media.db media.jsonl
"$CURATE" score mtld --quiet --db media.db
"$CURATE" select --quiet --db media.db --name all --by mtld --top 100%
"$CURATE" export all --db media.db --to sharegpt --media marks --skip --output -
"$CURATE" export all --db media.db --media parts --quiet --output -
