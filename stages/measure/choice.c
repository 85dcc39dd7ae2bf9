/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/option.h"
#include "stages/measure/measure_private.h"

static const enum fact_cell_type cell_types[] = {
    [FACT_INTEGER] = CELL_INTEGER, [FACT_REAL] = CELL_REAL, [FACT_TEXT] = CELL_TEXT
};

/* Can the measurer be used with these options? Returns what is missing, NULL if nothing is. */
static const char *find_missing(const struct measurer *measurer,
                                const struct measure_options *options)
{
    if (measurer->left_out)
        return measurer->left_out;
    return measurer->needs_tokenizer && !options->tokenizer ? "--tokenizer" : NULL;
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

static int find_measurer(const char *name, const struct measure_options *options,
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
    const char *missing = find_missing(found, options);
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

static int choose_measurers(const struct text_list *names,
                            const struct measure_options *options, struct measure_choice *out,
                            struct error *err)
{
    for (unsigned i = 0; i < names->n; i++) {
        const struct measurer *measurer = NULL;

        if (find_measurer(names->items[i], options, &measurer, err) < 0)
            return -1;
        if (!is_chosen(out, measurer))
            out->measurers[out->n++] = measurer;
    }
    return 0;
}

static void choose_all(const struct measure_options *options, struct measure_choice *out)
{
    for (size_t i = 0; measurers[i]; i++)
        if (!find_missing(measurers[i], options))
            out->measurers[out->n++] = measurers[i];
}

/* Make the columns of a measurer: of samples, or of turns. */
static int make_group(const struct measurer *measurer, bool of_turns, struct arena *arena,
                      struct fact_group *out, struct error *err)
{
    const size_t n = of_turns ? measurer->n_facts : measurer_count_columns(measurer);
    struct fact_column *columns = arena_alloc(arena, n, sizeof *columns);
    struct fact_column_of column;
    char name[80];

    snprintf(name, sizeof name, "%s%s", of_turns ? "turns_of_" : "", measurer->name);
    *out = (struct fact_group){ .name = arena_copy(arena, slice_text(name)).ptr,
                                .version = measurer->version,
                                .columns = columns,
                                .n_columns = n,
                                .of_turns = of_turns };
    if (!columns || !out->name)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const struct fact *fact = &measurer->facts[i];
        const char *column_name = fact->name;

        if (!of_turns) {
            measurer_column(measurer, i, &column);
            fact = column.fact;
            column_name = arena_copy(arena, slice_text(column.name)).ptr;
            if (!column_name)
                return error_nomem(err);
        }
        columns[i] = (struct fact_column){ column_name, cell_types[fact->type], fact->unit };
    }
    return 0;
}

static int make_groups(struct measure_choice *out, struct error *err)
{
    out->groups = arena_alloc(&out->arena, 2 * out->n + 1, sizeof *out->groups);
    if (!out->groups)
        return error_nomem(err);
    for (size_t i = 0; i < out->n; i++) {
        if (make_group(out->measurers[i], false, &out->arena, &out->groups[out->n_groups++],
                       err) < 0)
            return -1;
        out->n_columns += measurer_count_columns(out->measurers[i]);
    }
    for (size_t i = 0; i < out->n; i++) {
        if (!out->measurers[i]->of_turns)
            continue;
        if (make_group(out->measurers[i], true, &out->arena, &out->groups[out->n_groups++],
                       err) < 0)
            return -1;
        out->n_turn_columns += out->measurers[i]->n_facts;
    }
    return 0;
}

static size_t count_measurers(void)
{
    size_t n = 0;

    while (measurers[n])
        n++;
    return n;
}

int measure_choose(const struct text_list *names, const struct measure_options *options,
                   struct measure_choice *out, struct error *err)
{
    *out = (struct measure_choice){ .n = 0 };
    arena_init(&out->arena);
    out->measurers = arena_alloc(&out->arena, count_measurers() + 1, sizeof *out->measurers);
    if (!out->measurers) {
        error_nomem(err);
        goto failed;
    }
    if (names->n == 0)
        choose_all(options, out);
    else if (choose_measurers(names, options, out, err) < 0)
        goto failed;
    if (make_groups(out, err) == 0)
        return 0;
failed:
    measure_choice_release(out);
    return -1;
}

void measure_choice_release(struct measure_choice *choice)
{
    arena_release(&choice->arena);
}
