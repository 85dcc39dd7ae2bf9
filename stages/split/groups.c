/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/split/groups.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/report.h"
#include "base/text/regex.h"
#include "base/text/utf8.h"
#include "scoring/duplicates/clusters.h"
#include "stages/stage.h"
#include "store/exclusion.h"
#include "store/selection.h"
#include "store/split.h"

enum { STOP_EVERY = 4096 };

/* The text of an ext_id that the pattern matched. */
struct matched_id {
    struct slice text;
    uint32_t number;
};

/* The state of grouping_make(). */
struct grouping_build {
    const struct stage_context *context;
    const struct grouping_rule *rule;
    struct grouping *made;
    struct similar_pair *pairs; /* samples with an equal key */
    size_t n_pairs;
    size_t pairs_cap;
    uint32_t *root;

    /* The key that is read. */
    int64_t key;
    uint32_t number; /* the last sample with it; SPLIT_NONE: none yet */
    size_t n_without;
    size_t n_read;

    struct regex_match *match;
    struct matched_id *ids;
    size_t n_ids;
    size_t ids_cap;
    struct arena arena; /* texts of ids */

    struct digest *digest;
};

int grouping_check_stop(const struct stage_context *context, struct error *err)
{
    const int signal = report_stop(context->report);

    if (signal)
        return error_set_sys(err, ERR_CANCELLED, signal,
                             "stopped by signal %d; nothing was stored", signal);
    report_tick(context->report);
    return 0;
}

/* Look up a sample that is in the split. Returns 1 and its number, 0, or -1. */
static int find_split_member(struct grouping_build *build, int64_t sample_id, uint32_t *number,
                             struct error *err)
{
    if (++build->n_read % STOP_EVERY == 0 && grouping_check_stop(build->context, err) < 0)
        return -1;
    return dedup_samples_number(&build->made->samples, sample_id, number) &&
           build->made->group_of[*number] != SPLIT_NONE;
}

static int append_key_pair(struct grouping_build *build, uint32_t a, uint32_t b,
                           struct error *err)
{
    if (build->n_pairs == build->pairs_cap) {
        const size_t cap = 2 * build->pairs_cap + 1024;
        struct similar_pair *grown = reallocarray(build->pairs, cap, sizeof *grown);

        if (!grown)
            return error_nomem(err);
        build->pairs = grown;
        build->pairs_cap = cap;
    }
    build->pairs[build->n_pairs++] = (struct similar_pair){ a < b ? a : b, a < b ? b : a };
    return 0;
}

/* Connect the sample with the one before it that has the same key. */
static int add_key(void *arg, const struct split_value *value, struct error *err)
{
    struct grouping_build *build = arg;
    const uint32_t before = build->number;
    uint32_t number;
    const int found = find_split_member(build, value->sample_id, &number, err);

    if (found < 1)
        return found;
    const bool is_equal = before != SPLIT_NONE && value->key == build->key;
    build->number = number;
    build->key = value->key;
    return is_equal ? append_key_pair(build, before, number, err) : 0;
}

/* The same, of an expression: NULL is no key. */
static int add_expression_key(void *arg, const struct split_value *value, struct error *err)
{
    struct grouping_build *build = arg;
    uint32_t number;

    if (!value->is_null)
        return add_key(arg, value, err);
    const int found = find_split_member(build, value->sample_id, &number, err);
    build->n_without += found == 1;
    return found < 0 ? -1 : 0;
}

static int add_keys(struct grouping_build *build, const struct split_source *source,
                    struct error *err)
{
    build->number = SPLIT_NONE;
    return split_each_value(build->context->store, source, add_key, build, err);
}

/* Group by a text of --group. */
static int add_group(struct grouping_build *build, const char *text, struct error *err)
{
    const struct split_source file = { .key = SPLIT_KEY_FILE };
    const struct split_source source = { .key = SPLIT_KEY_EXPRESSION, .expression = text };

    if (strcmp(text, "file") == 0)
        return add_keys(build, &file, err);
    build->number = SPLIT_NONE;
    build->n_without = 0;
    if (split_each_value(build->context->store, &source, add_expression_key, build, err) < 0)
        return error_prefix(err, "--group");
    if (build->n_without > 0)
        report_note(build->context->report,
                    "--group %s: %zu samples have no value (NULL), and are not grouped by it",
                    text, build->n_without);
    return 0;
}

/* Count the samples of the split that were not compared for the set. */
static int note_uncompared(struct grouping_build *build, const char *set, int64_t dedup_set_id,
                           struct error *err)
{
    const struct exclusion exclusion = { .kind = EXCLUDE_CLUSTER, .id = dedup_set_id };
    const struct grouping *made = build->made;
    struct id_list known = { 0 };
    size_t n_compared = 0;
    uint32_t number;

    if (exclusion_read_known(build->context->store, &exclusion, &known, err) < 0)
        return -1;
    for (size_t i = 0; i < known.n; i++)
        n_compared += dedup_samples_number(&made->samples, known.ids[i], &number) &&
                      made->group_of[number] != SPLIT_NONE;
    id_list_release(&known);
    if (n_compared < made->n_members)
        report_note(build->context->report,
                    "set %s: %zu samples were not compared: run 'curate dedup' again, then "
                    "this split",
                    set, made->n_members - n_compared);
    return 0;
}

static int add_clusters(struct grouping_build *build, const char *name, struct error *err)
{
    struct split_source source = { .key = SPLIT_KEY_CLUSTER };
    struct dedup_set set;

    if (dedup_set_find(build->context->store, name, &set, err) < 0)
        return -1;
    if (!set.complete)
        return error_set(err, ERR_USAGE,
                         "the set '%s' is not complete, because a run was interrupted: run the "
                         "command that made it again, with the same options",
                         name);
    source.dedup_set_id = set.dedup_set_id;
    return add_keys(build, &source, err) < 0
               ? -1
               : note_uncompared(build, name, set.dedup_set_id, err);
}

static int append_matched_id(struct grouping_build *build, struct slice text, uint32_t number,
                             struct error *err)
{
    if (build->n_ids == build->ids_cap) {
        const size_t cap = 2 * build->ids_cap + 1024;
        struct matched_id *grown = reallocarray(build->ids, cap, sizeof *grown);

        if (!grown)
            return error_nomem(err);
        build->ids = grown;
        build->ids_cap = cap;
    }
    const struct slice copy = arena_copy(&build->arena, text);
    if (!copy.ptr)
        return error_nomem(err);
    build->ids[build->n_ids++] = (struct matched_id){ copy, number };
    return 0;
}

/* An empty match is none. */
static int add_ext_id(void *arg, const struct split_value *value, struct error *err)
{
    struct grouping_build *build = arg;
    size_t start = 0, end = 0;
    uint32_t number;
    int found = find_split_member(build, value->sample_id, &number, err);

    if (found < 1)
        return found;
    if (utf8_bad_at(value->text) < value->text.len)
        return error_set(err, ERR_INPUT,
                         "sample %lld is damaged: its ext_id is not UTF-8: run 'curate fsck'",
                         (long long)value->sample_id);
    found =
        regex_find(build->rule->ext_id_regex, build->match, value->text, 0, &start, &end, err);
    if (found < 0)
        return error_prefix(err, "--group-ext-id: sample %lld", (long long)value->sample_id);
    if (found == 0 || start == end)
        return 0;
    return append_matched_id(build, slice_of(value->text.ptr + start, end - start), number,
                             err);
}

static int compare_matched_texts(struct slice a, struct slice b)
{
    const int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_matched_ids(const void *first, const void *second)
{
    const struct matched_id *a = first, *b = second;
    const int order = compare_matched_texts(a->text, b->text);

    return order ? order : (a->number > b->number) - (a->number < b->number);
}

static int add_ext_ids(struct grouping_build *build, struct error *err)
{
    const struct split_source source = { .key = SPLIT_KEY_EXT_ID };

    if (regex_match_new(&build->match, err) < 0 ||
        split_each_value(build->context->store, &source, add_ext_id, build, err) < 0)
        return -1;
    if (build->n_ids > 1)
        qsort(build->ids, build->n_ids, sizeof *build->ids, compare_matched_ids);
    for (size_t i = 1; i < build->n_ids; i++)
        if (compare_matched_texts(build->ids[i - 1].text, build->ids[i].text) == 0 &&
            append_key_pair(build, build->ids[i - 1].number, build->ids[i].number, err) < 0)
            return -1;
    if (build->n_ids < build->made->n_members)
        report_note(build->context->report,
                    "--group-ext-id: %zu samples have no ext_id that '%s' matches, and are not "
                    "grouped by it",
                    build->made->n_members - build->n_ids, build->rule->ext_id_pattern);
    return 0;
}

/* Mark the samples that meet the condition, as if they were all in group 0. */
static int mark_members(struct grouping_build *build, struct error *err)
{
    struct grouping *made = build->made;
    struct id_list ids = { 0 };
    uint32_t number;

    memset(made->group_of, 0xFF, made->samples.n * sizeof *made->group_of); /* SPLIT_NONE */
    if (condition_select(build->context->store, build->rule->condition, &ids, err) < 0)
        return -1;
    for (size_t i = 0; i < ids.n; i++)
        if (dedup_samples_number(&made->samples, ids.ids[i], &number)) {
            made->group_of[number] = 0;
            made->n_members++;
        }
    id_list_release(&ids);
    if (made->n_members > 0)
        return 0;
    return error_set(err, ERR_INPUT,
                     build->rule->condition
                         ? "no sample meets the condition: there is nothing to split"
                         : "the database has no samples: run 'curate ingest' first");
}

static int find_equal_keys(struct grouping_build *build, struct error *err)
{
    const struct split_source source = { .key = SPLIT_KEY_CONTEXT };
    const struct grouping_rule *rule = build->rule;

    if (split_each_value(build->context->store, &source, add_key, build, err) < 0)
        return -1;
    for (unsigned i = 0; i < rule->dedup->n; i++)
        if (add_clusters(build, rule->dedup->items[i], err) < 0)
            return -1;
    for (unsigned i = 0; i < rule->groups->n; i++)
        if (add_group(build, rule->groups->items[i], err) < 0)
            return -1;
    return rule->ext_id_regex ? add_ext_ids(build, err) : 0;
}

/* Make a group of each component. A root is the smallest number of its component. */
static int make_split_groups(struct grouping_build *build, struct error *err)
{
    struct grouping *made = build->made;
    const size_t n = made->samples.n;

    build->root = calloc(n + 1, sizeof *build->root);
    made->groups = calloc(made->n_members + 1, sizeof *made->groups);
    if (!build->root || !made->groups)
        return error_nomem(err);
    if (clusters_components(build->pairs, build->n_pairs, build->root, n, err) < 0)
        return -1;
    for (uint32_t i = 0; i < n; i++) {
        if (made->group_of[i] == SPLIT_NONE)
            continue;
        if (build->root[i] == i) {
            made->groups[made->n_groups] =
                (struct split_group){ .first = i, .part = SPLIT_NONE };
            made->group_of[i] = (uint32_t)made->n_groups++;
        } else {
            made->group_of[i] = made->group_of[build->root[i]];
        }
        made->groups[made->group_of[i]].n++;
        made->groups[made->group_of[i]].weight++;
    }
    return 0;
}

/* Compute the point of the group that begins with this sample, if one does. */
static int add_point(void *arg, const struct split_value *value, struct error *err)
{
    struct grouping_build *build = arg;
    struct grouping *made = build->made;
    char hex[2 * HASH_BYTES + 1];
    uint32_t number;
    const int found = find_split_member(build, value->sample_id, &number, err);

    if (found < 1)
        return found;
    struct split_group *group = &made->groups[made->group_of[number]];
    if (group->first != number)
        return 0;
    if (value->text.len != HASH_BYTES)
        return error_set(err, ERR_INPUT,
                         "sample %lld is damaged: invalid hash: run 'curate "
                         "fsck'",
                         (long long)value->sample_id);
    digest_hex((const uint8_t *)value->text.ptr, HASH_BYTES, hex);
    return split_point(build->digest, build->rule->seed, slice_text(hex), &group->point, err);
}

static int build_groups(struct grouping_build *build, struct error *err)
{
    const struct split_source hashes = { .key = SPLIT_KEY_HASH };
    struct grouping *made = build->made;

    if (dedup_samples_read(build->context->store, &made->samples, err) < 0)
        return -1;
    made->group_of = calloc(made->samples.n + 1, sizeof *made->group_of);
    if (!made->group_of)
        return error_nomem(err);
    if (mark_members(build, err) < 0 || find_equal_keys(build, err) < 0 ||
        make_split_groups(build, err) < 0 || digest_new(&build->digest, err) < 0)
        return -1;
    return split_each_value(build->context->store, &hashes, add_point, build, err);
}

int grouping_make(const struct stage_context *context, const struct grouping_rule *rule,
                  struct grouping *out, struct error *err)
{
    struct grouping_build build = {
        .context = context, .rule = rule, .made = out, .number = SPLIT_NONE
    };

    *out = (struct grouping){ .n_groups = 0 };
    arena_init(&build.arena);
    const int rc = build_groups(&build, err);
    free(build.pairs);
    free(build.root);
    free(build.ids);
    regex_match_free(build.match);
    digest_free(build.digest);
    arena_release(&build.arena);
    if (rc < 0)
        grouping_release(out);
    return rc;
}

void grouping_release(struct grouping *grouping)
{
    dedup_samples_release(&grouping->samples);
    free(grouping->group_of);
    free(grouping->groups);
    *grouping = (struct grouping){ .n_groups = 0 };
}
