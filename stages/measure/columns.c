/* SPDX-License-Identifier: Apache-2.0 */
/* The facts of the chosen measurers as columns of the database. */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/hash.h"
#include "scoring/facts/flag_list.h"
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

/* What the values of some measurers depend on. ptr NULL: was not given. */
struct measure_params {
    struct slice vocabulary;
    struct slice flagged_words;
};

static struct slice params_of(const struct measurer *measurer,
                              const struct measure_params *params)
{
    return measurer->needs_tokenizer       ? params->vocabulary
           : measurer->needs_flagged_words ? params->flagged_words
                                           : slice_of(NULL, 0);
}

/* Make the groups of all measurers: those of samples, or those of turns. */
static int make_groups(const struct measure_choice *choice, bool of_turns,
                       const struct measure_params *params, struct measure_columns *out,
                       struct error *err)
{
    for (size_t i = 0; i < choice->n; i++) {
        const struct measurer *measurer = choice->measurers[i];
        struct fact_group *group = &out->groups[out->n_groups];

        if (of_turns && !measurer->of_turns)
            continue;
        if (make_group(measurer, of_turns, params_of(measurer, params), &out->arena, group,
                       err) < 0)
            return -1;
        out->n_groups++;
        *(of_turns ? &out->n_turn_columns : &out->n_columns) += group->n_columns;
    }
    return 0;
}

/* Make the parameters that name something by its hash. */
static int describe_hash(const char *key, const struct hash *hash, struct arena *arena,
                         struct slice *out, struct error *err)
{
    char hex[2 * HASH_BYTES + 1], text[64];

    digest_hex(hash->bytes, HASH_BYTES, hex);
    snprintf(text, sizeof text, "{\"%s\":\"%s\"}", key, hex);
    *out = arena_copy(arena, slice_text(text));
    return out->ptr ? 0 : error_nomem(err);
}

/* Numbers of tokens depend on the vocabulary, those of flagged words on the list. */
static int describe_options(const struct measure_options *options, struct arena *arena,
                            struct measure_params *out, struct error *err)
{
    struct hash hash;

    if (options->tokenizer) {
        tokenizer_hash(options->tokenizer, &hash);
        if (describe_hash("vocabulary", &hash, arena, &out->vocabulary, err) < 0)
            return -1;
    }
    if (!options->flagged_words)
        return 0;
    hash = flag_list_hash(options->flagged_words);
    return describe_hash("flagged_words", &hash, arena, &out->flagged_words, err);
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
    struct measure_params params = { .vocabulary = { 0 } };

    *out = (struct measure_columns){ .n_groups = 0 };
    arena_init(&out->arena);
    out->groups = arena_alloc(&out->arena, 2 * choice->n + labels->n + 1, sizeof *out->groups);
    if (!out->groups)
        error_nomem(err);
    else if (describe_options(options, &out->arena, &params, err) == 0 &&
             make_groups(choice, false, &params, out, err) == 0 &&
             make_label_groups(labels, out, err) == 0 &&
             make_groups(choice, true, &params, out, err) == 0)
        return 0;
    measure_columns_release(out);
    return -1;
}

void measure_columns_release(struct measure_columns *columns)
{
    arena_release(&columns->arena);
}
