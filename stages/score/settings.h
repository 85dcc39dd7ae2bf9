/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h - the options of a run, parsed and checked. They never change.
 *
 * Room "settings" of the score stage. It may call the rooms "plan" (an option must have a use
 * for some metric of the plan) and stages/cohort, scoring/ and base/. It opens no model and no
 * database.
 */
#ifndef CURATE_SCORE_SETTINGS_H
#define CURATE_SCORE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/option.h"
#include "scoring/observe/observe.h"
#include "stages/cohort/cohort.h"

struct error;
struct score_plan;

/* Defaults of --max-segments, --response-tokens and --instruction-tokens. */
enum { SCORE_LIMIT = 500 };
/* The most tokens that an option may ask for. */
enum { SCORE_TOKENS_MAX = 1 << 30 };

/* The options as the command line and recipes give them. NULL: not given. */
struct score_args {
    struct text_list metrics;
    const char *model;
    const char *short_model;
    const char *short_rope;
    int64_t short_window; /* 0: all of the prompt */
    const char *where;
    const char *template; /* a name, or "auto" */
    const char *turns;    /* "last" or "all" */
    const char *top;
    bool exact_all;
    const char *cohort; /* NULL: the metric's name */
    struct cohort_args cohort_args;
    int64_t segment_tokens;
    int64_t max_segments;
    const char *last_segment;
    int64_t response_tokens;
    int64_t instruction_tokens;
    const char *attn_row;
    const char *attention_by; /* NULL: no tables */
    const char *truncate;
    const char *cas_truncate;
    const char *importance;
    bool centred;
    bool drop_first;
    int64_t max_tokens; /* 0: the model's window */
    int64_t batch_tokens;
    int64_t near_tokens; /* 0: an eighth of max_tokens */
    const char *question;
    int64_t neighbour;  /* 0: the sixth */
    const char *compat; /* NULL for none */
    bool estimate;
    const char *max_cost; /* NULL: no limit */
    const char *max_memory;
    bool mmap_only;
};

/* Tables of the attention to segments, stored beside its mean. */
enum score_tables { SCORE_NO_TABLES, SCORE_BY_LAYER, SCORE_BY_HEAD };

/* How the short model of a pair is run. */
struct short_view {
    size_t window;     /* --short-window: the last tokens of the prompt that it sees; 0: all */
    double ntk_factor; /* --short-rope ntk:S; 0: positions are not stretched */
};

/* --top: compute only the best of gateau. */
struct score_top {
    const char *text;   /* as given; NULL: all samples are wanted */
    uint64_t n;         /* this many samples, or */
    uint64_t permyriad; /* this many of 10,000 */
    bool exact_all;     /* skip nothing */
};

/* What a run is asked to do. Texts and lists are borrowed from the arguments. */
struct score_settings {
    const struct text_list *metrics;
    const char *model;       /* path; NULL: built in */
    const char *short_model; /* path; NULL: built in */
    struct short_view short_view;
    const char *where;    /* condition over v_sample; NULL: all samples */
    const char *template; /* a name, or "auto" */
    bool all_turns;
    size_t max_tokens;  /* 0: the model's window */
    size_t near_tokens; /* 0: an eighth of max_tokens */
    /* How a model observes samples. Without max_tokens, near_tokens and template: they depend
     * on the model (models.h). */
    struct observer_options observing;
    struct cas_options reading;
    enum score_tables tables;
    size_t neighbour; /* from 1 */

    const char *cohort; /* NULL: the metric's name */
    struct cohort_args cohort_args;
    struct score_top top;

    bool estimate;
    double max_secs;       /* --max-cost; 0: no limit */
    uint64_t memory_limit; /* bytes for activations and packed weights; 0: no limit */
    bool mmap_only;
};

/* The defaults of the options. */
extern const struct score_args score_args_defaults;

/*
 * Parse the options. *out borrows from args. Returns -1 with ERR_USAGE for a value that is
 * malformed or out of range.
 */
int score_settings_parse(const struct score_args *args, struct score_settings *out,
                         struct error *err);

/* Check that every option given has a use for a metric of the plan, and that metrics have the
 * options they need. Returns -1 with ERR_USAGE. */
int score_settings_check(const struct score_args *args, const struct score_settings *settings,
                         const struct score_plan *plan, struct error *err);

/* What is written into the parameters of score sets. */
const char *score_importance_name(enum segment_importance importance);
const char *score_last_segment_name(enum segment_last last);

#endif
