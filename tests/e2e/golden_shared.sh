# The same as golden.sh for a pair of models with the vocabulary of a real one.
if [ ! -r "$SHARED/golden/tiny-qwen2.jsonl" ]; then
    echo "CURATE_SHARED names no folder with golden numbers: skipped" >&2
    exit 77
fi
golden=$SHARED/golden/tiny-qwen2.jsonl
python3 -B "$SOURCE/tests/e2e/golden.py" corpus "$golden" > corpus.jsonl
"$CURATE" ingest --quiet --format dolly corpus.jsonl
for alpha in 0.7 0.8; do
    "$CURATE" score gateau nll_alone --norm softmax --quiet --template plain --alpha $alpha \
        --model "${golden%.jsonl}-long.gguf" --short-model "${golden%.jsonl}-short.gguf"
    python3 -B "$SOURCE/tests/e2e/golden.py" check "$golden" curate.db $alpha \
        tiny-qwen2-long tiny-qwen2-short
done
