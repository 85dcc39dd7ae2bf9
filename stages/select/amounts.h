/* SPDX-License-Identifier: Apache-2.0 */
/*
 * amounts.h - the options of budgets and quotas, and how they go together.
 */
#ifndef CURATE_AMOUNTS_H
#define CURATE_AMOUNTS_H

#include <stdbool.h>

#include "stages/select/budget.h"
#include "stages/select/quota.h"

struct arena;
struct error;
struct report;
struct selection_result;
struct selection_spec;

struct amount_args {
    struct budget_args budget;
    struct quota_args quota;
};

struct amount_spec {
    struct budget_spec budget;
    struct quota_spec quota;
};

/* Does one of the options say how much to select? */
bool amounts_are_given(const struct amount_args *args);
/* Check and parse the arguments without a database. Texts are in the arena. has_top,
 * is_diverse: whether --top and --diverse are given. Returns 0, or -1: ERR_USAGE, and errors of
 * the file of
 * --mix. */
int amounts_check(const struct amount_args *args, bool has_top, bool is_diverse,
                  struct arena *arena, struct amount_spec *spec, struct error *err);
/* Report what was used, and which samples had no part in it. */
void amounts_note(const struct selection_spec *spec, const struct selection_result *made,
                  struct report *report);

#endif
