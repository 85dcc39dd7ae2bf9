# Conditions know metrics by their names: values of the scores requested last.
cat > corpus.jsonl <<'END'
{"id": "a", "instruction": "one?", "output": "1"}
{"id": "b", "instruction": "two?", "output": "2"}
{"id": "c", "instruction": "three?", "output": "3"}
{"id": "d", "instruction": "four?", "output": "4"}
END
"$CURATE" ingest --quiet corpus.jsonl
printf 'ext_id,value\na,1\nb,2\nc,3\n' > judge.csv
printf 'ext_id,value\na,30\nb,20\nd,10\n' > my_score.csv
printf 'ext_id,value\na,5\nb,6\n' > two.csv
"$CURATE" score import --quiet judge.csv --metric judge
"$CURATE" score import --quiet my_score.csv --metric my_score
"$CURATE" score import --quiet two.csv --metric two --by one
"$CURATE" score import --quiet two.csv --metric two --by other
# A metric named like a column does not hide it.
"$CURATE" score import --quiet judge.csv --metric source
try() {
    echo "-- $1"
    "$CURATE" select --quiet --name s --by judge --top 100% --replace --where "$1" || echo "status $?"
    sqlite3 curate.db "SELECT ext_id, score FROM v_selection WHERE selection = 's' ORDER BY rank"
}
try 'judge > 1'
try 'JUDGE > 1 AND "my_score" > 10'
try '"my_score" IS NULL AND judge = 3'
try "instruction <> 'judge' /* two */ -- two"
try "source = 'corpus.jsonl'"
try 'two > 5'
try '"two@other" > 5 AND "two@one" < 7'
try '"two@nobody" > 5'
try 'sample_id IN (SELECT k.sample_id FROM score k WHERE k.value > 2)'
try 'jugde > 1'
try 'judge + judge + judge > 1e1 AND judge('
cat > policy.yaml <<'END'
policy: both
conditions:
- {sql: judge >= 2}
- {sql: '"my_score" > 10'}
END
"$CURATE" select --name p --by judge --top 100% --policy policy.yaml --any-corpus --where 'judge < 3'
