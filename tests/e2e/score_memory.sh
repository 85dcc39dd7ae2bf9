# With --max-memory, score stays below the limit, as the kernel counts it, and gives the same scores.
# A model that cannot fit is refused before anything is scored.
if [ -n "${ASAN_OPTIONS:-}${TSAN_OPTIONS:-}" ]; then
    echo "a sanitizer needs more memory than there is to be" >&2
    exit 77
fi
for i in $(seq 50); do
    echo "{\"context\": \"$(seq -s ' ' "$i" "$((i + 250))")\", \"question\": \"What comes next?\"," \
        "\"answer\": \"$((i + 251)) and then $((i + 252)).\"}"
done > count.jsonl
"$CURATE" ingest --db free.db --quiet count.jsonl
for name in limited unlimited mapped long; do
    cp free.db $name.db
done
try() {
    local status=0
    (ulimit -d 65536 && "$CURATE" score nll --threads 2 --quiet "$@") || status=$?
    echo "status $status"
}
"$CURATE" score nll --db free.db --quiet
try --batch-tokens 1000000 --max-memory 64M --db limited.db
"$CURATE" digest --db free.db | cut -d " " -f 1 > free.txt
"$CURATE" digest --db limited.db | cut -d " " -f 1 | cmp - free.txt
try --batch-tokens 1000000 --db unlimited.db 2> refused
[ -s refused ]
# Packed weights or not, the scores are the same.
"$CURATE" score nll --mmap-only --db mapped.db --quiet
"$CURATE" digest --db mapped.db | cut -d " " -f 1 | cmp - free.txt

try --max-memory 1M --db long.db
awk 'BEGIN {
    for (i = 0; i < 60000; i++)
        words = words " " i
    printf "{\"context\": \"%s\", \"question\": \"Go on.\", \"answer\": \"60000\"}\n", words
}' > long.jsonl
"$CURATE" ingest --db long.db --quiet long.jsonl
try --max-memory 64M --max-tokens 400000 --where "length(context) > 100000" --db long.db \
    2>&1 | sed -E 's/[0-9]+ MiB/N MiB/; s/leaves [0-9]+/leaves N/'
"$CURATE" query --db long.db --csv "SELECT count(*) FROM v_scores"
