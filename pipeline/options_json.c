/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/options_json.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "base/option.h"
#include "stages/stage.h"

static void add_list(struct jsonout *json, const struct text_list *list)
{
    jsonout_array_begin(json);
    for (unsigned i = 0; i < list->n; i++)
        jsonout_text(json, slice_text(list->items[i]));
    jsonout_array_end(json);
}

static void add_option(struct jsonout *json, const struct option *option, const void *args)
{
    const void *member = (const char *)args + option->offset;
    const char *text;

    switch (option->type) {
    case OPTION_FLAG:
        jsonout_key(json, option->name);
        jsonout_bool(json, *(const bool *)member);
        break;
    case OPTION_TEXT:
        memcpy(&text, member, sizeof text);
        if (!text)
            break;
        jsonout_key(json, option->name);
        jsonout_text(json, slice_text(text));
        break;
    case OPTION_INT:
        jsonout_key(json, option->name);
        jsonout_int(json, *(const int64_t *)member);
        break;
    case OPTION_REAL:
        jsonout_key(json, option->name);
        jsonout_double(json, *(const double *)member);
        break;
    case OPTION_LIST:
        jsonout_key(json, option->name);
        add_list(json, member);
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
