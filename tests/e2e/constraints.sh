# SPDX-License-Identifier: Apache-2.0
# Constraints that the instruction states: how many the response keeps, the broken ones as spans.
cat > c.jsonl <<'EOT'
{"id": "kept", "instruction": "Greet me in at most 5 words. Do not use any commas.", "output": "Good morning my friend."}
{"id": "broken", "instruction": "Write at least 20 words in all lowercase letters, and end your response with \"Bye.\"", "output": "Only a Few, sorry."}
{"id": "quoted", "instruction": "Translate: \"Answer with at least 3 words.\"", "output": "Antworte."}
{"id": "silent", "instruction": "Answer in JSON.", "output": ""}
EOT
"$CURATE" ingest -q c.jsonl
"$CURATE" measure -q constraints
"$CURATE" query "SELECT ext_id, constraints, constraints_kept, constraints_kept_share FROM v_facts"
"$CURATE" query "SELECT DISTINCT sample_id, reason FROM v_missing_facts ORDER BY 1"
"$CURATE" query "SELECT sample_id, turn, kind, start, \"end\", detail FROM v_spans ORDER BY start"

echo "-- only samples that keep all"
"$CURATE" score -q mtld
"$CURATE" select --name obedient --by mtld --top 5 --where "constraints_kept_share = 1"
"$CURATE" fsck
