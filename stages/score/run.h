/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - one run of the score stage: its setup, which never changes, and its state.
 *
 * It declares no function: every room but plan, settings and models may include it.
 */
#ifndef CURATE_SCORE_RUN_H
#define CURATE_SCORE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "stages/score/models.h"
#include "stages/score/plan.h"
#include "stages/score/settings.h"
#include "store/selection.h"

struct stage_context;

/* Everything that is known before the first sample is scored. Constant from then on. */
struct score_setup {
    const struct stage_context *context;
    const struct score_settings *settings;
    struct score_plan plan; /* with the ids of the score sets */
    struct score_models models;
    struct id_list samples; /* of --where, selected once: the condition may read new scores */
    bool writes;            /* false: a dry run or an estimate */
    bool measures_facts;
    uint64_t n_lacking_facts; /* samples that lacked facts before this run */
};

enum { SCORE_REASONS_MAX = 64, SCORE_REASON_BYTES = 32 };

/* Counts of scores. */
struct score_tally {
    uint64_t n_scored;
    uint64_t n_unscorable;
    struct score_missing { /* n_unscorable by reason; the first with n = 0 ends the list */
        char reason[SCORE_REASON_BYTES];
        uint64_t n;
    } missing[SCORE_REASONS_MAX];
};

/* What segment metrics of a sample need. --top computes attention first, and NLLs only where
 * they can matter. */
enum score_pass {
    SCORE_PASS_ALL,
    SCORE_PASS_ATTENTION, /* attention only; scores that need NLLs become "outside_top" */
    SCORE_PASS_NLL,       /* the segment NLLs of samples that have their attention already */
};

/* The state of a run. */
struct score_run {
    const struct score_setup *setup;
    struct score_tally done;                /* committed */
    struct score_tally batch;               /* of the open transaction */
    uint64_t n_cached;                      /* scores that were stored already */
    uint64_t n_tokens;                      /* put to models */
    uint64_t n_skipped;                     /* samples whose segment passes --top left out */
    uint64_t n_ranked;                      /* samples in new versions of cohorts */
    struct file_stamp checked[SCORE_ROLES]; /* of the models, at the last commit */
    struct buf cohort_names;                /* "gateau@2,hmp@1": the versions asked for */
};

#endif
