/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/io/number_table.h"
#include "base/json/jsonout.h"
#include "cli/command.h"
#include "scoring/skill_it.h"
#include "store/score.h"
#include "store/score_values.h"
#include "store/store.h"

struct mix_args {
    const char *graph;
    const char *losses;
    const char *metric;
    const char *model;
    const char *by;
    double eta;
    double floor;
    int64_t window;
};

static const struct mix_args defaults = { .eta = 0.5, .window = 3, .by = "source" };

static const struct option opts[] = {
    { OPTION_TEXT, 0, "graph", offsetof(struct mix_args, graph), "FILE.csv",
      .help = "one row per skill: its name, then how much it helps each target; the first row "
              "names the targets" },
    { OPTION_TEXT, 0, "losses", offsetof(struct mix_args, losses), "FILE.csv",
      .help = "one row per target: its name, then its loss in each round, the newest last" },
    { OPTION_TEXT, 0, "metric", offsetof(struct mix_args, metric), "METRIC",
      .help = "use the mean of these scores instead of --losses" },
    { OPTION_TEXT, 0, "model", offsetof(struct mix_args, model), "NAME",
      .help = "model whose scores to use, if several models have the metric" },
    { OPTION_TEXT, 0, "by", offsetof(struct mix_args, by), "source|KEY",
      .help = "target of a sample: its source, or a member of its meta" },
    { OPTION_REAL, 0, "eta", offsetof(struct mix_args, eta), "X",
      .help = "weight of the losses" },
    { OPTION_INT, 0, "window", offsetof(struct mix_args, window), "N",
      .help = "number of last rounds to use", .min = 1 },
    { OPTION_REAL, 0, "floor", offsetof(struct mix_args, floor), "P",
      .help = "least share of every skill" },
    { .type = OPTION_END },
};

/* The data of one step. */
struct mix {
    struct arena arena; /* of the tables */
    struct number_table graph;
    double *losses; /* of each target, summed */
    double *shares;
};

static int check_args(const struct mix_args *args, struct error *err)
{
    if (!args->graph)
        return error_set(err, ERR_USAGE, "no skill graph: use --graph FILE");
    if (args->losses && args->metric)
        return error_set(err, ERR_USAGE,
                         "--losses and --metric exclude each other: give one of them");
    if (args->model && !args->metric)
        return error_set(err, ERR_USAGE, "--model has no use without --metric");
    return 0;
}

/* Edges must not be negative: exp() of a negative one would starve the skill that it helps. */
static int check_graph(const struct number_table *graph, const struct mix_args *args,
                       struct error *err)
{
    for (size_t i = 0; i < graph->n_rows; i++)
        for (size_t j = 0; j < graph->n_columns; j++)
            if (graph->values[i * graph->n_columns + j] < 0)
                return error_set(err, ERR_INPUT,
                                 "%s: how much '%s' helps '%s' is %g: must be at least 0",
                                 args->graph, graph->rows[i], graph->columns[j],
                                 graph->values[i * graph->n_columns + j]);
    if (args->floor * (double)graph->n_rows > 1)
        return error_set(err, ERR_USAGE, "--floor %g: must be from 0 to %g with %zu skills",
                         args->floor, 1 / (double)graph->n_rows, graph->n_rows);
    return 0;
}

/* Sum the losses of each target over the last rounds. */
static int sum_losses(const struct mix_args *args, const struct number_table *losses,
                      struct mix *mix, struct error *err)
{
    const size_t window = (size_t)args->window;
    const size_t first = losses->n_columns > window ? losses->n_columns - window : 0;

    for (size_t j = 0; j < mix->graph.n_columns; j++) {
        const char *target = mix->graph.columns[j];
        size_t row = 0;

        while (row < losses->n_rows && strcmp(losses->rows[row], target) != 0)
            row++;
        if (row == losses->n_rows)
            return error_set(err, ERR_INPUT, "%s has no row for '%s', a target of %s",
                             args->losses, target, args->graph);
        for (size_t c = first; c < losses->n_columns; c++)
            mix->losses[j] += losses->values[row * losses->n_columns + c];
    }
    return 0;
}

static int read_losses(const struct mix_args *args, struct mix *mix, struct error *err)
{
    struct number_table losses;

    return number_table_read(args->losses, &mix->arena, &losses, err) < 0
               ? -1
               : sum_losses(args, &losses, mix, err);
}

/* Use the mean score of each target's samples as its loss. */
static int measure_losses(struct cli *cli, const struct mix_args *args, struct mix *mix,
                          struct error *err)
{
    struct store *store = NULL;
    struct score_set_info set;
    int rc = -1;

    if (command_open_store(cli, &store, err) < 0)
        return -1;
    if (score_set_find(store, args->metric, args->model, &set, err) < 0)
        goto done;
    for (size_t j = 0; j < mix->graph.n_columns; j++) {
        const char *target = mix->graph.columns[j];
        const int found =
            score_group_mean(store, set.score_set_id, args->by, target, &mix->losses[j], err);

        if (found == 0)
            error_set(err, ERR_NOT_FOUND,
                      "no sample whose %s is '%s', a target of %s, has a %s score", args->by,
                      target, args->graph, args->metric);
        if (found < 1)
            goto done;
    }
    rc = 0;
done:
    store_close(store);
    return rc;
}

/* Find the loss of each target. Before the first round all targets count as equally hard. */
static int find_losses(struct cli *cli, const struct mix_args *args, struct mix *mix,
                       struct error *err)
{
    if (args->losses)
        return read_losses(args, mix, err);
    if (args->metric)
        return measure_losses(cli, args, mix, err);
    for (size_t j = 0; j < mix->graph.n_columns; j++)
        mix->losses[j] = 1;
    return 0;
}

static int print_share_json(const char *skill, double share, struct error *err)
{
    struct buf buf;
    struct jsonout json;

    buf_init(&buf, 1 << 20);
    jsonout_init(&json, &buf);
    jsonout_object_begin(&json);
    jsonout_key(&json, "schema");
    jsonout_text(&json, slice_text("curate.mix/1"));
    jsonout_key(&json, "skill");
    jsonout_text(&json, slice_text(skill));
    jsonout_key(&json, "share");
    jsonout_double(&json, share);
    jsonout_object_end(&json);
    const int rc = jsonout_end(&json, err);
    if (rc == 0)
        puts(buf.data);
    buf_release(&buf);
    return rc;
}

/* One CSV row; the name is quoted if necessary. */
static void print_share_row(const char *skill, double share)
{
    if (!strpbrk(skill, ",\"\r\n")) {
        printf("%s,%.7f\n", skill, share);
        return;
    }
    putchar('"');
    for (; *skill; skill++)
        printf(*skill == '"' ? "\"\"" : "%c", *skill);
    printf("\",%.7f\n", share);
}

static int print_shares(const struct cli *cli, const struct mix *mix, struct error *err)
{
    if (!cli->json)
        puts("skill,share");
    for (size_t i = 0; i < mix->graph.n_rows; i++) {
        if (!cli->json)
            print_share_row(mix->graph.rows[i], mix->shares[i]);
        else if (print_share_json(mix->graph.rows[i], mix->shares[i], err) < 0)
            return -1;
    }
    return 0;
}

static int mix_step(struct cli *cli, const struct mix_args *args, struct mix *mix,
                    struct error *err)
{
    if (number_table_read(args->graph, &mix->arena, &mix->graph, err) < 0 ||
        check_graph(&mix->graph, args, err) < 0)
        return -1;
    mix->losses = calloc(mix->graph.n_columns, sizeof *mix->losses);
    mix->shares = calloc(mix->graph.n_rows, sizeof *mix->shares);
    if (!mix->losses || !mix->shares)
        return error_nomem(err);
    const struct skill_it step = { .n_skills = mix->graph.n_rows,
                                   .n_targets = mix->graph.n_columns,
                                   .graph = mix->graph.values,
                                   .losses = mix->losses,
                                   .eta = args->eta,
                                   .floor = args->floor };
    if (find_losses(cli, args, mix, err) < 0 || skill_it_mixture(&step, mix->shares, err) < 0)
        return -1;
    return print_shares(cli, mix, err);
}

static int cmd_mix_skill_it_run(struct cli *cli, const void *arguments, struct error *err)
{
    const struct mix_args *args = arguments;
    struct mix mix = { .losses = NULL };

    if (check_args(args, err) < 0)
        return -1;
    arena_init(&mix.arena);
    const int rc = mix_step(cli, args, &mix, err);
    free(mix.losses);
    free(mix.shares);
    arena_release(&mix.arena);
    return rc;
}

const struct command cmd_mix_skill_it = {
    .name = "mix skill-it",
    .summary = "print the next mixture of skills to train on",
    .description =
        "One step of Skill-It (arXiv 2307.14430): the share of skill i is proportional to\n"
        "exp(eta * sum over targets j of graph[i][j] * loss[j]). The losses are those of the\n"
        "last rounds, or the mean of a metric over the samples of each target. With neither,\n"
        "every loss is 1: this gives the mixture to begin with.",
    .options = opts,
    .args_size = sizeof(struct mix_args),
    .defaults = &defaults,
    .run = cmd_mix_skill_it_run,
};
