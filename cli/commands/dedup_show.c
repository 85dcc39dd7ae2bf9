/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/text/escape.h"
#include "cli/command.h"
#include "cli/rows.h"
#include "store/dedup.h"
#include "store/query.h"
#include "store/store.h"

enum { SHOWN_MAX_BYTES = 1 << 30, SHOWN_CHARS = 300 };

struct dedup_show_args {
    const char *set;
    int64_t sample;
    int64_t limit;
    bool whole;
};

static const struct option opts[] = {
    { OPTION_INT, 0, "sample", offsetof(struct dedup_show_args, sample), "ID",
      .help = "only the cluster of this sample", .unset = "all clusters", .min = 1 },
    { OPTION_INT, 0, "limit", offsetof(struct dedup_show_args, limit), "N",
      .help = "number of clusters, the largest first", .min = 1 },
    { OPTION_FLAG, 0, "whole", offsetof(struct dedup_show_args, whole), NULL,
      .help = "print whole texts, not only their beginnings" },
    { .type = OPTION_END },
};

static const struct option positional = {
    OPTION_TEXT, 0,
    "set",       offsetof(struct dedup_show_args, set),
    "SET",       .help = "name of a set of duplicates",
};

/* The columns of query_open_clusters(). */
enum {
    COL_CLUSTER,
    COL_SIZE,
    COL_SAMPLE,
    COL_EXT_ID,
    COL_SOURCE,
    COL_LEADER,
    COL_SIMILARITY,
    COL_CONTAINMENT,
    COL_TEXT,
};

/* Begin a cluster, or a sample of it. */
static int add_sample_line(struct query *query, int64_t *cluster, struct buf *out,
                           struct error *err)
{
    const struct query_value ext_id = query_value(query, COL_EXT_ID);
    const struct query_value similarity = query_value(query, COL_SIMILARITY);
    const bool is_kept = query_value(query, COL_LEADER).type == QUERY_NULL;
    const int64_t number = query_value(query, COL_CLUSTER).integer;
    int rc = 0;

    if (number != *cluster)
        rc = buf_printf(out, err, "%s== cluster %" PRId64 ": %" PRId64 " samples\n",
                        *cluster ? "\n" : "", number, query_value(query, COL_SIZE).integer);
    *cluster = number;
    if (rc == 0)
        rc = buf_printf(out, err, "-- sample %" PRId64, query_value(query, COL_SAMPLE).integer);
    if (rc == 0 && ext_id.type != QUERY_NULL)
        rc = buf_add_text(out, " ", err);
    if (rc == 0 && ext_id.type != QUERY_NULL)
        rc = escape_add_line(out, ext_id.bytes, SHOWN_CHARS, err);
    if (rc == 0)
        rc = buf_add_text(out, " of ", err);
    if (rc == 0)
        rc = escape_add_line(out, query_value(query, COL_SOURCE).bytes, SHOWN_CHARS, err);
    if (rc == 0 && is_kept)
        rc = buf_add_text(out, ", kept", err);
    else if (rc == 0)
        rc = buf_printf(out, err, ", duplicate of %" PRId64,
                        query_value(query, COL_LEADER).integer);
    if (rc == 0 && similarity.type == QUERY_REAL)
        rc = buf_printf(out, err, ", similarity %.4f", similarity.real);
    else if (rc == 0 && !is_kept)
        rc = buf_add_text(out, ", a copy of another duplicate", err);
    if (rc == 0 && query_value(query, COL_CONTAINMENT).type == QUERY_REAL)
        rc = buf_printf(out, err, ", containment %.4f",
                        query_value(query, COL_CONTAINMENT).real);
    return rc < 0 ? -1 : buf_add_text(out, "\n", err);
}

/* *cluster is the number of the last cluster; 0: there is none. */
static int print_clusters(struct query *query, bool whole, int64_t *cluster, struct error *err)
{
    struct buf out;
    int rc;

    *cluster = 0;
    buf_init(&out, SHOWN_MAX_BYTES);
    while ((rc = query_next(query, err)) == 1) {
        const struct slice text = query_value(query, COL_TEXT).bytes;

        buf_clear(&out);
        if ((rc = add_sample_line(query, cluster, &out, err)) < 0)
            break;
        rc =
            whole ? escape_add(&out, text, err) : escape_add_line(&out, text, SHOWN_CHARS, err);
        if (rc < 0 || (rc = buf_add_text(&out, "\n", err)) < 0)
            break;
        if (fwrite(out.data, 1, out.len, stdout) != out.len) {
            rc = error_set(err, ERR_IO, "standard output: cannot be written");
            break;
        }
    }
    buf_release(&out);
    return rc;
}

/* Report why nothing was printed, and that the clusters may be old. */
static int report_clusters(struct cli *cli, struct store *store,
                           const struct dedup_show_args *args, bool is_empty, struct error *err)
{
    struct dedup_set set;

    if (dedup_set_find(store, args->set, &set, err) < 0)
        return -1;
    if (!set.complete)
        report_note(&cli->report,
                    "the set '%s' is not complete, because a run was interrupted: its clusters "
                    "are those of an earlier run, if there was one",
                    args->set);
    else if (is_empty && args->sample > 0)
        report_note(&cli->report, "sample %" PRId64 " is in no cluster of the set '%s'",
                    args->sample, args->set);
    else if (is_empty)
        report_note(&cli->report, "the set '%s' has no clusters", args->set);
    return 0;
}

static int cmd_dedup_show_run(struct cli *cli, const void *args, struct error *err)
{
    const struct dedup_show_args *a = args;
    struct store *store = NULL;
    struct query *query = NULL;
    int64_t cluster = 1;
    int rc = -1;

    cli->report.phase = "dedup show";
    if (command_open_store(cli, &store, err) == 0 &&
        query_open_clusters(store, a->set, a->sample, a->limit, &query, err) == 0)
        rc = cli->json ? rows_print(query, ROWS_JSON, err)
                       : print_clusters(query, a->whole, &cluster, err);
    if (rc == 0)
        rc = report_clusters(cli, store, a, cluster == 0, err);
    query_close(query);
    store_close(store);
    return rc;
}

const struct command cmd_dedup_show = {
    .name = "dedup show",
    .summary = "print the clusters of a set of duplicates, with their texts",
    .description =
        "The largest clusters come first. Of each the samples that are kept come first, then\n"
        "their duplicates, the most similar ones first.",
    .options = opts,
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct dedup_show_args),
    .defaults = &(const struct dedup_show_args){ .limit = 10 },
    .run = cmd_dedup_show_run,
};
