/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/dedup/keep.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "store/dedup.h"

static const char LOWEST[] = "lowest:";

/* Count the sources of a text, or write them to `out` if it is not NULL. ERR_USAGE if one is
 * empty. */
static int split_sources(const char *text, struct arena *arena, const char **out, unsigned *n,
                         struct error *err)
{
    for (const char *at = text;; at++) {
        const size_t len = strcspn(at, ",");

        if (len == 0)
            return error_set(err, ERR_USAGE,
                             "--prefer %s: a name is empty: give sources with commas between "
                             "them",
                             text);
        if (out)
            out[*n] = arena_copy(arena, slice_of(at, len)).ptr;
        if (out && !out[*n])
            return error_nomem(err);
        ++*n;
        at += len;
        if (!*at)
            return 0;
    }
}

static int parse_sources(const struct text_list *texts, struct arena *arena,
                         const struct text_list **out, struct error *err)
{
    unsigned n = 0;

    for (unsigned i = 0; i < texts->n; i++)
        if (split_sources(texts->items[i], arena, NULL, &n, err) < 0)
            return -1;
    struct text_list *list = arena_alloc(arena, 1, sizeof *list);
    const char **items = arena_alloc(arena, n + 1, sizeof *items);
    if (!list || !items)
        return error_nomem(err);
    n = 0;
    for (unsigned i = 0; i < texts->n; i++)
        if (split_sources(texts->items[i], arena, items, &n, err) < 0)
            return -1;
    for (unsigned i = 0; i < n; i++)
        for (unsigned j = 0; j < i; j++)
            if (strcmp(items[i], items[j]) == 0)
                return error_set(err, ERR_USAGE, "--prefer names source '%s' twice", items[i]);
    *list = (struct text_list){ .items = items, .n = n };
    *out = n > 0 ? list : NULL;
    return 0;
}

int keep_parse(const struct keep_args *args, const char *field, struct arena *arena,
               struct dedup_order *out, struct error *err)
{
    struct dedup_order order = { .field = field, .by = args->keep, .model = args->model };

    if (strcmp(args->keep, "longest") == 0)
        order.by = "length";
    order.lower = strncmp(args->keep, LOWEST, strlen(LOWEST)) == 0;
    if (order.lower)
        order.by = args->keep + strlen(LOWEST);
    if (!*order.by)
        return error_set(err, ERR_USAGE, "--keep '%s': the name of a metric or fact is missing",
                         args->keep);
    if (parse_sources(&args->prefer, arena, &order.prefer, err) < 0)
        return -1;
    *out = order;
    return 0;
}

int keep_json(const struct dedup_order *order, struct buf *out, struct error *err)
{
    struct jsonout json;

    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    jsonout_key(&json, "by");
    jsonout_text(&json, slice_text(order->by));
    if (order->lower) {
        jsonout_key(&json, "lower");
        jsonout_bool(&json, true);
    }
    if (order->model) {
        jsonout_key(&json, "model");
        jsonout_text(&json, slice_text(order->model));
    }
    if (order->prefer) {
        jsonout_key(&json, "prefer");
        jsonout_array_begin(&json);
        for (unsigned i = 0; i < order->prefer->n; i++)
            jsonout_text(&json, slice_text(order->prefer->items[i]));
        jsonout_array_end(&json);
    }
    jsonout_object_end(&json);
    return jsonout_end(&json, err);
}
