# Cohorts: made by score gateau, made again without a model, used by select. A version never changes.
cp "$SOURCE/examples/corpus/long.jsonl" .
head -n 5 long.jsonl > first.jsonl
"$CURATE" ingest --quiet first.jsonl
"$CURATE" score gateau --norm softmax 2>&1 | tail -n 1 >&2 # without the progress that a slow machine prints
"$CURATE" score gateau --norm softmax
"$CURATE" cohort make gateau --alpha 0.5 --norm rank
"$CURATE" cohort make gateau --alpha 0.8 --norm softmax
"$CURATE" cohort make long --from gateau@2 --where "length(context) > 1500" --ppl log --nulls median
"$CURATE" cohort list
"$CURATE" cohort show gateau@1 --json | grep -v parameters |
    sed -E 's/"value":-?[0-9]+\.[0-9e-]+/"value":REAL/'

# More rows make a new version. The old version keeps its numbers.
sqlite3 curate.db "SELECT * FROM v_cohort_scores WHERE cohort = 'gateau' AND version = 1" > before.txt
sed -n 6,7p long.jsonl > more.jsonl
"$CURATE" ingest --quiet more.jsonl
"$CURATE" cohort make gateau
"$CURATE" score gateau --norm softmax --quiet
sqlite3 curate.db "SELECT * FROM v_cohort_scores WHERE cohort = 'gateau' AND version = 1" > after.txt
cmp before.txt after.txt
sqlite3 curate.db "SELECT cohort, version, count(hmp), count(cas), count(gateau), round(sum(gateau), 6)
    FROM v_cohort_scores GROUP BY 1, 2"

"$CURATE" select --name a --by gateau --top 2
"$CURATE" select --name b --by gateau --cohort gateau@1 --top 2
"$CURATE" select --name c --by hmp --cohort long --top 1
try() {
    local status=0
    "$CURATE" "$@" || status=$?
    echo "status $status"
}
try select --name d --by nll --cohort long --top 1
try select --name d --by gateau --cohort nobody --top 1
try cohort make nobody
try cohort make a@b --from long
try cohort make long --norm soft
try cohort make long --alpha 2
try cohort drop long
try cohort drop gateau@2
try cohort
"$CURATE" cohort list --json | wc -l
"$CURATE" fsck

# A cohort of one sample compares nothing: its scores are missing, and the run says so.
"$CURATE" score gateau --norm softmax --cohort single --where "sample_id = 1" --quiet
"$CURATE" cohort make single --norm rank
"$CURATE" query "SELECT version, hmp, gateau, status FROM v_cohort_scores WHERE cohort = 'single'"
try select --name d --by gateau --cohort single --top 1
"$CURATE" fsck
