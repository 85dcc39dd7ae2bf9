/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/duplicates.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "scoring/duplicates/clusters.h"
#include "store/dedup.h"
#include "store/selection.h"

#define NO_CANDIDATE UINT32_MAX

/* The members of a set, numbered in the order of their ids. Those that are candidates are
 * numbered again, in the order in which samples are kept. */
struct members {
    struct dedup_use use;
    struct dedup_member *items;
    size_t n;
    struct similar_pair *pairs; /* of members */
    size_t n_pairs;
    size_t cap;
    uint32_t *copies; /* the least member of the copies of a member */
    uint32_t *best;   /* of such a least member: the best candidate among the copies */
    uint32_t *chosen; /* of a candidate: the member */
    size_t n_chosen;
    uint32_t *group;
    uint32_t *order;
    uint32_t *leader;
};

static void members_release(struct members *members)
{
    free(members->items);
    free(members->pairs);
    free(members->copies);
    free(members->best);
    free(members->chosen);
    free(members->group);
    free(members->order);
    free(members->leader);
}

static bool find_cluster_member(const struct members *members, int64_t id, uint32_t *out)
{
    size_t at = 0;

    for (size_t n = members->n; n > 1; n -= n / 2)
        if (members->items[at + n / 2].sample_id <= id)
            at += n / 2;
    *out = (uint32_t)at;
    return members->n > 0 && members->items[at].sample_id == id;
}

static int add_pair_of_members(void *arg, const struct dedup_pair *pair, struct error *err)
{
    struct members *members = arg;
    struct similar_pair found;

    if (!(pair->similarity >= members->use.least) &&
        !(members->use.least_containment >= 0 &&
          pair->containment >= members->use.least_containment))
        return 0;
    if (!find_cluster_member(members, pair->a, &found.a) ||
        !find_cluster_member(members, pair->b, &found.b))
        return error_set(err, ERR_INPUT,
                         "the samples %lld and %lld are a pair, but in no cluster: run 'curate "
                         "fsck'",
                         (long long)pair->a, (long long)pair->b);
    if (members->n_pairs == members->cap) {
        const size_t cap = 2 * members->cap + 1024;
        struct similar_pair *pairs = reallocarray(members->pairs, cap, sizeof *pairs);

        if (!pairs)
            return error_nomem(err);
        members->pairs = pairs;
        members->cap = cap;
    }
    members->pairs[members->n_pairs++] = found;
    return 0;
}

/* Find the copies: connected by pairs of similarity 1. */
static int connect_copies(struct store *store, int64_t dedup_set_id, struct members *members,
                          struct error *err)
{
    const struct dedup_use use = members->use;

    members->use =
        (struct dedup_use){ .least = use.has_copies ? 1 : INFINITY, .least_containment = -1 };
    int rc = dedup_each_pair(store, dedup_set_id, 1, false, add_pair_of_members, members, err);
    members->use = use;
    if (rc == 0)
        rc = clusters_components(members->pairs, members->n_pairs, members->copies, members->n,
                                 err);
    members->n_pairs = 0;
    return rc;
}

static int allocate_members(struct members *members, struct error *err)
{
    const size_t n = members->n + 1; /* calloc() may return NULL for none */

    members->copies = calloc(n, sizeof *members->copies);
    members->best = calloc(n, sizeof *members->best);
    members->chosen = calloc(n, sizeof *members->chosen);
    members->group = calloc(n, sizeof *members->group);
    members->order = calloc(n, sizeof *members->order);
    members->leader = calloc(n, sizeof *members->leader);
    return members->copies && members->best && members->chosen && members->group &&
                   members->order && members->leader
               ? 0
               : error_nomem(err);
}

/* A candidate and where it stands in the order in which samples are kept. */
struct placed {
    int64_t place;
    uint32_t member;
};

static int compare_placed(const void *first, const void *second)
{
    const struct placed *a = first, *b = second;

    return (a->place > b->place) - (a->place < b->place);
}

static int choose_candidates(struct members *members, const struct id_list *candidates,
                             struct error *err)
{
    struct placed *placed = calloc(members->n + 1, sizeof *placed);

    if (!placed)
        return error_nomem(err);
    for (size_t i = 0; i < members->n; i++)
        if (id_list_holds(candidates, members->items[i].sample_id))
            placed[members->n_chosen++] =
                (struct placed){ .place = members->items[i].place, .member = (uint32_t)i };
    qsort(placed, members->n_chosen, sizeof *placed, compare_placed);
    for (size_t i = 0; i < members->n; i++)
        members->best[i] = NO_CANDIDATE;
    for (size_t c = 0; c < members->n_chosen; c++) {
        const uint32_t member = placed[c].member;
        uint32_t *best = &members->best[members->copies[member]];

        members->chosen[c] = member;
        members->order[c] = (uint32_t)c;
        if (*best == NO_CANDIDATE)
            *best = (uint32_t)c;
        members->group[c] = *best;
    }
    free(placed);
    return 0;
}

/* Make pairs of members pairs of the candidates that stand for their copies. */
static void keep_pairs_of_candidates(struct members *members)
{
    size_t n = 0;

    for (size_t i = 0; i < members->n_pairs; i++) {
        const uint32_t a = members->best[members->copies[members->pairs[i].a]];
        const uint32_t b = members->best[members->copies[members->pairs[i].b]];

        if (a != b && a != NO_CANDIDATE && b != NO_CANDIDATE)
            members->pairs[n++] =
                (struct similar_pair){ .a = a < b ? a : b, .b = a < b ? b : a };
    }
    members->n_pairs = n;
}

/* Of each cluster the first candidate leads the others. */
static int lead_clusters(struct members *members, struct error *err)
{
    for (size_t i = 0; i < members->n; i++)
        members->best[i] = NO_CANDIDATE;
    for (size_t c = 0; c < members->n_chosen; c++) {
        uint32_t name;

        if (!find_cluster_member(members, members->items[members->chosen[c]].cluster, &name))
            return error_set(
                err, ERR_INPUT,
                "a cluster has the name of a sample that is not in it: run 'curate "
                "fsck'");
        if (members->best[name] == NO_CANDIDATE)
            members->best[name] = (uint32_t)c;
        members->leader[c] = members->best[name];
    }
    return 0;
}

static int lead(struct store *store, int64_t dedup_set_id, bool by_cluster,
                const struct id_list *candidates, struct members *members, struct error *err)
{
    if (dedup_set_use(store, dedup_set_id, &members->use, err) < 0 ||
        dedup_read_members(store, dedup_set_id, &members->items, &members->n, err) < 0 ||
        allocate_members(members, err) < 0 ||
        connect_copies(store, dedup_set_id, members, err) < 0 ||
        choose_candidates(members, candidates, err) < 0)
        return -1;
    if (by_cluster)
        return lead_clusters(members, err);
    if (dedup_each_pair(store, dedup_set_id, -INFINITY, false, add_pair_of_members, members,
                        err) < 0)
        return -1;
    keep_pairs_of_candidates(members);
    return clusters_leaders_of_groups(members->pairs, members->n_pairs, members->group,
                                      members->order, members->leader, members->n_chosen, err);
}

int duplicates_find(struct store *store, int64_t dedup_set_id, bool by_cluster,
                    const struct id_list *candidates, struct id_list *out, struct error *err)
{
    struct members members = { .n = 0 };
    int rc = lead(store, dedup_set_id, by_cluster, candidates, &members, err);

    *out = (struct id_list){ 0 };
    if (rc == 0 && !(out->ids = calloc(members.n + 1, sizeof *out->ids)))
        rc = error_nomem(err);
    if (rc == 0) {
        for (size_t i = 0; i < members.n; i++)
            members.best[i] = 0;
        for (size_t c = 0; c < members.n_chosen; c++)
            members.best[members.chosen[c]] = members.leader[c] != c;
        for (size_t i = 0; i < members.n; i++)
            if (members.best[i])
                out->ids[out->n++] = members.items[i].sample_id;
    }
    members_release(&members);
    return rc;
}
