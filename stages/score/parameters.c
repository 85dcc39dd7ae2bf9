/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/sets.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/json/jsonout.h"
#include "base/slice.h"
#include "stages/score/run.h"

/* What a parameter is written from, and where it goes. */
struct source {
    const struct score_setup *setup;
    const struct score_node *node;
    const struct observer_options *observing;
    const char *arithmetic;
    struct jsonout *json;
};

static void write_text(const struct source *s, const char *text)
{
    jsonout_text(s->json, slice_text(text));
}

static void write_size(const struct source *s, size_t value)
{
    jsonout_int(s->json, (int64_t)value);
}

static bool belongs_to_all(const struct source *s)
{
    (void)s;
    return true;
}

static bool has_model(const struct source *s)
{
    return s->node->role != SCORER_NO_MODEL;
}

static bool has_compat(const struct source *s)
{
    return has_model(s) && s->observing->compat != COMPAT_NONE;
}

/* Which part of the response is scored. All of it is the default and has no parameter, so that
 * sets of older versions are found again. */
static bool has_part(const struct source *s)
{
    return s->setup->settings->responses.part != RESPONSE_ALL &&
           s->node->scorer->about != ABOUT_INSTRUCTION &&
           s->node->scorer->about != ABOUT_DOCUMENT;
}

/* Published code has a prompt of its own. */
static bool has_prompt_template(const struct source *s)
{
    return has_model(s) && s->observing->compat == COMPAT_NONE;
}

static bool has_short_model(const struct source *s)
{
    return s->node->has_short_model;
}

static bool depends_on_short_model(const struct source *s)
{
    return s->node->has_short_model || s->node->role == SCORER_SHORT_MODEL;
}

/* Without these two, the short model runs like any model: its sets are shared with runs of that
 * model alone. */
static bool has_short_rope(const struct source *s)
{
    return depends_on_short_model(s) && s->setup->settings->short_view.ntk_factor > 0;
}

static bool has_short_window(const struct source *s)
{
    return depends_on_short_model(s) && s->setup->settings->short_view.window > 0;
}

static bool has_segments(const struct source *s)
{
    return s->node->has_segments;
}

static bool uses_neighbour(const struct source *s)
{
    return s->node->uses_neighbour;
}

static bool is_pooled(const struct source *s)
{
    return s->node->is_pooled;
}

static void write_arithmetic(const struct source *s)
{
    write_text(s, s->arithmetic);
}

static void write_compat(const struct source *s)
{
    write_text(s, compat_name(s->observing->compat));
}

static void write_max_tokens(const struct source *s)
{
    write_size(s, s->observing->max_tokens);
}

static void write_near_tokens(const struct source *s)
{
    write_size(s, s->observing->near_tokens);
}

static void write_neighbour(const struct source *s)
{
    write_size(s, (size_t)s->setup->settings->args->neighbour);
}

static void write_of(const struct source *s)
{
    write_text(s, score_of_names[s->setup->settings->responses.part]);
}

static void write_question(const struct source *s)
{
    write_text(s, s->observing->question);
}

static void write_segment_tokens(const struct source *s)
{
    write_size(s, s->observing->segment_tokens);
}

static const char *side_name(bool is_right)
{
    return score_side_names[is_right ? SIDE_RIGHT : SIDE_LEFT];
}

/* How segments are cut and observed, and how a metric of stored segments reads them. */
static void write_segments(const struct source *s)
{
    const struct observer_options *observing = s->observing;
    const struct cas_options *cas = &s->setup->settings->cas;
    const bool reads = s->node->reads_segments;

    jsonout_object_begin(s->json);
    jsonout_key(s->json, "attn_row");
    write_text(s,
               score_attn_row_names[observing->attend_before ? ATTN_ROW_PRED : ATTN_ROW_OWN]);
    if (reads) {
        jsonout_key(s->json, "drop_first");
        jsonout_bool(s->json, cas->drop_first);
        jsonout_key(s->json, "importance");
        write_text(s, score_importance_names[cas->importance]);
    }
    jsonout_key(s->json, "instruction_tokens");
    write_size(s, observing->instruction_tokens);
    jsonout_key(s->json, "last");
    write_text(s, segment_last_names[observing->last_segment]);
    jsonout_key(s->json, "most");
    write_size(s, observing->max_segments);
    if (reads) {
        jsonout_key(s->json, "pearson");
        jsonout_bool(s->json, cas->centred);
    }
    jsonout_key(s->json, "response_tokens");
    write_size(s, observing->response_tokens);
    jsonout_key(s->json, "tokens");
    write_size(s, observing->segment_tokens);
    jsonout_key(s->json, "truncate");
    write_text(s, side_name(observing->cut_segments_right));
    jsonout_object_end(s->json);
}

static void write_short_arithmetic(const struct source *s)
{
    write_text(s, s->setup->models.of[SCORER_SHORT_MODEL].arithmetic);
}

static void write_short_model(const struct source *s)
{
    char hex[2 * DIGEST_BYTES + 1];

    digest_hex(s->setup->models.of[SCORER_SHORT_MODEL].sha256, DIGEST_BYTES, hex);
    write_text(s, hex);
}

static void write_short_rope(const struct source *s)
{
    char rope[32];

    snprintf(rope, sizeof rope, "ntk:%.17g", s->setup->settings->short_view.ntk_factor);
    write_text(s, rope);
}

static void write_short_window(const struct source *s)
{
    write_size(s, s->setup->settings->short_view.window);
}

static void write_template(const struct source *s)
{
    write_text(s, s->observing->template->name);
}

static void write_truncate(const struct source *s)
{
    write_text(s, side_name(s->observing->cut_right));
}

static void write_turns(const struct source *s)
{
    write_text(s, score_turns_names[s->setup->settings->all_turns ? TURNS_ALL : TURNS_LAST]);
}

static void write_where(const struct source *s)
{
    const char *where = s->setup->settings->where;

    write_text(s, where ? where : "");
}

/* In alphabetical order of the keys. A parameter belongs to the nodes that need one of these
 * observations, or for which the function is true. */
static const struct {
    const char *key;
    unsigned needs;
    bool (*belongs)(const struct source *s);
    void (*write)(const struct source *s);
} parameters[] = {
    { "arithmetic", 0, has_model, write_arithmetic },
    { "compat", 0, has_compat, write_compat },
    { "max_tokens", 0, has_model, write_max_tokens },
    { "near_tokens", NEED_NLL_NEAR, NULL, write_near_tokens },
    { "neighbour", 0, uses_neighbour, write_neighbour },
    { "of", 0, has_part, write_of },
    { "question", NEED_YES_NO | NEED_RATING, NULL, write_question },
    { "segment_tokens", NEED_PAIRS, NULL, write_segment_tokens },
    { "segments", 0, has_segments, write_segments },
    { "short_arithmetic", 0, has_short_model, write_short_arithmetic },
    { "short_model", 0, has_short_model, write_short_model },
    { "short_rope", 0, has_short_rope, write_short_rope },
    { "short_window", 0, has_short_window, write_short_window },
    { "template", 0, has_prompt_template, write_template },
    { "truncate", 0, has_prompt_template, write_truncate },
    { "turns", 0, belongs_to_all, write_turns },
    { "where", 0, is_pooled, write_where },
};

int score_parameters(const struct score_setup *setup, const struct score_node *node,
                     const char *arithmetic, struct buf *out, struct error *err)
{
    struct jsonout json;
    const struct source source = { .setup = setup,
                                   .node = node,
                                   .observing = &setup->models.observing,
                                   .arithmetic = arithmetic,
                                   .json = &json };

    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        if (!(node->needs & parameters[i].needs) &&
            !(parameters[i].belongs && parameters[i].belongs(&source)))
            continue;
        jsonout_key(&json, parameters[i].key);
        parameters[i].write(&source);
    }
    jsonout_object_end(&json);
    return jsonout_end(&json, err);
}
