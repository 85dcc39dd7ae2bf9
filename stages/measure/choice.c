/* SPDX-License-Identifier: Apache-2.0 */
#include "base/option.h"
#include "stages/measure/measure_private.h"

/* Can the measurer be used with what was given? Returns what is missing, NULL if nothing is. */
static const char *find_missing(const struct measurer *measurer,
                                const struct measure_given *given)
{
    if (measurer->left_out)
        return measurer->left_out;
    if (measurer->needs_flagged_words && !given->flagged_words)
        return "--flagged-words";
    return measurer->needs_tokenizer && !given->tokenizer ? "--tokenizer" : NULL;
}

static const char *nearest_name(const char *name)
{
    const char *nearest = NULL;
    size_t least = 3;
    struct fact_column_of column;

    for (size_t i = 0; measurers[i]; i++) {
        if (option_distance(name, measurers[i]->name, least) < least) {
            least = option_distance(name, measurers[i]->name, least);
            nearest = measurers[i]->name;
        }
        for (size_t j = 0; j < measurer_count_columns(measurers[i]); j++) {
            measurer_column(measurers[i], j, &column);
            if (option_distance(name, column.fact->name, least) < least) {
                least = option_distance(name, column.fact->name, least);
                nearest = column.fact->name;
            }
        }
    }
    return nearest;
}

static int find_measurer(const char *name, const struct measure_given *given,
                         const struct measurer **out, struct error *err)
{
    const struct measurer *found = measurer_find(name);

    if (!found)
        found = measurer_of_fact(name);
    if (!found) {
        const char *nearest = nearest_name(name);

        return error_set(err, ERR_USAGE,
                         "'%s' is neither a measurer nor a fact%s%s%s; 'curate "
                         "explain fact' lists them",
                         name, nearest ? ": did you mean '" : "", nearest ? nearest : "",
                         nearest ? "'?" : "");
    }
    const char *missing = find_missing(found, given);
    if (missing)
        return error_set(err, ERR_USAGE, "%s: cannot be measured without %s", name, missing);
    *out = found;
    return 0;
}

static bool is_chosen(const struct measure_choice *choice, const struct measurer *measurer)
{
    for (size_t i = 0; i < choice->n; i++)
        if (choice->measurers[i] == measurer)
            return true;
    return false;
}

static int choose_measurers(const struct text_list *names, const struct measure_given *given,
                            struct measure_choice *out, struct error *err)
{
    for (unsigned i = 0; i < names->n; i++) {
        const struct measurer *measurer = NULL;

        if (find_measurer(names->items[i], given, &measurer, err) < 0)
            return -1;
        if (!is_chosen(out, measurer))
            out->measurers[out->n++] = measurer;
    }
    return 0;
}

static void choose_all(const struct measure_given *given, struct measure_choice *out)
{
    for (size_t i = 0; measurers[i]; i++)
        if (!find_missing(measurers[i], given))
            out->measurers[out->n++] = measurers[i];
}

static size_t count_measurers(void)
{
    size_t n = 0;

    while (measurers[n])
        n++;
    return n;
}

int measure_choose(const struct text_list *names, const struct measure_given *given,
                   struct measure_choice *out, struct error *err)
{
    *out = (struct measure_choice){ .n = 0 };
    arena_init(&out->arena);
    out->measurers = arena_alloc(&out->arena, count_measurers() + 1, sizeof *out->measurers);
    if (!out->measurers) {
        error_nomem(err);
        goto failed;
    }
    if (names && names->n > 0 && choose_measurers(names, given, out, err) < 0)
        goto failed;
    if (names && names->n == 0)
        choose_all(given, out);
    return 0;
failed:
    measure_choice_release(out);
    return -1;
}

void measure_choice_release(struct measure_choice *choice)
{
    arena_release(&choice->arena);
}
