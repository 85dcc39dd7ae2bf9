# export --to plan: samples are packed by their measured tokens. Each is in one pack, the plan does not
# depend on the order of ingestion, and what is left out is counted.
python3 > corpus.jsonl << 'END'
import json
for n in range(40):
    # No two prompts are as long as each other, but several samples are.
    print(json.dumps({"prompt": "one " * (1 + 7 * n % 40), "completion": "two " * (1 + 3 * n % 11)}))
print(json.dumps({"text": "Once upon a time there was a plain text."}))
END
cat > check.py << 'END'
"""The pieces of a plan cover each row once, and no pack is too long: check.py PLAN LIMIT LENGTHS"""
import json, sys
plan = [json.loads(line) for line in open(sys.argv[1])]
limit = int(sys.argv[2])
wanted = dict(enumerate(map(int, sys.argv[3].split())))
assert [pack["pack"] for pack in plan] == list(range(len(plan)))
parts = {}
for pack in plan:
    assert 0 < pack["length"] <= limit
    columns = [pack[name] for name in ("samples", "rows", "offsets", "starts", "lengths")]
    assert len({len(column) for column in columns}) == 1
    for sample, row, offset, start, length in zip(*columns):
        parts.setdefault((row, sample), []).append((start, length))
        assert offset + length <= pack["length"]
assert len(parts) == len({row for row, _ in parts}) == len({sample for _, sample in parts})
for (row, _), pieces in parts.items():
    end = 0
    for start, length in sorted(pieces):
        assert start == end
        end += length
    assert end == wanted.pop(row), row
print(f"{len(plan)} packs, {len(wanted)} rows without")
END
"$CURATE" ingest -q corpus.jsonl
"$CURATE" select -q --all --name all
try() {
    local status=0
    "$CURATE" "$@" || status=$?
    [[ $status -eq 0 ]] || echo "status $status"
}
plan() { try export all --to plan --force -o plan.jsonl "$@" && python3 check.py plan.jsonl "$limit" "$lengths"; }

vocabulary=$SOURCE/models/curate-tiny-long.gguf
"$CURATE" measure -q tokens --tokenizer "$vocabulary"
lengths=$("$CURATE" query --csv "SELECT tokens FROM v_selection JOIN v_facts USING (sample_id) ORDER BY rank" |
          tail -n +2 | tr '\r\n' '  ')

echo "-- each way to pack"
limit=64
plan --pack 64
cp plan.jsonl first.jsonl
head -1 plan.jsonl
plan --pack 64 --margin 25%
plan --pack 32 --pack-long split
plan --pack 32 --pack-method wrapped
plan --pack 64 --pack-method sorted --pack-batch 8
cp plan.jsonl sorted.jsonl
plan --pack 64 --pack-method sorted --pack-batch 8 --pack-seed 1
if cmp -s plan.jsonl sorted.jsonl; then
    echo "both seeds give the same order"
fi
tail -1 plan.jsonl
cat plan.jsonl.manifest

echo "-- what is left out"
"$CURATE" export all --to plan -o plan.jsonl --force --dry-run --pack 32 --pack-min 12
"$CURATE" export all --to plan -o plan.jsonl --force --dry-run --pack 32 --pack-long truncate
try export all --to plan -o empty.jsonl --pack 2 --allow-empty --dry-run

echo "-- each sample of a step weighs the same"
"$CURATE" export all --to plan -o weighed.jsonl --pack 64 --pack-batch 4 -q
python3 - << 'END'
import json
import sqlite3
plan = [json.loads(line) for line in open("weighed.jsonl")]
first = [json.loads(line) for line in open("first.jsonl")]
assert sorted(pack["rows"] for pack in plan) == sorted(pack["rows"] for pack in first)
targets = {sample: n for sample, n in sqlite3.connect("curate.db").execute(
    "SELECT lower(hex(hash)), CASE kind WHEN 'text' THEN tokens ELSE"
    " (SELECT tokens FROM turn_fact k WHERE k.sample_id = s.sample_id AND turn = 1) END"
    " FROM sample s JOIN fact USING (sample_id)")}
for at in range(0, len(plan), 4):
    step = plan[at:at + 4]
    costs = [sum(length ** 2 for length in pack["lengths"]) for pack in step]
    assert costs == sorted(costs)
    n_pieces = sum(len(pack["rows"]) for pack in step)
    for pack in step:
        for sample, weight in zip(pack["samples"], pack["weights"]):
            assert abs(weight * targets[sample] - len(step) / n_pieces) < 1e-12
print("ok")
END

echo "-- in another order of ingestion"
tac corpus.jsonl > reversed.jsonl
"$CURATE" ingest -q reversed.jsonl --db reversed.db
"$CURATE" select -q --all --name all --db reversed.db
"$CURATE" measure -q tokens --tokenizer "$vocabulary" --db reversed.db
for method in bfd "sorted --pack-batch 3" "wrapped --pack-min 5"; do
    for db in curate reversed; do
        "$CURATE" export all --to plan --pack 64 --pack-method $method -q --db $db.db -o $db.plan --force
    done
    cmp curate.plan reversed.plan
done

echo "-- a pair is two sequences"
printf '{"prompt": "Which?", "chosen": "This.", "rejected": "That."}\n' > pair.jsonl
"$CURATE" ingest -q pair.jsonl
"$CURATE" measure -q tokens --tokenizer "$vocabulary"
"$CURATE" select -q --all --name all
try export all --to plan --pack 64 -o other.jsonl
try export all --to plan --pack 64 -o other.jsonl --skip
