/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/described.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

void described_init(struct described *described)
{
    *described = (struct described){ .groups_cap = 0 };
    arena_init(&described->arena);
}

void described_release(struct described *described)
{
    free(described->groups);
    free(described->numbers);
    free(described->warnings);
    arena_release(&described->arena);
    *described = (struct described){ .groups_cap = 0 };
}

/* Make room for one element more. Returns the array, NULL when memory runs out. */
static void *grow_described(void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return items;
    const size_t more = *cap ? 2 * *cap : 16;
    void *grown = reallocarray(items, more, size);
    if (grown)
        *cap = more;
    return grown;
}

static const char *copy_described(struct described *described, const char *text)
{
    return arena_copy(&described->arena, slice_text(text)).ptr;
}

int described_add_group(struct described *described, const struct described_group *group,
                        struct error *err)
{
    struct selection_description *made = &described->made;
    struct described_group *groups = grow_described(described->groups, made->n_groups,
                                                    &described->groups_cap, sizeof *groups);
    struct described_group added = *group;

    if (!groups)
        return error_nomem(err);
    made->groups = described->groups = groups;
    added.kind = copy_described(described, group->kind);
    added.name = copy_described(described, group->name);
    added.unit = copy_described(described, group->unit);
    if (!added.kind || !added.name || !added.unit)
        return error_nomem(err);
    groups[made->n_groups++] = added;
    return 0;
}

int described_add_number(struct described *described, const char *name, const char *subject,
                         double pool, double selected, struct error *err)
{
    struct selection_description *made = &described->made;
    struct described_number *numbers = grow_described(described->numbers, made->n_numbers,
                                                      &described->numbers_cap, sizeof *numbers);

    if (!numbers)
        return error_nomem(err);
    made->numbers = described->numbers = numbers;
    const struct described_number added = { .name = copy_described(described, name),
                                            .subject = copy_described(described, subject),
                                            .pool = pool,
                                            .selected = selected };
    if (!added.name || !added.subject)
        return error_nomem(err);
    numbers[made->n_numbers++] = added;
    return 0;
}

int described_warn(struct described *described, struct error *err, const char *fmt, ...)
{
    struct selection_description *made = &described->made;
    const char **warnings = grow_described(described->warnings, made->n_warnings,
                                           &described->warnings_cap, sizeof *warnings);
    char text[480];
    va_list args;

    if (!warnings)
        return error_nomem(err);
    made->warnings = described->warnings = warnings;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    warnings[made->n_warnings] = copy_described(described, text);
    return warnings[made->n_warnings++] ? 0 : error_nomem(err);
}

const struct described_number *described_find(const struct described *described,
                                              const char *name, const char *subject)
{
    for (size_t i = 0; i < described->made.n_numbers; i++) {
        const struct described_number *number = &described->made.numbers[i];

        if (strcmp(number->name, name) == 0 && strcmp(number->subject, subject) == 0)
            return number;
    }
    return NULL;
}
