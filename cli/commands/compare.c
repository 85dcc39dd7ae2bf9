/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "cli/command.h"
#include "scoring/correlation.h"
#include "store/score_values.h"
#include "store/store.h"

struct compare_args {
    struct text_list metrics;
    const char *model;
};

static const struct option opts[] = {
    { OPTION_TEXT, 0, "model", offsetof(struct compare_args, model), "NAME",
      .help = "model whose scores to use, if several models have a metric" },
    { .type = OPTION_END },
};

static const struct option positional = {
    OPTION_LIST, 0,
    "metrics",   offsetof(struct compare_args, metrics),
    "METRIC",    .help = "two or more metrics",
};

/* Two metrics over the samples that have both. */
struct pair {
    const char *names[2];
    double *values[2];
    size_t n;
    double spearman; /* NAN: one of the metrics has no order */
};

/* Pair the values of the samples that have both metrics. */
static void intersect(const struct score_values *a, const struct score_values *b,
                      struct pair *pair)
{
    size_t j = 0;

    for (size_t i = 0; i < a->n; i++) {
        while (j < b->n && b->sample_ids[j] < a->sample_ids[i])
            j++;
        if (j == b->n)
            break;
        if (b->sample_ids[j] != a->sample_ids[i])
            continue;
        pair->values[0][pair->n] = a->values[i];
        pair->values[1][pair->n++] = b->values[j];
    }
}

static int print_pair(const struct cli *cli, const struct pair *pair, struct error *err)
{
    struct buf buf;
    struct jsonout json;

    if (!cli->json) {
        printf("%-20s %-20s %10zu ", pair->names[0], pair->names[1], pair->n);
        if (isnan(pair->spearman))
            printf("%9s\n", "-");
        else
            printf("%9.4f\n", pair->spearman);
        return 0;
    }
    buf_init(&buf, 1 << 16);
    jsonout_init(&json, &buf);
    jsonout_object_begin(&json);
    jsonout_key(&json, "schema");
    jsonout_text(&json, slice_text("curate.compare/1"));
    jsonout_key(&json, "a");
    jsonout_text(&json, slice_text(pair->names[0]));
    jsonout_key(&json, "b");
    jsonout_text(&json, slice_text(pair->names[1]));
    jsonout_key(&json, "samples");
    jsonout_int(&json, (int64_t)pair->n);
    jsonout_key(&json, "spearman");
    jsonout_double(&json, pair->spearman); /* NAN as null */
    jsonout_object_end(&json);
    const int rc = jsonout_end(&json, err);
    if (rc == 0)
        puts(buf.data);
    buf_release(&buf);
    return rc;
}

static int compare_two(const struct cli *cli, const struct score_values *a,
                       const struct score_values *b, struct pair *pair, struct error *err)
{
    int rc = -1;

    pair->values[0] = calloc(a->n + 1, sizeof(double));
    pair->values[1] = calloc(a->n + 1, sizeof(double));
    if (!pair->values[0] || !pair->values[1]) {
        error_nomem(err);
        goto done;
    }
    intersect(a, b, pair);
    if (correlation_spearman(pair->values[0], pair->values[1], pair->n, &pair->spearman, err) ==
        0)
        rc = print_pair(cli, pair, err);
done:
    free(pair->values[0]);
    free(pair->values[1]);
    return rc;
}

static int read_all(struct store *store, const struct compare_args *args,
                    struct score_values *columns, struct error *err)
{
    for (unsigned i = 0; i < args->metrics.n; i++)
        if (score_values_read(store, args->metrics.items[i], args->model, &columns[i], err) < 0)
            return -1;
    return 0;
}

static int compare_all(const struct cli *cli, const struct text_list *metrics,
                       const struct score_values *columns, struct error *err)
{
    if (!cli->json)
        printf("%-20s %-20s %10s %9s\n", "metric", "metric", "samples", "spearman");
    for (unsigned i = 0; i < metrics->n; i++) {
        for (unsigned j = i + 1; j < metrics->n; j++) {
            struct pair pair = { .names = { metrics->items[i], metrics->items[j] } };

            if (compare_two(cli, &columns[i], &columns[j], &pair, err) < 0)
                return -1;
        }
    }
    return 0;
}

static int cmd_compare_run(struct cli *cli, const void *arguments, struct error *err)
{
    const struct compare_args *args = arguments;
    struct score_values *columns = NULL;
    struct store *store = NULL;
    int rc = -1;

    if (args->metrics.n < 2)
        return error_set(err, ERR_USAGE, "only one metric: name two or more");
    columns = calloc(args->metrics.n, sizeof *columns);
    if (!columns)
        return error_nomem(err);
    if (command_open_store(cli, &store, err) == 0 && read_all(store, args, columns, err) == 0)
        rc = compare_all(cli, &args->metrics, columns, err);
    for (unsigned i = 0; i < args->metrics.n; i++)
        score_values_release(&columns[i]);
    free(columns);
    store_close(store);
    return rc;
}

const struct command cmd_compare = {
    .name = "compare",
    .summary = "compare the orders in which metrics put the samples",
    .description =
        "Prints Spearman's rank correlation of every two metrics, over the samples that have\n"
        "both: 1 means the same order, -1 the opposite one. If a metric has several score\n"
        "sets, the one requested last is used.",
    .options = opts,
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct compare_args),
    .defaults = &(const struct compare_args){ .model = NULL },
    .run = cmd_compare_run,
};
