# SPDX-License-Identifier: Apache-2.0
# Personal data: what is planted in 120 texts of ten languages, and nothing else, is found.
"$CURATE" ingest -q "$SOURCE/tests/data/personal.jsonl"
"$CURATE" measure personal
found="SELECT ext_id, v.turn, v.start, v.\"end\", v.kind FROM v_spans v JOIN sample USING (sample_id)"
planted="SELECT ext_id, 1, s.value->>0, s.value->>1, s.value->>2
         FROM sample, json_each(sample.meta, '\$.spans') s"
echo "-- planted"
sqlite3 curate.db "SELECT kind, count(*) FROM v_spans GROUP BY kind"
echo "-- missed"
sqlite3 curate.db "$planted EXCEPT $found"
echo "-- wrong"
sqlite3 curate.db "$found EXCEPT $planted"
"$CURATE" query "SELECT sum(emails), sum(ips), sum(ips_private), sum(phones), sum(cards), sum(ibans), sum(macs), sum(secrets), sum(personal) FROM v_facts"
"$CURATE" fsck
