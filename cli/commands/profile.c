/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/json/jsonout.h"
#include "base/text/escape.h"
#include "cli/command.h"
#include "cli/profile_svg.h"
#include "store/profile.h"
#include "store/selection.h"
#include "store/store.h"

enum { PERCENTS = 101, AT_MAX = 64, PROFILE_LINE_BYTES = 1 << 30, TITLE_MAX_CHARS = 200 };

/* The quantiles that are printed without --at, in percent. */
static const unsigned char printed[] = { 0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100 };

struct profile_args {
    struct text_list facts;
    const char *by;
    const char *at;
    const char *model;
    const char *svg;
    struct text_list where;
};

static const struct option opts[] = {
    { OPTION_TEXT, 0, "by", offsetof(struct profile_args, by), "NAME[,NAME...]",
      .help = "a curve for each value of source, length or a fact" },
    { OPTION_TEXT, 0, "at", offsetof(struct profile_args, at), "N[,N...]",
      .help = "thresholds instead of quantiles" },
    { OPTION_TEXT, 0, "model", offsetof(struct profile_args, model), "NAME",
      .help = "which model's scores, where several have the metric" },
    { OPTION_CONDITIONS, 0, "where", offsetof(struct profile_args, where), "SQL",
      .help = "only samples that meet a condition over v_sample" },
    { OPTION_TEXT, 0, "svg", offsetof(struct profile_args, svg), "FILE|-",
      .help = "draw the curves" },
    { .type = OPTION_END },
};

static const struct option positional = {
    OPTION_LIST, 0,
    "facts",     offsetof(struct profile_args, facts),
    "FACT",      .help = "facts and metrics; none: all facts that are numbers",
};

/* What the command works with. */
struct profiling {
    const struct cli *cli;
    const struct profile_args *args;
    struct arena arena;
    struct profile_spec spec;
    struct profile_svg drawing;
    struct curve curve;
    struct curve_point quantiles[PERCENTS];
    struct curve_point given[AT_MAX];
};

static int read_by(const struct profile_args *args, struct profiling *p, struct error *err)
{
    char *rest = args->by ? (char *)arena_copy(&p->arena, slice_text(args->by)).ptr : NULL;

    if (args->by && !rest)
        return error_nomem(err);
    for (char *name; (name = strsep(&rest, ",")) != NULL;) {
        if (!*name)
            return error_set(err, ERR_USAGE, "--by %s: has an empty name", args->by);
        if (p->spec.n_by == PROFILE_BY_MAX)
            return error_set(err, ERR_USAGE, "--by %s: must be at most %d names", args->by,
                             PROFILE_BY_MAX);
        p->spec.by[p->spec.n_by++] = name;
    }
    return 0;
}

static int compare_points(const void *a, const void *b)
{
    const struct curve_point *x = a, *y = b;

    return (x->threshold > y->threshold) - (x->threshold < y->threshold);
}

static int read_thresholds(const struct profile_args *args, struct profiling *p,
                           struct error *err)
{
    const char *c = args->at;
    char *end;

    while (c) {
        const double value = strtod(c, &end);

        if (end == c || (*end && *end != ',') || !isfinite(value))
            return error_set(err, ERR_USAGE, "--at %s: must be numbers with commas between",
                             args->at);
        if (p->curve.n_given == AT_MAX)
            return error_set(err, ERR_USAGE, "--at %s: must be at most %d numbers", args->at,
                             AT_MAX);
        p->given[p->curve.n_given++].threshold = value;
        c = *end ? end + 1 : NULL;
    }
    if (p->curve.n_given > 0)
        qsort(p->given, p->curve.n_given, sizeof *p->given, compare_points);
    return 0;
}

/* A value of a group's column: of a length, both ends of the bucket. */
static int add_by_value(const char *by, struct slice value, struct buf *out, struct error *err)
{
    static const struct {
        const char *least, *bucket;
    } lengths[] = { { "0", "0-127" },        { "128", "128-511" },     { "512", "512-2047" },
                    { "2048", "2048-8191" }, { "8192", "8192-32767" }, { "32768", "32768-" } };

    if (!value.ptr)
        return buf_add_text(out, "(missing)", err);
    for (size_t i = 0; strcmp(by, "length") == 0 && i < sizeof lengths / sizeof *lengths; i++)
        if (slice_equal(value, slice_text(lengths[i].least)))
            return buf_add_text(out, lengths[i].bucket, err);
    return buf_add_slice(out, value, err);
}

/* "words, source=a.jsonl, length=0-127" */
static int add_title(const struct profiling *p, const struct profile_fact *fact,
                     const struct profile_group *group, struct buf *out, struct error *err)
{
    if (buf_add_text(out, fact->name, err) < 0)
        return -1;
    for (size_t i = 0; i < p->spec.n_by; i++)
        if (buf_printf(out, err, ", %s=", p->spec.by[i]) < 0 ||
            add_by_value(p->spec.by[i], group->by[i], out, err) < 0)
            return -1;
    return 0;
}

/* Point i of those that are printed, and its quantile in percent, -1 for a given threshold.
 * NULL after the last. */
static const struct curve_point *printed_point(const struct profiling *p, size_t i,
                                               int *percent)
{
    *percent = -1;
    if (p->curve.n_given > 0)
        return i < p->curve.n_given ? &p->given[i] : NULL;
    if (i >= sizeof printed || isnan(p->quantiles[0].threshold))
        return NULL;
    *percent = printed[i];
    return &p->quantiles[printed[i]];
}

static void print_count(struct curve_count kept, struct curve_count all, const char *weight)
{
    printf("  %10llu %5.1f%%", (unsigned long long)kept.samples,
           100.0 * (double)kept.samples / (double)all.samples);
    if (weight)
        printf("  %12llu %5.1f%%", (unsigned long long)kept.weight,
               all.weight > 0 ? 100.0 * (double)kept.weight / (double)all.weight : 0.0);
}

/* The end of the line about the group, and the headings of the columns. */
static void print_headings(const struct profile_group *group, const char *weight)
{
    static const char *const signs[] = { ">=", "<=" };

    if (weight)
        printf("; %llu %s", (unsigned long long)group->all.weight, weight);
    printf("\n%8s  %12s", "quantile", "threshold");
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        printf("  %14s %s", "samples", signs[i]);
        if (weight)
            printf("  %16s %s", weight, signs[i]);
    }
    putchar('\n');
}

static int print_table(const struct profiling *p, const struct profile_fact *fact,
                       const struct profile_group *group, struct error *err)
{
    const char *weight = p->spec.weight;
    const struct curve_point *point;
    struct buf title, shown;
    int percent;

    buf_init(&title, PROFILE_LINE_BYTES);
    buf_init(&shown, PROFILE_LINE_BYTES);
    int rc = add_title(p, fact, group, &title, err);
    if (rc == 0)
        rc = escape_add_line(&shown, buf_slice(&title), TITLE_MAX_CHARS, err);
    if (rc < 0)
        goto done;
    printf("%s: %llu samples, %llu without a value", shown.data,
           (unsigned long long)group->all.samples, (unsigned long long)group->n_missing);
    print_headings(group, weight);
    for (size_t i = 0; (point = printed_point(p, i, &percent)) != NULL; i++) {
        if (percent >= 0)
            printf("%7d%%  %12.6g", percent, point->threshold);
        else
            printf("%8s  %12.6g", "", point->threshold);
        print_count(point->least, group->all, weight);
        print_count(point->most, group->all, weight);
        putchar('\n');
    }
    putchar('\n');
done:
    buf_release(&title);
    buf_release(&shown);
    return rc;
}

static void add_count_json(struct jsonout *json, const char *key, struct curve_count count,
                           const char *weight)
{
    jsonout_key(json, key);
    jsonout_object_begin(json);
    jsonout_key(json, "samples");
    jsonout_int(json, (int64_t)count.samples);
    jsonout_key(json, "weight");
    if (weight)
        jsonout_int(json, (int64_t)count.weight);
    else
        jsonout_null(json);
    jsonout_object_end(json);
}

static void add_curve_json(const struct profiling *p, struct jsonout *json)
{
    const struct curve_point *point;
    int percent;

    jsonout_key(json, "curve");
    jsonout_array_begin(json);
    for (size_t i = 0; (point = printed_point(p, i, &percent)) != NULL; i++) {
        jsonout_object_begin(json);
        jsonout_key(json, "percent");
        if (percent >= 0)
            jsonout_int(json, percent);
        else
            jsonout_null(json);
        jsonout_key(json, "threshold");
        jsonout_double(json, point->threshold);
        add_count_json(json, "at_least", point->least, p->spec.weight);
        add_count_json(json, "at_most", point->most, p->spec.weight);
        jsonout_object_end(json);
    }
    jsonout_array_end(json);
}

static int add_group_json(const struct profiling *p, const struct profile_group *group,
                          struct jsonout *json, struct error *err)
{
    struct buf value;
    int rc = 0;

    buf_init(&value, PROFILE_LINE_BYTES);
    jsonout_key(json, "group");
    jsonout_object_begin(json);
    for (size_t i = 0; rc == 0 && i < p->spec.n_by; i++) {
        jsonout_key(json, p->spec.by[i]);
        buf_clear(&value);
        rc = add_by_value(p->spec.by[i], group->by[i], &value, err);
        jsonout_text(json, group->by[i].ptr ? buf_slice(&value) : slice_of(NULL, 0));
    }
    jsonout_object_end(json);
    buf_release(&value);
    return rc;
}

static int print_json(const struct profiling *p, const struct profile_fact *fact,
                      const struct profile_group *group, struct error *err)
{
    struct jsonout json;
    struct buf line;

    buf_init(&line, PROFILE_LINE_BYTES);
    jsonout_init(&json, &line);
    jsonout_object_begin(&json);
    jsonout_key(&json, "schema");
    jsonout_text(&json, slice_text("curate.profile/1"));
    jsonout_key(&json, "fact");
    jsonout_text(&json, slice_text(fact->name));
    jsonout_key(&json, "unit");
    jsonout_text(&json, slice_text(fact->unit));
    jsonout_key(&json, "weighed_by");
    jsonout_text(&json, p->spec.weight ? slice_text(p->spec.weight) : slice_of(NULL, 0));
    int rc = add_group_json(p, group, &json, err);
    add_count_json(&json, "all", group->all, p->spec.weight);
    jsonout_key(&json, "missing");
    jsonout_int(&json, (int64_t)group->n_missing);
    add_curve_json(p, &json);
    jsonout_object_end(&json);
    if (rc == 0)
        rc = jsonout_end(&json, err);
    if (rc == 0)
        puts(line.data);
    buf_release(&line);
    return rc;
}

static int draw_group(struct profiling *p, const struct profile_fact *fact,
                      const struct profile_group *group, struct error *err)
{
    struct buf title;

    buf_init(&title, PROFILE_LINE_BYTES);
    int rc = add_title(p, fact, group, &title, err);
    if (rc == 0)
        rc = profile_svg_add(&p->drawing,
                             &(const struct profile_panel){ .title = title.data,
                                                            .weight = p->spec.weight,
                                                            .all = group->all,
                                                            .n_missing = group->n_missing,
                                                            .at = p->quantiles,
                                                            .n = PERCENTS },
                             err);
    buf_release(&title);
    return rc;
}

static int show_group(struct profiling *p, const struct profile_fact *fact,
                      const struct profile_group *group, struct error *err)
{
    if (p->args->svg && draw_group(p, fact, group, err) < 0)
        return -1;
    if (p->cli->quiet || (p->args->svg && file_is_stdout(p->args->svg)))
        return 0;
    return p->cli->json ? print_json(p, fact, group, err) : print_table(p, fact, group, err);
}

static int profile_name(struct profiling *p, struct store *store, const char *name,
                        struct error *err)
{
    struct profile *profile = NULL;
    struct profile_group group;
    struct profile_fact fact;
    int rc;

    if (profile_find(store, name, p->args->model, &p->arena, &fact, err) < 0 ||
        profile_open(store, &p->spec, &fact, &profile, err) < 0)
        return -1;
    while ((rc = profile_next(profile, &p->curve, &group, err)) == 1)
        if ((rc = show_group(p, &fact, &group, err)) < 0)
            break;
    profile_close(profile);
    return rc;
}

static int profile_names(struct profiling *p, struct store *store, struct error *err)
{
    struct text_list all = { 0 };
    const struct text_list *names = p->args->facts.n > 0 ? &p->args->facts : &all;
    int rc = -1;

    if (profile_weight(store, &p->spec.weight, err) < 0 ||
        (p->args->facts.n == 0 && profile_list_facts(store, &p->arena, &all, err) < 0))
        goto done;
    if (names->n == 0) {
        error_set(err, ERR_NOT_FOUND, "no facts were measured: run 'curate measure' first");
        goto done;
    }
    rc = 0;
    for (unsigned i = 0; rc == 0 && i < names->n; i++)
        rc = profile_name(p, store, names->items[i], err);
    if (rc == 0 && p->args->svg)
        rc = profile_svg_write(&p->drawing, p->args->svg, err);
done:
    option_list_free(&all);
    return rc;
}

static int cmd_profile_run(struct cli *cli, const void *args, struct error *err)
{
    struct profiling p = { .cli = cli, .args = args };
    struct store *store = NULL;
    char *condition = NULL;
    int rc = -1;

    p.curve =
        (struct curve){ .quantiles = p.quantiles, .n_quantiles = PERCENTS, .given = p.given };
    arena_init(&p.arena);
    profile_svg_init(&p.drawing);
    if (cli->json && p.args->svg && file_is_stdout(p.args->svg)) {
        error_set(err, ERR_USAGE, "--svg - and --json exclude each other: give one of them");
        goto done;
    }
    if (read_by(p.args, &p, err) < 0 || read_thresholds(p.args, &p, err) < 0 ||
        condition_join(&p.args->where, &condition, err) < 0 ||
        command_open_store(cli, &store, err) < 0)
        goto done;
    p.spec.condition = condition;
    rc = profile_names(&p, store, err);
    store_close(store);
done:
    free(condition);
    profile_svg_release(&p.drawing);
    arena_release(&p.arena);
    return rc;
}

const struct command cmd_profile = {
    .name = "profile",
    .summary = "print how many samples each threshold of a fact keeps",
    .description =
        "For each fact: the values at some quantiles, and how many samples, with how many\n"
        "tokens, have at least and at most that value. Samples are weighed by the fact "
        "tokens,\n"
        "or by words if tokens were not measured. A sample without a value is counted in the\n"
        "total and kept by no threshold.",
    .options = opts,
    .positional = &positional,
    .args_size = sizeof(struct profile_args),
    .defaults = &(const struct profile_args){ .by = NULL },
    .run = cmd_profile_run,
};
