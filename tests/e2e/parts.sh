# Thoughts, tools, calls and media: what is scored, and what is missing with a reason.
model="$DATA/tiny-llama.gguf"
cat > parts.jsonl <<'END'
{"id": "plain", "kind": "sft", "instruction": "who sat?", "response": "the cat sat on the mat"}
{"id": "thought", "kind": "sft", "turns": [{"role": "user", "content": "who sat?"}, {"role": "assistant", "content": "the cat", "thought": "it sat on the mat"}]}
{"id": "call", "kind": "sft", "turns": [{"role": "user", "content": "who sat?"}, {"role": "assistant", "content": "", "calls": [{"id": "c", "name": "look", "arguments": {"at": "mat"}}]}, {"role": "tool", "content": "the cat"}, {"role": "assistant", "content": "the cat sat"}]}
{"id": "asked", "kind": "sft", "turns": [{"role": "user", "content": "who sat?", "media": [{"type": "image", "at": 0, "part": {"type": "image", "image": "a.png"}}]}, {"role": "assistant", "content": "the cat lay"}]}
{"id": "drawn", "kind": "sft", "turns": [{"role": "user", "content": "who lay?"}, {"role": "assistant", "content": "the cat", "media": [{"type": "image", "at": 0, "part": {"type": "image", "image": "a.png"}}]}]}
{"id": "shown", "question": "who sat?", "image": "b.png", "answer": "the cat lay"}
END
"$CURATE" ingest --quiet parts.jsonl
for of in all answer thought; do
    "$CURATE" score nll mtld --quiet --of "$of" --model "$model"
done
# A set of its own for each part, and for all of a response the parameters that there always were.
sqlite3 curate.db "SELECT s.ext_id, m.name, json_extract(t.params, '\$.of'), k.status, k.n_tokens
    FROM score k JOIN score_set t USING (score_set_id) JOIN metric m USING (metric_id)
    JOIN sample s USING (sample_id) ORDER BY s.sample_id, 2, 3"
# Without a thought, the answer is all of the response.
sqlite3 curate.db "SELECT count(DISTINCT k.value) FROM score k JOIN score_set t USING (score_set_id)
    JOIN metric m USING (metric_id) WHERE k.sample_id = 1 AND m.name = 'nll' AND k.value IS NOT NULL"
"$CURATE" explain mtld | grep -A 1 Sees
"$CURATE" score nll --of question --model "$model" || echo "status $?"
