/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* The share of --max-memory for other parts of the process: the cache of the database, the
 * vocabulary, the texts of a batch. */
enum { MEMORY_RESERVED_BYTES = 32 << 20 };

static void set_observing(const struct score_args *args, struct observer_options *out)
{
    *out = (struct observer_options){
        .segment_tokens = (size_t)args->segment_tokens,
        .max_segments = (size_t)args->max_segments,
        .last_segment = args->last_segment,
        .response_tokens = (size_t)args->response_tokens,
        .instruction_tokens = (size_t)args->instruction_tokens,
        .attend_before = args->attn_row == ATTN_ROW_PRED,
        .cut_right = args->truncate == SIDE_RIGHT,
        .cut_segments_right = args->cas_truncate == SIDE_RIGHT,
        .batch_tokens = (size_t)args->batch_tokens,
        .question = args->question,
        .compat = args->compat,
    };
}

static void set_cas(const struct score_args *args, struct cas_options *out)
{
    *out = (struct cas_options){ .centred = args->centred,
                                 .drop_first = args->drop_first,
                                 .importance = args->compat == COMPAT_GATEAU_CODE
                                                   ? IMPORTANCE_SOFTMAX
                                                   : args->importance };
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
                     "--short-rope %s: must be none, ntk, or ntk:S with S from 1 to 1000",
                     text);
}

static int set_top(const struct score_args *args, struct score_top *out, struct error *err)
{
    static const char name[] = "top";

    *out = (struct score_top){ .share = args->top, .exact_all = args->exact_all };
    out->is_given = option_text(option_find(score_options, name, sizeof name - 1), args,
                                out->text, sizeof out->text);
    if (!out->is_given && args->exact_all)
        return error_set(err, ERR_USAGE,
                         "--exact-all: only --top uses it: add --top, or leave it out");
    return 0;
}

int score_settings_make(const struct score_args *args, struct score_settings *out,
                        struct error *err)
{
    *out = (struct score_settings){ .args = args,
                                    .all_turns = args->turns == TURNS_ALL,
                                    .responses = { args->turns == TURNS_ALL, args->of },
                                    .short_view.window = (size_t)args->short_window };
    set_observing(args, &out->observing);
    set_cas(args, &out->cas);
    if (args->max_memory > 0)
        out->memory_limit = args->max_memory - MEMORY_RESERVED_BYTES;
    if (parse_rope(args->short_rope, &out->short_view.ntk_factor, err) < 0 ||
        set_top(args, &out->top, err) < 0)
        return -1;
    return condition_join(&args->where, &out->where, err);
}

void score_settings_release(struct score_settings *settings)
{
    free(settings->where);
    settings->where = NULL;
}
