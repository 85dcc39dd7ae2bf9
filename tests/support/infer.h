/* SPDX-License-Identifier: Apache-2.0 */
/*
 * infer.h - models run by tests, and cases with known answers.
 *
 * Whatever goes wrong here fails the test; nothing is returned to be checked.
 */
#ifndef CURATE_TEST_INFER_H
#define CURATE_TEST_INFER_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "scoring/infer/forward/session.h"

struct json_value;

/* A model with everything needed to run it. */
struct runner {
    struct model *model;
    struct pool *pool;
    struct session *session;
};

void runner_open(struct runner *runner, const char *path, unsigned cpu_flags, size_t n_threads);
/* Harmless on a zeroed struct. */
void runner_close(struct runner *runner);

/* The flags of each family of kernels this build has and this CPU can run; the reference is
 * first. Returns how many. */
enum { FAMILIES_MAX = 3 };
size_t find_families(unsigned flags[FAMILIES_MAX]);

/* The path of a file of the repository, or of the reference material beside it, which may be
 * absent: then NULL. Lasts until the arena is released. */
const char *source_path(struct arena *arena, const char *name);
const char *shared_path(struct arena *arena, const char *name);

/* A sequence whose results go to its own arrays, and what they should be. */
struct infer_case {
    struct sequence sequence;
    const double *want_nll;       /* n_tokens - score_from, or NULL */
    const double *want_attention; /* n_spans, or NULL */
    const double *want_by_head;   /* of attention_by_head, or NULL: not asked for */
    size_t n_by_head;
    double *states; /* where next_nll_nats, pooled, focus, reach go, in a row */
    const double *want_states;
    size_t n_states;
};

struct infer_cases {
    struct arena arena;
    struct infer_case *cases;
    size_t n;
};

/* Read a file of tests/data/oracle.py. */
void infer_cases_open(struct infer_cases *cases, const char *path);
void infer_cases_close(struct infer_cases *cases);

/* Numbers of a JSON array, in the arena. */
double *read_doubles(struct arena *arena, const struct json_value *array);
/* Append the ids of a JSON array to *ids, which must have room. */
void read_ids(const struct json_value *array, int32_t *ids, size_t *n);

/* The largest |a[i] - b[i]|; NaN anywhere gives infinity. */
double max_difference(const double *a, const double *b, size_t n);

#endif
