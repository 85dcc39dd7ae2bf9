# Files that are written over in place, with their size and time restored: nothing is taken for
# what it was.
over() { # over FILE < BYTES
    touch -r "$1" time
    cat > over.tmp
    cat over.tmp > "$1"
    touch -r time "$1"
}
record() {
    printf '{"prompt": "%s", "completion": " of the mat"}\n' "$1"
}

# A model between two runs.
{ record cat; record dog; } > two.jsonl
"$CURATE" ingest --quiet two.jsonl
cp "$SOURCE/tests/data/tiny-llama.gguf" model.gguf
chmod u+w model.gguf
"$CURATE" score nll --quiet --model model.gguf --where "sample_id = 1"
sleep 0.1
{ head -c -4 model.gguf; printf '@@@@'; } | over model.gguf
"$CURATE" score nll --quiet --model model.gguf
"$CURATE" query "SELECT sample_id, count(DISTINCT model) AS models FROM v_scores WHERE metric = 'nll' GROUP BY 1"

# A corpus between an unfinished run and the next.
record one > a.jsonl
head -c 20 /dev/urandom | gzip | head -c 12 > broken.jsonl.gz
status=0
"$CURATE" ingest --quiet --db b.db a.jsonl broken.jsonl.gz 2> /dev/null || status=$?
echo "status $status"
sleep 0.1
record two | over a.jsonl
"$CURATE" ingest --db b.db a.jsonl
"$CURATE" query --db b.db "SELECT instruction FROM v_sample"

# A corpus while the run reads: it waits for the pipe, which stands before it.
record three > c.jsonl
sleep 0.1
mkfifo pipe
{ exec 3> pipe; record four_ | over c.jsonl; record five >&3; } &
status=0
"$CURATE" ingest --quiet --db d.db pipe c.jsonl || status=$?
echo "status $status"
wait
"$CURATE" query --db d.db "SELECT instruction FROM v_sample"
"$CURATE" ingest --quiet --db d.db c.jsonl
"$CURATE" query --db d.db "SELECT instruction FROM v_sample"
