/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cohort make - make a version of a cohort from stored scores, without a model.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/report.h"
#include "stages/cohort/cohort.h"
#include "stages/stage.h"
#include "store/selection.h"

struct cohort_make_args {
    const char *name;
    const char *from;
    struct text_list where;
    struct cohort_args cohort;
};

struct cohort_make_config {
    char *condition; /* NULL: the one of the version to begin with */
};

static const struct option options[] = {
    { OPTION_TEXT, 0, "from", offsetof(struct cohort_make_args, from), "COHORT[@VERSION]",
      .help = "version to begin with: its scores, condition and settings",
      .unset = "the current version of NAME" },
    { OPTION_CONDITIONS, 0, "where", offsetof(struct cohort_make_args, where), "SQL",
      .help = "only samples that meet a condition over v_sample" },
    COHORT_OPTIONS(struct cohort_make_args, cohort),
    { .type = OPTION_END },
};

static const struct option positional = {
    .type = OPTION_TEXT,
    .name = "cohort",
    .offset = offsetof(struct cohort_make_args, name),
    .value_name = "NAME",
    .help = "name of the cohort, old or new",
};

static const struct cohort_make_args defaults = { .cohort = COHORT_NOT_GIVEN };

static int cohort_make_check(const void *arguments, void *config, struct error *err)
{
    const struct cohort_make_args *args = arguments;
    struct cohort_make_config *made = config;

    return cohort_check_name(args->name, err) < 0
               ? -1
               : condition_join(&args->where, &made->condition, err);
}

static void cohort_make_release(void *config)
{
    free(((struct cohort_make_config *)config)->condition);
}

static void report_cohort(const struct stage_context *context, const struct cohort_spec *spec,
                          const struct cohort_made *made, struct stage_result *result)
{
    if (made->n_not_scored > 0)
        report_note(context->report,
                    "%llu of the samples are not scored, so they are not in the cohort: run "
                    "'curate score'",
                    (unsigned long long)made->n_not_scored);
    cohort_fact(result, spec->name, made->version);
    stage_fact_text(result, "result", made->is_new ? "new" : "unchanged");
    stage_fact_int(result, "samples", (int64_t)made->n_samples);
    stage_fact_int(result, "n", (int64_t)made->n);
    stage_fact_int(result, "imputed", (int64_t)made->n_imputed);
}

static int cohort_make_run(const struct stage_context *context, const void *arguments,
                           const void *config, struct stage_result *result, struct error *err)
{
    const struct cohort_make_args *args = arguments;
    const struct cohort_make_config *made_of = config;
    struct cohort_spec spec = { .name = args->name };
    struct id_list samples = { 0 };
    struct cohort_row base;
    struct cohort_made made;
    struct arena arena;
    int rc = -1;

    arena_init(&arena);
    if (cohort_load(context->store, args->from ? args->from : args->name, &arena, &base, err) <
            0 ||
        cohort_set_from_row(&base, &spec, err) < 0)
        goto done;
    cohort_set_options(&args->cohort, &spec);
    if (made_of->condition)
        spec.condition = made_of->condition;
    if (condition_select(context->store, spec.condition, &samples, err) < 0)
        goto done;
    spec.samples = &samples;
    if (cohort_make(context, &spec, &made, err) < 0)
        goto done;
    report_cohort(context, &spec, &made, result);
    rc = 0;
done:
    id_list_release(&samples);
    arena_release(&arena);
    return rc;
}

const struct stage stage_cohort_make = {
    .name = "cohort make",
    .summary = "make a version of a cohort from stored scores",
    .description =
        "hmp and gateau of a sample depend on the samples it is compared with: its cohort.\n"
        "'curate score gateau' makes the first version of a cohort. This command makes "
        "another\n"
        "one from the stored scores, without a model: with other samples, other settings, or\n"
        "the same ones after new samples were scored. Options that are not given keep their\n"
        "values. A version never changes. If the result equals an old version, that version\n"
        "becomes the current one again.",
    .options = options,
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct cohort_make_args),
    .defaults = &defaults,
    .config_size = sizeof(struct cohort_make_config),
    .check = cohort_make_check,
    .release = cohort_make_release,
    .run = cohort_make_run,
};
