/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/stage_run.h"

#include <signal.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/option.h"
#include "scoring/kernels/kernels.h"
#include "stages/ingest/retry.h"
#include "store/run.h"
#include "tests/support/test.h"

static void count_tick(struct report *report)
{
    struct stage_run *run = report->arg;

    if (++run->n_ticks == run->stop_after)
        run->stop_signal = SIGTERM;
    if (run->tick)
        run->tick(run);
}

static void keep_note(struct report *report, const char *text)
{
    struct stage_run *run = report->arg;
    const size_t len = strlen(run->notes);

    snprintf(run->notes + len, sizeof run->notes - len, "%s\n", text);
}

void stage_run_init(struct stage_run *run, struct store *store)
{
    *run = (struct stage_run){
        .store = store, .models_dir = "", .n_threads = 2, .cpu_flags = cpu_detect()
    };
}

static int set(const struct stage *stage, void *args, const char *name, const char *text,
               struct error *err)
{
    const struct option *option = stage->positional;

    if (!option || strcmp(option->name, name) != 0)
        option = option_find(stage->options, name, strlen(name));
    if (!option)
        fail_msg("stage %s has no option %s", stage->name, name);
    return option_set(option, args, text, err) < 0 ? error_prefix(err, "--%s %s", name, text)
                                                   : 0;
}

/* Configure the stage and run it, as the pipeline does. */
static int configure_and_run(const struct stage *stage, const struct stage_context *context,
                             const void *args, struct stage_result *result, struct error *err)
{
    void *config = NULL;

    if (stage_configure(stage, args, &config, err) < 0)
        return -1;
    const int rc = stage->run(context, args, config, result, err);
    stage_config_free(stage, config);
    return rc;
}

static int carry_out(struct stage_run *run, const struct stage *stage, const void *args,
                     struct error *err)
{
    const struct stage_context context = { .store = run->store,
                                           .run_id = run->run_id,
                                           .n_threads = run->n_threads,
                                           .dry_run = run->dry_run,
                                           .models_dir = run->models_dir,
                                           .cpu_flags = run->cpu_flags,
                                           .report = &run->report };

    run->result.n_facts = 0;
    run->notes[0] = '\0';
    run->n_ticks = 0;
    run->stop_signal = run->stopped ? SIGTERM : 0;
    run->report = (struct report){ .phase = stage->name,
                                   .tick = count_tick,
                                   .note = keep_note,
                                   .stop_signal = &run->stop_signal,
                                   .arg = run };
    if (run->enter)
        run->enter(run);
    const int rc = configure_and_run(stage, &context, args, &run->result, err);
    if (run->leave)
        run->leave(run);
    return rc;
}

int stage_run(struct stage_run *run, struct error *err, const char *name, ...)
{
    const struct stage *stage = strcmp(name, "retry") == 0 ? &stage_retry : stage_find(name);
    const char *option;
    struct error ours;
    va_list given;
    int rc = 0;

    assert_non_null(stage);
    void *args = malloc(stage->args_size);
    assert_non_null(args);
    memcpy(args, stage->defaults, stage->args_size);
    va_start(given, name);
    while (rc == 0 && (option = va_arg(given, const char *)))
        rc = set(stage, args, option, va_arg(given, const char *), err);
    va_end(given);

    run->run_id = 0;
    if (!run->dry_run &&
        run_begin(run->store, 0, name, slice_text("{}"), &run->run_id, &ours) < 0)
        fail_msg("%s", ours.msg);
    if (rc == 0)
        rc = carry_out(run, stage, args, err);
    if (!run->dry_run &&
        run_finish(run->store, run->run_id, rc == 0 ? RUN_OK : RUN_FAILED, NULL, &ours) < 0)
        fail_msg("%s", ours.msg);
    option_free_lists(stage->options, stage->positional, args);
    free(args);
    return rc;
}

static const struct stage_fact *find_fact(const struct stage_run *run, const char *key)
{
    for (size_t i = 0; i < run->result.n_facts; i++)
        if (strcmp(run->result.facts[i].key, key) == 0)
            return &run->result.facts[i];
    fail_msg("there is no fact %s", key);
    return NULL;
}

int64_t stage_run_int(const struct stage_run *run, const char *key)
{
    const struct stage_fact *fact = find_fact(run, key);

    assert_int_equal(fact->type, STAGE_FACT_INT);
    return fact->integer;
}

const char *stage_run_text(const struct stage_run *run, const char *key)
{
    const struct stage_fact *fact = find_fact(run, key);

    assert_int_equal(fact->type, STAGE_FACT_TEXT);
    return fact->text;
}
