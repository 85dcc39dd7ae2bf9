/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skill_it.h - the share of each skill in the next training round (Skill-It, 2307.14430).
 */
#ifndef CURATE_SKILL_IT_H
#define CURATE_SKILL_IT_H

#include <stddef.h>

struct error;

struct skill_it {
    size_t n_skills;      /* skills to train on */
    size_t n_targets;     /* skills to learn */
    const double *graph;  /* n_skills rows of n_targets weights >= 0: how much training on the
                             row's skill helps the column's target */
    const double *losses; /* of each target, summed over the last rounds */
    double eta;           /* weight of the losses; >= 0 */
    double floor;         /* smallest share of a skill; at most 1 / n_skills */
};

/*
 * out[i] = floor + (1 - n_skills * floor) * p[i], where p[i] is proportional to
 * exp(eta * sum over j of graph[i][j] * losses[j]) and the p sum to 1. ERR_INPUT if such an
 * exponent is not finite; ERR_NOMEM.
 */
int skill_it_mixture(const struct skill_it *input, double *out, struct error *err);

#endif
