/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/bounds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/option.h"
#include "store/selection.h"

enum { BOUND_MAX_BYTES = 1 << 16 };

/* Find the number after the last '='. */
static int parse_bound(const char *option, const char *text, const char **number,
                       struct error *err)
{
    const char *equals = strrchr(text, '=');
    char *end = NULL;
    const double value = equals ? strtod(equals + 1, &end) : NAN;

    if (!equals || equals == text || end == equals + 1 || *end != '\0' || !isfinite(value))
        return error_set(err, ERR_USAGE, "--%s %s: must be METRIC=X, for example words=50",
                         option, text);
    *number = equals + 1;
    return 0;
}

/* Append the condition that a bound means: "words" >= 50. */
static int write_bound(const char *option, const char *text, struct buf *out, struct error *err)
{
    const char *number = NULL;

    if (parse_bound(option, text, &number, err) < 0 || buf_add_text(out, "\"", err) < 0)
        return -1;
    for (const char *c = text; c < number - 1; c++)
        if (buf_add(out, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1, err) < 0)
            return -1;
    return buf_printf(out, err, "\" %s %s", strcmp(option, "min") == 0 ? ">=" : "<=", number);
}

/* Append the conditions of one option to the list; they are in the arena. */
static int add_bounds(const char *option, const struct text_list *bounds, struct arena *arena,
                      struct text_list *list, struct error *err)
{
    struct buf text;
    int rc = 0;

    buf_init(&text, BOUND_MAX_BYTES);
    for (unsigned i = 0; rc == 0 && i < bounds->n; i++) {
        buf_clear(&text);
        rc = write_bound(option, bounds->items[i], &text, err);
        if (rc < 0)
            break;
        const char *copy = arena_copy(arena, buf_slice(&text)).ptr;
        rc = copy ? option_list_add(list, copy, err) : error_nomem(err);
    }
    buf_release(&text);
    return rc;
}

int bounds_join(const struct text_list *where, const struct text_list *min,
                const struct text_list *max, char **out, struct error *err)
{
    struct text_list list = { .n = 0 };
    struct arena arena;
    int rc = 0;

    arena_init(&arena);
    for (unsigned i = 0; rc == 0 && i < where->n; i++)
        rc = option_list_add(&list, where->items[i], err);
    if (rc == 0)
        rc = add_bounds("min", min, &arena, &list, err);
    if (rc == 0)
        rc = add_bounds("max", max, &arena, &list, err);
    if (rc == 0)
        rc = condition_join(&list, out, err);
    option_list_free(&list);
    arena_release(&arena);
    return rc;
}
