/* SPDX-License-Identifier: Apache-2.0 */
/* How alike the vectors of a pool are. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "base/report.h"
#include "stages/dedup/semantic_private.h"
#include "stages/stage.h"
#include "store/store.h"

enum { STATISTICS_MAX_BYTES = 1 << 16 };

/* Shares of the vectors, in percent, in the order of the keys of JSON. */
static const struct {
    const char *key;
    unsigned percent;
} quantiles[] = { { "p000", 0 },  { "p001", 1 },  { "p005", 5 },
                  { "p025", 25 }, { "p050", 50 }, { "p075", 75 },
                  { "p095", 95 }, { "p099", 99 }, { "p100", 100 } };
enum { QUANTILES = sizeof quantiles / sizeof *quantiles, MEDIAN = 4 };

/* Above this median, a vector without a duplicate is as near to its neighbour as one with. */
#define MEDIAN_SQUEEZED 0.9

struct nearest_summary {
    size_t n; /* vectors with a neighbour */
    double at[QUANTILES];
};

static int compare_floats(const void *left, const void *right)
{
    const float a = *(const float *)left;
    const float b = *(const float *)right;

    return (a > b) - (a < b);
}

/* The value at a share of n >= 1 sorted values: the smallest that this share does not exceed.
 */
static double value_at(const float *sorted, size_t n, unsigned percent)
{
    const size_t rank = (n * percent + 99) / 100;

    return (double)sorted[rank > 0 ? rank - 1 : 0];
}

static int summarise(const struct semantic_pool *pool, struct nearest_summary *out,
                     struct error *err)
{
    float *sorted = calloc(pool->n + 1, sizeof *sorted);

    if (!sorted)
        return error_nomem(err);
    for (size_t i = 0; i < pool->n; i++)
        if (pool->nearest[i] > PRODUCTS_NONE)
            sorted[out->n++] = pool->nearest[i];
    qsort(sorted, out->n, sizeof *sorted, compare_floats);
    for (size_t i = 0; out->n > 0 && i < QUANTILES; i++)
        out->at[i] = value_at(sorted, out->n, quantiles[i].percent);
    free(sorted);
    return 0;
}

static void put_sum(struct jsonout *json, const char *key, uint64_t sum)
{
    char hex[17];

    snprintf(hex, sizeof hex, "%016" PRIx64, sum);
    jsonout_key(json, key);
    jsonout_text(json, slice_text(hex));
}

static int write_statistics(const struct semantic_pool *pool,
                            const struct nearest_summary *summary, struct buf *out,
                            struct error *err)
{
    struct jsonout json;

    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    put_sum(&json, "compared", pool->sums.compared);
    jsonout_key(&json, "nearest");
    jsonout_object_begin(&json);
    for (size_t i = 0; summary->n > 0 && i < QUANTILES; i++) {
        jsonout_key(&json, quantiles[i].key);
        jsonout_double(&json, summary->at[i]);
    }
    jsonout_object_end(&json);
    put_sum(&json, "pool", pool->sums.pool);
    jsonout_key(&json, "vectors");
    jsonout_int(&json, (int64_t)pool->n);
    jsonout_object_end(&json);
    return jsonout_end(&json, err);
}

static int store_statistics(const struct semantic_job *job, const struct semantic_pool *pool,
                            const struct nearest_summary *summary, struct error *err)
{
    struct store *store = job->context->store;
    struct buf json;
    int rc = -1;

    buf_init(&json, STATISTICS_MAX_BYTES);
    if (write_statistics(pool, summary, &json, err) == 0 && store_begin(store, err) == 0) {
        rc = dedup_put_statistics(store, job->dedup_set_id, buf_slice(&json), err);
        if (rc == 0)
            rc = store_commit(store, err);
        if (rc < 0)
            store_rollback(store);
    }
    buf_release(&json);
    return rc;
}

static void note_quantiles(const struct semantic_job *job, const struct semantic_pool *pool,
                           const struct nearest_summary *summary, double threshold)
{
    struct report *report = job->context->report;
    char line[QUANTILES * 9 + 1] = "", values[QUANTILES * 9 + 1] = "";

    for (size_t i = 0; i < QUANTILES; i++) {
        snprintf(line + strlen(line), sizeof line - strlen(line), "%7u%%",
                 quantiles[i].percent);
        snprintf(values + strlen(values), sizeof values - strlen(values), "%8.4f",
                 summary->at[i]);
    }
    report_note(report, "cosine of the nearest vector%s, at shares of %zu vectors",
                pool->mean ? ", the mean subtracted" : "", summary->n);
    report_note(report, "%s", line);
    report_note(report, "%s", values);
    if (!pool->mean && summary->at[MEDIAN] > MEDIAN_SQUEEZED)
        report_note(
            report,
            "half of the vectors have a neighbour at %.4f or above: the vectors share a "
            "large part: compare the quantiles with the threshold %g, or use --centre",
            summary->at[MEDIAN], threshold);
}

int semantic_report(const struct semantic_job *job, const struct semantic_pool *pool,
                    double threshold, struct stage_result *result, struct error *err)
{
    struct nearest_summary summary = { .n = 0 };

    if (summarise(pool, &summary, err) < 0 || store_statistics(job, pool, &summary, err) < 0)
        return -1;
    if (summary.n == 0)
        return 0;
    note_quantiles(job, pool, &summary, threshold);
    stage_fact_real(result, "nearest_median", summary.at[MEDIAN]);
    return 0;
}
