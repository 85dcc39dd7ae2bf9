# Records that hold several samples: counts, rejects of single items, and reading these again.
cat > wrapped.json <<'END'
{"version": "1.0", "data": [
  {"question": "Which metal?", "answer": "Tin."},
  {"question": "Which trees?", "answer": ["Oak.", "Elm."]},
  {"question": "Which bird?", "answers": {"a": 1}},
  {"question": "Which metal?", "answer": "Tin."},
  {"question": "Which bird?", "answers": {"a": 1}}
]}
{"question": ["Which fish?", "Which stone?"], "answer": ["Cod.", "Flint."]}
END
counts() {
    sqlite3 -separator ' ' "$1" "SELECT run_id, command, read, inserted, duplicate, rejected FROM v_runs
        WHERE run_id = (SELECT max(run_id) FROM run)"
    sqlite3 -separator ' ' "$1" "SELECT line, byte_offset, byte_len, length(raw), class FROM reject ORDER BY reject_id"
}
echo "* what would be read"
"$CURATE" ingest --dry-run --max-rejects 90 --db a.db wrapped.json 2>&1 | sed 's/ bytes=.*//'
echo "* each item is counted; two equal bad ones are one row"
"$CURATE" ingest --max-rejects 90 --db a.db wrapped.json 2>&1 | sed 's/ bytes=.*//'
counts a.db
"$CURATE" rejects list --db a.db
echo "* again: all are known"
"$CURATE" ingest --quiet --max-rejects 90 --db a.db wrapped.json
counts a.db
echo "* an item is read again by itself"
"$CURATE" rejects retry --quiet --on type_drift=repair --db a.db
counts a.db
echo "* a record that was too long is several samples now, and one reject"
"$CURATE" ingest --quiet --db b.db --max-record 200 --max-rejects 100 wrapped.json
counts b.db
"$CURATE" ingest --max-rejects 90 --db b.db wrapped.json 2>&1 | sed 's/ bytes=.*//'
counts b.db
echo "* a record that was rejected as a whole is read again: its row goes, a bad item gets one"
printf '%s\n' '"{\"data\": [{\"prompt\": \"q\"}, 1]}"' '{"text": "other"}' > encoded.jsonl
"$CURATE" ingest --quiet --db c.db --on double_encoded=reject --max-rejects 90 encoded.jsonl
counts c.db
"$CURATE" rejects retry --dry-run --db c.db
counts c.db
"$CURATE" rejects retry --db c.db
counts c.db
for db in *.db; do "$CURATE" fsck --db $db; done
