# Rejected records are listed, shown, explained, retried and exported. Repaired defects are counted and
# named.
printf '{"text": "good"}\n{"text": "caf\xe9 \x1b[31m"}\n{"text": "n", "n": NaN}\n' > dirty.jsonl
printf '{"conversations": [{"from": "narrator", "value": "x"}]}\n{"text": "cut\n' >> dirty.jsonl
try() {
    local status=0
    "$CURATE" "$@" || status=$?
    echo "status $status"
}
"$CURATE" ingest --max-rejects 70 dirty.jsonl
"$CURATE" rejects
"$CURATE" rejects --class bad_utf8 --json
"$CURATE" rejects show 1
"$CURATE" rejects show 1 --json
"$CURATE" query "SELECT class, action, n FROM v_run_defects"
"$CURATE" query "SELECT sample_id, class FROM v_defects"

"$CURATE" rejects retry --on bad_utf8=repair --dry-run
"$CURATE" rejects retry --on bad_utf8=repair
"$CURATE" rejects
"$CURATE" query --csv "SELECT context FROM v_sample" | cat -v
"$CURATE" query "SELECT command, read, inserted, duplicate, rejected FROM v_runs"
"$CURATE" rejects retry --json
"$CURATE" rejects export --class truncated -o cut.jsonl
cat cut.jsonl

try rejects show 1
try rejects show
try rejects show one
try rejects list 2
try rejects list --class none
try rejects mend
try rejects retry -o x.jsonl
try ingest --on nan_inf=keep dirty.jsonl
try ingest --strict --db strict.db --max-rejects 90 dirty.jsonl
"$CURATE" explain reject nan_inf
"$CURATE" explain reject bad_json --json
