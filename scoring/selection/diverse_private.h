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
int diverse_mig(struct diverse *d, struct error *err);

/* From -1 to 1. */
double diverse_cosine(const struct diverse *d, size_t a, size_t b);
/* Rounding may take a cosine out of its range. */
static inline double diverse_clamp(double cosine)
{
    return cosine < -1 ? -1 : cosine > 1 ? 1 : cosine;
}
/* Write the vector of a sample, scaled to length 1. */
void diverse_direction(const struct diverse *d, size_t sample, float *out);
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
/* Tick. -1 with ERR_CANCELLED if the report, which may be NULL, asks to stop. */
int diverse_stop(struct report *report, struct error *err);

/*
 * A choice by a gain that only falls while samples are chosen. Each sample has a bound: its
 * gain is not larger.
 */
struct lazy_bound {
    double gain;
    uint32_t sample;
    uint32_t n_picks; /* the bound holds from this number of picks on */
    bool is_exact;    /* it is the gain at this number of picks */
};

/* The most bounds of a call, the first number of them after a pick, and the most of measure. */
enum { LAZY_TRIES = 1024, LAZY_UPDATES_MIN = 16, LAZY_MEASURES = 16 };

struct lazy_rule {
    /* Lower stale bounds to bounds of now, or to gains of now if update_is_exact. */
    void (*update)(void *state, struct lazy_bound *bounds, size_t n);
    /* Set gain to the gain of now; NULL if all bounds are exact. */
    void (*measure)(void *state, struct lazy_bound *bounds, size_t n);
    /* The sample has been chosen. */
    void (*add)(void *state, uint32_t sample);
    void *state;
    bool update_is_exact;
};

/* Choose. bounds has a bound of each sample, at 0 picks; it is overwritten. */
int diverse_lazy(struct diverse *d, struct lazy_bound *bounds, const struct lazy_rule *rule,
                 struct error *err);

/* (1 - alpha) * facility location + alpha * sum of quality, over the similarities with the
 * n_neighbours nearest samples of each sample. */
int diverse_facility_nearest(struct diverse *d, double alpha, struct error *err);

#endif
