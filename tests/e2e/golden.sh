# Numbers of an independent program in double precision, from text to score through the command line.
# The model has weights in BF16 and Q8_0. Kernels that round them are excluded.
export CURATE_CPU=avx512
golden=$DATA/tiny-qwen2-golden.jsonl
python3 -B "$SOURCE/tests/e2e/golden.py" corpus "$golden" > corpus.jsonl
"$CURATE" ingest --quiet --format dolly corpus.jsonl
for alpha in 0.7 0.8; do
    "$CURATE" score gateau nll_alone --quiet --template plain --alpha $alpha --segment-tokens 16 \
        --norm softmax --model "$DATA/tiny-qwen2.gguf" --short-window 48
    python3 -B "$SOURCE/tests/e2e/golden.py" check "$golden" curate.db $alpha tiny-qwen2
done
