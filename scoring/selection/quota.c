/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/selection/quota.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"

struct remainder {
    double rest;
    size_t group;
};

static int compare_remainders(const void *left, const void *right)
{
    const struct remainder *a = left;
    const struct remainder *b = right;

    if (a->rest != b->rest)
        return a->rest > b->rest ? -1 : 1;
    return (a->group > b->group) - (a->group < b->group);
}

/* Round shares to whole numbers that sum to `total`, none below its low or above its cap. lows
 * and caps may be NULL. The sum of the lows is at most `total`, that of the caps at least. */
static int round_shares(uint64_t total, const double *shares, const double *lows,
                        const uint64_t *caps, size_t n, uint64_t *out, struct error *err)
{
    struct remainder *rests = reallocarray(NULL, n ? n : 1, sizeof *rests);
    uint64_t given = 0;

    if (!rests)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const double whole = floor(shares[i]);

        rests[i] = (struct remainder){ shares[i] - whole, i };
        out[i] = (uint64_t)whole;
        if (caps && out[i] > caps[i])
            out[i] = caps[i];
        given += out[i];
    }
    qsort(rests, n, sizeof *rests, compare_remainders);
    /* Rounding of the shares may make their whole parts sum to slightly more than the total. */
    for (size_t i = n; given > total; i = i > 1 ? i - 1 : n)
        if ((double)out[rests[i - 1].group] > (lows ? lows[rests[i - 1].group] : 0)) {
            out[rests[i - 1].group]--;
            given--;
        }
    for (size_t i = 0; given < total; i = i + 1 < n ? i + 1 : 0)
        if (!caps || out[rests[i].group] < caps[rests[i].group]) {
            out[rests[i].group]++;
            given++;
        }
    free(rests);
    return 0;
}

int quota_share(uint64_t total, const double *weights, size_t n, uint64_t *out,
                struct error *err)
{
    double sum = 0;
    int rc = -1;

    for (size_t i = 0; i < n; i++)
        sum += weights[i];
    if (!(sum > 0))
        return error_set(err, ERR_INPUT, "no group has a share above 0: give one a share");

    double *shares = reallocarray(NULL, n, sizeof *shares);
    if (!shares)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++)
        shares[i] = (double)total * weights[i] / sum;
    rc = round_shares(total, shares, NULL, NULL, n, out, err);
    free(shares);
    return rc;
}

/* The level at which a group begins to get more than its low, or is full. */
struct level {
    double at;
    double weight; /* joins the groups that rise with the level, or leaves them if negative */
};

static int compare_levels(const void *left, const void *right)
{
    const struct level *a = left;
    const struct level *b = right;

    return (a->at > b->at) - (a->at < b->at);
}

/* The level at which the groups get `total` above their lows, `total` >= 0: between two
 * neighbouring levels the sum of all groups rises linearly. */
static double find_level(struct level *levels, size_t n, double total)
{
    double weight = 0, level = 0, sum = 0;

    qsort(levels, n, sizeof *levels, compare_levels);
    for (size_t i = 0; i < n; i++) {
        const double next = sum + weight * (levels[i].at - level);

        if (next >= total && weight > 0)
            return level + (total - sum) / weight;
        sum = next;
        level = levels[i].at;
        weight += levels[i].weight;
    }
    return INFINITY;
}

int quota_fill(double total, const double *weights, const double *lows, const double *caps,
               size_t n, double *out, double *left, struct error *err)
{
    struct level *levels = reallocarray(NULL, 2 * n + 1, sizeof *levels);
    double above = total, given = 0;
    size_t n_levels = 0;

    if (!levels)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const double low = lows ? lows[i] : 0;

        above -= low;
        if (!(weights[i] > 0) || !(caps[i] > low))
            continue;
        levels[n_levels++] = (struct level){ low / weights[i], weights[i] };
        levels[n_levels++] = (struct level){ caps[i] / weights[i], -weights[i] };
    }
    const double level = above > 0 ? find_level(levels, n_levels, above) : 0;
    for (size_t i = 0; i < n; i++) {
        const double share = weights[i] > 0 ? fmin(level * weights[i], caps[i]) : 0;

        out[i] = fmax(share, lows ? lows[i] : 0);
        given += out[i];
    }
    *left = isfinite(level) || given >= total ? 0 : total - given;
    free(levels);
    return 0;
}

/* Bounds of a group after those of its children were counted in. */
struct bounds {
    uint64_t low;
    uint64_t cap;
    uint64_t child_low;
    uint64_t child_cap;
    uint64_t n_children;
};

static uint64_t smaller_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Children come after their parents, so walking backwards sees all children first. */
static int find_bounds(struct quota_group *groups, struct bounds *bounds, size_t n,
                       struct error *err)
{
    for (size_t i = 0; i < n; i++)
        if (groups[i].parent != QUOTA_NO_PARENT && bounds[groups[i].parent].n_children++ == 0)
            groups[groups[i].parent].have = 0;
    for (size_t i = n; i-- > 0;) {
        struct quota_group *group = &groups[i];
        struct bounds *b = &bounds[i];

        if (group->min > group->max)
            return error_set(err, ERR_INPUT,
                             "%s: the minimum %" PRIu64 " is above the maximum %" PRIu64
                             ": lower the one or raise the other",
                             group->name, group->min, group->max);
        b->cap = smaller_u64(group->have, group->max);
        if (b->n_children > 0)
            b->cap = smaller_u64(b->cap, b->child_cap);
        b->low = group->min > b->child_low ? group->min : b->child_low;
        b->low = smaller_u64(b->low, b->cap);
        if (group->parent == QUOTA_NO_PARENT)
            continue;
        groups[group->parent].have += group->have;
        bounds[group->parent].child_low += b->low;
        bounds[group->parent].child_cap += b->cap;
    }
    return 0;
}

/* Arrays for the groups of one parent. */
struct siblings {
    size_t *members;
    size_t n;
    double *weights;
    double *lows;
    double *caps;
    double *shares;
    uint64_t *whole_caps;
    uint64_t *whole;
};

static void siblings_release(struct siblings *s)
{
    free(s->members);
    free(s->weights);
    free(s->lows);
    free(s->caps);
    free(s->shares);
    free(s->whole_caps);
    free(s->whole);
}

/* The caller releases the arrays, also after an error. */
static int siblings_init(struct siblings *s, size_t n, struct error *err)
{
    const size_t room = n ? n : 1;

    *s = (struct siblings){
        .members = calloc(room, sizeof *s->members),
        .weights = calloc(room, sizeof *s->weights),
        .lows = calloc(room, sizeof *s->lows),
        .caps = calloc(room, sizeof *s->caps),
        .shares = calloc(room, sizeof *s->shares),
        .whole_caps = calloc(room, sizeof *s->whole_caps),
        .whole = calloc(room, sizeof *s->whole),
    };
    return s->members && s->weights && s->lows && s->caps && s->shares && s->whole_caps &&
                   s->whole
               ? 0
               : error_nomem(err);
}

/* Set take and asked of the groups in s, which share `total` and `asked`. */
static int allocate_siblings(struct quota_group *groups, const struct bounds *bounds,
                             struct siblings *s, uint64_t total, uint64_t asked,
                             struct error *err)
{
    uint64_t low_sum = 0, cap_sum = 0;
    double weight_sum = 0, left;

    for (size_t k = 0; k < s->n; k++) {
        const struct bounds *b = &bounds[s->members[k]];

        s->weights[k] = groups[s->members[k]].weight;
        s->lows[k] = (double)b->low;
        /* A group without a share takes its minimum and no more. */
        s->whole_caps[k] = s->weights[k] > 0 ? b->cap : b->low;
        s->caps[k] = (double)s->whole_caps[k];
        weight_sum += s->weights[k];
        low_sum += b->low;
        cap_sum += s->whole_caps[k];
    }
    if (low_sum > total)
        return error_set(err, ERR_INPUT,
                         "the minima of the groups sum to %" PRIu64 ", but only %" PRIu64
                         " are to be taken: lower the minima or raise the total",
                         low_sum, total);
    total = smaller_u64(total, cap_sum);
    if (quota_fill((double)total, s->weights, s->lows, s->caps, s->n, s->shares, &left, err) <
            0 ||
        round_shares(total, s->shares, s->lows, s->whole_caps, s->n, s->whole, err) < 0)
        return -1;
    for (size_t k = 0; k < s->n; k++)
        groups[s->members[k]].take = s->whole[k];
    memset(s->whole, 0, s->n * sizeof *s->whole);
    if (weight_sum > 0 && quota_share(asked, s->weights, s->n, s->whole, err) < 0)
        return -1;
    for (size_t k = 0; k < s->n; k++)
        groups[s->members[k]].asked = s->whole[k];
    return 0;
}

static int allocate_children(struct quota_group *groups, const struct bounds *bounds, size_t n,
                             struct siblings *s, uint32_t parent, uint64_t total,
                             struct error *err)
{
    const bool top = parent == QUOTA_NO_PARENT;

    s->n = 0;
    for (size_t i = top ? 0 : parent + (size_t)1; i < n; i++)
        if (groups[i].parent == parent)
            s->members[s->n++] = i;
    if (s->n > 0 && allocate_siblings(groups, bounds, s, top ? total : groups[parent].take,
                                      top ? total : groups[parent].asked, err) < 0)
        return top ? -1 : error_prefix(err, "%s", groups[parent].name);
    return 0;
}

int quota_allocate(struct quota_group *groups, size_t n, uint64_t total, uint64_t *unfilled,
                   struct error *err)
{
    struct bounds *bounds = calloc(n ? n : 1, sizeof *bounds);
    struct siblings siblings = { 0 };
    uint64_t taken = 0;
    int rc = -1;

    if (!bounds) {
        error_nomem(err);
        goto done;
    }
    if (siblings_init(&siblings, n, err) < 0 || find_bounds(groups, bounds, n, err) < 0 ||
        allocate_children(groups, bounds, n, &siblings, QUOTA_NO_PARENT, total, err) < 0)
        goto done;
    for (size_t i = 0; i < n; i++) {
        if (bounds[i].n_children > 0 &&
            allocate_children(groups, bounds, n, &siblings, (uint32_t)i, 0, err) < 0)
            goto done;
        if (groups[i].parent == QUOTA_NO_PARENT)
            taken += groups[i].take;
    }
    *unfilled = total - taken;
    rc = 0;
done:
    siblings_release(&siblings);
    free(bounds);
    return rc;
}

bool quota_is_met(const struct quota_group *groups, size_t n, uint64_t total)
{
    uint64_t taken = 0;

    for (size_t i = 0; i < n; i++) {
        if (groups[i].take < groups[i].min)
            return false;
        if (groups[i].parent == QUOTA_NO_PARENT)
            taken += groups[i].take;
    }
    return taken == total;
}

static size_t depth_of(const struct quota_group *groups, size_t i)
{
    size_t depth = 0;

    for (; groups[i].parent != QUOTA_NO_PARENT; depth++)
        i = groups[i].parent;
    return depth;
}

int quota_print(const struct quota_group *groups, size_t n, struct buf *out, struct error *err)
{
    size_t width = sizeof "group" - 1;

    for (size_t i = 0; i < n; i++) {
        const size_t len = strlen(groups[i].name) + 2 * depth_of(groups, i);

        width = len > width ? len : width;
    }
    if (buf_printf(out, err, "%-*s  %12s  %12s  %12s  %12s\n", (int)width, "group", "asked",
                   "had", "taken", "missing") < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const struct quota_group *group = &groups[i];
        const uint64_t wanted = group->min > group->asked ? group->min : group->asked;
        const size_t indent = 2 * depth_of(groups, i);

        if (buf_printf(out, err,
                       "%*s%-*s  %12" PRIu64 "  %12" PRIu64 "  %12" PRIu64 "  %12" PRIu64 "\n",
                       (int)indent, "", (int)(width - indent), group->name, group->asked,
                       group->have, group->take,
                       wanted > group->take ? wanted - group->take : 0) < 0)
            return -1;
    }
    return 0;
}
