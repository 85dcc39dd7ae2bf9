/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diversity.h - the option --diverse: choose samples whose vectors differ from each other.
 */
#ifndef CURATE_DIVERSITY_H
#define CURATE_DIVERSITY_H

#include <stdint.h>

struct diverse_method;
struct error;
struct making;
struct report;

struct diversity_spec {
    const struct diverse_method *method;
    double parameter; /* NAN: the default of the method */
};

/* What a diverse choice reports of itself. */
struct diversity_result {
    uint64_t n_without;  /* samples of the pool that have no vector, or one without a length */
    double mean_nearest; /* as in struct diverse_result */
    double max_nearest;
    uint64_t n_points; /* likewise */
    uint64_t n_all;    /* samples that were chosen among */
    uint64_t n_wanted; /* how many were to be chosen */
    uint64_t n_chosen;
};

/* Parse METHOD[:PARAMETER]; NULL: nothing is asked for. Returns 0, or -1 with ERR_USAGE. */
int diversity_check(const char *method, struct diversity_spec *spec, struct error *err);
/* Choose at most n_wanted of the pool, instead of the best. Samples without a vector leave the
 * pool. Returns 0, or -1 with err set: ERR_NOMEM with the memory that is needed. */
int diversity_choose(struct making *making, struct error *err);
/* Say what was chosen among, and how near the chosen are to each other. */
void diversity_note(const char *method, const char *metric,
                    const struct diversity_result *result, struct report *report);

#endif
