/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/options_json.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "base/net/remote.h"
#include "base/option.h"
#include "stages/stage.h"

enum { URL_MAX_BYTES = 1 << 20 };

/* Write a text; of a URL what may be stored, which is not its query. */
static void add_text(struct jsonout *json, const char *text)
{
    struct error ignored;
    struct buf shown;

    if (!remote_is_url(text)) {
        jsonout_text(json, slice_text(text));
        return;
    }
    buf_init(&shown, URL_MAX_BYTES);
    /* A text that only looks like a URL may be a secret as well. */
    const bool is_url = remote_public_url(text, &shown, &ignored) == 0;
    jsonout_text(json, is_url ? buf_slice(&shown) : slice_of(text, strcspn(text, "?#@")));
    buf_release(&shown);
}

static void add_option_list(struct jsonout *json, const struct text_list *list)
{
    jsonout_array_begin(json);
    for (unsigned i = 0; i < list->n; i++)
        add_text(json, list->items[i]);
    jsonout_array_end(json);
}

/* One condition is a text, several are an array. */
static void add_conditions(struct jsonout *json, const struct option *option,
                           const struct text_list *list)
{
    if (list->n == 0)
        return;
    jsonout_key(json, option->name);
    if (list->n > 1)
        add_option_list(json, list);
    else
        jsonout_text(json, slice_text(list->items[0]));
}

/* A text, a choice or a share. */
static void add_option_text(struct jsonout *json, const struct option *option, const void *args)
{
    const char *text;
    char value[OPTION_VALUE_BYTES];

    if (option->type == OPTION_TEXT) {
        memcpy(&text, (const char *)args + option->offset, sizeof text);
        if (!text)
            return;
        jsonout_key(json, option->name);
        add_text(json, text);
    } else if (option_text(option, args, value, sizeof value)) {
        jsonout_key(json, option->name);
        jsonout_text(json, slice_text(value));
    }
}

/* A number. NAN, and 0 for a size or a duration, mean that it is not given. */
static void add_number(struct jsonout *json, const struct option *option, const void *member)
{
    int64_t whole = 0;
    double real = NAN;

    if (option->type == OPTION_INT || option->type == OPTION_SIZE)
        memcpy(&whole, member, sizeof whole);
    else
        memcpy(&real, member, sizeof real);
    if (option->type == OPTION_INT || whole > 0) {
        jsonout_key(json, option->name);
        jsonout_int(json, whole);
    } else if (!isnan(real) && (option->type == OPTION_REAL || real > 0)) {
        jsonout_key(json, option->name);
        jsonout_double(json, real);
    }
}

static void add_option(struct jsonout *json, const struct option *option, const void *args)
{
    const void *member = (const char *)args + option->offset;

    switch (option->type) {
    case OPTION_FLAG:
        jsonout_key(json, option->name);
        jsonout_bool(json, *(const bool *)member);
        break;
    case OPTION_TEXT:
    case OPTION_CHOICE:
    case OPTION_SHARE:
        add_option_text(json, option, args);
        break;
    case OPTION_INT:
    case OPTION_REAL:
    case OPTION_SIZE:
    case OPTION_DURATION:
        add_number(json, option, member);
        break;
    case OPTION_LIST:
        jsonout_key(json, option->name);
        add_option_list(json, member);
        break;
    case OPTION_CONDITIONS:
        add_conditions(json, option, member);
        break;
    case OPTION_END:
        break;
    }
}

int options_json(const struct stage *stage, const void *args, struct buf *out,
                 struct error *err)
{
    struct jsonout json;

    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    if (stage->positional)
        add_option(&json, stage->positional, args);
    for (const struct option *o = stage->options; o && o->type != OPTION_END; o++)
        add_option(&json, o, args);
    jsonout_object_end(&json);
    return jsonout_end(&json, err);
}
