# Standard error and the log of runs have ids and places, never content: a word that occurs only in
# records, valid and broken ones, is printed nowhere. (`rejects list` prints the content of records on
# request.)
word=xyzzysecret
cat > corpus.jsonl <<END
{"instruction": "$word one", "output": "$word two"}
{"instruction": "$word", "output": ["$word"]}
{"messages": [{"role": "$word", "content": "$word"}]}
{"messages": [{"role": "user", "content": {"$word": 1}}]}
{"$word": "$word"}
{"question": "$word" "answer": "$word"}
{"question": "$word
{"conversations": [{"from": "human", "value": "$word"}, {"from": "gpt"}], "$word": 1}
[[["$word"]]]
"$word"
{"text": "$word"}}}
{"instruction": "$word \ud800 one", "output": "$word", "$word": NaN, "a": 1, "a": 2}
END
printf '{"instruction": "%s \xff", "output": "x"}\n' $word >> corpus.jsonl
{
    "$CURATE" ingest --max-rejects 100 --verbose corpus.jsonl || true
    "$CURATE" score nll --verbose --where "kind <> 'text'"
    "$CURATE" select --name best --by nll --top 5
    "$CURATE" export best --to alpaca --output best.jsonl || true
    "$CURATE" export best --to jsonl --output all.jsonl
    "$CURATE" digest
    sqlite3 curate.db "UPDATE turn SET content = content || '.'"
    "$CURATE" fsck || true
    "$CURATE" score ifd --max-tokens 4 || true
    "$CURATE" runs
    sqlite3 curate.db "SELECT options, message FROM run"
} > said.txt 2>&1
if grep -n "$word" said.txt; then
    echo "content was printed"
fi
grep -c "$word" all.jsonl > /dev/null && echo "the word is in what was written"
sqlite3 curate.db "SELECT count(*) > 5 FROM reject"
