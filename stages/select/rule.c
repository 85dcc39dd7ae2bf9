/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/rule.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "base/option.h"

/* Options that are stored elsewhere, or do not decide what is chosen. */
static const char *const others[] = {
    "name",   "by",         "random", "all",   "order",      "model",
    "cohort", "top",        "where",  "min",   "max",        "max-memory",
    "policy", "any-corpus", "dedup",  "clean", "evaluation", "replace",
};

static bool is_other(const struct option *option)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(option->name, others[i]) == 0)
            return true;
    return false;
}

static void write_texts(const struct text_list *list, struct jsonout *json)
{
    jsonout_array_begin(json);
    for (unsigned i = 0; i < list->n; i++)
        jsonout_text(json, slice_text(list->items[i]));
    jsonout_array_end(json);
}

static void write_option(const struct option *option, const void *args, const void *defaults,
                         struct jsonout *json)
{
    const char *member = (const char *)args + option->offset;
    char text[OPTION_VALUE_BYTES], unset[OPTION_VALUE_BYTES];
    struct text_list list;
    const char *given, *usual;

    if (option->type == OPTION_LIST || option->type == OPTION_CONDITIONS) {
        memcpy(&list, member, sizeof list);
        if (list.n == 0)
            return;
        jsonout_key(json, option->name);
        write_texts(&list, json);
    } else if (option->type == OPTION_TEXT) {
        memcpy(&given, member, sizeof given);
        memcpy(&usual, (const char *)defaults + option->offset, sizeof usual);
        if (!given || (usual && strcmp(given, usual) == 0))
            return;
        jsonout_key(json, option->name);
        jsonout_text(json, slice_text(given));
    } else {
        const bool has_default = option_text(option, defaults, unset, sizeof unset);

        if (!option_text(option, args, text, sizeof text) ||
            (has_default && strcmp(text, unset) == 0))
            return;
        jsonout_key(json, option->name);
        jsonout_text(json, slice_text(text));
    }
}

int rule_write(const struct option *options, const void *args, const void *defaults,
               struct buf *out, struct error *err)
{
    struct jsonout json;

    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    for (; options->type != OPTION_END; options++)
        if (!is_other(options))
            write_option(options, args, defaults, &json);
    jsonout_object_end(&json);
    return jsonout_end(&json, err);
}
