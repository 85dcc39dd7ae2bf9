/* SPDX-License-Identifier: Apache-2.0 */
/*
 * infer.h - run models in tests, and read cases with known numbers.
 *
 * Every error fails the test, so no function returns one.
 */
#ifndef CURATE_TEST_INFER_H
#define CURATE_TEST_INFER_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "scoring/infer/forward/session.h"

struct json_value;

/* A model and everything needed to run it. */
struct runner {
    struct model *model;
    struct pool *pool;
    struct session *session;
};

void runner_open(struct runner *runner, const char *path, unsigned cpu_flags, size_t n_threads);
/* Allowed on a zeroed struct. */
void runner_close(struct runner *runner);

/* The CPU flags of each kernel family that this build has and this CPU can run, the reference
 * first. Returns how many there are. */
enum { FAMILIES_MAX = 3 };
size_t find_families(unsigned flags[FAMILIES_MAX]);

/* The path of a file of the repository, or of the reference material beside it. Returns NULL if
 * the reference material is absent. Valid until the arena is released. */
const char *source_path(struct arena *arena, const char *name);
const char *shared_path(struct arena *arena, const char *name);

/* A sequence with arrays of its own for the results, and the expected results. */
struct infer_case {
    struct sequence sequence;
    const double *want_nll;       /* n_tokens - score_from numbers, or NULL */
    const double *want_attention; /* n_spans numbers, or NULL */
    const double *want_by_head;   /* as attention_by_head, or NULL: not requested */
    size_t n_by_head;
    double *states; /* for next_nll_nats, pooled, focus and reach, one after the other */
    const double *want_states;
    size_t n_states;
};

struct infer_cases {
    struct arena arena;
    struct infer_case *cases;
    size_t n;
};

/* Read a file that tests/data/oracle.py wrote. */
void infer_cases_open(struct infer_cases *cases, const char *path);
void infer_cases_close(struct infer_cases *cases);

/* The numbers of a JSON array, allocated in the arena. */
double *read_doubles(struct arena *arena, const struct json_value *array);
/* Append the ids of a JSON array to ids, which must have room for them. */
void read_ids(const struct json_value *array, int32_t *ids, size_t *n);

/* The largest |a[i] - b[i]|; infinity if any element is NaN. */
double max_difference(const double *a, const double *b, size_t n);

#endif
