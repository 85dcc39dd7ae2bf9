/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage.h - a step of the pipeline: ingest, score, select, export.
 *
 * A stage is a const struct: what it is called, its options, and a function that does the whole
 * step on an open store. It knows neither the command line nor recipes: both read its option
 * table, and pipeline/run.c calls run() under the lock, with a run row begun, for either.
 * Stages commit their own batches, so that a kill loses at most the batch in hand, and doing
 * the same step again carries on.
 *
 * To add a stage: write NAME.c with `const struct stage stage_NAME`, and put NAME in the list
 * of stages/meson.build. It is a command and a recipe step from then on.
 */
#ifndef CURATE_STAGE_H
#define CURATE_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/option.h"

struct error;
struct report;
struct store;

/* What every stage is given. All borrowed. */
struct stage_context {
    struct store *store;
    int64_t run_id;         /* 0 in a dry run */
    size_t n_threads;       /* at least 1 */
    bool dry_run;           /* look and count, change nothing */
    const char *models_dir; /* where the built-in models are; empty when nowhere */
    unsigned cpu_flags;     /* what of the processor may be used (kernels.h) */
    bool stdout_taken;      /* the closing JSON object goes there: no stage may */
    struct report *report;
};

/* What a stage has to say at the end: the key=value pairs of the closing line, in order. */
enum { STAGE_FACTS_MAX = 16 };
struct stage_fact {
    const char *key; /* static */
    enum { FACT_INT, FACT_REAL, FACT_TEXT } type;
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
    const char *name;        /* the verb, or two words: "cohort make" */
    const char *summary;     /* one line for help */
    const char *description; /* a paragraph or two for --help; NULL for none */
    const struct option *options;
    const struct option *positional; /* one TEXT or LIST option, or NULL */
    bool positional_required;
    size_t args_size;
    const void *defaults; /* args_size bytes */
    bool creates_store;   /* the database is made when it does not exist */
    size_t config_size;
    /* Check the arguments as far as that is possible without a database: values that exclude
     * or need each other; ERR_USAGE. Fill config, config_size zero bytes, with what run()
     * needs beside the arguments, so that nothing is derived twice; config may point to args.
     * NULL: any values will do. Called once for a run, before anything is opened; for a recipe
     * for all steps before the first one runs. */
    int (*check)(const void *args, void *config, struct error *err);
    /* Free what check() allocated, also after it failed half-way. NULL: nothing. */
    void (*release)(void *config);
    /* 0, or -1; on ERR_CANCELLED what was committed stays. result may hold facts either way. */
    int (*run)(const struct stage_context *context, const void *args, const void *config,
               struct stage_result *result, struct error *err);
};

/* All stages, NULL-terminated, in the order `curate help` prints. */
extern const struct stage *const stages[];
const struct stage *stage_find(const char *name); /* NULL: not found */

/* Check the arguments: *config is what run() gets beside them; end it with
 * stage_config_free(). It may point to args, which must outlive it. */
int stage_configure(const struct stage *stage, const void *args, void **config,
                    struct error *err);
/* config may be NULL. */
void stage_config_free(const struct stage *stage, void *config);

#endif
