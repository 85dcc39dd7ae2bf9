# Models as files: what they hold, what text becomes, what a hostile one gets.
model="$SOURCE/models/curate-tiny-long.gguf"
"$CURATE" model info "$model"
"$CURATE" model info --json "$model" | grep -o '"schema":"[^"]*"'
printf 'Hello, world' | "$CURATE" model tokenize "$model" > ids.txt
"$CURATE" model nll --threads 1 "$model" < ids.txt > one.txt
"$CURATE" model nll --threads 2 "$model" < ids.txt | cmp - one.txt
[ "$(wc -w < ids.txt)" -eq $(($(wc -l < one.txt) + 1)) ]

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
