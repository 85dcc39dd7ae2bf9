# Output: only one thing is written to standard output, existing files are not overwritten, a dry run
# writes nothing, and a database has one writer.
try() {
    local status=0
    "$CURATE" "$@" || status=$?
    echo "status $status"
}
printf '{"prompt": "Once", "completion": " upon"}\n{"no": "shape"}\n' > corpus.jsonl
"$CURATE" init --dry-run
ls
"$CURATE" init --json
"$CURATE" ingest --quiet --max-rejects 50 corpus.jsonl
"$CURATE" score --quiet nll
"$CURATE" select --quiet --name best --by nll --top 1

try export best -o - --json
try export best -o best.jsonl --json
try rejects export -o - --json
try rejects export -o refused.jsonl --dry-run
echo mine > refused.jsonl
try rejects export -o refused.jsonl
cat refused.jsonl
try rejects export -o refused.jsonl --force --json
cat refused.jsonl
try rejects export -o -
try rejects list -o refused.jsonl

# A missing folder is the same error for each command that makes the database.
try init --db no/such.db
try ingest --db no/such.db corpus.jsonl

exec 9> curate.db.lock
flock 9
try init --lock fail 2> busy.txt
grep -c curate.db.lock busy.txt
try init --lock skip
