/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget.h - the options --budget and --tiers: choose until tokens, bytes or samples are used
 * up.
 *
 * Functions return 0, or -1 with err set.
 */
#ifndef CURATE_SELECT_BUDGET_H
#define CURATE_SELECT_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "scoring/selection/budget.h"

struct error;
struct making;
struct report;

enum { BUDGET_TIERS_MAX = 255 };

enum budget_unit { BUDGET_TOKENS, BUDGET_SAMPLES, BUDGET_BYTES };
extern const char *const budget_unit_names[];
extern const char *const budget_mode_names[];

struct budget_args {
    const char *total; /* N[K|M|G] */
    const char *tiers; /* N[K|M|G],... */
    int unit;          /* enum budget_unit, or OPTION_NO_CHOICE */
    int mode;          /* enum budget_mode */
    bool per_token;
};

struct budget_spec {
    uint64_t total; /* 0: none */
    enum budget_unit unit;
    enum budget_mode mode;
    bool per_token;
    uint64_t tiers[BUDGET_TIERS_MAX]; /* ascending */
    size_t n_tiers;
};

/* What was used. */
struct budget_result {
    uint64_t total;
    uint64_t used;
    uint64_t n_without; /* samples without a fact to count by */
    uint64_t tiers[BUDGET_TIERS_MAX];
    size_t n_in_tier[BUDGET_TIERS_MAX]; /* samples, with those of the tiers inside it */
};

/* Parse "50M": a whole number of thousands, millions or billions (k or K, M, G) below 2^53. */
bool budget_parse_count(struct slice text, uint64_t *out);
/* Check the arguments without a database. Returns 0, or -1 with ERR_USAGE. */
int budget_parse(const struct budget_args *args, struct budget_spec *spec, struct error *err);

/* A step: read what each sample costs; samples without leave the pool. With per_token put the
 * pool into the order of value per token. */
int budget_read_costs(struct making *making, struct error *err);
/* A step: of the picks, which are in their order, keep those that fit. */
int budget_choose(struct making *making, struct error *err);
void budget_note(const struct budget_spec *spec, const struct budget_result *result,
                 struct report *report);

#endif
