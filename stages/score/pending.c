/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/pending.h"

#include <stdlib.h>

#include "base/error.h"
#include "store/sample.h"
#include "store/selection.h"

int pending_add(struct pending_list *list, const struct id_list *ids, uint32_t nodes,
                struct error *err)
{
    struct pending *samples =
        reallocarray(list->samples, list->n + ids->n + 1, sizeof *samples);

    if (!samples)
        return error_nomem(err);
    list->samples = samples;
    for (size_t i = 0; i < ids->n; i++)
        samples[list->n + i] = (struct pending){ .sample_id = ids->ids[i], .nodes = nodes };
    list->n += ids->n;
    return 0;
}

void pending_release(struct pending_list *list)
{
    free(list->samples);
    *list = (struct pending_list){ 0 };
}

static int compare_pending_ids(const void *left, const void *right)
{
    const struct pending *a = left;
    const struct pending *b = right;

    return (a->sample_id > b->sample_id) - (a->sample_id < b->sample_id);
}

static int compare_pending(const void *left, const void *right)
{
    const struct pending *a = left;
    const struct pending *b = right;

    if (a->nodes != b->nodes)
        return a->nodes < b->nodes ? -1 : 1;
    if (a->context_id != b->context_id)
        return a->context_id < b->context_id ? -1 : 1;
    return compare_pending_ids(left, right);
}

int pending_sort(struct pending_list *list, struct store *store, struct error *err)
{
    struct pending *samples = list->samples;
    size_t n = 0;

    if (list->n == 0)
        return 0;
    qsort(samples, list->n, sizeof *samples, compare_pending_ids);
    for (size_t i = 0; i < list->n; i++) {
        if (n > 0 && samples[n - 1].sample_id == samples[i].sample_id)
            samples[n - 1].nodes |= samples[i].nodes;
        else
            samples[n++] = samples[i];
    }
    list->n = n;
    for (size_t i = 0; i < n; i++)
        if (sample_context_id(store, samples[i].sample_id, &samples[i].context_id, err) < 0)
            return -1;
    qsort(samples, n, sizeof *samples, compare_pending);
    return 0;
}

bool pending_shares_context(const struct pending_list *list, size_t i)
{
    const struct pending *sample = &list->samples[i];

    return i > 0 && sample->context_id != 0 && sample->context_id == sample[-1].context_id &&
           sample->nodes == sample[-1].nodes;
}

size_t pending_find_token(const struct pending_list *list, uint64_t token)
{
    size_t low = 0, high = list->n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (middle > 0 ? list->samples[middle - 1].end_token < token : token > 0)
            low = middle + 1;
        else
            high = middle;
    }
    while (low < list->n && pending_shares_context(list, low))
        low++;
    return low;
}
