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
