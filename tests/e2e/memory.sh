# With --max-memory the data of the process stays below the limit, as the kernel counts it. Without
# the option the same corpus does not fit, because one of its records is too large.
if [ -n "${ASAN_OPTIONS:-}${TSAN_OPTIONS:-}" ]; then
    echo "a sanitizer needs more memory than there is to be" >&2
    exit 77
fi
awk 'BEGIN {
    word = "a passage of some words, again and again; "
    for (size = length(word); size < 1000000; size *= 2)
        word = word word
    for (i = 0; i < 16; i++)
        printf "{\"id\": %d, \"text\": \"%d %s\"}\n", i, i, word
    for (i = 0; i < 3000; i++)
        printf "{\"id\": %d, \"question\": \"How much is %d?\", \"answer\": \"It is %d.\"}\n", i, i, i
    printf "{\"text\": \"long\", \"m\": [{}"
    for (i = 0; i < 300000; i++)
        printf ",{}"
    printf "]}\n{\"text\": \""
    for (i = 0; i < 20; i++)
        printf "%s", word
    printf "\"}\n{\"text\": \"the last\"}\n"
}' > large.jsonl

try() {
    local status=0
    (ulimit -d 65536 && "$CURATE" ingest "$@" large.jsonl) || status=$?
    echo "status $status"
}
try --threads 8 --max-memory 64M --db limited.db
"$CURATE" rejects --db limited.db --json | sed 's/,"detail.*//'
try --threads 1 --quiet --db unlimited.db 2> /dev/null

# A thread whose stack finds no room is a matter of memory, with 71. A stack is as large as the
# limit on stacks, here larger than the whole process may be.
no_room() {
    local status=0
    (ulimit -v 3000000 && ulimit -S -s 4000000 && "$CURATE" "$@" --threads 2) || status=$?
    echo "status $status"
}
printf '{"prompt": "What is two and two?", "completion": "It is four."}\n' > few.jsonl
no_room ingest --db few.db few.jsonl
"$CURATE" ingest --quiet --db few.db few.jsonl
no_room score nll --db few.db
