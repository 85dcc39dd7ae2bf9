/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The option --columns: names of columns, separated by commas, or given by several options.
 */
#include <string.h>

#include "base/error.h"
#include "stages/ingest/ingest_private.h"

int ingest_check_columns(const struct text_list *texts, struct error *err)
{
    for (unsigned i = 0; i < texts->n; i++) {
        const char *text = texts->items[i];
        const size_t len = strlen(text);

        if (len == 0 || text[0] == ',' || text[len - 1] == ',' || strstr(text, ",,"))
            return error_set(err, ERR_USAGE,
                             "--columns '%s': give names of columns, separated by commas",
                             text);
    }
    return 0;
}

static unsigned count_columns(const struct text_list *texts)
{
    unsigned n = texts->n;

    for (unsigned i = 0; i < texts->n; i++)
        for (const char *comma = texts->items[i]; (comma = strchr(comma, ',')); comma++)
            n++;
    return n;
}

/* Add the names of one text, of which each but the last ends with a comma. */
static int add_columns(const char *text, struct arena *arena, struct text_list *out,
                       struct error *err)
{
    const char *end;

    do {
        end = text + strcspn(text, ",");
        const char *name = arena_copy(arena, slice_of(text, (size_t)(end - text))).ptr;
        if (!name)
            return error_nomem(err);
        out->items[out->n++] = name;
        text = end + 1;
    } while (*end);
    return 0;
}

int ingest_split_columns(const struct text_list *texts, struct ingest *ingest,
                         struct text_list *out, struct error *err)
{
    struct arena *arena = &ingest->files.arena;

    if (texts->n == 0)
        return 0;
    out->n = 0;
    out->items = arena_alloc(arena, count_columns(texts), sizeof *out->items);
    if (!out->items)
        return error_nomem(err);
    for (unsigned i = 0; i < texts->n; i++)
        if (add_columns(texts->items[i], arena, out, err) < 0)
            return -1;
    ingest->settings.columns = out;
    return 0;
}
