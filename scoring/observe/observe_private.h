/* SPDX-License-Identifier: Apache-2.0 */
/*
 * observe_private.h - the sequences that samples become, on their way to the model.
 *
 * observe_prompts.c makes prompts; observe_plan.c plans what the dialogue itself is asked,
 * observe_question.c and observe_document.c what is asked beside it. observe.c runs all
 * together in batches.
 */
#ifndef CURATE_OBSERVE_PRIVATE_H
#define CURATE_OBSERVE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "scoring/infer/forward/session.h"
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

struct error;
struct prompt;
struct tokenizer;

/* What needs the whole sequence. */
enum { NEEDS_WHOLE = NEED_NLL | NEED_POOLED | NEED_USER_MASS };

struct observer {
    const struct model *model;
    const struct tokenizer *tokenizer;
    struct session *session;
    struct observer_options options;
    struct arena scratch; /* of the jobs that run together */
    uint64_t n_tokens;    /* run so far */
};

/* One sequence to put to the model. */
struct job {
    enum { JOB_WHOLE, JOB_NEAR, JOB_ALONE, JOB_SEGMENT, JOB_ATTENTION, JOB_READY } kind;
    const struct prompt *prompt;
    struct span part;  /* of the prompt's context that this sequence holds */
    struct span cut;   /* of the prompt's tail, that it does not hold */
    size_t n_response; /* the first tokens of the response, that it does hold */
    bool scored;       /* the response's NLL is asked for */
    bool attended;     /* the attention to all segments is asked for */
    bool before;       /* of the rows before the response's own */
    size_t n_skipped;  /* of JOB_WHOLE: tokens of the prompt's beginning that it does without */
    struct observation *observation;
    struct segment *segment; /* whose NLL the response's is, or NULL */
    /* Of JOB_WHOLE: one whose sequence is the beginning of this one, and gets its results from
     * it. */
    const struct job *shorter;

    /* Of JOB_READY: the sequence as it is; where the mean of its NLLs goes, if anywhere. */
    struct sequence ready;
    double *mean_nll_nats;
    /* Or, with segment, that of n_alike more segments, too; over divide_by where it is set. Its
     * attention goes to the segments from there on. */
    size_t n_alike;
    size_t divide_by;
};

/* Grows; jobs is for free(). */
struct job_list {
    struct job *jobs;
    size_t n;
    size_t cap;
    size_t whole; /* 1 + index of the last JOB_WHOLE that others may go on from; 0 for none */
};
int job_add(struct job_list *list, const struct job *job, struct error *err);

/* A sequence of ids that are joined and copied into the arena: first, where it is an id, then
 * before and after. The NLLs of after[skip ..] are asked, and their mean, unless after is all
 * skipped. */
struct joined {
    int32_t first;
    const int32_t *before;
    size_t n_before;
    const int32_t *after;
    size_t n_after;
    size_t skip;
};
int job_add_joined(struct job_list *list, const struct joined *joined, double *mean_nll_nats,
                   struct arena *arena, struct error *err);

/* Which of the context's tokens fit beside the rest; what does not is lost at one end. False
 * when the rest alone does not fit. */
bool observe_fit(const struct prompt *prompt, size_t max_tokens, bool cut_right,
                 struct span *part);

/* observe_prompts.c: fill n zeroed prompts, each to be released also after a failure; and give
 * them, used, to whom they are kept for. */
int observe_build_prompts(const struct observer *observer, const struct observed_text *texts,
                          size_t n, struct prompt *prompts, struct error *err);
int observe_keep_prompts(const struct observer *observer, const struct observed_text *texts,
                         size_t n, struct prompt *prompts, struct error *err);

/* observe_plan.c: the jobs of a sample; text is NULL where only the prompt is known. */
int observe_plan(const struct observer *observer, const struct prompt *prompt,
                 const struct observed_text *text, unsigned needs, struct arena *arena,
                 struct observation *out, struct job_list *list, struct error *err);

/* observe_states.c: room for the attention of each layer and head to the segments there are. */
int observe_new_by_head(const struct observer *observer, struct arena *arena,
                        struct observation *out, struct error *err);
/* The whole sequence's mean of states, and what it looks at. */
int observe_new_pooled(const struct observer *observer, struct arena *arena,
                       struct observation *out, struct error *err);
void observe_add_pooled(const struct observer *observer, const struct job *job,
                        struct sequence *sequence);
int observe_add_user_mass(const struct observer *observer, const struct job *job,
                          struct arena *scratch, struct sequence *sequence, struct error *err);

/* observe_question.c: the instruction on its own, and questions about the sample. The ids of
 * ready sequences go into the arena, which lasts until all jobs have run. */
int observe_plan_instruction(const struct observer *observer, const struct observed_text *text,
                             struct arena *arena, struct observation *out,
                             struct job_list *list, struct error *err);
int observe_plan_question(const struct observer *observer, const struct observed_text *text,
                          unsigned needs, struct arena *arena, struct observation *out,
                          struct job_list *list, struct error *err);

/* observe_compat.c: the sample as options.compat has it. */
int observe_plan_compat(const struct observer *observer, const struct observed_text *text,
                        unsigned needs, struct arena *arena, struct observation *out,
                        struct job_list *list, struct error *err);

/* observe_document.c: the context as a text of its own. */
int observe_plan_document(const struct observer *observer, const struct observed_text *text,
                          unsigned needs, struct arena *arena, struct observation *out,
                          struct job_list *list, struct error *err);
/* About how many tokens the segments and their pairs are. */
size_t observe_guess_pairs(const struct observer_options *options, size_t n_context);

#endif
