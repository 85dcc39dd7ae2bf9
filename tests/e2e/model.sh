# Model files: their properties, the tokens of a text, and errors of hostile files.
model="$SOURCE/models/curate-tiny-long.gguf"
# The size of packed weights depends on the processor.
CURATE_CPU=ref "$CURATE" model info --threads 2 "$model"
CURATE_CPU=ref "$CURATE" model info --threads 2 --context 65536 "$model" | tail -1
"$CURATE" model info --json "$model" | grep -o '"schema":"[^"]*"'
printf 'Hello, world' | "$CURATE" model tokenize "$model" > ids.txt
"$CURATE" model nll --threads 1 "$model" < ids.txt > one.txt
"$CURATE" model nll --threads 2 "$model" < ids.txt | cmp - one.txt
"$CURATE" model tokenize --decode "$model" < ids.txt
echo
# Control tokens in text are parsed on request only.
printf 'a <s> b</s>' | "$CURATE" model tokenize "$DATA/tiny-llama.gguf" > plain.txt
printf 'a <s> b</s>' | "$CURATE" model tokenize --special "$DATA/tiny-llama.gguf" > special.txt
cat special.txt
[ "$(wc -w < plain.txt)" -gt "$(wc -w < special.txt)" ]
"$CURATE" model tokenize --decode "$DATA/tiny-llama.gguf" < plain.txt
echo
"$CURATE" model tokenize --decode --special "$DATA/tiny-llama.gguf" < special.txt
echo
[ "$(wc -w < ids.txt)" -eq $(($(wc -l < one.txt) + 1)) ]

"$CURATE" model nll --text "$SOURCE/models/alice.txt" --context 64 --stride 64 "$model" | head -2
head -c 3000 "$SOURCE/models/alice.txt" > short.txt
"$CURATE" model nll --text short.txt --context 100 --stride 10 --json "$model" |
    grep -oE '"(schema|scored|context|stride)":[^,]*'
"$CURATE" model nll --text - --threads 1 "$model" < short.txt > one.txt
"$CURATE" model nll --text short.txt --threads 2 "$model" | cmp - one.txt

try() {
    local status=0
    "$@" || status=$?
    echo "status $status"
}
try "$CURATE" model info no-such.gguf
echo hello > text.gguf
try "$CURATE" model info text.gguf
head -c 5000 "$model" > cut.gguf
try "$CURATE" model info cut.gguf
try "$CURATE" model nll "$model" <<< "1 2 99999999"
try "$CURATE" model nll "$model" <<< "1"
try "$CURATE" model nll "$model" --stride 5 <<< "1 2"
try "$CURATE" model nll "$model" --text short.txt --context 8 --stride 9
try "$CURATE" model nll "$model" --text - < /dev/null
# Overwrite the end of the file, and so the last tensor, with values that are not numbers.
{ head -c -4096 "$model"; head -c 4096 /dev/zero | tr '\0' '\377'; } > nan.gguf
try "$CURATE" model nll nan.gguf <<< "1 2 3"
echo '{"instruction": "Say no.", "output": "No."}' > one.jsonl
"$CURATE" ingest --db nan.db --quiet one.jsonl
try "$CURATE" score nll --db nan.db --quiet --model nan.gguf
"$CURATE" query --db nan.db --csv "SELECT count(*) FROM v_scores"
printf 'a b' | "$CURATE" model tokenize --json "$DATA/tiny-llama.gguf"
echo 1 2 3 | "$CURATE" model nll --json "$DATA/tiny-llama.gguf" |
    grep -cE '^\{"schema":"curate.model-nll/1","nll":\[[0-9.]+,[0-9.]+\]\}$'
# Timings differ, so only the form of the output is compared.
speed='"tokens_per_s":\{"median":[0-9.]+,"min":[0-9.]+,"max":[0-9.]+\}'
"$CURATE" bench prefill --model "$model" --tokens 20 --runs 2 --threads 1 |
    sed -E 's/^[0-9.]+ (tokens.s) \([0-9.]+ to [0-9.]+/SPEED \1 (SLOWEST to FASTEST/; s/[a-z0-9]+ kernels/SOME kernels/'
"$CURATE" bench prefill --model "$model" --tokens 20 --runs 2 --json | grep -cE "$speed"
try "$CURATE" bench prefill
try "$CURATE" bench prefill --model "$model" --tokens 0
try "$CURATE" bench prefill --model text.gguf
