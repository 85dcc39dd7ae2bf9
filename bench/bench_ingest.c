/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_ingest.c - the cost of reading, framing, parsing and identifying, compared with the
 * inserts.
 *
 * Runs the whole ingest stage with two threads, and a bare loop that adds the same prepared
 * samples to the store in transactions of the same size. Each run has a database of its own.
 * The two take turns, and the figures are medians. Usage: bench_ingest [FOLDER [ROUNDS]]. The
 * folder (default $TMPDIR or /tmp) holds the corpus and the databases, some 500 MB.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/io/frame.h"
#include "base/option.h"
#include "base/report.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/parse.h"
#include "stages/stage.h"
#include "store/run.h"
#include "store/sample.h"
#include "store/source.h"
#include "store/store.h"

enum { ROUNDS_DEFAULT = 5, ROUNDS_MAX = 99, N_THREADS = 2, CORPUS_MAX = 1 << 30 };

/* The batch limits of the ingest stage. */
enum { BATCH_RECORDS = 256, BATCH_BYTES = 2 << 20 };

struct corpus {
    const char *title;
    size_t n;
    size_t record_bytes;
    bool is_long; /* a passage and a question about it; else a question and its response */
    char path[256];
    uint64_t size_bytes;
};

struct sample_list {
    struct arena arena;
    struct sample *samples;
    size_t *record_bytes;
    size_t n;
};

static _Noreturn void die(const struct error *err)
{
    fprintf(stderr, "bench_ingest: %s\n", err->msg);
    exit(1);
}

static void check(int rc, const struct error *err)
{
    if (rc < 0)
        die(err);
}

/* Add JSON text like prose: lines of a dozen words, now and then a word in quotes or with
 * characters outside ASCII. */
static void add_prose(struct buf *out, size_t n_bytes, uint64_t *state)
{
    static const char *const words[] = { "the",    "of",      "measure",   "a",
                                         "corpus", "reading", "is",        "long",
                                         "answer", "and",     "therefore", "which",
                                         "in",     "1,024",   "question",  "to" };
    const size_t end = out->len + n_bytes;
    struct error err;

    for (size_t n = 1; out->len < end; n++) {
        const char *quote = n % 25 == 0 ? "\\\"" : "";
        const char *space = n % 12 == 0 ? ".\\n" : " ";

        *state = *state * 6364136223846793005u + 1442695040888963407u;
        const char *word = n % 20 == 0 ? "caf\303\251" : words[*state >> 60];
        check(buf_printf(out, &err, "%s%s%s%s", quote, word, quote, space), &err);
    }
}

static void add_record(struct buf *out, const struct corpus *corpus, size_t i, uint64_t *state)
{
    struct error err;

    if (corpus->is_long) {
        check(buf_printf(out, &err,
                         "{\"id\":\"r%zu\",\"length\":%zu,\"messages\":[{\"role\":"
                         "\"user\",\"content\":\"Passage %zu. ",
                         i, corpus->record_bytes, i),
              &err);
        add_prose(out, corpus->record_bytes - 1200, state);
        check(buf_add_text(out,
                           "\\n\\nWhat is it about?\"},{\"role\":\"assistant\",\"content\":\"",
                           &err),
              &err);
        add_prose(out, 1000, state);
        check(buf_add_text(out, "\"}]}\n", &err), &err);
        return;
    }
    check(buf_printf(out, &err, "{\"id\":%zu,\"instruction\":\"Question %zu. ", i, i), &err);
    add_prose(out, corpus->record_bytes / 4, state);
    check(buf_add_text(out, "\",\"input\":\"\",\"output\":\"", &err), &err);
    add_prose(out, corpus->record_bytes * 3 / 4 - 80, state);
    check(buf_add_text(out, "\"}\n", &err), &err);
}

static void write_corpus(struct corpus *corpus, const char *folder)
{
    struct file_out *file = NULL;
    uint64_t state = 1;
    struct error err;
    struct buf buf;

    snprintf(corpus->path, sizeof corpus->path, "%s/bench_ingest_%ld.jsonl", folder,
             (long)getpid());
    check(file_out_open(corpus->path, &file, &err), &err);
    buf_init(&buf, CORPUS_MAX);
    for (size_t i = 0; i < corpus->n; i++) {
        buf_clear(&buf);
        add_record(&buf, corpus, i, &state);
        check(file_out_add(file, buf_slice(&buf), &err), &err);
        corpus->size_bytes += buf.len;
    }
    check(file_out_commit(file, &err), &err);
    file_out_close(file);
    buf_release(&buf);
}

static struct sample_list parse_corpus(const struct corpus *corpus)
{
    const struct format_options options = { .input_context_bytes = FORMAT_INPUT_CONTEXT_BYTES };
    struct sample_list list = { .n = 0 };
    struct parser *parser = NULL;
    struct frame *frame = NULL;
    struct frame_record record;
    struct parsed parsed;
    struct error err;
    struct buf text;

    arena_init(&list.arena);
    list.samples = calloc(corpus->n, sizeof *list.samples);
    list.record_bytes = calloc(corpus->n, sizeof *list.record_bytes);
    buf_init(&text, CORPUS_MAX);
    check(list.samples && list.record_bytes ? 0 : error_nomem(&err), &err);
    check(file_read(corpus->path, &text, &err), &err);
    check(parser_new(&options, &parser, &err), &err);
    check(frame_new(CORPUS_MAX, &frame, &err), &err);
    check(frame_feed(frame, text.data, text.len, &err), &err);
    frame_finish(frame);
    while (list.n < corpus->n && frame_next(frame, &record) == 1) {
        check(parse_record(parser, &record, NULL, false, &list.arena, &parsed, &err), &err);
        if (parsed.rejected_for)
            check(error_set(&err, ERR_INVARIANT, "the corpus: %s",
                            defect_classes[parsed.rejected_for].name),
                  &err);
        list.record_bytes[list.n] = record.text.len;
        list.samples[list.n++] = parsed.sample;
    }
    frame_free(frame);
    parser_free(parser);
    buf_release(&text);
    return list;
}

static struct store *new_store(const char *folder, char *path, size_t size, int64_t *run_id)
{
    struct store *store = NULL;
    struct error err;

    snprintf(path, size, "%s/bench_ingest_%ld.db", folder, (long)getpid());
    unlink(path);
    check(store_open(path, STORE_CREATE, &store, &err), &err);
    check(run_begin(store, 0, "ingest", slice_text("{}"), run_id, &err), &err);
    return store;
}

static void remove_store(struct store *store, const char *path)
{
    char log[300];

    store_close(store);
    unlink(path);
    snprintf(log, sizeof log, "%s-wal", path);
    unlink(log);
    snprintf(log, sizeof log, "%s-shm", path);
    unlink(log);
}

static void add_all(struct store *store, struct sample_list *list, int64_t run_id)
{
    struct error err;
    int64_t file_id, sample_id;
    size_t i = 0;

    check(store_begin(store, &err), &err);
    check(source_file_put(store, "bench", "bench", &file_id, &err), &err);
    check(store_commit(store, &err), &err);
    while (i < list->n) {
        struct run_counts counts = { 0 };
        size_t bytes = 0;

        check(store_begin(store, &err), &err);
        for (; i < list->n && counts.n_read < BATCH_RECORDS && bytes < BATCH_BYTES; i++) {
            list->samples[i].file_id = file_id;
            check(sample_add(store, &list->samples[i], run_id, &sample_id, &err), &err);
            bytes += list->record_bytes[i];
            counts.n_read++;
        }
        counts.n_inserted = counts.n_read;
        check(run_add_counts(store, run_id, &counts, &err), &err);
        check(store_commit(store, &err), &err);
    }
}

static double time_bare(const char *folder, struct sample_list *list)
{
    char path[256];
    int64_t run_id = 0;
    struct store *store = new_store(folder, path, sizeof path, &run_id);
    const int64_t started_ns = clock_mono_ns();

    add_all(store, list, run_id);
    const double seconds = (double)(clock_mono_ns() - started_ns) / 1e9;
    remove_store(store, path);
    return seconds;
}

static double time_ingest(const char *folder, const struct corpus *corpus)
{
    const struct stage *stage = stage_find("ingest");
    struct stage_result result = { .n_facts = 0 };
    struct report report = { .phase = "ingest" };
    void *args = malloc(stage->args_size);
    void *config = NULL;
    char path[256];
    struct error err;
    struct stage_context context = { .n_threads = N_THREADS, .report = &report };

    context.store = new_store(folder, path, sizeof path, &context.run_id);
    check(args ? 0 : error_nomem(&err), &err);
    memcpy(args, stage->defaults, stage->args_size);
    check(option_set(stage->positional, args, corpus->path, &err), &err);
    const int64_t started_ns = clock_mono_ns();
    check(stage_configure(stage, args, &config, &err), &err);
    check(stage->run(&context, args, config, &result, &err), &err);
    const double seconds = (double)(clock_mono_ns() - started_ns) / 1e9;
    stage_config_free(stage, config);
    option_free_lists(stage->options, stage->positional, args);
    free(args);
    remove_store(context.store, path);
    return seconds;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare_doubles);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void measure(struct corpus *corpus, const char *folder, size_t rounds)
{
    double bare[ROUNDS_MAX], ingest[ROUNDS_MAX];

    write_corpus(corpus, folder);
    struct sample_list list = parse_corpus(corpus);
    for (size_t i = 0; i < rounds; i++) {
        bare[i] = time_bare(folder, &list);
        ingest[i] = time_ingest(folder, corpus);
    }
    const double b = median(bare, rounds), s = median(ingest, rounds);
    const double mb = (double)corpus->size_bytes / 1e6, n = (double)corpus->n;
    printf("| %-6s | %7zu | %9.0f | %7.1f | %9.0f | %7.1f | %5.2f |\n", corpus->title,
           corpus->n, n / b, mb / b, n / s, mb / s, b / s);
    fflush(stdout);
    unlink(corpus->path);
    arena_release(&list.arena);
    free(list.samples);
    free(list.record_bytes);
}

int main(int argc, char **argv)
{
    struct corpus corpora[] = {
        { .title = "1 kB", .n = 100000, .record_bytes = 1000 },
        { .title = "200 kB", .n = 1000, .record_bytes = 200000, .is_long = true },
    };
    const char *folder = getenv("TMPDIR");
    size_t rounds = ROUNDS_DEFAULT;

    if (!folder)
        folder = "/tmp";
    if (argc > 1)
        folder = argv[1];
    if (argc > 2)
        rounds = strtoul(argv[2], NULL, 10);
    if (rounds < 1 || rounds > ROUNDS_MAX || strlen(folder) > 128) {
        fprintf(stderr, "usage: bench_ingest [FOLDER [ROUNDS, at most %d]]\n", ROUNDS_MAX);
        return 64;
    }
    printf("| record | records | bare rows/s | MB/s | ingest rows/s | MB/s | ratio |\n"
           "|--------|---------|-----------|---------|-----------|---------|-------|\n");
    for (size_t i = 0; i < sizeof corpora / sizeof corpora[0]; i++)
        measure(&corpora[i], folder, rounds);
    return 0;
}
