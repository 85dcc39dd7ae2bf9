# Dialogues: the template of a model file, and scores of every turn.
cat > talk.jsonl <<'END'
{"id": "t", "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "who sat?"}, {"role": "assistant", "content": "the cat sat on the mat"}, {"role": "user", "content": "and the dog?"}, {"role": "assistant", "content": "the dog lay"}, {"role": "user", "content": "thanks"}, {"role": "assistant", "content": ""}, {"role": "user", "content": "what fell?"}, {"role": "assistant", "content": "the rain fell on the roof"}]}
{"id": "u", "messages": [{"role": "user", "content": "the letter"}, {"role": "assistant", "content": "he read the letter again"}]}
END
# The same dialogue, up to its first, second and fourth response.
python3 - > parts.jsonl <<'END'
import json
talk = json.loads(open("talk.jsonl").readline())["messages"]
for turn in 1, 3, 7:
    print(json.dumps({"id": str(turn), "messages": talk[:turn + 2]}))
END
model="$DATA/tiny-llama.gguf"
"$CURATE" ingest --quiet talk.jsonl
"$CURATE" ingest --quiet --db parts.db parts.jsonl
"$CURATE" score ifd --turns all --model "$model"
"$CURATE" score ifd --turns all --model "$model"
"$CURATE" score ifd --quiet --db parts.db --model "$model"
sqlite3 curate.db "SELECT ext_id, metric, turn, status, n_tokens FROM v_turn_scores ORDER BY 1, 2, 3"

# Each turn has the score of the dialogue that ends with it, to the last bit.
sqlite3 curate.db "ATTACH 'parts.db' AS parts;
    SELECT count(*), sum(p.value = t.value) FROM parts.v_scores p
      JOIN v_turn_scores t ON t.metric = p.metric AND t.turn = p.ext_id AND t.ext_id = 't'"
# The score of the sample is their mean, weighted by tokens.
sqlite3 curate.db "SELECT s.ext_id, s.metric, abs(s.value - m.mean) < 1e-12 FROM v_scores s JOIN
    (SELECT ext_id, metric, sum(value * n_tokens) / sum(n_tokens) AS mean FROM v_turn_scores
      WHERE value IS NOT NULL GROUP BY 1, 2) m USING (ext_id, metric) ORDER BY 1, 2"
"$CURATE" score nll --turns last --quiet --model "$model"
sqlite3 curate.db "SELECT count(*) FROM score_set; SELECT count(DISTINCT params) FROM score_set"
"$CURATE" fsck --quiet

# A model file with a template, written before all other keys. Its length is a multiple of 32, so that
# the offsets of the tensors stay correct.
with_template() {
    python3 - "$model" "$1" <<'END'
import struct, sys
file, text = open(sys.argv[1], "rb").read(), sys.argv[2].encode()
key = b"tokenizer.chat_template"
text += b" " * (-(8 + len(key) + 4 + 8 + len(text)) % 32)
entry = struct.pack("<Q", len(key)) + key + struct.pack("<IQ", 8, len(text)) + text
count = struct.unpack_from("<Q", file, 16)[0]
sys.stdout.buffer.write(file[:16] + struct.pack("<Q", count + 1) + entry + file[24:])
END
}
try() {
    local status=0
    "$@" || status=$?
    echo "status $status"
}
with_template "{{ 'USER: ' + message['content'] + ' ASSISTANT:' }}" > vicuna.gguf
with_template "{{ messages | whatever }}" > unknown.gguf
"$CURATE" model info vicuna.gguf | grep template
"$CURATE" model info unknown.gguf | grep template
with_template "<|im_start|> <|im_end|> You may call one or more functions to assist with the user query. \
<tools></tools> XML tags <tool_call></tool_call> XML tags <tool_response>" > qwen.gguf
"$CURATE" model info qwen.gguf | grep template
"$CURATE" model info --json qwen.gguf | grep -o '"template_tools":"[a-z]*"'
"$CURATE" model info --json vicuna.gguf | grep -o '"chat_template":"[^"]*"'
"$CURATE" score nll --quiet --model vicuna.gguf
sqlite3 curate.db "SELECT d.name, json_extract(params, '\$.template') FROM score_set JOIN model d USING (model_id)
    WHERE d.name = 'vicuna'"
try "$CURATE" score nll --model unknown.gguf
"$CURATE" score nll --quiet --model unknown.gguf --template plain
# Without a template, and with --template plain, the prompts are the same.
sqlite3 curate.db "SELECT count(DISTINCT value), count(*) FROM v_scores
    WHERE ext_id = 'u' AND metric = 'nll' AND model IN ('unknown', 'tiny-llama')"
try "$CURATE" score nll --model "$model" --template chatml
try "$CURATE" score nll --model "$model" --template jinja
try "$CURATE" score nll --model "$model" --turns some
# A turn score that cannot be stored is an error.
set_id=$(sqlite3 curate.db "SELECT score_set_id FROM score_set JOIN metric USING (metric_id) WHERE name = 'ifd'")
sqlite3 curate.db "DELETE FROM score WHERE score_set_id = $set_id; DELETE FROM turn_score WHERE score_set_id = $set_id;
    CREATE UNIQUE INDEX single ON turn_score (sample_id) WHERE score_set_id = $set_id"
try "$CURATE" score ifd --turns all --model "$model"
