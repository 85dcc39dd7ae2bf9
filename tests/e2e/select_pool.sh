# SPDX-License-Identifier: Apache-2.0
# What select chooses from: everything, at random, bounds, other selections; for any order of ingestion.
for i in $(seq 1 40); do
    printf '{"id": "s%d", "instruction": "question %d", "output": "%s"}\n' "$i" "$i" "$(seq -s ' ' "$((i % 7 + 1))")"
done > a.jsonl
tac a.jsonl > b.jsonl
"$CURATE" ingest -q a.jsonl
"$CURATE" measure -q length
choose() { "$CURATE" select "$@" || echo "status $?"; }
chosen() { "$CURATE" query --csv "SELECT group_concat(ext_id, ' ') FROM (SELECT ext_id FROM v_selection WHERE selection = '$1' ORDER BY rank)" | tail -n 1; }

echo "-- everything"
choose --name all --all
"$CURATE" query "SELECT count(*), count(score) FROM v_selection"
choose --name some --all --where "words_response = 3"
chosen some
choose --name few --all --top 2 --where "words_response = 3"
chosen few

echo "-- at random: a seed decides"
choose --name r0 --random --top 5
choose --name r1 --random --top 5 --seed 1
choose --name r0b --random --top 5 --seed 0
choose --name r20 --random --top 20
chosen r0
chosen r1
[[ $(chosen r0) = $(chosen r0b) ]]
[[ $(chosen r20) = "$(chosen r0) "* || $(chosen r20) = \""$(chosen r0 | tr -d '"') "* ]]
"$CURATE" query "SELECT min(score) >= 0 AND max(score) < 1 AS from_0_to_1 FROM v_selection WHERE selection = 'r20'"

echo "-- bounds"
choose --name between --by words_response --top 100% --min words_response=3 --max words_response=4
"$CURATE" query "SELECT selection, ordered_by, condition, rule, n_samples FROM v_selections WHERE selection = 'between'"

echo "-- from and without other selections"
choose --name inside --from r20 --by words_response --top 4
choose --name outside --not-in r20 --not-in between --all
choose --name none --from few --not-in some --all
"$CURATE" query "SELECT selection, rule, n_samples FROM v_selections WHERE selection IN ('inside', 'outside', 'none')"
"$CURATE" query "SELECT count(*) FROM v_selection WHERE selection = 'inside' AND sample_id NOT IN
    (SELECT sample_id FROM v_selection WHERE selection = 'r20')"
"$CURATE" fsck -q

echo "-- the same for another order of ingestion"
"$CURATE" --db b.db ingest -q b.jsonl
"$CURATE" --db b.db measure -q length
choose --db b.db -q --name r20 --random --top 20
choose --db b.db -q --name inside --from r20 --by words_response --top 4
for name in r20 inside; do
    [[ $("$CURATE" digest --selection $name | cut -c1-64) = $("$CURATE" --db b.db digest --selection $name | cut -c1-64) ]]
done

echo "-- mistakes"
choose --name x --top 5
choose --name x --random --all
choose --name x --by words --seed 3 --top 1
choose --name x --random
choose --name x --random --model m --top 1
choose --name x --all --min words
choose --name x --all --min words=many
choose --name x --all --max nothing=1
choose --name x --all --from nowhere
choose --name x --all --not-in nowhere
