/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/selection/order.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"

struct ordered {
    double value;
    uint32_t sample;
};

static int compare_ordered(const void *left, const void *right)
{
    const struct ordered *a = left;
    const struct ordered *b = right;

    if (a->value != b->value)
        return a->value > b->value ? -1 : 1;
    return (a->sample > b->sample) - (a->sample < b->sample);
}

static int order_quotients(const double *values, const uint64_t *costs, size_t n,
                           uint32_t *order, size_t *n_ordered, struct error *err)
{
    struct ordered *sorted = reallocarray(NULL, n ? n : 1, sizeof *sorted);
    size_t n_sorted = 0;

    if (!sorted)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const double cost = costs && costs[i] > 0 ? (double)costs[i] : 1;

        if (!isnan(values[i]))
            sorted[n_sorted++] = (struct ordered){ values[i] / cost, (uint32_t)i };
    }
    qsort(sorted, n_sorted, sizeof *sorted, compare_ordered);
    for (size_t i = 0; i < n_sorted; i++)
        order[i] = sorted[i].sample;
    *n_ordered = n_sorted;
    free(sorted);
    return 0;
}

int order_by_value(const double *values, size_t n, uint32_t *order, size_t *n_ordered,
                   struct error *err)
{
    return order_quotients(values, NULL, n, order, n_ordered, err);
}

int order_by_value_per_cost(const double *values, const uint64_t *costs, size_t n,
                            uint32_t *order, size_t *n_ordered, struct error *err)
{
    return order_quotients(values, costs, n, order, n_ordered, err);
}
