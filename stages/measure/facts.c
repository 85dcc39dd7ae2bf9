/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/measure/facts.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/report.h"
#include "scoring/facts/flag_list.h"
#include "stages/measure/measure_private.h"
#include "stages/stage.h"
#include "store/selection.h"
#include "store/store.h"

struct measure_facts {
    struct measure_choice choice;
    struct measure_labels labels; /* in the arena of the choice */
    const char *tokenizer;
    struct flag_list *flagged_words; /* NULL: none was given */
    uint64_t max_memory;
};

/* Read the list of flagged words, so that a mistake in it ends a recipe before its first step.
 */
static int read_flagged_words(const struct measure_request *request,
                              struct measure_facts *facts, struct error *err)
{
    bool is_used = false;

    if (!request->flagged_words)
        return 0;
    for (size_t i = 0; i < facts->choice.n; i++)
        is_used = is_used || facts->choice.measurers[i]->needs_flagged_words;
    if (!is_used)
        return error_set(err, ERR_USAGE,
                         "--flagged-words %s: none of these facts uses the list: add flagged, "
                         "or leave the option out",
                         request->flagged_words);
    return measure_flags_read(request->flagged_words, &facts->flagged_words, err);
}

/* A vocabulary that no chosen measurer reads is a mistake; URLs are checked, too. */
static int check_tokenizer(const struct measure_request *request,
                           const struct measure_choice *choice, struct error *err)
{
    if (!request->tokenizer)
        return 0;
    if (fetched_check(request->tokenizer, err) < 0)
        return -1;
    for (size_t i = 0; i < choice->n; i++)
        if (choice->measurers[i]->needs_tokenizer)
            return 0;
    return error_set(err, ERR_USAGE,
                     "--tokenizer %s: none of these facts counts tokens: add tokens, or leave "
                     "the option out",
                     request->tokenizer);
}

int measure_facts_new(const struct measure_request *request, struct measure_facts **out,
                      struct error *err)
{
    const struct measure_given given = { .tokenizer = request->tokenizer != NULL,
                                         .flagged_words = request->flagged_words != NULL };
    struct measure_facts *facts;

    facts = calloc(1, sizeof *facts);
    if (!facts)
        return error_nomem(err);
    facts->tokenizer = request->tokenizer;
    facts->max_memory = request->max_memory;
    if (measure_choose(request->names, &given, &facts->choice, err) < 0) {
        free(facts);
        return -1;
    }
    if (measure_labels_parse(request->labels, &facts->choice.arena, &facts->labels, err) < 0 ||
        check_tokenizer(request, &facts->choice, err) < 0 ||
        read_flagged_words(request, facts, err) < 0) {
        measure_facts_free(facts);
        return -1;
    }
    *out = facts;
    return 0;
}

void measure_facts_free(struct measure_facts *facts)
{
    if (!facts)
        return;
    measure_choice_release(&facts->choice);
    flag_list_free(facts->flagged_words);
    free(facts);
}

static int put_groups(struct store *store, const struct measure_columns *columns,
                      struct error *err)
{
    for (size_t i = 0; i < columns->n_groups; i++)
        if (fact_group_put(store, &columns->groups[i], err) < 0)
            return -1;
    return 0;
}

/* Measure the samples of the job. */
static int measure_pending(const struct stage_context *context, const struct measure_job *job,
                           struct measure_outcome *out, struct error *err)
{
    const int64_t started_ns = clock_mono_ns();
    struct measure_tally tally = { .n_measured = 0 };
    int rc = 0;

    context->report->unit = "samples";
    context->report->total = job->ids->n;
    if (!context->dry_run)
        rc = measure_run_threads(job, &tally, err);
    *out = (struct measure_outcome){ .n_pending = job->ids->n,
                                     .n_measured = tally.n_measured,
                                     .n_spans = tally.n_spans,
                                     .seconds = (double)(clock_mono_ns() - started_ns) / 1e9 };
    if (rc == 1)
        return error_set_sys(err, ERR_CANCELLED, report_stop(job->report),
                             "stopped by signal %d after %llu samples, whose facts are stored: "
                             "give the same command again to continue",
                             report_stop(job->report), (unsigned long long)tally.n_measured);
    return rc;
}

/* What a run opens besides the database. */
struct measure_opened {
    struct measure_vocabulary vocabulary;
    struct measure_columns columns;
    struct id_list ids;
};

/* What is in memory during the whole run. */
static uint64_t count_held_bytes(const struct measure_facts *facts,
                                 const struct measure_opened *opened)
{
    return measure_vocabulary_bytes(&opened->vocabulary) +
           (facts->flagged_words ? flag_list_bytes(facts->flagged_words) : 0) +
           opened->ids.n * sizeof *opened->ids.ids;
}

static int measure_opened(const struct measure_facts *facts,
                          const struct stage_context *context, const char *condition,
                          struct measure_opened *opened, struct measure_outcome *out,
                          struct error *err)
{
    struct measure_job job = {
        .store = context->store,
        .report = context->report,
        .choice = &facts->choice,
        .labels = &facts->labels,
        .columns = &opened->columns,
        .options = { .tokenizer = opened->vocabulary.tokenizer,
                     .flagged_words = facts->flagged_words },
        .ids = &opened->ids,
        .n_threads = context->n_threads,
    };
    struct measure_columns *columns = &opened->columns;

    if (measure_make_columns(&facts->choice, &facts->labels, &job.options, columns, err) < 0 ||
        (!context->dry_run && put_groups(context->store, columns, err) < 0) ||
        fact_find_pending(context->store, columns->groups, columns->n_groups, condition,
                          &opened->ids, err) < 0 ||
        measure_share_memory(facts->max_memory, count_held_bytes(facts, opened),
                             context->n_threads, &job.memory, err) < 0 ||
        store_limit_cache(context->store, job.memory.cache_bytes, err) < 0)
        return -1;
    const int rc = measure_pending(context, &job, out, err);
    struct error ignored;
    (void)store_limit_cache(context->store, 0, &ignored);
    return rc;
}

int measure_facts_run(const struct measure_facts *facts, const struct stage_context *context,
                      const char *condition, struct measure_outcome *out, struct error *err)
{
    struct measure_opened opened = { .ids = { 0 } };
    int rc = 0;

    *out = (struct measure_outcome){ .n_pending = 0 };
    if (facts->tokenizer)
        rc = measure_vocabulary_open(context->fetcher, facts->tokenizer, &opened.vocabulary,
                                     err);
    if (rc == 0)
        rc = measure_opened(facts, context, condition, &opened, out, err);
    id_list_release(&opened.ids);
    measure_columns_release(&opened.columns);
    measure_vocabulary_close(&opened.vocabulary);
    return rc;
}
