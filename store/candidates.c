/* SPDX-License-Identifier: Apache-2.0 */
#include "store/candidates.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/condition_private.h"
#include "store/db_private.h"
#include "store/profile.h"
#include "store/selection.h"

static const char READ_HASHES[] = "SELECT sample_id, hash FROM sample ORDER BY sample_id";

static const char READ_SCORES[] = "SELECT sample_id, value, 0 FROM score"
                                  " WHERE score_set_id = :set_id ORDER BY sample_id";

/* A sample before it has a number. */
struct named_sample {
    struct hash hash;
    int64_t id;
    uint32_t by_id;
};

struct named_list {
    struct named_sample *items;
    size_t n;
    size_t cap;
};

static int compare_named(const void *left, const void *right)
{
    const struct named_sample *a = left, *b = right;

    return memcmp(a->hash.bytes, b->hash.bytes, HASH_BYTES);
}

static int add_named(struct named_list *list, int64_t id, struct slice hash, struct error *err)
{
    if (hash.len != HASH_BYTES)
        return error_set(err, ERR_INPUT,
                         "sample %lld: its hash has %zu bytes: run 'curate fsck'",
                         (long long)id, hash.len);
    if (list->n == UINT32_MAX)
        return error_set(err, ERR_INPUT, "more than %u samples cannot be selected from at once",
                         UINT32_MAX);
    if (list->n == list->cap) {
        const size_t cap = list->cap ? list->cap + list->cap / 2 : 1024;
        struct named_sample *items = reallocarray(list->items, cap, sizeof *items);

        if (!items)
            return error_nomem(err);
        list->items = items;
        list->cap = cap;
    }
    struct named_sample *added = &list->items[list->n];
    added->id = id;
    added->by_id = (uint32_t)list->n++;
    memcpy(added->hash.bytes, hash.ptr, HASH_BYTES);
    return 0;
}

/* Is the id in the list, whose ids are asked for in ascending order? */
static bool reaches_id(const struct id_list *list, size_t *at, int64_t id)
{
    while (*at < list->n && list->ids[*at] < id)
        ++*at;
    return *at < list->n && list->ids[*at] == id;
}

/* Read the samples that are in `met` (NULL: all) and pass the filter's lists. */
static int read_named(struct store *store, const struct id_list *met,
                      const struct candidate_filter *filter, struct named_list *list,
                      struct error *err)
{
    size_t at_met = 0, at_within = 0, at_except = 0;
    struct stmt *stmt = NULL;
    int rc;

    if (stmt_use(store, READ_HASHES, &stmt, err) < 0)
        return -1;
    while ((rc = stmt_next(stmt, err)) == 1) {
        const int64_t id = stmt_int(stmt, 0);

        if ((met && !reaches_id(met, &at_met, id)) ||
            (filter->within && !reaches_id(filter->within, &at_within, id)) ||
            (filter->except && reaches_id(filter->except, &at_except, id)))
            continue;
        if (add_named(list, id, stmt_bytes(stmt, 1), err) < 0) {
            stmt_reset(stmt);
            return -1;
        }
    }
    return rc;
}

/* Number the samples. */
static int number_candidates(struct named_list *list, struct candidates *out, struct error *err)
{
    const size_t n = list->n;

    out->ids = calloc(n + 1, sizeof *out->ids);
    out->hashes = calloc(n + 1, sizeof *out->hashes);
    out->by_id = calloc(n + 1, sizeof *out->by_id);
    if (!out->ids || !out->hashes || !out->by_id)
        return error_nomem(err);
    if (n > 0)
        qsort(list->items, n, sizeof *list->items, compare_named);
    for (size_t i = 0; i < n; i++) {
        out->ids[i] = list->items[i].id;
        out->hashes[i] = list->items[i].hash;
        out->by_id[list->items[i].by_id] = (uint32_t)i;
    }
    out->n = n;
    return 0;
}

int candidates_read(struct store *store, const struct candidate_filter *filter,
                    struct candidates *out, struct error *err)
{
    struct id_list met = { 0 };
    struct named_list list = { 0 };
    int rc = 0;

    *out = (struct candidates){ 0 };
    if (filter->condition)
        rc = condition_select(store, filter->condition, &met, err);
    if (rc == 0)
        rc = read_named(store, filter->condition ? &met : NULL, filter, &list, err);
    if (rc == 0)
        rc = number_candidates(&list, out, err);
    if (rc < 0)
        candidates_release(out);
    id_list_release(&met);
    free(list.items);
    return rc;
}

void candidates_release(struct candidates *candidates)
{
    free(candidates->ids);
    free(candidates->hashes);
    free(candidates->by_id);
    *candidates = (struct candidates){ 0 };
}

/* Find the candidate with this id, whose place in the order of ids is at least *at. */
static bool find_candidate(const struct candidates *candidates, size_t *at, int64_t id,
                           uint32_t *out)
{
    while (*at < candidates->n && candidates->ids[candidates->by_id[*at]] < id)
        ++*at;
    if (*at == candidates->n || candidates->ids[candidates->by_id[*at]] != id)
        return false;
    *out = candidates->by_id[*at];
    return true;
}

/* Open the statement that returns ids in ascending order, values, and whether a sample is
 * outside the top. */
static int open_numbers(struct store *store, const struct profile_fact *fact, struct stmt **out,
                        struct error *err)
{
    char sql[320];

    if (fact->cohort_id > 0)
        snprintf(sql, sizeof sql,
                 "SELECT sample_id, %s, status = 'outside_top' FROM cohort_score"
                 " WHERE cohort_id = :set_id ORDER BY sample_id",
                 fact->cohort_column);
    else if (fact->score_set_id > 0)
        snprintf(sql, sizeof sql, "%s", READ_SCORES);
    else /* a name of fact_column is an identifier */
        snprintf(sql, sizeof sql,
                 "SELECT sample_id, \"%s\", 0 FROM fact WHERE \"%s\" IS NOT NULL"
                 " ORDER BY sample_id",
                 fact->name, fact->name);
    if (stmt_open(store, sql, out, err) < 0)
        return -1;
    if (fact->cohort_id > 0)
        stmt_bind_int(*out, ":set_id", fact->cohort_id);
    else if (fact->score_set_id > 0)
        stmt_bind_int(*out, ":set_id", fact->score_set_id);
    return 0;
}

int candidates_read_numbers(struct store *store, const struct candidates *candidates,
                            const struct profile_fact *fact, double *out, uint64_t *n_outside,
                            struct error *err)
{
    struct stmt *stmt = NULL;
    uint32_t candidate;
    uint64_t n = 0;
    size_t at = 0;
    int rc;

    for (size_t i = 0; i < candidates->n; i++)
        out[i] = NAN;
    if (open_numbers(store, fact, &stmt, err) < 0)
        return -1;
    while ((rc = stmt_next(stmt, err)) == 1) {
        if (!find_candidate(candidates, &at, stmt_int(stmt, 0), &candidate))
            continue;
        if (stmt_column_type(stmt, 1) == STMT_NULL) {
            n += stmt_int(stmt, 2) != 0;
            continue;
        }
        out[candidate] = stmt_real(stmt, 1);
        if (!isfinite(out[candidate])) {
            rc = error_set(
                err, ERR_INPUT,
                "sample %lld: the stored value of %s is not finite: run 'curate fsck'",
                (long long)candidates->ids[candidate], fact->name);
            break;
        }
    }
    stmt_close(stmt);
    if (n_outside)
        *n_outside = n;
    return rc;
}

/* Groups by their names, in the order in which they are found. */
struct group_table {
    const char **names; /* NULL: no value */
    size_t n;
    uint32_t *slots; /* a group + 1, or 0 */
    bool has_none;
    uint32_t none; /* the group without a value */
};

enum { GROUP_SLOTS = 1 << 15 }; /* a power of two, thrice CANDIDATE_GROUPS_MAX */

/* Find or add the group of a name; ptr NULL: no value. */
static int find_group(struct group_table *table, struct slice name, struct arena *texts,
                      uint32_t *out, struct error *err)
{
    if (name.ptr) /* a name ends at a NUL */
        name.len = strnlen(name.ptr, name.len);
    size_t slot = name.ptr ? hash_u64(name) % GROUP_SLOTS : 0;

    if (!name.ptr && table->has_none) {
        *out = table->none;
        return 0;
    }
    while (name.ptr && table->slots[slot] > 0) {
        *out = table->slots[slot] - 1;
        if (slice_equal(slice_text(table->names[*out]), name))
            return 0;
        slot = (slot + 1) % GROUP_SLOTS;
    }
    if (table->n == CANDIDATE_GROUPS_MAX)
        return error_set(err, ERR_USAGE, "makes more than %d groups", CANDIDATE_GROUPS_MAX);
    *out = (uint32_t)table->n;
    table->names[*out] = NULL;
    if (name.ptr && !(table->names[*out] = arena_copy(texts, name).ptr))
        return error_nomem(err);
    if (name.ptr) {
        table->slots[slot] = *out + 1;
    } else {
        table->has_none = true;
        table->none = *out;
    }
    table->n++;
    return 0;
}

struct named_group {
    const char *name;
    uint32_t found_as;
};

static int compare_group_names(const void *left, const void *right)
{
    const struct named_group *a = left, *b = right;

    if (!a->name || !b->name)
        return (a->name != NULL) - (b->name != NULL);
    return strcmp(a->name, b->name);
}

/* Put the groups into the order of their names. */
static int sort_groups(struct candidate_groups *groups, size_t n_candidates, struct error *err)
{
    struct named_group *sorted = calloc(groups->n + 1, sizeof *sorted);
    uint32_t *place = calloc(groups->n + 1, sizeof *place);

    if (!sorted || !place) {
        free(sorted);
        free(place);
        return error_nomem(err);
    }
    for (size_t i = 0; i < groups->n; i++)
        sorted[i] = (struct named_group){ groups->names[i], (uint32_t)i };
    qsort(sorted, groups->n, sizeof *sorted, compare_group_names);
    for (size_t i = 0; i < groups->n; i++) {
        groups->names[i] = sorted[i].name;
        place[sorted[i].found_as] = (uint32_t)i;
    }
    for (size_t i = 0; i < n_candidates; i++)
        groups->group[i] = place[groups->group[i]];
    free(sorted);
    free(place);
    return 0;
}

static int collect_groups(struct stmt *stmt, const struct candidates *candidates,
                          struct group_table *table, struct candidate_groups *out,
                          struct error *err)
{
    uint32_t candidate;
    size_t at = 0, n_found = 0;
    int rc;

    while ((rc = stmt_next(stmt, err)) == 1) {
        const bool is_null = stmt_column_type(stmt, 1) == STMT_NULL;

        if (!find_candidate(candidates, &at, stmt_int(stmt, 0), &candidate))
            continue;
        if (find_group(table, is_null ? slice_of(NULL, 0) : stmt_bytes(stmt, 1), &out->texts,
                       &out->group[candidate], err) < 0)
            return -1;
        n_found++;
    }
    if (rc == 0 && n_found < candidates->n)
        return error_set(err, ERR_INVARIANT, "%zu candidates have no group",
                         candidates->n - n_found);
    out->n = table->n;
    return rc;
}

int candidates_read_groups(struct store *store, const struct candidates *candidates,
                           const char *expression, struct candidate_groups *out,
                           struct error *err)
{
    struct group_table table = { .slots = calloc(GROUP_SLOTS, sizeof *table.slots) };
    struct stmt *stmt = NULL;
    int rc;

    *out =
        (struct candidate_groups){ .group = calloc(candidates->n + 1, sizeof *out->group),
                                   .names = calloc(CANDIDATE_GROUPS_MAX, sizeof *out->names) };
    arena_init(&out->texts);
    table.names = out->names;
    if (!table.slots || !out->group || !out->names)
        rc = error_nomem(err);
    else
        rc = expression_open(store, expression, &stmt, err);
    if (rc == 0)
        rc = collect_groups(stmt, candidates, &table, out, err);
    if (stmt)
        stmt_close(stmt);
    if (rc == 0)
        rc = sort_groups(out, candidates->n, err);
    if (rc < 0)
        candidate_groups_release(out);
    free(table.slots);
    return rc;
}

void candidate_groups_release(struct candidate_groups *groups)
{
    free(groups->group);
    free(groups->names);
    arena_release(&groups->texts);
    *groups = (struct candidate_groups){ 0 };
}
