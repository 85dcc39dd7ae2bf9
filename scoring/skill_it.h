/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skill_it.h - which share of the next training step each skill gets (Skill-It, 2307.14430).
 */
#ifndef CURATE_SKILL_IT_H
#define CURATE_SKILL_IT_H

#include <stddef.h>

struct error;

struct skill_it {
    size_t n_skills;      /* that can be trained on */
    size_t n_targets;     /* that are to be learnt */
    const double *graph;  /* n_skills rows of n_targets: how much one helps the other; >= 0 */
    const double *losses; /* of each target, summed over the last rounds */
    double eta;           /* how much losses count; >= 0 */
    double floor;         /* the least share, at most 1 / n_skills */
};

/*
 * out[i] = floor + (1 - n_skills * floor) * p[i], p[i] proportional to
 * exp(eta * sum over j of graph[i][j] * losses[j]). ERR_INPUT when a number is not finite.
 */
int skill_it_mixture(const struct skill_it *step, double *out, struct error *err);

#endif
