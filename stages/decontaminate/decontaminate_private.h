/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decontaminate_private.h - the parts of `curate decontaminate`.
 *
 * The items of all evaluations are read into indexes (items.c, pack.c) and stored. Then the
 * samples that were not searched for each of them pass through a crew (base/threads/crew.h),
 * which reads batches of samples and stores what was found. The number and size of the batches
 * bound the memory, besides the indexes and the texts of the items.
 */
#ifndef CURATE_DECONTAMINATE_PRIVATE_H
#define CURATE_DECONTAMINATE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json/path.h"
#include "scoring/duplicates/contamination.h"
#include "store/contamination.h"

struct fetcher;
struct id_list;
struct json_value;
struct report;
struct sample_reader;
struct store;
struct text_list;

enum { EVALUATION_FIELDS_MAX = 8 };

/* Where the texts of an item are in a record; n 0: the usual names. */
struct item_fields {
    struct json_path paths[EVALUATION_FIELDS_MAX];
    size_t n;
};

/* An item as it is stored. Texts are in the arena of its evaluation. */
struct read_item {
    struct slice place;
    struct slice prompt; /* ptr NULL: none, or of a pack */
    struct slice answer;
};

/* An evaluation that was read. */
struct read_evaluation {
    const char *path; /* as given; of a URL what may be stored, in the arena */
    char name[128];   /* of --name, of the pack, or of the path */
    bool is_pack;
    struct arena arena;
    struct read_item *items;
    size_t n_items;
    size_t items_cap;
    struct contamination_index *index; /* finished */
    uint64_t n_rejected;               /* records without an item */
    char first_reject[200];            /* where and why */
    int64_t id;                        /* in the database; 0: not stored */
    int64_t n_common;
    int64_t n_not_checkable;
};

struct evaluation_source {
    const char *argument; /* of --against */
    const char *name;     /* of --name; NULL: none */
    const char *config;
    const char *split;
    struct item_fields prompt;
    struct item_fields answer;
    struct contamination_rule rule;
    uint64_t max_memory; /* 0: no limit */
    struct fetcher *fetcher;
    struct report *report;
};

/* items.c: read the items of an evaluation. Returns 0, or -1 with err set: ERR_INPUT if no
 * record holds an item, or if a pack is malformed; as record_files_each() fails. Release *out
 * also after a failure. */
int evaluation_read(const struct evaluation_source *source, struct read_evaluation *out,
                    struct error *err);
void evaluation_release(struct read_evaluation *evaluation);
/* Append an item; its texts are copied. ptr NULL: none. For an item of hashes both are NULL. */
int evaluation_add_read(struct read_evaluation *evaluation, struct slice place,
                        struct slice prompt, struct slice answer, struct error *err);

/* fields.c: parse paths of --prompt-field or --answer-field; the texts are borrowed. ERR_USAGE.
 */
int item_fields_parse(const struct text_list *texts, const char *option,
                      struct item_fields *out, struct error *err);
/* Find prompt and answer of a record by paths, or by the usual names. The texts are in the
 * arena or in the record. Returns 1; 0 if it has neither; -1: ERR_NOMEM. */
int item_fields_find(const struct evaluation_source *source, const struct json_value *record,
                     struct arena *arena, struct slice *prompt, struct slice *answer,
                     struct error *err);
/* The id of a record as a text in the arena; ptr NULL: it has none. */
struct slice item_id_find(const struct json_value *record, struct arena *arena);

/*
 * pack.c: a pack is a file of JSON lines that holds the hashes of an evaluation instead of its
 * texts. The first line describes it:
 *   {"curate_pack":1,"name":"...","ngram":8,"words":1,"items":N,"digest":"HEX"}
 * Each other line is an item; the hashes of n-grams are 16 hex digits each, one after another:
 *   {"place":"...","prompt_words":23,"prompt":"HEX","answer_words":2,"answer":""}
 * A pack is not trusted: all numbers are compared with each other, and the digest at the end.
 */
struct pack_reader {
    bool begun;
    int64_t n_items;
    uint8_t digest[DIGEST_BYTES];
};
/* Is this the first record of a pack? */
bool pack_matches(const struct json_value *record);
/* Read the next record of a pack. ERR_INPUT says what is wrong; ERR_USAGE if its n-grams have
 * another length than those of the rule. */
int pack_read_record(struct pack_reader *reader, const struct json_value *record,
                     struct read_evaluation *evaluation, const struct contamination_rule *rule,
                     struct error *err);
/* Check the number of items and the digest at the end. */
int pack_check_end(const struct pack_reader *reader, const struct read_evaluation *evaluation,
                   struct error *err);
/* Write an evaluation as a pack; replaces the file. */
int pack_write(const struct read_evaluation *evaluation, const struct contamination_rule *rule,
               const char *path, struct error *err);

/* put.c: make the stored parameters, in the arena. ptr NULL: ERR_NOMEM. */
struct slice evaluation_params(const struct contamination_rule *rule, bool everywhere,
                               struct arena *arena);
/* Store the evaluation and its items, or find it, and set its id. ERR_USAGE if one of its name
 * has other parameters or items, unless `replace`. */
int evaluation_put(struct store *store, struct read_evaluation *evaluation, struct slice params,
                   bool replace, int64_t run_id, bool dry_run, struct error *err);

enum { SEARCH_BATCH_SAMPLES = 256 };

struct search_batch {
    struct arena arena;
    size_t n;
    int64_t ids[SEARCH_BATCH_SAMPLES];
    struct contamination_text *texts[SEARCH_BATCH_SAMPLES];
    size_t n_texts[SEARCH_BATCH_SAMPLES];
    struct contamination_found *found[SEARCH_BATCH_SAMPLES]; /* of each evaluation */
    size_t n_bytes;
};

struct search_job {
    struct store *store;
    struct report *report;
    const struct read_evaluation *evaluations;
    size_t n_evaluations;
    const struct contamination_index *const *indexes;
    const struct id_list *ids;
    bool everywhere; /* look for prompts and answers in all texts */
    size_t n_threads;
    size_t batch_bytes;
};

struct search_tally {
    uint64_t n_searched;
    uint64_t n_flagged; /* samples, for any evaluation */
    uint64_t n_bytes;
};

/* batch.c: read samples from number *next of the ids on into an empty batch, and set *next. */
int search_batch_read(struct search_batch *batch, const struct search_job *job,
                      struct sample_reader *reader, size_t *next, struct error *err);
/* Search all samples of the batch. */
int search_batch_run(struct search_batch *batch, const struct search_job *job,
                     struct contamination_search *search, struct error *err);
/* Store what was found, in a transaction. */
int search_batch_store(const struct search_batch *batch, const struct search_job *job,
                       struct search_tally *tally, struct error *err);
void search_batch_clear(struct search_batch *batch);

/* threads.c: search all samples of the job. Returns 0, 1 after a signal to stop, or -1. */
int search_run_threads(const struct search_job *job, struct search_tally *tally,
                       struct error *err);

#endif
