# SPDX-License-Identifier: Apache-2.0
# measure with --max-memory stays below the limit, as the kernel counts it, with the same facts. A
# sample that needs more ends the run with one sentence.
if [ -n "${ASAN_OPTIONS:-}${TSAN_OPTIONS:-}" ]; then
    echo "a sanitizer needs more memory than there is to be" >&2
    exit 77
fi
awk 'BEGIN {
    for (i = 0; i < 4; i++) {
        printf "{\"instruction\": \"prose %d\", \"output\": \"", i
        for (w = 0; w < 30000; w++) printf "word%d ", (w * w + i) % 4001
        printf "\"}\n{\"instruction\": \"symbols %d\", \"output\": \"", i
        for (w = 0; w < 10000; w++) printf "!?&"
        printf "\"}\n{\"instruction\": \"mail %d\", \"output\": \"", i
        for (w = 0; w < 1500; w++) printf "u%d@acme.com ", w * w + i
        printf "\"}\n{\"instruction\": \"lines %d\", \"output\": \"", i
        for (w = 0; w < 20000; w++) printf "a\\n\\n"
        printf "\"}\n{\"instruction\": \"letters %d\", \"output\": \"", i
        for (w = 0; w < 40000; w++) printf "a"
        printf "\"}\n"
    }
    for (i = 0; i < 600; i++)
        printf "{\"instruction\": \"Add %d and 1.\", \"output\": \"It is %d.\"}\n", i, i + 1
    printf "{\"instruction\": \"ten million bytes\", \"output\": \""
    for (w = 0; w < 200000; w++) printf "a_word_of_fifty_letters_so_that_there_are_not_many "
    printf "\"}\n"
}' > large.jsonl
"$CURATE" ingest -q large.jsonl
limited() { # KIB ARGUMENT...
    local status=0
    # The stacks of 8 threads would count as well.
    (ulimit -S -s 1024 && ulimit -d "$1" && "$CURATE" measure --threads 8 "${@:2}") || status=$?
    echo "status $status"
}
limited 65536 --max-memory 64M --tokenizer "$DATA/tiny-qwen2.gguf" --where "sample_id <= 620" --db curate.db
limited 65536 --max-memory 64M --tokenizer "$DATA/tiny-qwen2.gguf"
limited 262144 --max-memory 256M length code_blocks personal
"$CURATE" query "SELECT count(*) AS n, sum(words) AS words, max(bytes) AS most, sum(emails) AS emails FROM v_facts"
"$CURATE" digest > limited.txt

# The same facts without a limit.
"$CURATE" ingest -q large.jsonl --db unlimited.db
"$CURATE" measure -q --tokenizer "$DATA/tiny-qwen2.gguf" --where "sample_id <= 620" --db unlimited.db
"$CURATE" measure -q length code_blocks personal --db unlimited.db
diff -s <(cut -c1-64 limited.txt) <("$CURATE" digest --db unlimited.db | cut -c1-64) | grep -o identical
