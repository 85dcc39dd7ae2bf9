/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.h - measure facts and store them: what `curate measure` does, `curate score` for the
 * facts among its metrics, and `curate ingest` for labels.
 *
 * Functions return 0, or -1 with err set.
 */
#ifndef CURATE_MEASURE_FACTS_H
#define CURATE_MEASURE_FACTS_H

#include <stdint.h>

struct error;
struct stage_context;
struct text_list;

/* What to measure. All is borrowed. */
struct measure_request {
    const struct text_list *names;  /* of measurers or facts; empty: all; NULL: labels only */
    const struct text_list *labels; /* NAME=PATH */
    const char *tokenizer;          /* path or URL of a GGUF file; NULL: none */
    const char *flagged_words;      /* path of a list; NULL: none */
    uint64_t max_memory;            /* bytes; 0: no limit */
};

/* A checked request. */
struct measure_facts;
/* Check the request, without a database, and read the list of flagged words. ERR_USAGE for an
 * unknown name, a measurer that cannot be used with what was given, a list or a
 * vocabulary that no measurer uses, and a malformed label or URL. ERR_INPUT or ERR_IO for the
 * list. End it with measure_facts_free(). */
int measure_facts_new(const struct measure_request *request, struct measure_facts **out,
                      struct error *err);
void measure_facts_free(struct measure_facts *facts); /* NULL: does nothing */

struct measure_outcome {
    uint64_t n_pending; /* samples that lacked facts at the beginning */
    uint64_t n_measured;
    uint64_t n_spans;
    double seconds;
};
/* Measure the samples that meet the condition (NULL: all) and lack one of the facts. A dry run
 * only counts them. *out is set also after a failure. ERR_CANCELLED after a signal: what was
 * measured is stored. */
int measure_facts_run(const struct measure_facts *facts, const struct stage_context *context,
                      const char *condition, struct measure_outcome *out, struct error *err);

#endif
