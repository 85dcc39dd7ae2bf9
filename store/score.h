/* SPDX-License-Identifier: Apache-2.0 */
/*
 * score.h - models, score sets, scores and segments.
 *
 * Unless a function says otherwise it returns 0, or -1 with err set. Strings in a row are
 * borrowed from the caller.
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
    const char *name; /* stored as NAME@1a2b3c4d if another model has this name */
    const char *arch;
    uint64_t n_params;
    uint64_t context_length;
    struct hash tokenizer_hash;
    const char *path;
    struct file_stamp stamp;
};
/* Find the digest stored for a model file with this path, size, mtime and inode. Returns 1, 0
 * if no such file is stored, or -1. */
int model_find_sha256(struct store *store, const char *path, const struct file_stamp *stamp,
                      uint8_t out[DIGEST_BYTES], struct error *err);
/* Get the id of the model with this sha256. Adds the model if it is new, otherwise updates its
 * path and stamp. */
int model_put(struct store *store, const struct model_row *row, int64_t *model_id,
              struct error *err);

/* What identifies a score set. Scores can be compared within one set: they share the metric and
 * its version, the model and the parameters. */
struct score_set {
    const char *metric;
    int version;
    const char *unit;
    const char *better; /* "higher" or "lower" */
    int64_t model_id;
    struct slice params_json; /* canonical: sorted keys, no blanks */
};
/* Get the id of the set. Adds the set if it is new. */
int score_set_put(struct store *store, const struct score_set *set, int64_t *score_set_id,
                  struct error *err);

/* Look up the id of the set without writing. The digest identifies the model; set->model_id is
 * ignored. Returns 1, 0 if the set does not exist, or -1. */
int score_set_lookup(struct store *store, const struct score_set *set,
                     const uint8_t model_sha256[DIGEST_BYTES], int64_t *score_set_id,
                     struct error *err);
/* Give a set other parameters; its scores stay. Call inside a transaction. */
int score_set_change_params(struct store *store, int64_t score_set_id, struct slice params_json,
                            struct error *err);
/* Copy the parameter `arithmetic` of a set to `out`; "" if the set has none. */
int score_set_arithmetic(struct store *store, int64_t score_set_id, char *out, size_t size,
                         struct error *err);
/* Record that this run requested the set, even if all its scores exist already.
 * score_set_find() prefers the set requested last. Call inside a transaction. */
int score_set_request(struct store *store, int64_t score_set_id, int64_t run_id,
                      struct error *err);

struct score_set_info {
    int64_t score_set_id;
    bool higher_is_better;
    size_t n_others; /* further sets of the same metric and model */
};
/*
 * Find the score set that a user means by the name of a metric and of a model (NULL: any
 * model). If several sets of one model match, choose the set requested last. ERR_USAGE with the
 * names if the scores are from several models. ERR_NOT_FOUND with the names that exist if no
 * set matches.
 */
int score_set_find(struct store *store, const char *metric, const char *model,
                   struct score_set_info *out, struct error *err);

struct score_set_query {
    const char *metric;
    const char *model; /* NULL: any */
    const char *hash;  /* first hexadecimal digits of the hash of the parameters; NULL: any */
};
/* Find the one score set that a condition of a policy means. Of sets that differ in the version
 * of the metric only, choose the one requested last. ERR_USAGE with the choices if several
 * match, or no hash does. ERR_NOT_FOUND as above. */
int score_set_find_one(struct store *store, const struct score_set_query *query,
                       struct score_set_info *out, struct error *err);

struct score_row {
    int64_t score_set_id;
    int64_t sample_id;
    double value;       /* ignored unless score_has_value(status) */
    const char *status; /* "ok", "truncated", or the reason why the value is missing */
    int64_t n_tokens;
};
struct segment_row {
    int64_t score_set_id;
    int64_t sample_id;
    int64_t segment;   /* from 0 */
    int64_t tok_start; /* first token of the context */
    int64_t tok_end;   /* exclusive */
    double attention;
    double nll; /* NAN: not computed yet */
};
/* Insert or replace a row. ERR_INVARIANT if a value is not finite. Call inside a transaction.
 */
int score_put(struct store *store, const struct score_row *row, int64_t run_id,
              struct error *err);
int segment_put(struct store *store, const struct segment_row *row, struct error *err);
/* Set the NLL of a stored segment; other members of the row are ignored except the key.
 * ERR_INVARIANT if the segment is missing. Call inside a transaction. */
int segment_put_nll(struct store *store, const struct segment_row *row, struct error *err);

/* Load the segments of a sample in order. The array is in the arena. */
int segment_load(struct store *store, int64_t score_set_id, int64_t sample_id,
                 struct arena *arena, struct segment_row **out, size_t *n, struct error *err);

/* Read a stored score. Returns 1, 0 if there is no row, or -1. out->status is valid until the
 * next call. */
int score_get(struct store *store, int64_t score_set_id, int64_t sample_id,
              struct score_row *out, struct error *err);

/* The scores of one set for a list of samples: element i belongs to sample i of the list. */
struct score_column {
    double *values;      /* undefined where the value is missing */
    const char **status; /* as in struct score_row; NULL if the set has no row */
    struct arena texts;  /* holds the status texts */
};
/* Read the scores of ascending samples. The caller releases the column. */
int score_column_read(struct store *store, int64_t score_set_id, const struct id_list *samples,
                      struct score_column *out, struct error *err);
/* A zeroed column may be released. */
void score_column_release(struct score_column *column);
/* True if a row with this status has a value: "ok" or "truncated". */
bool score_has_value(const char *status);
/* Check that value and status of a stored row fit: ERR_INPUT if another program changed them.
 */
int score_check_stored(const struct store *store, int64_t sample_id, const char *status,
                       double value, bool is_null, struct error *err);

/* Get the id of the set's model. */
int score_set_model(struct store *store, int64_t score_set_id, int64_t *model_id,
                    struct error *err);

/* The status of a sample whose value was not computed because it cannot be in the top N. */
#define SCORE_OUTSIDE_TOP "outside_top"

/* List the samples that have no row in the set, with skipped also those whose status is
 * SCORE_OUTSIDE_TOP. Both lists are ascending. Free out with id_list_release(). */
int score_list_unscored(struct store *store, int64_t score_set_id,
                        const struct id_list *samples, bool skipped, struct id_list *out,
                        struct error *err);
/* Delete the set's scores of all samples that are not in the ascending list. Call inside a
 * transaction. */
int score_keep_only(struct store *store, int64_t score_set_id, const struct id_list *samples,
                    struct error *err);

#endif
