/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measurer.h - facts about samples that need no model, and what computes them.
 *
 * A fact is one value of a sample: the number of words of its response, the language of its
 * instruction. A measurer computes several facts in one pass. It looks either at one text at a
 * time (measure) or at a whole sample (verify).
 *
 * A measurer of texts is called for each part in `parts`. The fact of the whole sample has the
 * name of the fact, that of a part has the part behind it: words, words_response.
 *
 * To add a measurer: write NAME.c with `const struct measurer measurer_NAME`, put NAME into
 * measurer_names of scoring/meson.build, and write a section "## NAME" in docs/facts.md.
 */
#ifndef CURATE_MEASURER_H
#define CURATE_MEASURER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct error;
struct flag_list;
struct measured_text;
struct span_list;
struct token_buf;
struct tokenizer;

enum fact_type { FACT_INTEGER, FACT_REAL, FACT_TEXT };

struct fact {
    const char *name; /* lower_snake, unique among all facts */
    enum fact_type type;
    const char *unit; /* "words", "share", "code" */
    const char *summary;
};

/* The reason of a text that is absent or empty. */
#define MEASURE_ABSENT "absent"
/* The reason of a fact for which a sample has nothing that could be checked. */
#define MEASURE_UNCHECKED "nothing_to_check"

/* A value, or the reason why there is none. The member that the type of the fact names is set.
 */
struct fact_value {
    const char *reason; /* static, lower_snake; NULL: there is a value */
    int64_t integer;
    double real;      /* finite */
    const char *text; /* static, or in the arena of the sample */
};

/* A part of a sample that is one text. Bits of `parts` are 1 << part. */
enum text_part {
    PART_ALL, /* system prompt, context and the turns, one after the other */
    PART_INSTRUCTION,
    PART_CONTEXT,
    PART_RESPONSE,
    N_TEXT_PARTS,
};
enum {
    PARTS_EACH = 1 << PART_INSTRUCTION | 1 << PART_CONTEXT | 1 << PART_RESPONSE,
    PARTS_WHOLE_AND_EACH = 1 << PART_ALL | PARTS_EACH,
};

/* A stretch of a text that a fact counts or that broke a constraint. */
struct span {
    const struct measurer *measurer;
    int turn;     /* index of the turn; -1: the context, -2: the system prompt */
    size_t start; /* byte offsets in the content of the turn, or in the context */
    size_t end;
    const char *kind;    /* static, lower_snake: "email" */
    struct slice detail; /* in the arena of the sample; ptr NULL: none */
};

/* Append a span. Returns 0, or -1 with err set: ERR_NOMEM. */
int span_add(struct span_list *spans, const struct span *span, struct error *err);

/* A turn of a measured sample. ptr NULL: absent. */
struct measured_turn {
    struct slice role;
    struct slice content;
    struct slice thought;
    struct slice calls; /* JSON */
    struct slice extra; /* JSON */
};

struct measured_sample {
    struct slice system;
    struct slice context;
    struct slice tools; /* JSON */
    struct slice meta;  /* JSON */
    const struct measured_turn *turns;
    size_t n_turns;
    int instruction_turn; /* -1: none */
    int response_turn;
    struct arena *arena; /* for texts of values and spans; lives until the sample is stored */
};

struct measure_limit;

/* What the user chose for a run. */
struct measure_options {
    const struct tokenizer *tokenizer;     /* NULL: none was given */
    const struct flag_list *flagged_words; /* the same */
    struct token_buf *ids;       /* working memory of the thread; measuring_new() sets it */
    struct measure_limit *limit; /* the same; NULL: there is none */
};

/* A limit on the memory of one sample, for a measurer that cannot know before how much it
 * needs. It sets is_exceeded and fails with ERR_NOMEM. */
struct measure_limit {
    size_t tree_bytes; /* of one JSON tree; 0: the default of json_limit() */
    bool is_exceeded;
};
struct json;
struct json_value;
/* Parse JSON of a sample within the limit. *out is NULL if it is invalid. Returns 0, or -1 with
 * err set: ERR_NOMEM. */
int measure_parse_json(struct json *json, struct slice text,
                       const struct measure_options *options, const struct json_value **out,
                       struct error *err);

struct measurer {
    const char *name; /* lower_snake */
    int version;      /* raised whenever a value changes */
    const char *summary;
    const char *left_out; /* NULL, or the build option without which it cannot measure */
    const struct fact *facts;
    size_t n_facts;

    unsigned parts; /* of measure: which texts */
    bool of_turns;  /* of measure: also of each turn */
    bool needs_tokenizer;
    bool needs_flagged_words;
    bool finds_spans;      /* of verify */
    bool may_be_unchecked; /* of verify: facts may have the reason MEASURE_UNCHECKED */
    /* Set out[0..n_facts-1] for a text that is not empty. options are those of the run. Returns
     * 0, or -1 with err set: ERR_NOMEM. */
    int (*measure)(const struct measured_text *text, const struct measure_options *options,
                   struct fact_value *out, struct error *err);
    /* Set out[0..n_facts-1] for a sample, and add spans. The same errors. */
    int (*verify)(const struct measured_sample *sample, const struct measure_options *options,
                  struct fact_value *out, struct span_list *spans, struct error *err);
    /* The most bytes that measure or verify has allocated at once. NULL: it allocates nothing,
     * or a bounded amount. */
    size_t (*measure_bytes)(const struct measured_text *text,
                            const struct measure_options *options);
    size_t (*verify_bytes)(const struct measured_sample *sample);
};

/* All measurers in the order of the help, NULL-terminated. */
extern const struct measurer *const measurers[];
/* NULL: there is none of that name. */
const struct measurer *measurer_find(const char *name);
/* The measurer that has a fact of this name, also with a part behind it. NULL: there is none.
 */
const struct measurer *measurer_of_fact(const char *name);

/* The section of docs/facts.md of a measurer, without its heading. */
const char *measurer_page(const struct measurer *measurer);

/* A column of a measurer: one fact of one part. */
struct fact_column_of {
    char name[64];
    const struct fact *fact;
    enum text_part part; /* PART_ALL for verify, too */
};
/* The number of columns, and column i: those of the first part, then those of the next. */
size_t measurer_count_columns(const struct measurer *measurer);
void measurer_column(const struct measurer *measurer, size_t i, struct fact_column_of *out);

/* Measures one sample after another; one for each thread. Reuses its memory. */
struct measuring;
int measuring_new(const struct measure_options *options, struct measuring **out,
                  struct error *err);
void measuring_free(struct measuring *measuring);
/* Limit the memory of one sample, besides its texts; at first there is no limit. */
void measuring_limit(struct measuring *measuring, size_t max_bytes);
/*
 * Set out[0..measurer_count_columns()-1] for each of the n measurers, one after the other. An
 * absent or empty text has the reason MEASURE_ABSENT.
 * Appends spans. Returns 0, 1 if the sample needs more memory than the limit, or -1 with err
 * set. After 1, what it appended to the spans does not count.
 */
int measuring_run(struct measuring *measuring, const struct measured_sample *sample,
                  const struct measurer *const *chosen, size_t n, struct fact_value *out,
                  struct span_list *spans, struct error *err);
/* The same for the content of one turn, with n_facts values of each of the measurers that have
 * of_turns. values[] are those that measuring_run() set for the sample: a turn that is its
 * instruction or its response has the same values and is not measured again. */
int measuring_run_turn(struct measuring *measuring, const struct measured_sample *sample,
                       size_t turn, const struct measurer *const *chosen, size_t n,
                       const struct fact_value *values, struct fact_value *out,
                       struct error *err);

#endif
