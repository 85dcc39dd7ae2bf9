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
#include "scoring/observe/compat.h"
#include "scoring/observe/observe.h"
#include "scoring/observe/segment.h"
#include "scoring/prompts/dialogue.h"
#include "stages/cohort/cohort.h"

struct error;
struct score_plan;

/* Defaults of --max-segments, --response-tokens and --instruction-tokens. */
enum { SCORE_LIMIT = 500 };
/* The most tokens that an option may ask for. */
enum { SCORE_TOKENS_MAX = 1 << 30 };

/* Values of the options that are a choice. */
enum score_turns { TURNS_LAST, TURNS_ALL };
enum score_side { SIDE_LEFT, SIDE_RIGHT };
enum score_attn_row { ATTN_ROW_OWN, ATTN_ROW_PRED };
/* Tables of the attention to segments, stored beside its mean. */
enum score_tables { SCORE_NO_TABLES, SCORE_BY_LAYER, SCORE_BY_HEAD };

/* Their names by value, NULL-terminated; parameters of score sets are written with them. */
extern const char *const score_turns_names[];
extern const char *const score_of_names[]; /* of enum response_part */
extern const char *const score_side_names[];
extern const char *const score_attn_row_names[];
extern const char *const score_importance_names[]; /* of enum segment_importance */
/* "auto" for 0, then the names of all prompt templates; NULL after the last. */
const char *score_template_choice(int value);

/* The options as the command line and recipes set them. NULL: not given. */
struct score_args {
    struct text_list metrics;
    const char *model;
    const char *short_model;
    const char *tokenizer;
    const char *flagged_words;
    struct text_list labels;
    const char *short_rope;
    int64_t short_window; /* 0: all of the prompt */
    struct text_list where;
    int template; /* of score_template_choice() */
    enum score_turns turns;
    enum response_part of;
    struct option_share top;
    bool exact_all;
    const char *cohort; /* NULL: the metric's name */
    struct cohort_args cohort_args;
    int64_t segment_tokens;
    int64_t max_segments;
    enum segment_last last_segment;
    int64_t response_tokens;
    int64_t instruction_tokens;
    enum score_attn_row attn_row;
    enum score_tables attention_by;
    enum score_side truncate;
    enum score_side cas_truncate;
    enum segment_importance importance;
    bool centred;
    bool drop_first;
    int64_t max_tokens; /* 0: the model's window */
    int64_t batch_tokens;
    int64_t near_tokens; /* 0: an eighth of max_tokens */
    const char *question;
    int64_t neighbour; /* from 1 */
    enum compat compat;
    bool estimate;
    double max_cost;     /* seconds; 0: no limit */
    uint64_t max_memory; /* bytes; 0: no limit */
    bool mmap_only;
};

/* The tables of the options (options.c). */
extern const struct option score_options[];
extern const struct option score_positional;

/* How the short model of a pair is run. */
struct short_view {
    size_t window;     /* --short-window: the last tokens of the prompt that it sees; 0: all */
    double ntk_factor; /* --short-rope ntk:S; 0: positions are not stretched */
};

/* --top: compute only the best of gateau. */
struct score_top {
    bool is_given;             /* false: all samples are wanted */
    struct option_share share; /* of the samples */
    char text[OPTION_VALUE_BYTES];
    bool exact_all; /* skip nothing */
};

/* What a run is asked to do: the options, and what is derived from them. */
struct score_settings {
    const struct score_args *args; /* borrowed */
    char *where;                   /* all conditions over v_sample in one; NULL: all samples */
    bool all_turns;
    struct response_choice responses; /* all_turns and --of */
    struct short_view short_view;
    /* How a model observes samples. Without max_tokens, near_tokens and template: they depend
     * on the model (models.h). */
    struct observer_options observing;
    struct cas_options cas;
    struct score_top top;
    uint64_t memory_limit; /* bytes for activations and packed weights; 0: no limit */
};

/* The defaults of the options. */
extern const struct score_args score_args_defaults;

/*
 * Derive the settings from the options. *out borrows args; release it also after a failure.
 * Returns -1 with ERR_USAGE for options that exclude each other and a malformed --short-rope,
 * ERR_NOMEM.
 */
int score_settings_make(const struct score_args *args, struct score_settings *out,
                        struct error *err);
void score_settings_release(struct score_settings *settings);

/* Check that every option given has a use for a metric of the plan, and that metrics have the
 * options they need. Returns -1 with ERR_USAGE. */
int score_settings_check(const struct score_settings *settings, const struct score_plan *plan,
                         struct error *err);

#endif
