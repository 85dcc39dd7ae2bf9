/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage.h - a step of the pipeline: ingest, score, select, export.
 *
 * A stage is a const struct: its name, its options, and a function that runs the whole step on
 * an open store. It knows neither the command line nor recipes. Both read its option table, and
 * pipeline/run.c calls run() for both, with the database locked and a row of the run begun.
 * Stages commit batch by batch: a kill loses at most one batch, and running the same step again
 * continues behind the last committed one.
 *
 * To add a stage: write ROOM/NAME.c with `const struct stage stage_NAME`, and put ROOM/NAME
 * into the list of stages/meson.build. This makes it a command and a step of recipes.
 */
#ifndef CURATE_STAGE_H
#define CURATE_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/option.h"

struct error;
struct fetcher;
struct report;
struct store;

/* What run() receives. All pointers are borrowed. */
struct stage_context {
    struct store *store;
    int64_t run_id;         /* 0 in a dry run */
    size_t n_threads;       /* at least 1 */
    bool dry_run;           /* count, but change nothing */
    const char *models_dir; /* folder of the built-in models; empty if not found */
    unsigned cpu_flags;     /* CPU features that kernels may use (kernels.h) */
    bool stdout_taken;      /* the closing JSON object goes to standard output: write no data */
    struct fetcher *fetcher; /* of URLs among the arguments (base/net/fetcher.h) */
    struct report *report;
};

/* Facts about a run: the key=value pairs of the closing line, in order. */
enum { STAGE_FACTS_MAX = 16 };
struct stage_fact {
    const char *key; /* static */
    enum { STAGE_FACT_INT, STAGE_FACT_REAL, STAGE_FACT_TEXT } type;
    int64_t integer;
    double real;
    char text[256];
};
struct stage_result {
    struct stage_fact facts[STAGE_FACTS_MAX];
    size_t n_facts;
};
void stage_fact_int(struct stage_result *result, const char *key, int64_t value);
void stage_fact_real(struct stage_result *result, const char *key, double value);
void stage_fact_text(struct stage_result *result, const char *key, const char *value);

struct stage {
    const char *name;        /* of the command and of the step: "select", "cohort make" */
    const char *summary;     /* one line for the overview of commands */
    const char *description; /* one or two paragraphs for help; NULL for none */
    const struct option *options;
    const struct option *positional; /* one TEXT or LIST option, or NULL */
    bool positional_required;
    size_t args_size;
    const void *defaults; /* args_size bytes: the default of every option */
    bool creates_store;   /* create the database if it does not exist */
    size_t config_size;
    /* Check the arguments as far as possible without a database: values that exclude or need
     * each other. Fill config, of config_size zero bytes, with what run() derives from the
     * arguments, so that nothing is derived twice; config may point into args. Returns 0, or -1
     * with ERR_USAGE. Called once for a run, before anything is opened; for a recipe, for all
     * steps before the first one runs. NULL: all arguments are valid. */
    int (*check)(const void *args, void *config, struct error *err);
    /* Do these arguments only ask something? Then run() needs no database: on the command line
     * it runs with no store, as a dry run. NULL: never. */
    bool (*without_store)(const void *args);
    /* Free what check() allocated, also after it failed. NULL: it allocates nothing. */
    void (*release)(void *config);
    /* Run the step. Returns 0, or -1; on ERR_CANCELLED committed batches stay. result may hold
     * facts in both cases. */
    int (*run)(const struct stage_context *context, const void *args, const void *config,
               struct stage_result *result, struct error *err);
};

/* All stages, NULL-terminated, in the order `curate help` prints. */
extern const struct stage *const stages[];
const struct stage *stage_find(const char *name); /* NULL: not found */

/* Call check() of the stage. *config is what run() receives besides args; end it with
 * stage_config_free(). args must outlive it. */
int stage_configure(const struct stage *stage, const void *args, void **config,
                    struct error *err);
/* config may be NULL. */
void stage_config_free(const struct stage *stage, void *config);

#endif
