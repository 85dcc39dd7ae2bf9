/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/selection/split.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "scoring/selection/quota.h"

int split_point(struct digest *digest, const char *seed, struct slice key, uint64_t *out,
                struct error *err)
{
    uint8_t bytes[DIGEST_BYTES];
    uint64_t point = 0;

    if (digest_restart(digest, err) < 0 ||
        digest_add(digest, seed, strlen(seed) + 1, err) < 0 || /* with its NUL */
        digest_add(digest, key.ptr, key.len, err) < 0 || digest_end(digest, bytes, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof point; i++)
        point = point << 8 | bytes[i];
    *out = point;
    return 0;
}

uint32_t split_part_of(uint64_t point, const double *shares, size_t n_parts)
{
    const double u = (double)point * 0x1p-64;
    double sum = 0;

    for (size_t p = 0; p + 1 < n_parts; p++) {
        sum += shares[p];
        if (sum > u)
            return (uint32_t)p;
    }
    return (uint32_t)(n_parts - 1); /* also where rounding leaves the sum below 1 */
}

void split_by_hash(struct split_group *groups, size_t n, const double *shares, size_t n_parts)
{
    for (size_t i = 0; i < n; i++)
        if (groups[i].part == SPLIT_NONE)
            groups[i].part = split_part_of(groups[i].point, shares, n_parts);
}

static int compare_group_points(const void *first, const void *second)
{
    const struct split_group *a = *(const struct split_group *const *)first;
    const struct split_group *b = *(const struct split_group *const *)second;

    if (a->stratum != b->stratum)
        return a->stratum < b->stratum ? -1 : 1;
    if (a->point != b->point)
        return a->point < b->point ? -1 : 1;
    return (a->first > b->first) - (a->first < b->first);
}

/* Fill the parts with the groups of one stratum. */
static int fill_parts(struct split_group **groups, size_t n, const double *shares,
                      size_t n_parts, uint64_t *goals, struct error *err)
{
    uint64_t total = 0;
    uint64_t had = 0;
    uint32_t part = 0;

    for (size_t i = 0; i < n; i++)
        total += groups[i]->weight;
    if (quota_share(total, shares, n_parts, goals, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        while (had >= goals[part] && part + 1 < n_parts) {
            part++;
            had = 0;
        }
        groups[i]->part = part;
        had += groups[i]->weight;
    }
    return 0;
}

int split_exact(struct split_group *groups, size_t n, const double *shares, size_t n_parts,
                struct error *err)
{
    struct split_group **order = calloc(n + 1, sizeof *order);
    uint64_t *goals = calloc(n_parts, sizeof *goals);
    int rc = order && goals ? 0 : error_nomem(err);

    for (size_t i = 0; rc == 0 && i < n; i++)
        order[i] = &groups[i];
    if (rc == 0)
        qsort(order, n, sizeof *order, compare_group_points);
    for (size_t i = 0, end; rc == 0 && i < n; i = end) {
        for (end = i + 1; end < n && order[end]->stratum == order[i]->stratum; end++)
            ;
        rc = fill_parts(order + i, end - i, shares, n_parts, goals, err);
    }
    free(order);
    free(goals);
    return rc;
}

int split_keep(const struct split_old *old, const uint32_t *group_of, size_t n_samples,
               struct split_group *groups, size_t n, struct split_kept *out, struct error *err)
{
    uint32_t *keys = calloc(n + 1, sizeof *keys);
    bool *is_joined = calloc(n + 1, sizeof *is_joined);

    *out = (struct split_kept){ 0 };
    if (!keys || !is_joined) {
        free(keys);
        free(is_joined);
        return error_nomem(err);
    }
    for (size_t i = 0; i < n_samples; i++) {
        const uint32_t g = group_of[i];

        if (g == SPLIT_NONE || old[i].key == SPLIT_NONE)
            continue;
        const bool is_first = groups[g].part == SPLIT_NONE;
        if (!is_first && old[i].key != keys[g])
            is_joined[g] = true;
        if (is_first || old[i].key < keys[g]) {
            groups[g].part = old[i].part;
            keys[g] = old[i].key;
        }
    }
    for (size_t i = 0; i < n_samples; i++)
        out->n_moved += group_of[i] != SPLIT_NONE && old[i].key != SPLIT_NONE &&
                        groups[group_of[i]].part != old[i].part;
    for (size_t i = 0; i < n; i++)
        out->n_joined += is_joined[i];
    free(keys);
    free(is_joined);
    return 0;
}
