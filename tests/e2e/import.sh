# Imported scores, by id and by hash, from CSV and JSON. A row that cannot be used is a reject.
cat > corpus.jsonl <<'END'
{"id": "a", "instruction": "one?", "output": "1"}
{"id": "b", "instruction": "two?", "output": "2"}
{"id": "c", "instruction": "three?", "output": "3"}
{"id": "twice", "instruction": "four?", "output": "4"}
{"id": "twice", "instruction": "five?", "output": "5"}
{"id": 7, "instruction": "six?", "output": "6"}
END
"$CURATE" ingest --quiet corpus.jsonl
cat > judge.csv <<'END'
ext_id,comment,rating
a,"good, ""very"" good",4.5
b,,2
nobody,,3
twice,,3
c,,nan
c,,
c,,1e999
,,4
a,,1
"open,,4
7,,-3e0
b,,2.0
END
try() {
    local status=0
    "$CURATE" "$@" || status=$?
    echo "status $status"
}
try score import judge.csv --metric judge --value-field rating
sqlite3 curate.db "SELECT ext_id, metric, model, value, status FROM v_scores"
sqlite3 curate.db "SELECT source, line, byte_offset, class, detail FROM v_rejects"
try score import judge.csv --metric judge --value-field rating --max-rejects 90
"$CURATE" select --name best --by judge --top 50%
sqlite3 curate.db "SELECT rank, ext_id, score FROM v_selection"

# By hash, from compressed JSON. A new value replaces the old one.
sqlite3 curate.db "SELECT '{\"hash\": \"' || hex(hash) || '\", \"value\": ' || sample_id || '}' FROM sample" | gzip > less.jsonl.gz
"$CURATE" score import less.jsonl.gz --metric less --key hash --by less-7b --better lower
"$CURATE" score import less.jsonl.gz --metric less --key hash --by less-7b --better lower --json
echo '{"ext_id": 7, "value": "0.5"}' > more.jsonl
"$CURATE" score import more.jsonl --metric judge
cat > bad.jsonl <<'END'
{"ext_id": "a", "value": [1]}
{"ext_id": "a"}
{"value": 1}
[1]
{"ext_id": "a", "value": 1
{"ext_id": "a", "value": 0x10}
END
try score import bad.jsonl --metric judge --dry-run
try score import bad.jsonl --metric judge
sqlite3 curate.db "SELECT class, count(*) FROM v_rejects WHERE run_id = (SELECT max(run_id) FROM run) GROUP BY 1"
"$CURATE" fsck

# Rejected rows of an import are listed by defect, and are not retried.
"$CURATE" rejects list --class two_values
try rejects retry --class two_values
try rejects retry --quiet
"$CURATE" rejects list --class two_values
try ingest --on two_values=keep corpus.jsonl

try score import judge.csv --metric judge
try score import judge.csv --metric nll
try score import judge.csv --metric Judge
try score import judge.txt --metric judge
try score import none.csv --metric judge
try score import judge.csv
printf '' > empty.csv
try score import empty.csv --metric judge

# A name that two columns have, a number that would become 0, a name that has no end.
printf 'ext_id,value,value\na,1,2\n' > columns.csv
try score import columns.csv --metric columns
printf 'ext_id,value,ext_id\na,1,b\n' > keys.csv
try score import keys.csv --metric columns
printf 'ext_id,value,note,note\na,0e-400,x,y\nb,1e-400,x,y\nc,-0.0001e-330,,\n' > tiny.csv
try score import tiny.csv --metric tiny --max-rejects 90
printf '{"ext_id": "a", "value": -0.0}\n{"ext_id": "b", "value": 1e-400}\n' > tiny.jsonl
try score import tiny.jsonl --metric tiny --max-rejects 90
sqlite3 curate.db "SELECT line, detail FROM v_rejects WHERE source = 'tiny'"
sqlite3 curate.db "SELECT ext_id, value FROM v_scores WHERE metric = 'tiny'"
long=$(printf 'a%.0s' {1..64})
"$CURATE" score import --quiet more.jsonl --metric "$long"
try score import more.jsonl --metric "${long}a"

# By source and line, as LESS writes them: names without endings, blanks after commas, lines from 0.
mkdir two
cat > two/dolly.jsonl <<'END'
{"instruction": "eight?", "output": "8"}
{"instruction": "nine?", "output": "9"}
END
"$CURATE" ingest --quiet two
cat > sorted.csv <<'END'
file name, index, score
dolly, 1, 0.75
corpus, 0, 0.5
corpus, 6, 0.25
corpus, x, 0.25
dolly, , 0.25
flan, 0, 0.25
, 0, 0.25
END
"$CURATE" score import sorted.csv --metric influence --key source:line --key-field 'file name:index' --first-line 0 --value-field score --max-rejects 90
sqlite3 curate.db "SELECT source, line, value FROM v_scores JOIN sample USING (sample_id) WHERE metric = 'influence' ORDER BY value"
sqlite3 curate.db "SELECT line, class, detail FROM v_rejects WHERE source = 'influence'"
printf '%s\n' '{"source": "corpus.jsonl", "line": 3, "value": 1}' '{"source": "corpus.jsonl", "line": "4", "value": 2}' \
    '{"source": "corpus.jsonl", "value": 2}' | "$CURATE" score import - --format jsonl --metric place --key source:line --max-rejects 50
sqlite3 curate.db "SELECT ext_id, value FROM v_scores WHERE metric = 'place'"
mkdir three
echo '{"instruction": "ten?", "output": "10"}' > three/dolly.json
"$CURATE" ingest --quiet three
try score import sorted.csv --metric other --key source:line --key-field 'file name:index' --first-line 0 --value-field score
sqlite3 curate.db "SELECT detail FROM v_rejects WHERE source = 'other' LIMIT 1"
try score import sorted.csv --metric other --key source:line --value-field score
try score import sorted.csv --metric other --key source:line --key-field index --value-field score
try score import sorted.csv --metric other --first-line 0 --value-field score
"$CURATE" fsck
