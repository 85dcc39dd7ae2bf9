# SPDX-License-Identifier: Apache-2.0
# Facts that need no model: measured once, known to conditions, checked by fsck.
cat > c.jsonl <<'EOF'
{"instruction": "Name two fruits.", "output": "An apple. A pear!\nMr. J. Bach likes 3.5 of them."}
{"instruction": "Sag etwas.", "output": "", "id": "empty"}
{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "你好吗"}, {"role": "assistant", "content": "好"}]}
EOF
"$CURATE" ingest -q c.jsonl --max-rejects 100
"$CURATE" measure length turns
"$CURATE" measure length turns
"$CURATE" query "SELECT * FROM v_facts"
"$CURATE" query "SELECT * FROM v_missing_facts ORDER BY sample_id, fact"
"$CURATE" query "SELECT sample_id, turn, words FROM v_turn_facts"
"$CURATE" fsck

echo "-- conditions know the facts"
"$CURATE" score -q mtld
"$CURATE" select --name short --by mtld --top 5 --where "words_response < 5"
"$CURATE" measure --where "nowords > 3" || echo "status $?"

echo "-- names"
"$CURATE" measure wrds || echo "status $?"
"$CURATE" measure words turns --dry-run
"$CURATE" explain fact sentences

echo "-- a fact of an older version is measured again"
sqlite3 curate.db "UPDATE fact_column SET version = 0 WHERE fact_group = 'turns'; UPDATE fact SET turns = 77"
"$CURATE" measure turns
"$CURATE" query "SELECT sample_id, turns FROM v_facts"
"$CURATE" fsck
