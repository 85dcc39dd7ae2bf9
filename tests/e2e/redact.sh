# SPDX-License-Identifier: Apache-2.0
# Exports without personal data: placeholders, what cannot be redacted, and reading them again.
cat > c.jsonl <<'EOF2'
{"messages": [{"role": "system", "content": "Ask ops@acme.com."}, {"role": "user", "content": "Mail jo@acme.com and é al@acme.com, then jo@acme.com. Call (212) 555-0123."}, {"role": "assistant", "content": "<think>jo@acme.com is new</think>I wrote to jo@acme.com from 10.0.0.1 to 8.8.8.8."}]}
{"instruction": "What is it?", "input": "Card 4111 1111 1111 1111", "output": "A card: 4111111111111111"}
{"instruction": "Nothing here.", "output": "Version 1.2.3.4"}
EOF2
"$CURATE" ingest -q c.jsonl
"$CURATE" score -q mtld response_tokens
"$CURATE" select -q --name all --by response_tokens --top 100%

echo "-- not measured"
"$CURATE" export all -o x.jsonl --redact email || echo "status $?"
"$CURATE" measure personal
"$CURATE" query "SELECT sample_id, turn, part, start, \"end\", kind, detail FROM v_spans"

echo "-- some kinds"
"$CURATE" export all -o - --redact email,phone
echo "-- all kinds"
"$CURATE" export all -o all.jsonl --redact all
cat all.jsonl all.jsonl.manifest
"$CURATE" export all -o all.jsonl --redact email --redact ip || echo "status $?"

echo "-- an export without --redact is as before"
"$CURATE" export all -o plain.jsonl -q
! grep -l redacted plain.jsonl.manifest

echo "-- read again, nothing is found"
"$CURATE" ingest -q --db again.db all.jsonl
"$CURATE" measure -q --db again.db personal
"$CURATE" query --db again.db "SELECT sum(personal) + sum(ips_private) AS n FROM v_facts"

echo "-- what cannot be redacted"
"$CURATE" export all -o x.jsonl --redact mail || echo "status $?"
cat > d.jsonl <<'EOF2'
{"instruction": "Who?", "output": "See the record.", "owner": "jo@acme.com"}
{"instruction": "Who else?", "output": "See jo@acme.com."}
EOF2
"$CURATE" ingest -q --db d.db d.jsonl
"$CURATE" measure -q --db d.db personal
"$CURATE" score -q --db d.db mtld response_tokens
"$CURATE" select -q --db d.db --name all --by response_tokens --top 100%
"$CURATE" export all --db d.db --to jsonl -o - --redact email || echo "status $?"
"$CURATE" export all --db d.db --to jsonl -o d.out --redact email --skip
"$CURATE" export all --db d.db --to alpaca -o - --redact email
