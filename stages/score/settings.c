/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "scoring/infer/nearest.h"
#include "scoring/prompts/templates/template.h"
#include "stages/top_option.h"

enum {
    NEIGHBOUR_DEFAULT = 6,
    /* --max-memory: its least value, and what other parts of the process need: the cache of the
     * database, the vocabulary, the texts of a batch. */
    MEMORY_LEAST_BYTES = 64 << 20,
    MEMORY_RESERVED_BYTES = 32 << 20,
};

const struct score_args score_args_defaults = {
    .template = "auto",
    .turns = "last",
    .cohort_args = { .alpha = "0.8",
                     .normaliser = "softmax",
                     .ppl = "ppl",
                     .cas_sign = "+1",
                     .nulls = "exclude" },
    .segment_tokens = 128,
    .max_segments = SCORE_LIMIT,
    .last_segment = "half",
    .response_tokens = SCORE_LIMIT,
    .instruction_tokens = SCORE_LIMIT,
    .attn_row = "own",
    .truncate = "left",
    .cas_truncate = "left",
    .importance = "ppl",
    .batch_tokens = 4096,
};

static const char *const importances[] = {
    [IMPORTANCE_PPL] = "ppl", [IMPORTANCE_NLL] = "nll", [IMPORTANCE_SOFTMAX] = "softmax"
};

static const char *const last_segments[SEGMENT_LASTS] = { [SEGMENT_LAST_HALF] = "half",
                                                          [SEGMENT_LAST_KEEP] = "keep",
                                                          [SEGMENT_LAST_MERGE] = "merge",
                                                          [SEGMENT_LAST_DROP] = "drop" };

const char *score_last_segment_name(enum segment_last last)
{
    return last_segments[last];
}

const char *score_importance_name(enum segment_importance importance)
{
    return importances[importance];
}

static int parse_count(const char *option, int64_t value, int64_t min, size_t *out,
                       struct error *err)
{
    if (value < min || value > SCORE_TOKENS_MAX)
        return error_set(err, ERR_USAGE, "--%s is %lld; it must be from %lld to %d", option,
                         (long long)value, (long long)min, SCORE_TOKENS_MAX);
    *out = (size_t)value;
    return 0;
}

/* One of two words. */
static int parse_either(const char *option, const char *text, const char *no, const char *yes,
                        bool *out, struct error *err)
{
    if (strcmp(text, no) != 0 && strcmp(text, yes) != 0)
        return error_set(err, ERR_USAGE, "--%s is %s; it must be %s or %s", option, text, no,
                         yes);
    *out = strcmp(text, yes) == 0;
    return 0;
}

static int parse_tables(const char *text, enum score_tables *out, struct error *err)
{
    bool by_head = false;

    *out = SCORE_NO_TABLES;
    if (!text)
        return 0;
    if (parse_either("attention-by", text, "layer", "head", &by_head, err) < 0)
        return -1;
    *out = by_head ? SCORE_BY_HEAD : SCORE_BY_LAYER;
    return 0;
}

static int parse_importance(const char *text, enum segment_importance *out, struct error *err)
{
    for (size_t i = 0; i < sizeof importances / sizeof *importances; i++) {
        if (strcmp(importances[i], text) != 0)
            continue;
        *out = (enum segment_importance)i;
        return 0;
    }
    return error_set(err, ERR_USAGE, "--importance is %s; it must be ppl, nll or softmax",
                     text);
}

static int parse_segments(const struct score_args *args, struct score_settings *out,
                          struct error *err)
{
    struct observer_options *observing = &out->observing;

    if (parse_count("segment-tokens", args->segment_tokens, 1, &observing->segment_tokens,
                    err) < 0 ||
        parse_count("max-segments", args->max_segments, 0, &observing->max_segments, err) < 0 ||
        parse_count("response-tokens", args->response_tokens, 0, &observing->response_tokens,
                    err) < 0 ||
        parse_count("instruction-tokens", args->instruction_tokens, 0,
                    &observing->instruction_tokens, err) < 0 ||
        parse_either("attn-row", args->attn_row, "own", "pred", &observing->attend_before,
                     err) < 0 ||
        parse_either("truncate", args->truncate, "left", "right", &observing->cut_right, err) <
            0 ||
        parse_either("cas-truncate", args->cas_truncate, "left", "right",
                     &observing->cut_segments_right, err) < 0 ||
        parse_importance(args->importance, &out->reading.importance, err) < 0 ||
        parse_tables(args->attention_by, &out->tables, err) < 0)
        return -1;
    if (!segment_last_find(args->last_segment, &observing->last_segment))
        return error_set(err, ERR_USAGE,
                         "--last-segment is %s; it must be half, keep, merge or drop",
                         args->last_segment);
    out->reading.centred = args->centred;
    out->reading.drop_first = args->drop_first;
    return 0;
}

static int parse_compat(const char *text, struct score_settings *out, struct error *err)
{
    if (!text)
        return 0;
    if (!compat_find(text, &out->observing.compat))
        return error_set(err, ERR_USAGE,
                         "--compat is %s; there are gateau-code, superfiltering and cherry",
                         text);
    if (out->observing.compat == COMPAT_GATEAU_CODE)
        out->reading.importance = IMPORTANCE_SOFTMAX;
    return 0;
}

/* "none", "ntk", "ntk:S". */
static int parse_rope(const char *text, double *ntk_factor, struct error *err)
{
    char *end = NULL;

    *ntk_factor = 0;
    if (!text || strcmp(text, "none") == 0)
        return 0;
    if (strcmp(text, "ntk") == 0) {
        *ntk_factor = 1;
        return 0;
    }
    if (strncmp(text, "ntk:", 4) == 0) {
        *ntk_factor = strtod(text + 4, &end);
        if (end != text + 4 && *end == '\0' && *ntk_factor >= 1 && *ntk_factor <= 1000)
            return 0;
    }
    return error_set(err, ERR_USAGE,
                     "--short-rope is '%s'; it must be none, ntk, or ntk:S with S from 1 to "
                     "1000",
                     text);
}

static int parse_short_view(const struct score_args *args, struct short_view *out,
                            struct error *err)
{
    if (args->short_window < 0 || args->short_window > INT32_MAX)
        return error_set(err, ERR_USAGE, "--short-window is %lld; it must be from 0 to %d",
                         (long long)args->short_window, INT32_MAX);
    out->window = (size_t)args->short_window;
    return parse_rope(args->short_rope, &out->ntk_factor, err);
}

static int parse_top(const struct score_args *args, struct score_top *out, struct error *err)
{
    *out = (struct score_top){ .text = args->top, .exact_all = args->exact_all };
    if (!args->top && args->exact_all)
        return error_set(err, ERR_USAGE, "--exact-all belongs to --top");
    if (!args->top || top_parse(args->top, &out->n, &out->permyriad))
        return 0;
    return error_set(err, ERR_USAGE,
                     "--top %s is neither a number above 0 nor a part of up to 100%% with "
                     "at most %d decimals, like 12.5%%",
                     args->top, TOP_DECIMALS);
}

static int parse_memory(const char *text, uint64_t *out, struct error *err)
{
    size_t bytes = 0;

    *out = 0;
    if (!text)
        return 0;
    if (option_parse_size("max-memory", text, &bytes, err) < 0)
        return -1;
    if (bytes < MEMORY_LEAST_BYTES)
        return error_set(err, ERR_USAGE, "--max-memory %s: it is at least %dM", text,
                         MEMORY_LEAST_BYTES >> 20);
    *out = bytes - MEMORY_RESERVED_BYTES;
    return 0;
}

static int parse_max_cost(const char *text, double *secs, struct error *err)
{
    char *end;

    *secs = 0;
    if (!text)
        return 0;
    const double value = strtod(text, &end);
    const double unit = *end == 'h' ? 3600 : *end == 'm' ? 60 : 1;
    if (*end == 's' || *end == 'm' || *end == 'h')
        end++;
    if (end == text || *end != '\0' || !(value > 0 && value <= 1e9))
        return error_set(err, ERR_USAGE,
                         "--max-cost is '%s'; it takes a time such as 90s, 30m or 2h", text);
    *secs = value * unit;
    return 0;
}

int score_settings_parse(const struct score_args *args, struct score_settings *out,
                         struct error *err)
{
    *out = (struct score_settings){ .metrics = &args->metrics,
                                    .model = args->model,
                                    .short_model = args->short_model,
                                    .where = args->where,
                                    .template = args->template,
                                    .cohort = args->cohort,
                                    .cohort_args = args->cohort_args,
                                    .neighbour = NEIGHBOUR_DEFAULT,
                                    .estimate = args->estimate,
                                    .mmap_only = args->mmap_only };
    out->observing.question = args->question;
    if (args->neighbour < 0 || args->neighbour > NEAREST_NTH_MAX)
        return error_set(err, ERR_USAGE, "--neighbour is %lld; it must be from 1 to %d",
                         (long long)args->neighbour, NEAREST_NTH_MAX);
    if (args->neighbour > 0)
        out->neighbour = (size_t)args->neighbour;
    if (parse_segments(args, out, err) < 0 ||
        parse_count("max-tokens", args->max_tokens, 0, &out->max_tokens, err) < 0 ||
        parse_count("batch-tokens", args->batch_tokens, 1, &out->observing.batch_tokens, err) <
            0 ||
        parse_count("near-tokens", args->near_tokens, 0, &out->near_tokens, err) < 0 ||
        parse_memory(args->max_memory, &out->memory_limit, err) < 0 ||
        parse_max_cost(args->max_cost, &out->max_secs, err) < 0 ||
        parse_either("turns", args->turns, "last", "all", &out->all_turns, err) < 0 ||
        prompt_template_check(args->template, err) < 0 ||
        parse_short_view(args, &out->short_view, err) < 0 ||
        parse_compat(args->compat, out, err) < 0)
        return -1;
    return parse_top(args, &out->top, err);
}
