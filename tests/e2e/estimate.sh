# --estimate measures on the rows themselves how long a run takes, and writes nothing.
for i in $(seq 40); do
    echo "{\"instruction\": \"Count to $i.\", \"output\": \"$(seq -s ' ' "$i")\"}"
done > count.jsonl
"$CURATE" ingest --db a.db --quiet count.jsonl
facts() {
    tail -n 1 | grep -oE '(samples|lacking|tokens|est_[a-z]+)=' | tr '=\n' '  '
    echo
}
try() {
    local status=0
    "$@" || status=$?
    echo "status $status"
}
"$CURATE" score nll --db a.db --estimate 2>&1 | facts
"$CURATE" score nll --db a.db --estimate --dry-run 2>&1 | facts
"$CURATE" score gateau --db a.db --estimate 2>&1 | facts
"$CURATE" query --db a.db --csv "SELECT count(*) FROM v_scores"
try "$CURATE" score nll --db a.db --quiet --max-cost 0.000001s 2> refused
sed -E 's/[0-9]+ tokens take [0-9.e-]+ s here, perhaps [0-9.e-]+ s/N tokens take N s/' refused
try "$CURATE" score nll --db a.db --quiet --max-cost soon
"$CURATE" query --db a.db --csv "SELECT count(*) FROM v_scores"
"$CURATE" score nll --db a.db --quiet --max-cost 10h
"$CURATE" query --db a.db --csv "SELECT count(*) FROM v_scores"
# With all scores present there is nothing to do.
"$CURATE" score nll --db a.db --estimate 2>&1 | grep -oE 'tokens=0 est_secs=0 est_low=0 est_high=0'
