# SPDX-License-Identifier: Apache-2.0
# select --target: a planted domain is found; the target itself is not selected; the same for any order of ingestion.
python3 - <<'END'
import json, random
random.seed(5)
common = [f"w{i}" for i in range(400)]
domain = common + "enzyme protein cell membrane genome receptor kinase ligand neuron plasma".split() * 30
def record(name, words):
    text = lambda n: " ".join(random.choice(words) for _ in range(n))
    return json.dumps({"id": name, "instruction": text(8), "output": text(30)}) + "\n"
pool = [record(f"p{i}", domain) if i % 20 == 0 else record(f"g{i}", common) for i in range(300)]
target = [record(f"t{i}", domain) for i in range(30)]
open("pool.jsonl", "w").writelines(pool)
open("target.jsonl", "w").writelines(target)
open("all.jsonl", "w").writelines(reversed(pool + target))
END
export CURATE_CPU=avx2 # other kernels round, which changes what is printed
"$CURATE" --db a.db ingest -q pool.jsonl target.jsonl
"$CURATE" --db b.db ingest -q all.jsonl
for db in a b; do
    "$CURATE" --db $db.db score -q embedding
    "$CURATE" --db $db.db select -q --name goal --all --where "ext_id LIKE 't%'"
    "$CURATE" --db $db.db select -q --name half --from goal --random --top 50%
done
choose() { "$CURATE" --db a.db select --name s "$@" || echo "status $?"; }

echo "-- a planted domain of 5 % is found with a precision of at least 0.9"
for method in rds dsir; do
    choose --target goal --target-method $method --top 4%
    "$CURATE" --db a.db query "SELECT count(*) AS n, sum(ext_id LIKE 'p%') >= 0.9 * count(*) AS found,
        sum(ext_id LIKE 't%') AS of_target, min(score) IS NOT NULL AS scored FROM v_selection WHERE selection = 's'"
done
choose --target goal --whiten --top 4%
"$CURATE" --db a.db query "SELECT count(*) AS n, sum(ext_id LIKE 'p%') AS found FROM v_selection WHERE selection = 's'"
"$CURATE" --db a.db query "SELECT selection, ordered_by, direction, top, rule FROM v_selections WHERE selection = 's'"

echo "-- a target that is a file: nothing is ingested, and equal samples cannot be selected"
echo 'no record' >> target.jsonl
cat target.jsonl > mixed.jsonl
head -n 1 pool.jsonl >> mixed.jsonl
"$CURATE" --db a.db select -q --name stored --target goal --target-method dsir --top 4%
choose --target target.jsonl --target-method dsir --not-in goal --top 4%
"$CURATE" --db a.db selection diff s stored | head -n 3
choose --target mixed.jsonl --target-method dsir --top 4%
"$CURATE" --db a.db query "SELECT count(*) AS of_target FROM v_selection WHERE selection = 's' AND (ext_id LIKE 't%' OR ext_id = 'p0')"

echo "-- several targets take turns; a diverse choice among what is like the target"
choose --target goal --target half --top 8
choose --target goal --diverse k-center --top 6
choose --all --diverse facility --whiten --top 6
"$CURATE" --db a.db fsck -q

echo "-- the same choice"
for method in rds dsir 'rds --whiten'; do
    for run in "a 1" "a 8" "b 2"; do
        "$CURATE" --db "${run% *}.db" select -q --name s --target half --target goal --target-method $method --top 20 --seed 3 \
            --threads "${run#* }"
        "$CURATE" --db "${run% *}.db" digest --selection s | cut -c1-64
    done | sort -u | wc -l
done

echo "-- mistakes"
choose --target nothing --top 5
choose --target goal --by embedding --top 5
choose --target goal --target-method best --top 5
choose --target goal
choose --all --whiten --top 5
choose --target target.jsonl --top 5
choose --target https://example.com/target.jsonl --target-method dsir --top 5
echo '{}' > empty.jsonl
choose --target empty.jsonl --target-method dsir --top 5
choose --target goal --target-method dsir --whiten --top 5
"$CURATE" --db a.db select -q --name none --all --where 0
choose --target none --top 5
choose --target none --target-method dsir --top 5
