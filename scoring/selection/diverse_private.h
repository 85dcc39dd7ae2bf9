/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diverse_private.h - what the methods of diverse.h share.
 */
#ifndef CURATE_DIVERSE_PRIVATE_H
#define CURATE_DIVERSE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scoring/selection/diverse.h"

enum { DIVERSE_BLOCK = 128 }; /* samples of a task */

struct diverse {
    const struct diverse_input *input;
    struct diverse_result *result;
    double *inverse; /* 1 / length of each vector */
    double *quality;
    bool *taken;
    uint64_t left; /* of the budget */
};

struct diverse_method {
    const char *name;
    int (*choose)(struct diverse *d, struct error *err);
    double parameter;
};

int diverse_deita(struct diverse *d, struct error *err);
int diverse_k_center(struct diverse *d, struct error *err);
int diverse_facility(struct diverse *d, struct error *err);
int diverse_qdit(struct diverse *d, struct error *err);
int diverse_mmr(struct diverse *d, struct error *err);
int diverse_dpp(struct diverse *d, struct error *err);
int diverse_clusters(struct diverse *d, struct error *err);

/* From -1 to 1. */
double diverse_cosine(const struct diverse *d, size_t a, size_t b);
/* Call work(arg, i) for all samples i, on all threads. */
typedef void diverse_work(void *arg, size_t i);
void diverse_for_all(const struct diverse *d, size_t n, diverse_work *work, void *arg);

/* Are there picks to make? */
bool diverse_is_open(const struct diverse *d);
/* Can the sample be chosen: not chosen yet, and within the budget? */
bool diverse_may_take(const struct diverse *d, size_t i);
/* The sample that may be taken and has the largest value; n if there is none. */
size_t diverse_best(const struct diverse *d, const double *values);
/* Choose. -1 with ERR_CANCELLED if the report asks to stop. */
int diverse_take(struct diverse *d, size_t i, double gain, struct error *err);

#endif
