# fsck exits with 0 for a sound database, and with 1 and a line for each problem of a damaged one.
# Another file gives the error of opening it.
try() {
    local status=0
    "$CURATE" fsck "$@" || status=$?
    echo "status $status"
}
"$CURATE" ingest --quiet "$DATA/corpora/shapes.jsonl"
"$CURATE" score nll --quiet
"$CURATE" select --quiet --name best --by nll --top 3
try
sqlite3 curate.db "UPDATE turn SET content = 'other' WHERE turn_id = 3;
                   UPDATE run SET n_read = n_read + 1 WHERE run_id = 1"
try
try --json
echo "no database" > not.db
try --db not.db
try --db none.db
