# A signal ends a query that spends hours inside one SQL function.
if [ -n "${TSAN_OPTIONS:-}" ]; then
    echo "ThreadSanitizer delays signals inside of SQLite: skipped" >&2
    exit 77
fi
"$CURATE" init --quiet
status=0
timeout --preserve-status -k 60 -s TERM 1 "$CURATE" query \
    "SELECT instr(hex(zeroblob(50000000)), hex(zeroblob(20000000)) || 'x')" || status=$?
echo "status $status"
