# A signal ends a query that spends hours inside one SQL function.
if [ -n "${TSAN_OPTIONS:-}" ]; then
    echo "ThreadSanitizer delays signals inside of SQLite: skipped" >&2
    exit 77
fi
"$CURATE" init --quiet
python3 -B "$SOURCE/tests/e2e/terminate.py" "$CURATE" query \
    "SELECT instr(zeroblob(50000000), CAST(zeroblob(20000000) || x'01' AS BLOB))"
