/* SPDX-License-Identifier: Apache-2.0 */
/* The facts of the chosen measurers as columns of the database. */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/hash.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "stages/measure/measure_private.h"

static const enum fact_cell_type cell_types[] = {
    [FACT_INTEGER] = CELL_INTEGER, [FACT_REAL] = CELL_REAL, [FACT_TEXT] = CELL_TEXT
};

/* Make the columns of a measurer: of samples, or of turns. params as of struct fact_group. */
static int make_group(const struct measurer *measurer, bool of_turns, struct slice params,
                      struct arena *arena, struct fact_group *out, struct error *err)
{
    const size_t n = of_turns ? measurer->n_facts : measurer_count_columns(measurer);
    struct fact_column *columns = arena_alloc(arena, n, sizeof *columns);
    struct fact_column_of column;
    char name[80];

    snprintf(name, sizeof name, "%s%s", of_turns ? "turns_of_" : "", measurer->name);
    *out = (struct fact_group){ .name = arena_copy(arena, slice_text(name)).ptr,
                                .version = measurer->version,
                                .params = params,
                                .columns = columns,
                                .n_columns = n,
                                .of_turns = of_turns,
                                .may_be_unchecked = measurer->may_be_unchecked };
    if (!columns || !out->name)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const struct fact *fact = &measurer->facts[i % measurer->n_facts];
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

/* Make the groups of all measurers: those of samples, or those of turns. */
static int make_groups(const struct measure_choice *choice, bool of_turns, struct slice params,
                       struct measure_columns *out, struct error *err)
{
    for (size_t i = 0; i < choice->n; i++) {
        const struct measurer *measurer = choice->measurers[i];
        struct fact_group *group = &out->groups[out->n_groups];

        if (of_turns && !measurer->of_turns)
            continue;
        if (make_group(measurer, of_turns,
                       measurer->needs_tokenizer ? params : slice_of(NULL, 0), &out->arena,
                       group, err) < 0)
            return -1;
        out->n_groups++;
        *(of_turns ? &out->n_turn_columns : &out->n_columns) += group->n_columns;
    }
    return 0;
}

/* Numbers of tokens depend on the vocabulary: make the parameters that name it. */
static int describe_vocabulary(const struct tokenizer *tokenizer, struct arena *arena,
                               struct slice *out, struct error *err)
{
    char hex[2 * HASH_BYTES + 1], text[64];
    struct hash hash;

    *out = slice_of(NULL, 0);
    if (!tokenizer)
        return 0;
    tokenizer_hash(tokenizer, &hash);
    digest_hex(hash.bytes, HASH_BYTES, hex);
    snprintf(text, sizeof text, "{\"vocabulary\":\"%s\"}", hex);
    *out = arena_copy(arena, slice_text(text));
    return out->ptr ? 0 : error_nomem(err);
}

static int make_label_groups(const struct measure_labels *labels, struct measure_columns *out,
                             struct error *err)
{
    for (size_t i = 0; i < labels->n; i++) {
        if (measure_label_group(&labels->items[i], &out->arena, &out->groups[out->n_groups],
                                err) < 0)
            return -1;
        out->n_groups++;
        out->n_columns++;
    }
    return 0;
}

int measure_make_columns(const struct measure_choice *choice,
                         const struct measure_labels *labels,
                         const struct measure_options *options, struct measure_columns *out,
                         struct error *err)
{
    struct slice vocabulary;

    *out = (struct measure_columns){ .n_groups = 0 };
    arena_init(&out->arena);
    out->groups = arena_alloc(&out->arena, 2 * choice->n + labels->n + 1, sizeof *out->groups);
    if (!out->groups)
        error_nomem(err);
    else if (describe_vocabulary(options->tokenizer, &out->arena, &vocabulary, err) == 0 &&
             make_groups(choice, false, vocabulary, out, err) == 0 &&
             make_label_groups(labels, out, err) == 0 &&
             make_groups(choice, true, vocabulary, out, err) == 0)
        return 0;
    measure_columns_release(out);
    return -1;
}

void measure_columns_release(struct measure_columns *columns)
{
    arena_release(&columns->arena);
}
