# Queries can only read. Every format escapes what controls a terminal.
printf '{"prompt": "a,\\"b\\"", "completion": "\\u001b[31mred\\u0000nul"}\n' > odd.jsonl
"$CURATE" ingest --quiet odd.jsonl
"$CURATE" query "SELECT instruction, response FROM v_sample" | cat -v
"$CURATE" query --csv "SELECT instruction, 1.5 AS x, NULL AS n FROM v_sample"
"$CURATE" query --json "SELECT instruction, response, 1.5 AS x, NULL AS n FROM v_sample"
try() {
    local status=0
    "$CURATE" query "$1" || status=$?
    echo "status $status"
}
try "DELETE FROM sample"
try "ATTACH 'other.db' AS other"
try "PRAGMA journal_mode = DELETE"
try "SELECT load_extension('x')"
try "SELECT 1; SELECT 2"
try "SELEC 1"
status=0
"$CURATE" score nll --where "1) UNION SELECT 1 --" || status=$?
echo "status $status"
sqlite3 curate.db "SELECT count(*) FROM sample"
ls

# The first signal stops an endless query, and an endless condition.
endless='WITH RECURSIVE c(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c'
stop() {
    python3 -B "$SOURCE/tests/e2e/terminate.py" "$CURATE" "$@" 2> stopped.txt
}
stop query "$endless"
stop score nll --where "($endless) > 0"

# A run without an end is dead, unless somebody holds the lock.
sqlite3 curate.db "UPDATE run SET status = 'running', finished_at_ms = NULL WHERE run_id = 1"
"$CURATE" runs --json | grep -o '"status":"[a-z]*"' | head -n 1
flock curate.db.lock "$CURATE" runs --json | grep -o '"status":"[a-z]*"' | head -n 1

# Also a listing of a view that somebody else made endless.
sqlite3 curate.db "DROP VIEW v_runs; CREATE VIEW v_runs AS WITH RECURSIVE c(x) AS (VALUES (1)
    UNION ALL SELECT x + 1 FROM c) SELECT max(x) AS run_id, NULL AS command, NULL AS started_at,
    NULL AS finished_at, NULL AS status, 0 AS read, 0 AS inserted, 0 AS duplicate, 0 AS rejected,
    0 AS scored, NULL AS kernels FROM c"
stop runs
cat stopped.txt
