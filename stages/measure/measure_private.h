/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure_private.h - the parts of `curate measure`.
 *
 * A crew (base/threads/crew.h) reads samples into batches, measures them, and stores their
 * facts. The number and size of the batches bound the memory.
 */
#ifndef CURATE_MEASURE_PRIVATE_H
#define CURATE_MEASURE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json/path.h"
#include "base/net/fetcher.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/span_list.h"
#include "scoring/infer/gguf/gguf_file.h"
#include "store/fact.h"

struct id_list;
struct report;
struct store;
struct text_list;

/* What the user gave that some measurers need. */
struct measure_given {
    bool tokenizer;
    bool flagged_words;
};

struct measure_choice {
    struct arena arena;
    const struct measurer **measurers;
    size_t n;
};

/* choice.c: choose measurers by names of measurers or facts; an empty list: all that can
 * measure with what was given; NULL: none. ERR_USAGE for an unknown name, with the nearest one.
 */
int measure_choose(const struct text_list *names, const struct measure_given *given,
                   struct measure_choice *out, struct error *err);
void measure_choice_release(struct measure_choice *choice);

/* A column that --label NAME=PATH adds. */
struct measure_label {
    const char *name;
    const char *path_text;         /* as given */
    struct json_path path;         /* in the members that a record had beside its texts */
    struct json_path path_in_meta; /* tried next: path without "meta"; n 0: none */
};
struct measure_labels {
    struct measure_label *items;
    size_t n;
};
/* labels.c: parse what was given; the texts are borrowed. ERR_USAGE for an invalid path, for
 * an invalid name, and for one that a fact, a metric or another label has. */
int measure_labels_parse(const struct text_list *texts, struct arena *arena,
                         struct measure_labels *out, struct error *err);
/* Make the group of a label: its column is TEXT, its parameters are the path. */
int measure_label_group(const struct measure_label *label, struct arena *arena,
                        struct fact_group *out, struct error *err);

/* Reads labels of one sample after another; one for each thread. */
struct label_reader;
int label_reader_new(struct label_reader **out, struct error *err);
void label_reader_free(struct label_reader *reader);
/* Set out[0..n-1] for the labels of a sample, in its arena. Returns 0, or -1 with err set:
 * ERR_NOMEM. */
int label_reader_run(struct label_reader *reader, const struct measure_labels *labels,
                     const struct measured_sample *sample, struct fact_value *out,
                     struct error *err);

/* The columns of the chosen measurers and of the labels. */
struct measure_columns {
    struct arena arena;
    struct fact_group
        *groups; /* those of samples: of each measurer, of each label; then of turns */
    size_t n_groups;
    size_t n_columns;      /* of a sample */
    size_t n_turn_columns; /* of a turn */
};

/* columns.c: make them. Returns 0, or -1 with err set: ERR_NOMEM. */
int measure_make_columns(const struct measure_choice *choice,
                         const struct measure_labels *labels,
                         const struct measure_options *options, struct measure_columns *out,
                         struct error *err);
void measure_columns_release(struct measure_columns *columns);

/* The vocabulary of --tokenizer. Zeroed: none was given. */
struct measure_vocabulary {
    struct fetched_file fetched;
    struct gguf_file file;
    struct tokenizer *tokenizer;
};

/* vocabulary.c: read the vocabulary of a GGUF file, which a path or a URL names. Close it also
 * after a failure. */
struct fetcher;
int measure_vocabulary_open(struct fetcher *fetcher, const char *argument,
                            struct measure_vocabulary *out, struct error *err);
void measure_vocabulary_close(struct measure_vocabulary *vocabulary);
/* A guess of its memory in bytes. */
uint64_t measure_vocabulary_bytes(const struct measure_vocabulary *vocabulary);

/* flags.c: read the list of flagged words. End it with flag_list_free(). Errors name the path.
 */
struct flag_list;
int measure_flags_read(const char *path, struct flag_list **out, struct error *err);

/* How a limit on memory is divided. */
struct measure_memory {
    bool is_limited;
    size_t cache_bytes;  /* of database pages; 0: the default */
    size_t batch_bytes;  /* at which a batch is full */
    size_t thread_bytes; /* with which a thread measures a sample */
    size_t alone_bytes;  /* of a sample that needs more: its texts too */
};
/* memory.c: divide max_memory (0: no limit), of which so much is held. Returns 0, or -1 with
 * err set: ERR_NOMEM if too little is left. */
int measure_share_memory(uint64_t max_memory, uint64_t held, size_t n_threads,
                         struct measure_memory *out, struct error *err);

/* What one thread measures with. */
struct measure_tools {
    struct measuring *measuring;
    struct label_reader *labels;
};
struct measure_job;
/* max_bytes: of memory for one sample; 0: no limit. Free *out also after a failure. */
int measure_tools_new(const struct measure_job *job, size_t max_bytes,
                      struct measure_tools **out, struct error *err);
void measure_tools_free(struct measure_tools *tools);

/* The facts of a sample, in its arena. */
struct measured_row {
    struct fact_value *values;      /* n_columns */
    struct fact_value *turn_values; /* for each turn n_turn_columns */
};

enum { MEASURE_BATCH_SAMPLES = 256 };

struct measure_batch {
    struct arena arena;
    size_t n;
    int64_t ids[MEASURE_BATCH_SAMPLES];
    /* The sample needs more memory than a thread has: it is measured when it is stored. Its
     * text may be missing here. */
    bool is_alone[MEASURE_BATCH_SAMPLES];
    struct measured_sample samples[MEASURE_BATCH_SAMPLES];
    struct measured_row rows[MEASURE_BATCH_SAMPLES];
    struct span_list spans;
    size_t spans_end[MEASURE_BATCH_SAMPLES]; /* number of spans of the samples up to this one */
    size_t n_bytes;                          /* of texts and values */
};

struct measure_job {
    struct store *store;
    struct report *report;
    const struct measure_choice *choice;
    const struct measure_labels *labels;
    const struct measure_columns *columns;
    struct measure_options options;
    const struct id_list *ids;
    size_t n_threads; /* that measure */
    struct measure_memory memory;
};

struct measure_tally {
    uint64_t n_measured;
    uint64_t n_spans;
};

/* batch.c: read samples from number `*next` of the ids on into an empty batch, and set *next.
 */
struct sample_reader;
int measure_batch_read(struct measure_batch *batch, const struct measure_job *job,
                       struct sample_reader *reader, size_t *next, struct error *err);
/* Measure all samples of the batch. */
int measure_batch_run(struct measure_batch *batch, const struct measure_job *job,
                      const struct measure_tools *tools, struct error *err);
/* Copy what measurers look at into the arena; `borrows`: only the array of turns. */
struct sample;
int measure_sample_copy(const struct sample *sample, bool borrows, struct arena *arena,
                        struct measured_sample *out, struct error *err);
/* The bytes of its texts. */
size_t measure_sample_bytes(const struct sample *sample);
/* Measure a sample, and append its spans. Returns 0, 1 if the sample needs more memory than the
 * tools have, or -1. */
int measure_sample_run(const struct measure_job *job, const struct measure_tools *tools,
                       const struct measured_sample *sample, struct measured_row *out,
                       struct span_list *spans, struct error *err);
/* rows.c: store the facts of the batch in a transaction. Measures the samples that need more
 * memory than a thread has, one by one. ERR_NOMEM names a sample that needs more than there is.
 */
int measure_batch_store(const struct measure_batch *batch, const struct measure_job *job,
                        struct sample_reader *reader, struct fact_writer *writer,
                        struct measure_tally *tally, struct error *err);
void measure_batch_clear(struct measure_batch *batch);

/* threads.c: measure all samples of the job. Returns 0, 1 after a signal to stop, or -1. */
int measure_run_threads(const struct measure_job *job, struct measure_tally *tally,
                        struct error *err);

#endif
