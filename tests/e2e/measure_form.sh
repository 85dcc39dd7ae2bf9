# SPDX-License-Identifier: Apache-2.0
# Verifiers of form: code blocks that close, valid JSON and tables, and where they are not.
cat > c.jsonl <<'EOF'
{"instruction": "Two fruits as JSON.", "output": "```json\n{\"fruits\": [\"apple\", \"pear\",]}\n```"}
{"instruction": "A table.", "output": "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 |\n\n```sh\nls"}
{"instruction": "HTML.", "output": "<ul><li><b>one</li></ul>"}
{"instruction": "Say yes.", "output": "Yes."}
EOF
"$CURATE" ingest -q c.jsonl
"$CURATE" measure code_blocks formats
"$CURATE" query "SELECT sample_id, code_blocks, code_blocks_open, json_valid, markdown_table_valid, html_valid FROM v_facts"
"$CURATE" query "SELECT sample_id, turn, kind, text, detail FROM v_spans"
"$CURATE" query "SELECT fact, reason, count(*) AS n FROM v_missing_facts GROUP BY fact, reason"
"$CURATE" fsck

echo "-- reasons that an earlier release stored are listed once, and removed by the next measuring"
"$CURATE" ingest -q c.jsonl --db empty.db
base=$(sqlite3 empty.db "SELECT sql FROM sqlite_schema WHERE name = 'v_missing_facts'")
sqlite3 curate.db "INSERT INTO fact_missing SELECT * FROM v_missing_facts; DROP VIEW v_missing_facts; $base"
"$CURATE" query "SELECT count(*), count(DISTINCT sample_id || fact) FROM v_missing_facts"
"$CURATE" measure -q code_blocks formats
"$CURATE" query "SELECT count(*), count(DISTINCT sample_id || fact) FROM v_missing_facts"
sqlite3 curate.db "UPDATE fact_column SET version = 0"
"$CURATE" measure -q code_blocks formats
"$CURATE" query "SELECT count(*), count(DISTINCT sample_id || fact) FROM v_missing_facts"
"$CURATE" query "SELECT count(*) FROM fact_missing"
"$CURATE" fsck
sqlite3 curate.db "DROP VIEW v_missing_facts; $base UNION ALL SELECT 1, 'words', 'made_up'"
"$CURATE" fsck || echo "status $?"
