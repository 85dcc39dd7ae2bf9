# SPDX-License-Identifier: Apache-2.0
# Selections within budgets, quotas and tiers: the worked examples, and mistakes.
python3 - <<'END'
import json
# Samples of 60, 50, 30, 10 and 10 bytes, the best first.
with open("sizes.jsonl", "w") as out, open("rank.csv", "w") as rank:
    print("sample,value", file=rank)
    for i, size in enumerate((60, 50, 30, 10, 10)):
        print(json.dumps({"id": f"s{i}", "instruction": f"{i} ask", "output": "y" * (size - 5)}),
              file=out)
        print(f"s{i},{9 - i}", file=rank)
for name, n in (("a", 20), ("b", 100), ("c", 100)):
    with open(name, "w") as out:
        for i in range(n):
            print(json.dumps({"id": f"{name}{i}", "instruction": f"{name} {i}" + " word" * (i % 7),
                              "output": "yes" + " yes" * (i % 5)}), file=out)
END
cp a a.jsonl; cp b b.jsonl; cp c c.jsonl; head -30 b > b30.jsonl; head -30 c > c30.jsonl
pick() { "$CURATE" select --name s "$@" || echo "status $?"; }
chosen() {
    "$CURATE" query --csv "SELECT replace(source, '.jsonl', '') AS source, count(*) AS n
        FROM v_selection JOIN v_sample USING (sample_id) GROUP BY source"
}

echo "-- a budget skips what does not fit, or stops"
"$CURATE" ingest -q sizes.jsonl
pick --by score --budget 100 --unit bytes
"$CURATE" measure -q length
"$CURATE" score import -q rank.csv --key-field sample --metric score --by us
"$CURATE" query --csv "SELECT ext_id, bytes FROM v_facts"
pick --by score --budget 104 --unit bytes
"$CURATE" query --csv "SELECT group_concat(ext_id, ' ') AS ids FROM v_selection"
pick --by score --budget 104 --unit bytes --budget-mode stop
pick --by score --budget 104 --unit bytes --top 2
pick --by score --budget 5K --unit bytes
pick --by score --budget 100
pick --by score --tiers 65,104,130 --unit bytes
"$CURATE" query --csv "SELECT rank, ext_id, tier FROM v_selection"
pick --by score --tiers 1,2,4 --unit samples
"$CURATE" query --csv "SELECT rank, ext_id, tier FROM v_selection"
rm curate.db

echo "-- shares: a group that has too little leaves its share to the others"
"$CURATE" ingest -q a.jsonl b.jsonl c.jsonl
"$CURATE" measure -q length
pick --by words --top 100 --quota 'source: a.jsonl=50%, b.jsonl=30%, c.jsonl=20%'
chosen
"$CURATE" query "SELECT name, unit, n_pool, n_selected, units_pool, units_asked, units_selected
    FROM v_selection_groups WHERE kind = 'quota'"
pick --by words --top 11 --quota-by "replace(source, '.jsonl', '')" --quota 'a=30%, *=70%'
chosen
pick --by words --budget 2k --unit bytes --quota 'source: a.jsonl=10%, b.jsonl=30%, *=60%'
pick --random --quota 'source: a.jsonl=3, b.jsonl=5, *=7'
chosen
pick --random --top 40 --quota 'source: a.jsonl=10.., b.jsonl=..5'
chosen
pick --random --top 20 --quota 'source/lines: a.jsonl=40%, b.jsonl=60%, b.jsonl/2=100%'
pick --random --top 20 --quota "source/lines: a.jsonl=40%, b.jsonl=60%, b.jsonl/1=100%"
pick --random --top 20 --quota 'length: 0-4=25%, 4-8=25%, 8+=50%' --buckets 4,8
printf 'skill,share\nb.jsonl,0.25\nc.jsonl,0.75\n' > mix.csv
pick --random --top 20 --mix mix.csv
chosen
"$CURATE" fsck -q

echo "-- too little in all groups"
pick --by words --top 100 --quota 'source: a.jsonl=50%, b.jsonl=50%' --where "sample_id <= 50"
pick --by words --top 100 --quota 'source: a.jsonl=50%, b.jsonl=50%' --where "sample_id <= 50" --fill
chosen

echo "-- the same for another order of ingestion and any number of threads"
mkdir other
for name in a b c; do tac $name.jsonl > other/$name.jsonl; done
"$CURATE" --db other.db ingest -q other/c.jsonl other/a.jsonl other/b.jsonl
"$CURATE" --db other.db measure -q length
same() {
    local first digest threads
    "$CURATE" select -q --name same "$@" 2> note.txt || cat note.txt
    first=$("$CURATE" digest --selection same | cut -c1-64)
    for threads in 1 2 8; do
        "$CURATE" --db other.db select -q --name "same$threads" --threads $threads "$@" 2>> note.txt
        digest=$("$CURATE" --db other.db digest --selection "same$threads" | cut -c1-64)
        [[ $digest = "$first" ]] || echo "differs: $threads threads, $*"
    done
}
quota='source: a.jsonl=10%, b.jsonl=30%, *=60%'
same --by 'z(words) - 2 * rank(words_response)' --budget 1500 --unit bytes --quota "$quota"
same --by words --top 70 --quota "$quota"
same --random --seed 3 --budget 1K --unit bytes --budget-mode stop
same --random --top 60 --quota 'length: 0-4=..2, 4-8=30..' --buckets 4,8
same --by words --tiers 1K,2K,4K --unit bytes
rm other.db

echo "-- mistakes"
pick --by words --top 9 --quota 'a=50%, b=50%'
pick --by words --top 9 --quota 'source: a.jsonl=50%'
pick --by words --top 9 --quota 'source: a.jsonl=50%, a.jsonl=50%'
pick --by words --top 9 --quota 'source: a=x'
pick --by words --top 9 --quota 'source: a=20..10'
pick --by words --top 9 --quota 'source: nobody=50%, *=50%'
pick --by words --top 9 --quota 'nowhere: a=50%, *=50%'
pick --by words --top 9 --quota 'source: a.jsonl=5..9, b.jsonl=6..'
pick --by words --top 9 --quota 'source: a=100%' --quota 'lines: 1=100%'
pick --by words --quota 'source: a=100%'
pick --by words --top 9 --budget 9 --quota 'source: a=100%'
pick --by words --tiers 1,2 --top 9
pick --by words --tiers 2,1
pick --by words --budget 5x
pick --by words --budget 5 --per-token --unit bytes
pick --by words --top 5 --unit bytes
pick --by words --top 9 --fill
pick --by words --top 9 --quota 'source: *=100%' --buckets 4k
pick --by words --top 9 --mix llama-2-long
pick --by words --top 9 --mix prolong-64k
pick --by words --top 9 --mix nowhere.csv
