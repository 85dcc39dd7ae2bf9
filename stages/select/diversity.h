/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diversity.h - the option --diverse: choose samples whose vectors differ from each other.
 */
#ifndef CURATE_DIVERSITY_H
#define CURATE_DIVERSITY_H

#include <stdint.h>

#include "base/option.h"

struct diverse_method;
struct error;
struct making;
struct report;
struct store;

struct diversity_args {
    const char *method;  /* METHOD[:PARAMETER]; NULL: not asked for */
    const char *vectors; /* the metric whose vectors are compared */
    uint64_t max_memory; /* 0: half of what is free */
};

/* Their entries in an option table, for the member args of a struct type. */
#define DIVERSITY_OPTIONS(type, args)                                                          \
    { OPTION_TEXT, 0,                                                                          \
      "diverse",   offsetof(type, args.method),                                                \
      "METHOD",    .help = "choose samples that differ from each other" },                     \
        { OPTION_TEXT, 0,                                                                      \
          "vectors",   offsetof(type, args.vectors),                                           \
          "METRIC",    .help = "with --diverse: metric whose vectors are compared" },          \
    {                                                                                          \
        OPTION_SIZE, 0, "max-memory", offsetof(type, args.max_memory), "SIZE",                 \
            .help = "with --diverse: memory for the vectors", .unset = "half of what is free"  \
    }

#define DIVERSITY_DEFAULTS                                                                     \
    {                                                                                          \
        .vectors = "embedding"                                                                 \
    }

struct diversity_spec {
    const struct diverse_method *method;
    double parameter; /* NAN: the default of the method */
    int64_t score_set_id;
    uint64_t max_bytes;
};

/* What a diverse choice reports of itself. */
struct diversity_result {
    uint64_t n_without;  /* samples of the pool that have no vector, or one without a length */
    double mean_nearest; /* as in struct diverse_result */
    double max_nearest;
    uint64_t n_points; /* likewise */
    uint64_t n_all;    /* samples that were chosen among */
    uint64_t n_wanted; /* how many were to be chosen */
    uint64_t n_chosen;
};

/* Parse the method. Returns 0, or -1 with ERR_USAGE. */
int diversity_check(const struct diversity_args *args, struct diversity_spec *spec,
                    struct error *err);
/* Find the vectors. Returns 0, or -1 with err set. */
int diversity_find(const struct diversity_args *args, const char *model, struct store *store,
                   struct diversity_spec *spec, struct error *err);
/* Choose at most n_wanted of the pool, instead of the best. Samples without a vector leave the
 * pool. Returns 0, or -1 with err set: ERR_NOMEM with the memory that is needed. */
int diversity_choose(struct making *making, struct error *err);
/* Say what was chosen among, and how near the chosen are to each other. */
void diversity_note(const struct diversity_args *args, const struct diversity_result *result,
                    struct report *report);

#endif
