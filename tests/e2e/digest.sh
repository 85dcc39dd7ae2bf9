# Two databases with the same content, in another order and from other runs, have the same digest. A
# selection and its export agree in every format, and another sample changes the digest.
digest() {
    "$CURATE" digest "$@" | cut -d' ' -f1
}
cp "$DATA/corpora/shapes.jsonl" .
echo '[{"prompt": "Say", "completion": "so"}, {"prompt": "Ask", "completion": "why"}]' > array.json
"$CURATE" ingest --quiet --db a.db shapes.jsonl array.json
"$CURATE" ingest --quiet --db b.db array.json
[[ $(digest --db a.db) != $(digest --db b.db) ]]
"$CURATE" ingest --quiet --db b.db shapes.jsonl
"$CURATE" ingest --quiet --db b.db shapes.jsonl array.json
"$CURATE" digest --db a.db --parts | sed 's/^[0-9a-f]\{64\}  //'
diff <(digest --db a.db --parts) <(digest --db b.db --parts)

"$CURATE" score nll --quiet --db a.db
# Not the question about an image: sharegpt cannot hold its content parts.
"$CURATE" select --quiet --db a.db --name best --by nll --top 8 --where "instruction <> 'What is this?'"
want=$(digest --db a.db --selection best)
for format in jsonl messages sharegpt; do
    "$CURATE" export best --quiet --db a.db --to "$format" --output "$format.jsonl"
    [[ $(digest --export "$format.jsonl") == "$want" ]]
done
tac jsonl.jsonl | digest --export - | grep -x "$want" > same
head -n 7 jsonl.jsonl | digest --export - | grep -vx "$want" > other
"$CURATE" digest --json --export - < jsonl.jsonl | sed 's/[0-9a-f]\{64\}/HEX/'
status=0
echo '{"no": "sample"}' | "$CURATE" digest --export - || status=$?
echo "status $status"
"$CURATE" digest --db a.db --selection worst || echo "status $?"
"$CURATE" digest --parts --selection best || echo "status $?"
