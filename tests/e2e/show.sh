# show explains why samples were selected, as text and as JSON, also on a terminal.
models=(--model "$DATA/tiny-llama.gguf" --short-model "$DATA/tiny-llama-short.gguf")
fill=$(printf 'the cat sat on the mat and the dog lay on the rug %.0s' {1..6})
cat > one.jsonl <<END
{"id": "a", "length": 1, "messages": [{"role": "user", "content": "$fill\u001b[31m the fire\n\nwhere is the cat?"}, {"role": "assistant", "content": "on the mat"}]}
{"id": "b", "length": 1, "messages": [{"role": "user", "content": "the old house $fill\n\nwho is there?"}, {"role": "assistant", "content": "a man\u0007 at the table"}]}
END
"$CURATE" ingest --quiet one.jsonl
"$CURATE" score gateau --quiet --segment-tokens 32 "${models[@]}"
"$CURATE" select --quiet --name best --by gateau --top 2
"$CURATE" show best --model "$DATA/tiny-llama.gguf" > shown.txt
grep -E '^[12]\. ' shown.txt | sed -E 's/[0-9.]+$/N/'
sed -n 2,3p shown.txt
grep -cE '^   (gateau|hmp|cas) +[0-9.e-]+ by tiny-llama$' shown.txt
grep -cE '^   (helps_most|seen_most) +segment [0-9]+ \(0 to [0-9]+\), nll [0-9.]+, attention [0-9.e-]+$' shown.txt
# The output has no byte that controls a terminal.
grep -c $'[\x01-\x09\x0b-\x1f]' shown.txt || true

"$CURATE" show best --top 1 --model "$DATA/tiny-llama.gguf" --json > one.json
wc -l < one.json
# The text of a segment is a part of the context, byte for byte.
"$CURATE" show best --json --model "$DATA/tiny-llama.gguf" |
    grep -oE '"(helps|seen)_most":\{[^}]*"text":"[^"]*"' | sed 's/.*"text"://' > texts.txt
wc -l < texts.txt
while IFS= read -r text; do
    grep -cF -- "${text:1:-1}" one.jsonl > /dev/null || echo "not in the corpus: $text"
done < texts.txt
# The segments of another model are not shown.
"$CURATE" show best --model "$DATA/tiny-qwen2.gguf" | grep -c helps_most || true

try() {
    local status=0
    "$CURATE" show "$@" || status=$?
    echo "status $status"
}
mkdir other
cp "$DATA/tiny-qwen2.gguf" other/tiny-llama.gguf
try worst
try best --top 0
try best --top 1 --model other/tiny-llama.gguf
rm other/tiny-llama.gguf
try best --top 1 --model other/tiny-llama.gguf
"$CURATE" select --quiet --name "it's" --by gateau --top 1
"$CURATE" show "it's" --model "$DATA/tiny-llama.gguf" | wc -l
