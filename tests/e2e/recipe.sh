# A recipe for cron: silent on success, one message on failure, safe to start again.
cp "$SOURCE/examples/corpus/problems.jsonl" .
cat > nightly.yaml <<'END'
version: 1
db: nightly.db
steps:
  - ingest: {files: [problems.jsonl], source: problems}
  - score: {metrics: [ifd], where: "sample_id <= 8"}
  - select: {name: best, by: ifd, top: 3}
  - export: {selection: best, to: alpaca, output: best.jsonl, force: true}
END
"$CURATE" run nightly.yaml --quiet
wc -l < best.jsonl
cp best.jsonl first.jsonl
"$CURATE" run nightly.yaml
cmp best.jsonl first.jsonl
"$CURATE" query --db nightly.db "SELECT command, status, count(*) FROM v_runs GROUP BY 1, 2"
"$CURATE" run nightly.yaml --dry-run

try() {
    local status=0
    "$CURATE" run --quiet "$1" || status=$?
    echo "status $status"
}
sed 's/top: 3/topp: 3/' nightly.yaml > typing.yaml
try typing.yaml
sed 's/problems.jsonl/missing.jsonl/' nightly.yaml > missing.yaml
try missing.yaml

# A condition that nothing meets leaves the last good selection and its file.
sed 's/top: 3/top: 3, where: "n_turns > 1000"/' nightly.yaml > empty.yaml
try empty.yaml
cmp best.jsonl first.jsonl
sed -i 's/top: 3/top: 3, replace: true/' empty.yaml
try empty.yaml
cmp best.jsonl first.jsonl
sed -i 's/force: true/force: true, allow-empty: true/' empty.yaml
try empty.yaml
wc -c < best.jsonl
"$CURATE" run nightly.yaml --quiet
cmp best.jsonl first.jsonl

# Another process holds the lock of the database.
exec 9> nightly.db.lock
flock 9
status=0
"$CURATE" run nightly.yaml --quiet --lock fail 2> busy.txt || status=$?
echo "status $status"
grep -c 'nightly.db' busy.txt
"$CURATE" run nightly.yaml --quiet --lock skip
echo "skipped quietly"
exec 9>&-
"$CURATE" run nightly.yaml --dry-run --json
"$CURATE" run nightly.yaml --dry-run --quiet

# Ignored before: what stands after a second "---". A folder may come from the environment.
{ cat nightly.yaml; echo ---; cat nightly.yaml; } > two.yaml
try two.yaml
sed 's/files: \[problems.jsonl\]/files: ["${CORPUS}\/problems.jsonl"]/' nightly.yaml > folder.yaml
CORPUS= try folder.yaml
CORPUS=. "$CURATE" run --quiet --db folder.db folder.yaml
"$CURATE" query --db folder.db "SELECT json_extract(options, '$.files') AS files FROM run WHERE command = 'ingest'"
