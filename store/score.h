/* SPDX-License-Identifier: Apache-2.0 */
/*
 * score.h - models, metrics and scores.
 */
#ifndef CURATE_SCORE_H
#define CURATE_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/hash.h"
#include "base/io/file.h"
#include "base/slice.h"

struct error;
struct id_list;
struct store;

struct model_row {
    uint8_t sha256[DIGEST_BYTES];
    const char *name; /* wanted; becomes NAME@1a2b3c4d when another model has it */
    const char *arch;
    uint64_t n_params;
    uint64_t context_length;
    struct hash tokenizer_hash;
    const char *path;
    struct file_stamp stamp;
};
/* The digest stored for an unchanged file (same path, size, mtime, inode): 1, 0 not known, -1.
 */
int model_find_sha256(struct store *store, const char *path, const struct file_stamp *stamp,
                      uint8_t out[DIGEST_BYTES], struct error *err);
/* The id of the model with this sha256; path and stamp are brought up to date. */
int model_put(struct store *store, const struct model_row *row, int64_t *model_id,
              struct error *err);

/* A set of scores that may be compared: metric and version, model, parameters. */
struct score_set {
    const char *metric;
    int version;
    const char *unit;
    const char *better; /* "higher" or "lower" */
    int64_t model_id;
    struct slice params_json; /* canonical: keys sorted, no blanks */
};
int score_set_put(struct store *store, const struct score_set *set, int64_t *score_set_id,
                  struct error *err);

/* The same to look without writing: 1, 0 when there is none yet, -1. The model is told by its
 * digest; set->model_id does not count. */
int score_set_lookup(struct store *store, const struct score_set *set,
                     const uint8_t model_sha256[DIGEST_BYTES], int64_t *score_set_id,
                     struct error *err);
/* This run asks for the set's scores, whether or not any are missing: score_set_find() takes
 * the set that was asked for last. Inside a transaction. */
int score_set_ask(struct store *store, int64_t score_set_id, int64_t run_id, struct error *err);

/*
 * The set that a user means by a metric's name, optionally narrowed by a model's name (NULL:
 * any). When several parameter sets of one model fit, the one asked for last is taken and
 * *n_others counts the rest; several models are ERR_USAGE with their names; none is
 * ERR_NOT_FOUND with the metrics there are.
 */
struct score_set_info {
    int64_t score_set_id;
    bool higher_is_better;
    size_t n_others;
};
int score_set_find(struct store *store, const char *metric, const char *model,
                   struct score_set_info *out, struct error *err);

struct score_row {
    int64_t score_set_id;
    int64_t sample_id;
    double value;       /* ignored unless status is "ok" or "truncated" */
    const char *status; /* "ok", "truncated", or the reason there is no number */
    int64_t n_tokens;
};
struct segment_row {
    int64_t score_set_id;
    int64_t sample_id;
    int64_t segment;
    int64_t tok_start;
    int64_t tok_end;
    double attention;
    double nll; /* NAN: not asked for yet */
};
/* Insert or replace. Inside a transaction. A value that is not finite is ERR_INVARIANT. */
int score_put(struct store *store, const struct score_row *row, int64_t run_id,
              struct error *err);
int segment_put(struct store *store, const struct segment_row *row, struct error *err);
/* The NLL alone, of a segment that is there. Inside a transaction. */
int segment_put_nll(struct store *store, const struct segment_row *row, struct error *err);

/* The segments of a sample in a set, in order; n of them, in the arena. */
int segment_load(struct store *store, int64_t score_set_id, int64_t sample_id,
                 struct arena *arena, struct segment_row **out, size_t *n, struct error *err);

/* 1 and the stored score, 0 when there is none, -1. status lasts until the next call. */
int score_get(struct store *store, int64_t score_set_id, int64_t sample_id,
              struct score_row *out, struct error *err);

/* All scores of a set for a list of samples, which ascends; one place a sample. */
struct score_column {
    double *values;      /* meaningless without a number */
    const char **status; /* of score_row; NULL where the set has no row */
    struct arena texts;  /* of status */
};
int score_column_read(struct store *store, int64_t score_set_id, const struct id_list *samples,
                      struct score_column *out, struct error *err);
/* A zeroed column is empty. */
void score_column_release(struct score_column *column);
/* A status that says there is a number. */
bool score_has_value(const char *status);

/* The model of a set. */
int score_set_model(struct store *store, int64_t score_set_id, int64_t *model_id,
                    struct error *err);

/* Why there is no number yet: it was not needed for the first that were asked for. */
#define SCORE_OUTSIDE_TOP "outside_top"

/* Those of the samples that have no score in the set; with skipped also those outside_top. Both
 * lists ascend. */
int score_lacking(struct store *store, int64_t score_set_id, const struct id_list *samples,
                  bool skipped, struct id_list *out, struct error *err);
/* Drop the set's scores of all samples but these, which ascend. Inside a transaction. */
int score_keep_only(struct store *store, int64_t score_set_id, const struct id_list *samples,
                    struct error *err);

#endif
