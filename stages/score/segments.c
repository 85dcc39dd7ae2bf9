/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options that say how a context is cut into segments, what is looked at, and how cas is
 * made of it; what of them belongs to the parameters of a score set; and segments into the
 * store.
 */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/json/jsonout.h"
#include "stages/score/score_private.h"
#include "stages/stage.h"
#include "store/score.h"

static const char *const importances[] = {
    [IMPORTANCE_PPL] = "ppl", [IMPORTANCE_NLL] = "nll", [IMPORTANCE_SOFTMAX] = "softmax"
};

static int check_count(const char *option, int64_t value, int64_t min, struct error *err)
{
    if (value >= min && value <= SCORE_TOKENS_MAX)
        return 0;
    return error_set(err, ERR_USAGE, "--%s is %lld; it must be from %lld to %d", option,
                     (long long)value, (long long)min, SCORE_TOKENS_MAX);
}

/* One of two words. */
static int take_either(const char *option, const char *text, const char *no, const char *yes,
                       bool *out, struct error *err)
{
    if (strcmp(text, no) != 0 && strcmp(text, yes) != 0)
        return error_set(err, ERR_USAGE, "--%s is %s; it must be %s or %s", option, text, no,
                         yes);
    *out = strcmp(text, yes) == 0;
    return 0;
}

int score_take_tables(const char *text, enum score_tables *out, struct error *err)
{
    *out = SCORE_NO_TABLES;
    if (!text)
        return 0;
    if (strcmp(text, "layer") != 0 && strcmp(text, "head") != 0)
        return error_set(err, ERR_USAGE, "--attention-by is %s; it must be layer or head",
                         text);
    *out = text[0] == 'l' ? SCORE_BY_LAYER : SCORE_BY_HEAD;
    return 0;
}

static int take_importance(const char *text, struct cas_options *reading, struct error *err)
{
    for (size_t i = 0; i < sizeof importances / sizeof *importances; i++) {
        if (strcmp(importances[i], text) != 0)
            continue;
        reading->importance = (enum segment_importance)i;
        return 0;
    }
    return error_set(err, ERR_USAGE, "--importance is %s; it must be ppl, nll or softmax",
                     text);
}

int score_take_segments(const struct score_args *args, struct observer_options *observing,
                        struct cas_options *reading, struct error *err)
{
    if (check_count("segment-tokens", args->segment_tokens, 1, err) < 0 ||
        check_count("max-segments", args->max_segments, 0, err) < 0 ||
        check_count("response-tokens", args->response_tokens, 0, err) < 0 ||
        check_count("instruction-tokens", args->instruction_tokens, 0, err) < 0 ||
        take_either("attn-row", args->attn_row, "own", "pred", &observing->attend_before, err) <
            0 ||
        take_either("truncate", args->truncate, "left", "right", &observing->cut_right, err) <
            0 ||
        take_either("cas-truncate", args->cas_truncate, "left", "right",
                    &observing->cut_segments_right, err) < 0 ||
        take_importance(args->importance, reading, err) < 0)
        return -1;
    if (!segment_last_find(args->last_segment, &observing->last_segment))
        return error_set(err, ERR_USAGE,
                         "--last-segment is %s; it must be half, keep, merge or drop",
                         args->last_segment);
    observing->segment_tokens = (size_t)args->segment_tokens;
    observing->max_segments = (size_t)args->max_segments;
    observing->response_tokens = (size_t)args->response_tokens;
    observing->instruction_tokens = (size_t)args->instruction_tokens;
    reading->centred = args->centred;
    reading->drop_first = args->drop_first;
    if (observing->compat == COMPAT_GATEAU_CODE)
        reading->importance = IMPORTANCE_SOFTMAX;
    return 0;
}

static void add_text(struct jsonout *json, const char *key, const char *text)
{
    jsonout_key(json, key);
    jsonout_text(json, slice_text(text));
}

static void add_count(struct jsonout *json, const char *key, int64_t value)
{
    jsonout_key(json, key);
    jsonout_int(json, value);
}

void score_segment_params(const struct scoring *scoring, const struct score_node *node,
                          struct jsonout *json)
{
    const struct score_args *args = scoring->args;

    if (!node->has_segments)
        return;
    jsonout_key(json, "segments");
    jsonout_object_begin(json);
    add_text(json, "attn_row", args->attn_row);
    if (node->reads_segments) {
        jsonout_key(json, "drop_first");
        jsonout_bool(json, args->drop_first);
        add_text(json, "importance", importances[scoring->reading.importance]);
    }
    add_count(json, "instruction_tokens", args->instruction_tokens);
    add_text(json, "last", args->last_segment);
    add_count(json, "most", args->max_segments);
    if (node->reads_segments) {
        jsonout_key(json, "pearson");
        jsonout_bool(json, args->centred);
    }
    add_count(json, "response_tokens", args->response_tokens);
    add_count(json, "tokens", args->segment_tokens);
    add_text(json, "truncate", args->cas_truncate);
    jsonout_object_end(json);
}

int score_segments_save(const struct scoring *scoring, const struct score_node *node,
                        int64_t sample_id, const struct observation *seen, struct error *err)
{
    struct store *store = scoring->context->store;
    const enum score_pass pass = scoring->pass;

    for (size_t i = 0; i < seen->n_segments; i++) {
        const struct segment *segment = &seen->segments[i];
        const struct segment_row row = { .score_set_id = node->set_id,
                                         .sample_id = sample_id,
                                         .segment = (int64_t)i,
                                         .tok_start = (int64_t)segment->tok_start,
                                         .tok_end = (int64_t)segment->tok_end,
                                         .attention = segment->attention,
                                         .nll = pass == SCORE_PASS_ATTENTION
                                                    ? (double)NAN
                                                    : segment->nll_nats };

        if ((pass == SCORE_PASS_NLL ? segment_put_nll(store, &row, err)
                                    : segment_put(store, &row, err)) < 0)
            return -1;
    }
    return 0;
}
