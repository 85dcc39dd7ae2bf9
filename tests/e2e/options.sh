# Rules for the options of all commands: given once, given twice, before the command, in a recipe.
cp "$SOURCE/examples/corpus/problems.jsonl" .
"$CURATE" ingest --quiet problems.jsonl --source problems
export CURATE_CPU=avx2 # other kernels round, which changes what is printed
"$CURATE" score --quiet nll ppl
try() {
    local status=0
    "$CURATE" "$@" || status=$?
    echo "status $status"
}

# Options of every command may stand before it.
cp curate.db other.db
"$CURATE" --db other.db -q select --name early --by nll --top 3
"$CURATE" --db other.db query --csv "SELECT name FROM selection"
"$CURATE" --json --dry-run select --name s --by nll --top 3
"$CURATE" -q --help > overview.txt
"$CURATE" help | cmp - overview.txt
"$CURATE" -q score --help > score.txt
"$CURATE" help score | cmp - score.txt
try -q
try --bd x runs
try --top 3 select

# An option with one value may be given once only.
try --db a.db runs --db b.db
try select --name s --by nll --top 3 --top 4
try select --name s --by nll --by=nll --top 3
try -t 1 score nll -t1
try score nll --quiet -q --dry-run

# Repeated conditions are combined by AND, each as a whole.
"$CURATE" select --name one --by nll --top 9 --where "sample_id <= 4 OR sample_id = 9"
"$CURATE" select --name both --by nll --top 9 --where "sample_id <= 4 OR sample_id = 9" \
    --where "sample_id > 3 OR 0"
"$CURATE" query --csv "SELECT sample_id FROM v_selection
    WHERE selection = 'both' ORDER BY 1"
"$CURATE" query --csv "SELECT condition FROM selection ORDER BY name"
"$CURATE" query --csv "SELECT options FROM run WHERE command = 'select' ORDER BY run_id"
"$CURATE" score --dry-run nll --where "sample_id <= 4" --where "sample_id > 3"
# Each must be one expression: none can open or end the parentheses around another.
try select --name wide --by nll --top 9 --where "sample_id = 1" --where "1) OR (1"
try score --dry-run nll --where "sample_id = 1) OR (1" --where "sample_id = 2"
try cohort make c --where "sample_id = 1" --where "1) OR (1"

cat > recipe.yaml <<'YAML'
version: 1
steps:
  - score: {metrics: [nll], where: [sample_id <= 4, sample_id > 3], max-memory: 1G, max-cost: 2h}
  - select: {name: listed, by: nll, top: 12.50%, where: [sample_id <= 8]}
YAML
"$CURATE" run --quiet recipe.yaml
"$CURATE" query --csv "SELECT json_extract(options, '$.where') AS w,
    json_extract(options, '$.max-memory') AS memory,
    json_extract(options, '$.max-cost') AS secs, json_extract(options, '$.top') AS top
    FROM run WHERE parent_run_id IS NOT NULL ORDER BY run_id"
sed 's/where: .sample_id <= 8./where: [sample_id = 1, 1) OR (1]/' recipe.yaml > wide.yaml
try run wide.yaml
sed 's/top: 12.50%/top: 3, top: 4/' recipe.yaml > twice.yaml
try run twice.yaml
sed 's/max-memory: 1G/max-memory: 1K/' recipe.yaml > small.yaml
try run small.yaml
sed 's/where: .sample_id <= 8./where: {a: 1}/' recipe.yaml > mapping.yaml
try run mapping.yaml
sed 's/by: nll/by: nll, model: [a, b]/' recipe.yaml > list.yaml
try run list.yaml

# Values out of bounds, and unknown choices.
try score nll --segment-tokens 0
try score nll --neighbour 1000000
try score nll --truncate lfet
try score nll --max-memory 64
try score nll --max-cost 0s
try select --name s --by nll --top 101%
try export s -o x.jsonl --to parquet
CURATE_THREADS=0 try runs
