# SPDX-License-Identifier: Apache-2.0
# Near and exact duplicates: what is found and stored, presets, keep rules, new samples, errors.
cat > a.jsonl <<'END'
{"id": "a1", "instruction": "Name the largest planet.", "output": "The largest planet of the solar system is Jupiter, which is more than eleven times as wide as the Earth."}
{"id": "a2", "instruction": "Name the largest planet.", "output": "The largest planet of the solar system is JUPITER - which is more than eleven times as wide as the earth!"}
{"id": "a3", "instruction": "Name the largest planet.", "output": "The largest planet of the solar system is Jupiter, which is more than eleven times as wide as our Earth."}
{"id": "a4", "instruction": "Add 17 and 25.", "output": "17 and 25 are 42 if you add the units first and then carry the one to the tens."}
{"id": "a5", "instruction": "Add 18 and 25.", "output": "18 and 25 are 43 if you add the units first and then carry the one to the tens."}
{"id": "a6", "instruction": "Is it so?", "output": "Yes."}
{"id": "a7", "instruction": "Is it so?", "output": "yes"}
{"id": "a8", "instruction": "", "output": "?!"}
END
cat > b.jsonl <<'END'
{"id": "b1", "instruction": "Name the largest planet.", "output": "The largest planet of the solar system is Jupiter. It is more than eleven times as wide as the Earth."}
{"id": "b2", "instruction": "Is it so?", "output": "No."}
END
pairs() { "$CURATE" query "SELECT min(a_ext_id, b_ext_id) AS a, max(a_ext_id, b_ext_id) AS b,
    round(similarity, 3) AS similarity, round(containment, 3) AS containment
    FROM v_dedup_pairs WHERE dedup_set = '$1' ORDER BY 1, 2"; }
kept() { "$CURATE" query --csv "SELECT group_concat(ext_id, ' ') AS kept FROM (SELECT ext_id FROM v_duplicates
    WHERE dedup_set = '$1' AND is_kept ORDER BY 1)"; }
"$CURATE" ingest -q a.jsonl

echo "-- nearly the same, the same, fields"
"$CURATE" dedup near --dry-run
"$CURATE" dedup near
pairs near
kept near
"$CURATE" dedup exact
pairs exact
"$CURATE" dedup exact asked --field instruction --quiet
pairs asked
"$CURATE" dedup near answers --field response --threshold 0.5 --quiet
pairs answers
"$CURATE" query "SELECT name, kind, field, params, keep, threshold FROM dedup_set"

echo "-- numbers may count or not, and pairs may go unverified"
"$CURATE" dedup near fine --preset fineweb --quiet
pairs fine
"$CURATE" dedup near fine_verified --preset fineweb --threshold 0.7 --quiet
pairs fine_verified
"$CURATE" dedup near characters --shingle 6 --characters --bands 50 --rows 3 --threshold 0.8 --quiet
pairs characters

echo "-- another rule of what is kept, then new samples"
"$CURATE" measure -q length
"$CURATE" dedup near --keep lowest:words
kept near
"$CURATE" ingest -q b.jsonl
"$CURATE" dedup near --prefer b.jsonl,a.jsonl
pairs near
kept near
"$CURATE" dedup near --prefer b.jsonl,a.jsonl
printf 'version: 1\nsteps:\n- dedup near: {name: r, field: response}\n- dedup exact: {name: e}\n' > r.yaml
"$CURATE" run r.yaml
"$CURATE" fsck -q

echo "-- errors"
"$CURATE" dedup near --field response || echo "status $?"
"$CURATE" dedup near other --keep wordz || echo "status $?"
"$CURATE" dedup near other --against nothing || echo "status $?"
"$CURATE" dedup near other --unverified --threshold 0.5 || echo "status $?"
"$CURATE" dedup near other --bands 1000 --rows 1000 || echo "status $?"
"$CURATE" dedup exact other --prefer a,a || echo "status $?"
"$CURATE" dedup exact '' || echo "status $?"
