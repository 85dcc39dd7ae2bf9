/* SPDX-License-Identifier: Apache-2.0 */
/*
 * split - divide samples into parts, so that samples that belong together are in one part.
 *
 * The whole split is one transaction, so a run that was killed leaves what was there before it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "base/report.h"
#include "base/text/regex.h"
#include "scoring/selection/split.h"
#include "stages/split/groups.h"
#include "stages/split/parts.h"
#include "stages/split/split_private.h"
#include "stages/stage.h"
#include "store/selection.h"
#include "store/split.h"
#include "store/store.h"

enum { SPLIT_VERSION = 1, PARAMS_MAX_BYTES = 1 << 20 };
const char *const split_exact_names[] = {
    [SPLIT_EXACT_SAMPLES] = "samples", "tokens", "words", NULL
};

static const struct option options[] = {
    { OPTION_TEXT, 0, "name", offsetof(struct split_args, name), "NAME",
      .help = "name of the split" },
    { OPTION_TEXT, 0, "by", offsetof(struct split_args, by), "PART=SHARE,...",
      .help = "parts and their shares: train=.9,valid=.05,test=.05" },
    { OPTION_LIST, 0, "group", offsetof(struct split_args, group), "file|EXPRESSION",
      .help = "keep samples of a file, or with an equal value, together" },
    { OPTION_TEXT, 0, "group-ext-id", offsetof(struct split_args, group_ext_id), "REGEX",
      .help = "keep samples together whose ids have an equal match" },
    { OPTION_LIST, 0, "dedup", offsetof(struct split_args, dedup), "SET|none",
      .help = "keep the clusters of a set of duplicates together",
      .unset = "the newest set of near duplicates" },
    { OPTION_TEXT, 0, "seed", offsetof(struct split_args, seed), "TEXT",
      .help = "another seed divides in another way" },
    { OPTION_CHOICE, 0, "exact", offsetof(struct split_args, exact), "UNIT",
      .help = "fill the parts to exact sizes, counted in this unit",
      .choices = split_exact_names, .unset = "by hash, so that new samples move no others" },
    { OPTION_TEXT, 0, "stratify", offsetof(struct split_args, stratify), "EXPRESSION",
      .help = "with --exact: the same shares for each value" },
    { OPTION_CONDITIONS, 0, "where", offsetof(struct split_args, where), "CONDITION",
      .help = "only samples that meet an SQL condition over v_sample" },
    { .type = OPTION_END },
};

static const struct split_args defaults = { .name = "split",
                                            .seed = "split",
                                            .exact = OPTION_NO_CHOICE };

static int split_check(const void *arguments, void *config, struct error *err)
{
    const struct split_args *args = arguments;
    struct split_config *made = config;

    arena_init(&made->arena);
    if (!*args->name || strchr(args->name, ':'))
        return error_set(err, ERR_USAGE, "--name '%s': a name must not be empty or have a ':'",
                         args->name);
    if (!args->by)
        return error_set(err, ERR_USAGE,
                         "no parts: use --by, for example --by train=.9,valid=.05,test=.05");
    if (args->stratify && args->exact == OPTION_NO_CHOICE)
        return error_set(err, ERR_USAGE,
                         "--stratify needs exact sizes: use --exact samples, too");
    for (unsigned i = 0; i < args->dedup.n; i++)
        made->no_dedup |= strcmp(args->dedup.items[i], "none") == 0;
    if (made->no_dedup && args->dedup.n > 1)
        return error_set(err, ERR_USAGE,
                         "--dedup none excludes other sets: leave out one of them");
    if (parts_parse(args->by, &made->arena, &made->parts, &made->n_parts, err) < 0)
        return -1;
    for (size_t i = 0; i < made->n_parts; i++)
        made->shares[i] = made->parts[i].share;
    if (args->group_ext_id && regex_new(args->group_ext_id, &made->regex, err) < 0) {
        if (err->code == ERR_INPUT)
            err->code = ERR_USAGE;
        return error_prefix(err, "--group-ext-id");
    }
    return condition_join(&args->where, &made->condition, err);
}

static void split_release(void *config)
{
    struct split_config *made = config;

    free(made->condition);
    regex_free(made->regex);
    arena_release(&made->arena);
}

static void splitting_release(struct splitting *splitting)
{
    grouping_release(&splitting->grouping);
    option_list_free(&splitting->dedup);
    free(splitting->old);
    free(splitting->old_of);
    free(splitting->rows);
    buf_release(&splitting->params);
    arena_release(&splitting->arena);
}

/* Without --dedup: the sets of an earlier run, or the newest set. */
static int choose_dedup(struct splitting *splitting, struct error *err)
{
    const struct stage_context *context = splitting->context;
    const char *newest = NULL;

    if (splitting->config->no_dedup)
        return 0;
    for (unsigned i = 0; i < splitting->args->dedup.n; i++)
        if (option_list_add(&splitting->dedup, splitting->args->dedup.items[i], err) < 0)
            return -1;
    if (splitting->args->dedup.n > 0)
        return 0;
    if (split_newest_dedup(context->store, &splitting->arena, &newest, err) < 0)
        return -1;
    if (splitting->split_id == 0) {
        if (newest)
            return option_list_add(&splitting->dedup, newest, err);
        report_note(context->report, "near duplicates may be in different parts, because no "
                                     "set of them exists: run 'curate dedup near' first");
        return 0;
    }
    if (split_list_dedup(context->store, splitting->split_id, &splitting->arena,
                         &splitting->dedup, err) < 0)
        return -1;
    if (newest && splitting->dedup.n == 0)
        report_note(context->report,
                    "this split was made without the set '%s': to use it, drop the split and "
                    "make it again",
                    newest);
    return 0;
}

static void add_text_array(struct jsonout *json, const char *key, const struct text_list *texts)
{
    jsonout_key(json, key);
    jsonout_array_begin(json);
    for (unsigned i = 0; i < texts->n; i++)
        jsonout_text(json, slice_text(texts->items[i]));
    jsonout_array_end(json);
}

static void add_text_if(struct jsonout *json, const char *key, const char *text)
{
    if (!text)
        return;
    jsonout_key(json, key);
    jsonout_text(json, slice_text(text));
}

/* Write the parameters as canonical JSON. */
static int write_split_params(struct splitting *splitting, struct error *err)
{
    const struct split_config *config = splitting->config;
    const struct split_args *args = splitting->args;
    struct jsonout json;

    jsonout_init(&json, &splitting->params);
    jsonout_object_begin(&json);
    add_text_if(&json, "condition", config->condition);
    add_text_array(&json, "dedup", &splitting->dedup);
    add_text_if(&json, "exact",
                args->exact == OPTION_NO_CHOICE ? NULL : split_exact_names[args->exact]);
    add_text_if(&json, "ext_id", args->group_ext_id);
    add_text_array(&json, "group", &args->group);
    jsonout_key(&json, "parts");
    jsonout_array_begin(&json);
    for (size_t i = 0; i < config->n_parts; i++) {
        jsonout_array_begin(&json);
        jsonout_text(&json, slice_text(config->parts[i].name));
        jsonout_double(&json, config->parts[i].share);
        jsonout_array_end(&json);
    }
    jsonout_array_end(&json);
    add_text_if(&json, "seed", args->seed);
    add_text_if(&json, "stratify", args->stratify);
    jsonout_key(&json, "version");
    jsonout_int(&json, SPLIT_VERSION);
    jsonout_object_end(&json);
    return jsonout_end(&json, err);
}

/* Find the split of an earlier run, whose parameters must be the same. */
static int find_earlier(struct splitting *splitting, struct error *err)
{
    struct store *store = splitting->context->store;
    const char *name = splitting->args->name;
    struct slice stored = slice_of(NULL, 0);
    const int found =
        split_find(store, name, &splitting->arena, &splitting->split_id, &stored, err);

    if (found < 0 || choose_dedup(splitting, err) < 0 || write_split_params(splitting, err) < 0)
        return -1;
    if (found == 0)
        return 0;
    if (!slice_equal(stored, buf_slice(&splitting->params)))
        return error_set(err, ERR_USAGE,
                         "the split '%s' has other parameters (%s, not %s): choose another "
                         "name, or delete the split with 'curate split drop %s'",
                         name, stored.ptr, splitting->params.data, name);
    return split_read_rows(store, splitting->split_id, splitting->config->parts,
                           splitting->config->n_parts, &splitting->old, &splitting->n_old, err);
}

/* Number the rows of the earlier run. A sample of it may have left the database. */
static int number_old(struct splitting *splitting, struct error *err)
{
    const struct dedup_samples *samples = &splitting->grouping.samples;
    uint32_t number;

    splitting->old_of = calloc(samples->n + 1, sizeof *splitting->old_of);
    if (!splitting->old_of)
        return error_nomem(err);
    for (size_t i = 0; i < samples->n; i++)
        splitting->old_of[i].key = SPLIT_NONE;
    for (size_t i = 0; i < splitting->n_old; i++) {
        const struct split_row *row = &splitting->old[i];
        struct split_old old = { .part = row->part };

        if (dedup_samples_number(samples, row->sample_id, &number) &&
            dedup_samples_number(samples, row->group_key, &old.key))
            splitting->old_of[number] = old;
    }
    return 0;
}

static int assign_parts(struct splitting *splitting, struct error *err)
{
    const struct split_config *config = splitting->config;
    const struct split_args *args = splitting->args;
    struct grouping *grouping = &splitting->grouping;

    if (args->exact == OPTION_NO_CHOICE) {
        if (split_keep(splitting->old_of, grouping->group_of, grouping->samples.n,
                       grouping->groups, grouping->n_groups, &splitting->kept, err) < 0)
            return -1;
        split_by_hash(grouping->groups, grouping->n_groups, config->shares, config->n_parts);
        return 0;
    }
    if (args->exact != SPLIT_EXACT_SAMPLES &&
        grouping_weigh(splitting->context, split_exact_names[args->exact], grouping, err) < 0)
        return -1;
    if (args->stratify &&
        grouping_stratify(splitting->context, args->stratify, grouping, err) < 0)
        return -1;
    return split_exact(grouping->groups, grouping->n_groups, config->shares, config->n_parts,
                       err);
}

/* Make the rows, ascending by sample_id, and count the samples that move. */
static int make_rows(struct splitting *splitting, struct error *err)
{
    const struct grouping *grouping = &splitting->grouping;
    const struct dedup_samples *samples = &grouping->samples;

    splitting->rows = calloc(grouping->n_members + 1, sizeof *splitting->rows);
    if (!splitting->rows)
        return error_nomem(err);
    splitting->kept.n_moved = 0;
    for (size_t i = 0; i < samples->n; i++) {
        const uint32_t number = samples->numbers[i];
        const struct split_old *old = &splitting->old_of[number];

        if (grouping->group_of[number] == SPLIT_NONE)
            continue;
        const struct split_group *group = &grouping->groups[grouping->group_of[number]];
        splitting->rows[splitting->n_rows++] =
            (struct split_row){ .sample_id = samples->by_id[i],
                                .group_key = samples->ids[group->first],
                                .part = group->part };
        splitting->kept.n_moved += old->key != SPLIT_NONE && old->part != group->part;
    }
    return 0;
}

static int make_split(struct splitting *splitting, struct error *err)
{
    const struct stage_context *context = splitting->context;
    const struct grouping_rule rule = { .condition = splitting->config->condition,
                                        .groups = &splitting->args->group,
                                        .ext_id_pattern = splitting->args->group_ext_id,
                                        .ext_id_regex = splitting->config->regex,
                                        .dedup = &splitting->dedup,
                                        .seed = splitting->args->seed };

    if (find_earlier(splitting, err) < 0 ||
        grouping_make(context, &rule, &splitting->grouping, err) < 0 ||
        number_old(splitting, err) < 0 || assign_parts(splitting, err) < 0 ||
        make_rows(splitting, err) < 0 || grouping_check_stop(context, err) < 0)
        return -1;
    const struct split_spec spec = { .name = splitting->args->name,
                                     .params = buf_slice(&splitting->params),
                                     .parts = splitting->config->parts,
                                     .n_parts = splitting->config->n_parts,
                                     .n_groups = splitting->grouping.n_groups };
    return split_put(context->store, splitting->split_id, &spec, splitting->old,
                     splitting->n_old, splitting->rows, splitting->n_rows, context->run_id,
                     context->dry_run, &splitting->change, err);
}

static int split_run(const struct stage_context *context, const void *arguments,
                     const void *config, struct stage_result *result, struct error *err)
{
    struct splitting splitting = { .context = context, .args = arguments, .config = config };
    int rc = 0;

    arena_init(&splitting.arena);
    buf_init(&splitting.params, PARAMS_MAX_BYTES);
    if (!context->dry_run)
        rc = store_begin(context->store, err);
    if (rc == 0)
        rc = make_split(&splitting, err);
    if (rc == 0 && !context->dry_run)
        rc = store_commit(context->store, err);
    if (rc < 0)
        store_rollback(context->store);
    else
        split_report(&splitting, result);
    splitting_release(&splitting);
    return rc;
}

const struct stage stage_split = {
    .name = "split",
    .summary = "divide samples into parts without leakage",
    .description =
        "Samples that belong together are in one part: those with a common context, near\n"
        "duplicates, and those that --group and --group-ext-id name. A group goes to the part\n"
        "that a hash of its key says, so new samples move no others, unless they join two\n"
        "groups. With --exact the parts have exact sizes instead, and new samples may move\n"
        "others. 'curate export --split' writes a part.",
    .options = options,
    .args_size = sizeof(struct split_args),
    .defaults = &defaults,
    .config_size = sizeof(struct split_config),
    .check = split_check,
    .release = split_release,
    .run = split_run,
};
