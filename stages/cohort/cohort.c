/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/cohort/cohort.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "base/report.h"
#include "stages/stage.h"
#include "store/score.h"
#include "store/selection.h"
#include "store/store.h"

enum { PARAMS_MAX_BYTES = 1 << 16 };

const char *const cohort_ppl_names[] = { [COHORT_PPL] = "ppl", [COHORT_LOG_PPL] = "log", NULL };
const char *const cohort_sign_names[] = {
    [COHORT_HIGH_CAS] = "+1", [COHORT_LOW_CAS] = "-1", NULL
};
const char *const cohort_nulls_names[] = {
    [COHORT_EXCLUDE] = "exclude", [COHORT_MEDIAN] = "median", NULL
};

static const char *ppl_name(const struct cohort_spec *spec)
{
    return cohort_ppl_names[spec->options.log_ppl ? COHORT_LOG_PPL : COHORT_PPL];
}

static const char *nulls_name(const struct cohort_spec *spec)
{
    return cohort_nulls_names[spec->impute ? COHORT_MEDIAN : COHORT_EXCLUDE];
}

void cohort_set_options(const struct cohort_args *args, struct cohort_spec *spec)
{
    if (!isnan(args->alpha))
        spec->options.alpha = args->alpha;
    if (args->normaliser != OPTION_NO_CHOICE)
        spec->options.normaliser = (enum normaliser)args->normaliser;
    if (args->ppl != OPTION_NO_CHOICE)
        spec->options.log_ppl = args->ppl == COHORT_LOG_PPL;
    if (args->cas_sign != OPTION_NO_CHOICE)
        spec->options.low_cas = args->cas_sign == COHORT_LOW_CAS;
    if (args->nulls != OPTION_NO_CHOICE)
        spec->impute = args->nulls == COHORT_MEDIAN;
}

int cohort_set_from_row(const struct cohort_row *row, struct cohort_spec *spec,
                        struct error *err)
{
    spec->condition = row->condition;
    spec->short_set_id = row->short_set_id;
    spec->long_set_id = row->long_set_id;
    spec->cas_set_id = row->cas_set_id;
    spec->options.alpha = row->alpha;
    spec->options.log_ppl = strcmp(row->ppl, cohort_ppl_names[COHORT_LOG_PPL]) == 0;
    spec->options.low_cas = row->cas_sign < 0;
    spec->impute = strcmp(row->nulls, cohort_nulls_names[COHORT_MEDIAN]) == 0;
    if (normaliser_find(row->normaliser, &spec->options.normaliser))
        return 0;
    return error_set(err, ERR_INPUT, "cohort %s@%" PRId64 " has the unknown normaliser '%s'",
                     row->name, row->version, row->normaliser);
}

int cohort_check_name(const char *name, struct error *err)
{
    if (name[0] && !strchr(name, '@'))
        return 0;
    return error_set(err, ERR_USAGE,
                     "'%s': not a name for a cohort: it must not be empty or contain @, which "
                     "begins a version",
                     name);
}

/* Write the settings as canonical JSON: keys in alphabetical order, no blanks. version 0:
 * without a version. */
static int settings_json(const struct cohort_spec *spec, int64_t version, struct buf *out,
                         struct error *err)
{
    struct jsonout json;

    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    jsonout_key(&json, "alpha");
    jsonout_double(&json, spec->options.alpha);
    jsonout_key(&json, "cas_sign");
    jsonout_int(&json, spec->options.low_cas ? -1 : 1);
    jsonout_key(&json, "cohort");
    jsonout_text(&json, slice_text(spec->name));
    jsonout_key(&json, "normaliser");
    jsonout_text(&json, slice_text(normaliser_name(spec->options.normaliser)));
    jsonout_key(&json, "nulls");
    jsonout_text(&json, slice_text(nulls_name(spec)));
    jsonout_key(&json, "ppl");
    jsonout_text(&json, slice_text(ppl_name(spec)));
    if (version > 0) {
        jsonout_key(&json, "version");
        jsonout_int(&json, version);
    }
    jsonout_object_end(&json);
    return jsonout_end(&json, err);
}

static void hash_text(struct hash_stream *stream, const char *text)
{
    if (text)
        hash_stream_add(stream, text, strlen(text));
    hash_stream_add(stream, text ? "" : "\1", 1);
}

/* Hash the inputs and the results of a version. Equal hashes mean the same version. */
static int hash_version(const struct cohort_spec *spec, const struct cohort_numbers *numbers,
                        struct hash *out, struct error *err)
{
    const int64_t made_of[] = { spec->short_set_id, spec->long_set_id, spec->cas_set_id,
                                scorer_find("hmp")->version, scorer_find("gateau")->version };
    struct hash_stream *stream = NULL;
    struct buf settings;
    int rc = -1;

    buf_init(&settings, PARAMS_MAX_BYTES);
    if (settings_json(spec, 0, &settings, err) < 0 || hash_stream_new(&stream, err) < 0)
        goto done;
    hash_text(stream, settings.data);
    hash_text(stream, spec->condition);
    hash_stream_add(stream, made_of, sizeof made_of);
    if (numbers->n > 0) {
        hash_stream_add(stream, spec->samples->ids, numbers->n * sizeof *spec->samples->ids);
        hash_stream_add(stream, numbers->hmp, numbers->n * sizeof *numbers->hmp);
        hash_stream_add(stream, numbers->cas, numbers->n * sizeof *numbers->cas);
        hash_stream_add(stream, numbers->gateau, numbers->n * sizeof *numbers->gateau);
    }
    for (size_t i = 0; i < numbers->n; i++)
        hash_text(stream, numbers->status[i]);
    *out = hash_stream_end(stream);
    rc = 0;
done:
    hash_stream_free(stream);
    buf_release(&settings);
    return rc;
}

/* Store the score set of a version's hmp or gateau. */
static int store_cohort_set(const struct stage_context *context, const struct cohort_spec *spec,
                            const char *metric, int64_t version, int64_t *set_id,
                            struct error *err)
{
    const struct scorer *scorer = scorer_find(metric);
    struct buf params;
    int64_t model_id;
    int rc = -1;

    buf_init(&params, PARAMS_MAX_BYTES);
    if (score_set_model(context->store, spec->long_set_id, &model_id, err) < 0 ||
        settings_json(spec, version, &params, err) < 0)
        goto done;
    const struct score_set set = { .metric = scorer->name,
                                   .version = scorer->version,
                                   .unit = scorer->unit,
                                   .better = "higher",
                                   .model_id = model_id,
                                   .params_json = buf_slice(&params) };
    rc = score_set_put(context->store, &set, set_id, err);
done:
    buf_release(&params);
    return rc;
}

static int add_version(const struct stage_context *context, const struct cohort_spec *spec,
                       struct cohort_numbers *numbers, struct error *err)
{
    struct cohort_row *row = &numbers->row;
    const struct cohort_values values = { .samples = spec->samples,
                                          .hmp = numbers->hmp,
                                          .cas = numbers->cas,
                                          .gateau = numbers->gateau,
                                          .status = numbers->status };

    row->name = spec->name;
    row->condition = spec->condition;
    row->short_set_id = spec->short_set_id;
    row->long_set_id = spec->long_set_id;
    row->cas_set_id = spec->cas_set_id;
    row->ppl = ppl_name(spec);
    row->normaliser = normaliser_name(spec->options.normaliser);
    row->alpha = spec->options.alpha;
    row->cas_sign = spec->options.low_cas ? -1 : 1;
    row->nulls = nulls_name(spec);
    if (store_cohort_set(context, spec, "hmp", row->version, &row->hmp_set_id, err) < 0 ||
        (spec->cas_set_id > 0 &&
         store_cohort_set(context, spec, "gateau", row->version, &row->gateau_set_id, err) < 0))
        return -1;
    return cohort_add(context->store, row, &values, context->run_id, err);
}

static int store_cohort_version(const struct stage_context *context,
                                const struct cohort_spec *spec, struct cohort_numbers *numbers,
                                bool is_new, struct error *err)
{
    if (context->dry_run)
        return 0;
    if (store_begin(context->store, err) < 0)
        return -1;
    const int rc =
        is_new ? add_version(context, spec, numbers, err)
               : cohort_request(context->store, numbers->row.cohort_id, context->run_id, err);
    if (rc == 0)
        return store_commit(context->store, err);
    store_rollback(context->store);
    return -1;
}

void cohort_fact(struct stage_result *result, const char *name, int64_t version)
{
    char text[256];

    snprintf(text, sizeof text, "%s@%" PRId64, name, version);
    stage_fact_text(result, "cohort", text);
}

/* Report if the scores that a version is made of were computed in different arithmetics: the
 * differences between them are then partly rounding. */
static int report_mixed_arithmetic(const struct stage_context *context,
                                   const struct cohort_spec *spec, struct error *err)
{
    enum { SHORT, LONG, CAS, SETS, NAME_BYTES = 64 };
    const int64_t sets[SETS] = { spec->short_set_id, spec->long_set_id,
                                 spec->cas_set_id ? spec->cas_set_id : spec->long_set_id };
    char names[SETS][NAME_BYTES];
    bool is_mixed = false;

    for (size_t i = 0; i < SETS; i++) {
        if (score_set_arithmetic(context->store, sets[i], names[i], NAME_BYTES, err) < 0)
            return -1;
        /* A comma: one set has scores of several kernel families, from before schema 12. */
        is_mixed = is_mixed || strchr(names[i], ',') || strcmp(names[i], names[0]) != 0;
    }
    if (is_mixed)
        report_note(context->report,
                    "cohort %s mixes scores of different arithmetic: nll of the short model is "
                    "%s, nll of the long model %s, cas %s: CURATE_CPU=avx512 computes all in "
                    "float",
                    spec->name, names[SHORT], names[LONG],
                    spec->cas_set_id ? names[CAS] : "not needed");
    return 0;
}

static void report_obstacle(const struct stage_context *context, const struct cohort_spec *spec,
                            const char *obstacle)
{
    if (obstacle)
        report_note(context->report,
                    "cohort %s compares nothing, because %s: its scores are missing (%s)",
                    spec->name,
                    strcmp(obstacle, "all_equal") == 0 ? "its samples have the same inputs"
                                                       : "it has one sample",
                    obstacle);
}

int cohort_make(const struct stage_context *context, const struct cohort_spec *spec,
                struct cohort_made *out, struct error *err)
{
    struct cohort_numbers numbers;
    int rc = -1;

    if (report_mixed_arithmetic(context, spec, err) < 0 ||
        cohort_numbers_make(context, spec, &numbers, err) < 0)
        return -1;
    struct cohort_row *row = &numbers.row;
    if (row->n_skipped > 0 && !numbers.certain) {
        error_set(err, ERR_USAGE,
                  "%" PRIu64 " of the samples have no cas, because an earlier --top did not "
                  "need it: run 'curate score gateau' without --top",
                  row->n_skipped);
        goto done;
    }
    if (hash_version(spec, &numbers, &row->hash, err) < 0)
        goto done;
    const int found = cohort_find_same(context->store, spec->name, &row->hash, &row->cohort_id,
                                       &row->version, err);
    if (found < 0 ||
        (found == 0 &&
         cohort_next_version(context->store, spec->name, &row->version, err) < 0) ||
        store_cohort_version(context, spec, &numbers, found == 0, err) < 0)
        goto done;
    *out = (struct cohort_made){ .version = row->version,
                                 .is_new = found == 0,
                                 .n = row->n,
                                 .n_samples = row->n_samples,
                                 .n_imputed = row->n_imputed,
                                 .n_skipped = row->n_skipped,
                                 .n_not_scored = numbers.n_not_scored,
                                 .obstacle = numbers.obstacle };
    report_obstacle(context, spec, numbers.obstacle);
    rc = 0;
done:
    cohort_numbers_release(&numbers);
    return rc;
}
