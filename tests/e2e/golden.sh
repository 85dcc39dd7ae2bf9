# Numbers of an independent program in double precision, end to end through the command line.
if [ ! -r "$SHARED/golden/tiny-qwen2.jsonl" ]; then
    echo "CURATE_SHARED names no folder with golden numbers: skipped" >&2
    exit 77
fi
golden=$SHARED/golden
python3 - "$golden/tiny-qwen2.jsonl" > corpus.jsonl <<'END'
import json, sys
for number, line in enumerate(open(sys.argv[1], encoding="utf-8")):
    record = json.loads(line)
    print(json.dumps({"id": str(number), "instruction": record["instruction"],
                      "context": record["context"], "response": record["response"]}))
END
"$CURATE" ingest --quiet --format dolly corpus.jsonl
for alpha in 0.7 0.8; do
    "$CURATE" score gateau nll_alone --quiet --template plain --alpha $alpha \
        --model "$golden/tiny-qwen2-long.gguf" --short-model "$golden/tiny-qwen2-short.gguf"
    python3 -B "$SOURCE/tests/e2e/golden.py" curate.db "$golden/tiny-qwen2.jsonl" $alpha
done
