/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/dedup/clustering.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "scoring/duplicates/clusters.h"
#include "store/dedup.h"
#include "store/store.h"

/* A sample of some pair. Members are numbered in the order of their content hashes. */
struct clustering_place {
    struct dedup_rank rank;
    uint32_t number;
};

struct clustering {
    const struct dedup_samples *samples;
    const struct dedup_use *use;
    struct similar_pair *pairs;
    size_t n_pairs;
    size_t cap;
    struct similar_pair *copies; /* of the pairs, those that are equal */
    size_t n_copies;
    size_t copies_cap;
    int64_t *ids; /* of the members */
    size_t n;
    struct clustering_place *places; /* in the order in which samples are kept */
    struct dedup_rank *ranks;
    uint32_t *order;
    uint32_t *root;
    uint32_t *group; /* the smallest number of the samples that are equal to one */
    uint32_t *leader;
    bool *is_met; /* by root: the first sample of the component was met */
    struct dedup_member *members;
};

static void clustering_release(struct clustering *made)
{
    free(made->pairs);
    free(made->copies);
    free(made->group);
    free(made->ids);
    free(made->places);
    free(made->ranks);
    free(made->order);
    free(made->root);
    free(made->leader);
    free(made->is_met);
    free(made->members);
}

static int append_pair(struct similar_pair **pairs, size_t *n, size_t *cap,
                       struct similar_pair pair, struct error *err)
{
    if (*n == *cap) {
        const size_t grown_cap = 2 * *cap + 1024;
        struct similar_pair *grown = reallocarray(*pairs, grown_cap, sizeof *grown);

        if (!grown)
            return error_nomem(err);
        *pairs = grown;
        *cap = grown_cap;
    }
    (*pairs)[(*n)++] = pair;
    return 0;
}

static int add_clustering_pair(void *arg, const struct dedup_pair *pair, struct error *err)
{
    struct clustering *made = arg;
    struct similar_pair found;

    if (!(pair->similarity >= made->use->least) &&
        !(made->use->least_containment >= 0 &&
          pair->containment >= made->use->least_containment))
        return 0;
    if (!dedup_samples_number(made->samples, pair->a, &found.a) ||
        !dedup_samples_number(made->samples, pair->b, &found.b))
        return error_set(err, ERR_INPUT,
                         "a pair of the samples %lld and %lld is damaged: one of them does not "
                         "exist: run 'curate fsck'",
                         (long long)pair->a, (long long)pair->b);
    if (made->use->has_copies && pair->similarity >= 1 &&
        append_pair(&made->copies, &made->n_copies, &made->copies_cap, found, err) < 0)
        return -1;
    return append_pair(&made->pairs, &made->n_pairs, &made->cap, found, err);
}

static void renumber(struct similar_pair *pairs, size_t n, const uint32_t *numbers)
{
    for (size_t i = 0; i < n; i++)
        pairs[i] = (struct similar_pair){ numbers[pairs[i].a], numbers[pairs[i].b] };
}

/* Number the samples that have a pair, in the order of their content hashes. */
static int number_members(struct clustering *made, struct error *err)
{
    uint32_t *numbers = calloc(made->samples->n + 1, sizeof *numbers);

    if (!numbers)
        return error_nomem(err);
    for (size_t i = 0; i < made->n_pairs; i++)
        numbers[made->pairs[i].a] = numbers[made->pairs[i].b] = 1;
    for (size_t i = 0; i < made->samples->n; i++)
        made->n += numbers[i];
    made->ids = calloc(made->n + 1, sizeof *made->ids);
    if (!made->ids) {
        free(numbers);
        return error_nomem(err);
    }
    for (size_t i = 0, n = 0; i < made->samples->n; i++)
        if (numbers[i]) {
            made->ids[n] = made->samples->ids[i];
            numbers[i] = (uint32_t)n++;
        }
    renumber(made->pairs, made->n_pairs, numbers);
    renumber(made->copies, made->n_copies, numbers);
    free(numbers);
    return 0;
}

static int compare_places(const void *first, const void *second)
{
    const struct clustering_place *a = first, *b = second;
    const bool a_lacks = isnan(a->rank.value), b_lacks = isnan(b->rank.value);

    if (a_lacks != b_lacks)
        return a_lacks ? 1 : -1;
    if (!a_lacks && a->rank.value != b->rank.value)
        return a->rank.value > b->rank.value ? -1 : 1;
    if (a->rank.source != b->rank.source)
        return a->rank.source < b->rank.source ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

static int order_members(struct store *store, const struct dedup_order *order,
                         struct clustering *made, struct error *err)
{
    const size_t n = made->n + 1; /* calloc() may return NULL for none */

    made->places = calloc(n, sizeof *made->places);
    made->ranks = calloc(n, sizeof *made->ranks);
    made->order = calloc(n, sizeof *made->order);
    made->root = calloc(n, sizeof *made->root);
    made->group = calloc(n, sizeof *made->group);
    made->leader = calloc(n, sizeof *made->leader);
    made->is_met = calloc(n, sizeof *made->is_met);
    made->members = calloc(n, sizeof *made->members);
    if (!made->places || !made->ranks || !made->order || !made->root || !made->group ||
        !made->leader || !made->is_met || !made->members)
        return error_nomem(err);
    if (dedup_order_read(store, order, made->ids, made->n, made->ranks, err) < 0)
        return -1;
    for (size_t i = 0; i < made->n; i++)
        made->places[i] =
            (struct clustering_place){ .rank = made->ranks[i], .number = (uint32_t)i };
    qsort(made->places, made->n, sizeof *made->places, compare_places);
    for (size_t i = 0; i < made->n; i++)
        made->order[i] = made->places[i].number;
    return 0;
}

static void fill_members(struct clustering *made, struct dedup_counts *out)
{
    for (size_t k = 0; k < made->n; k++) {
        const uint32_t i = made->order[k];
        const uint32_t root = made->root[i];

        made->members[i] = (struct dedup_member){
            .sample_id = made->ids[i],
            .cluster = made->ids[root],
            .leader = made->leader[i] == i ? 0 : made->ids[made->leader[i]],
            .component_keep = !made->is_met[root],
            .place = (int64_t)k + 1,
        };
        out->n_clusters += !made->is_met[root];
        out->n_duplicates += made->leader[i] != i;
        made->is_met[root] = true;
    }
    out->n_pairs = made->n_pairs;
    out->n_members = made->n;
}

static int make_clusters(struct store *store, int64_t dedup_set_id,
                         const struct dedup_order *order, struct clustering *made,
                         struct dedup_counts *out, struct error *err)
{
    if (dedup_each_pair(store, dedup_set_id, -INFINITY, false, add_clustering_pair, made, err) <
            0 ||
        number_members(made, err) < 0 || order_members(store, order, made, err) < 0 ||
        clusters_components(made->pairs, made->n_pairs, made->root, made->n, err) < 0 ||
        clusters_components(made->copies, made->n_copies, made->group, made->n, err) < 0 ||
        clusters_leaders_of_groups(made->pairs, made->n_pairs, made->group, made->order,
                                   made->leader, made->n, err) < 0)
        return -1;
    fill_members(made, out);
    return 0;
}

int dedup_make_clusters(struct store *store, int64_t dedup_set_id,
                        const struct dedup_samples *samples, const struct dedup_order *order,
                        const struct dedup_use *use, int64_t run_id, struct dedup_counts *out,
                        struct error *err)
{
    struct clustering made = { .samples = samples, .use = use };

    *out = (struct dedup_counts){ 0 };
    if (store_begin(store, err) < 0)
        return -1;
    int rc = make_clusters(store, dedup_set_id, order, &made, out, err);
    if (rc == 0)
        rc = dedup_put_members(store, dedup_set_id, made.members, made.n, use, run_id, err);
    if (rc == 0)
        rc = store_commit(store, err);
    if (rc < 0)
        store_rollback(store);
    clustering_release(&made);
    return rc;
}
