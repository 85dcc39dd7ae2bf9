/* SPDX-License-Identifier: Apache-2.0 */
/*
 * score_private.h - what the files of the score stage share.
 *
 * score_plan.c turns the metrics asked for into a list of nodes, each after its inputs;
 * score_models.c opens the models; score_sets.c gives every node its score set; then
 * score_observe.c and score_derive.c each compute what their kind of node lacks, score_rows.c
 * puts it into the store, and score_cohort.c makes a cohort of what is there. All functions
 * return 0, or -1 with err filled.
 */
#ifndef CURATE_SCORE_PRIVATE_H
#define CURATE_SCORE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/hash.h"
#include "base/io/file.h"
#include "base/option.h"
#include "scoring/kernels/kernels.h"
#include "scoring/observe/observe.h"
#include "scoring/prompts/templates/template.h"
#include "scoring/scorer.h"
#include "stages/cohort/cohort.h"
#include "store/selection.h"

struct arena;
struct error;
struct model;
struct pool;
struct prompt_cache;
struct stage_context;
struct store;

/* What --max-segments, --response-tokens and --instruction-tokens are when nothing is said. */
enum { SCORE_LIMIT = 500 };

struct score_args {
    struct text_list metrics;
    const char *model;
    const char *short_model;
    const char *short_rope;
    int64_t short_window; /* 0: all of the prompt */
    const char *where;
    const char *template; /* a name, or "auto" */
    const char *turns;    /* "last" or "all" */
    const char *top;
    bool exact_all;
    const char *cohort; /* NULL: it is called like the metric */
    struct cohort_args cohort_args;
    int64_t segment_tokens;
    int64_t max_segments;
    const char *last_segment;
    int64_t response_tokens;
    int64_t instruction_tokens;
    const char *attn_row;
    const char *attention_by; /* NULL: no tables */
    const char *truncate;
    const char *cas_truncate;
    const char *importance;
    bool centred;
    bool drop_first;
    int64_t max_tokens; /* 0: the model's window */
    int64_t batch_tokens;
    int64_t near_tokens; /* 0: an eighth of max_tokens */
    const char *question;
    int64_t neighbour;  /* 0: the sixth */
    const char *compat; /* NULL for none */
    bool estimate;
    const char *max_cost; /* NULL: whatever it takes */
    const char *max_memory;
    bool mmap_only;
};

/* Tables of the attention to segments beside its mean. */
enum score_tables { SCORE_NO_TABLES, SCORE_BY_LAYER, SCORE_BY_HEAD };

enum { SCORE_TOKENS_MAX = 1 << 30 };
/* Models of a pair; with what stands for none behind them. */
enum { SCORE_MODELS = SCORER_SHORT_MODEL + 1, SCORE_ROLES = SCORER_NO_MODEL + 1 };

/* One metric about one model (of a pair): a score set; a rank is a cohort instead. */
struct score_node {
    const struct scorer *scorer;
    enum scorer_model role;
    size_t inputs[SCORER_INPUTS_MAX];
    size_t n_inputs;
    bool asked;           /* for itself, and not as an input */
    unsigned needs;       /* of it and all it is made of */
    bool is_pooled;       /* it, or an input of it, is made of all samples of the run */
    bool uses_neighbour;  /* likewise of the neighbour asked for */
    bool has_segments;    /* it, or an input of it, is made of segments */
    bool reads_segments;  /* it is made of the stored segments of its input */
    bool has_short_model; /* likewise of the other model of a pair */
    int64_t set_id;       /* 0 of a rank, and in a dry run when there is no such set yet */
};

struct score_plan {
    struct score_node *nodes; /* inputs before what is made of them */
    size_t n;
    bool roles[SCORE_ROLES]; /* which models are needed */
};

struct score_model {
    struct model *model;
    const char *path;
    char *own_path; /* of a built-in model: what path points to */
    uint8_t sha256[DIGEST_BYTES];
    struct file_stamp stamp;
    struct hash tokenizer_hash;
    int64_t model_id; /* 0 in a dry run */
};

/* How the short model of a pair is run. */
struct short_view {
    size_t window;     /* --short-window; 0 none */
    double ntk_factor; /* --short-rope ntk:S; 0 none */
};

/* Rows of the transaction in hand, or of all. */
struct score_tally {
    uint64_t n_scored;
    uint64_t n_unscorable;
};

/* What is asked about segments. */
enum score_pass {
    SCORE_PASS_ALL,
    SCORE_PASS_ATTENTION, /* attention alone: their NLLs may not be needed */
    SCORE_PASS_NLL,       /* of samples of which it was: the NLLs alone */
};

/* The whole run. */
struct scoring {
    const struct stage_context *context;
    const struct score_args *args;
    struct score_plan plan;
    struct score_model models[SCORE_ROLES];
    struct chosen_template template; /* what observing.template points into */
    struct observer_options observing;
    struct cas_options reading;
    enum score_pass pass;
    enum score_tables tables;
    bool all_turns;
    size_t neighbour;
    bool looks; /* a dry run, or an estimate: nothing is written */
    struct short_view short_view;
    struct prompt_cache *prompts; /* of the first model of a pair, for the other; or NULL */
    struct kernels kernels;
    uint64_t memory_limit;  /* of score_memory_parse() */
    struct id_list samples; /* those of --where, asked once: it may look at what we write */
    struct score_tally done;
    struct score_tally batch;
    uint64_t n_cached;
    uint64_t n_tokens;
    uint64_t n_skipped; /* samples of those asked for whose segments were not asked about */
    uint64_t n_ranked;  /* samples of new versions of cohorts */
    struct buf cohorts; /* "gateau@2": the versions asked for */
};

/* score_plan.c */
int score_plan_make(const struct text_list *metrics, struct score_plan *out, struct error *err);
void score_plan_release(struct score_plan *plan);
/* "nll", or "nll@short" for the short model of a pair. */
int score_node_name(const struct score_node *node, struct buf *out, struct error *err);
/* Whether a model has to be asked for it. With all turns of a dialogue the segments of the last
 * one alone are stored, so that what is made of segments is made at once. */
bool score_asks_model(const struct scoring *scoring, const struct score_node *node);

/* score_segments.c */
struct jsonout;
/* The options about segments, as the observer and those who read segments take them. */
int score_take_segments(const struct score_args *args, struct observer_options *observing,
                        struct cas_options *reading, struct error *err);
/* What --attention-by asks for. It is no parameter of a score set: it changes no number. */
int score_take_tables(const char *text, enum score_tables *out, struct error *err);
/* What of them is a parameter of the node: the member "segments", or nothing. */
void score_segment_params(const struct scoring *scoring, const struct score_node *node,
                          struct jsonout *json);

/* The segments of a sample and what is known of each; inside a transaction. */
int score_segments_save(const struct scoring *scoring, const struct score_node *node,
                        int64_t sample_id, const struct observation *seen, struct error *err);

/* score_options.c */
int score_options_check(const struct score_args *args, const struct score_plan *plan,
                        struct error *err);

/* score_models.c: open those the plan needs, and settle max_tokens. */
int score_models_open(struct scoring *scoring, struct error *err);
/* Fill in how the short model is run, from the options. */
int score_short_view(const struct score_args *args, struct short_view *out, struct error *err);
/* Whether the short model is the long one, with a view that is narrower. */
bool score_is_twin(const struct scoring *scoring);
/* The options that a model's observer gets. */
struct observer_options score_observing(const struct scoring *scoring, enum scorer_model role);
void score_models_close(struct scoring *scoring);

/* score_sets.c: fill in the models' and nodes' ids; in a dry run those there are. */
int score_sets_find(struct scoring *scoring, struct error *err);

/* score_list_unscored.c: the samples that a model has to be asked about. */
struct lacking {
    int64_t sample_id;
    int64_t context_id; /* of the store; 0 without a context */
    uint32_t nodes;     /* bits: those of the backlog's nodes that it lacks */
    uint64_t end_token; /* of those guessed to be new, from the first sample to its end */
};
struct lacking_list {
    struct lacking *samples;
    size_t n;
};
/* Append samples that lack these nodes. */
int lacking_add(struct lacking_list *list, const struct id_list *ids, uint32_t nodes,
                struct error *err);
/* One entry a sample, with all it lacks. Those that lack the same stand together, among them
 * those of one context, in order of id. */
int lacking_order(struct lacking_list *list, struct store *store, struct error *err);
/* Whether sample i lacks the same as the one before it, of the same context. */
bool lacking_goes_on(const struct lacking_list *list, size_t i);
/* The first of the samples that begin at `token` or behind it and go on with no context; n for
 * none. */
size_t lacking_find_token(const struct lacking_list *list, uint64_t token);
void lacking_release(struct lacking_list *list);

/* score_observe.c */
struct score_backlog;
int score_backlog_new(struct scoring *scoring, enum scorer_model role,
                      struct score_backlog **out, struct error *err);
void score_backlog_free(struct score_backlog *backlog);
/* About how many tokens a model has to be asked about. */
struct score_guess {
    uint64_t n_tokens;
    uint64_t n_new; /* of these, without what samples of one context share */
};
/* Added to *out; longest, which may be NULL, becomes that of the largest sample if it is less.
 */
int score_backlog_guess(struct score_backlog *backlog, struct score_guess *out,
                        uint64_t *longest, struct error *err);
/* Ready to observe; the pool is borrowed. */
int score_backlog_open(struct score_backlog *backlog, struct pool *pool, struct error *err);
/* The new tokens are cut into stretches as long as a batch, wherever samples end that do not
 * share their context with the next: observe those that begin in the stretch at `where`, 0 to 1
 * of the tokens, and forget them. The new tokens they were guessed to have together, and what
 * they took; 0 where one sample is all of the stretch. At 0 some begin. After
 * score_backlog_guess() and score_backlog_open(); there must be samples. */
int score_backlog_probe(struct score_backlog *backlog, double where, uint64_t *n_tokens,
                        double *secs, struct error *err);
/* ERR_NOMEM when the longest cannot be held, after score_backlog_guess(). */
int score_backlog_check_memory(const struct score_backlog *backlog, struct error *err);
int score_backlog_run(struct score_backlog *backlog, struct error *err);

/* score_memory.c */
struct score_fit {
    size_t batch_tokens;
    bool packs;      /* the weights are to be packed */
    bool lacks_room; /* they would be, if there were room for it */
    uint64_t bytes;  /* held beside the weights in the mapping */
};
/* --max-memory: what activations and packed weights may take; 0 without. ERR_USAGE. */
int score_memory_parse(const struct score_args *args, uint64_t *out, struct error *err);
/* What a pair's prompts may take between its models: taken out of memory_limit, if there is
 * one.
 */
size_t score_memory_prompts(struct scoring *scoring);
/* How n_tokens in sequences of at most `longest` are best run. */
void score_memory_fit(const struct scoring *scoring, enum scorer_model role, uint64_t n_tokens,
                      uint64_t longest, struct score_fit *out);
/* ERR_NOMEM when a sequence guessed to have so many tokens cannot be held. */
int score_memory_check(const struct scoring *scoring, enum scorer_model role, uint64_t longest,
                       struct error *err);
/* Pack the weights if that fits; if it does not after all, say so and go on. */
int score_memory_pack(const struct scoring *scoring, enum scorer_model role,
                      const struct score_fit *fit, struct pool *pool, struct error *err);

/* score_estimate.c: what a run will cost. */
struct stage_result;
struct score_cost {
    uint64_t n_tokens;
    double secs;
    double half_squared; /* of half the interval of secs (95 %) */
    uint64_t bytes;      /* weights, packed weights and activations */
};
int score_estimate(struct scoring *scoring, struct score_cost *out, struct error *err);
void score_cost_report(const struct score_cost *cost, struct stage_result *result);
/* ERR_USAGE for a text that is no time, and for a cost that may be over most_secs. */
int score_cost_parse(const char *text, double *secs, struct error *err);
int score_cost_check(const struct score_cost *cost, double most_secs, struct error *err);

/* score_texts.c: what an observer is shown of some samples, one after another. */
struct score_texts {
    struct observed_text *texts;
    int *turns; /* of the sample, the response of each; -1: it has none */
    size_t n;
    size_t cap;
};
void score_texts_release(struct score_texts *texts);
/* Append those of a sample, at least one; their text is copied into the arena. */
struct sample;
int score_texts_add(struct score_texts *texts, int64_t sample_id, const struct sample *sample,
                    bool all_turns, struct arena *arena, struct error *err);
/* The most tokens, guessed, that one of them will put to the model at once. */
size_t score_texts_longest(const struct score_texts *texts,
                           const struct observer_options *observing);
/* About how many of n tokens the session has from another text of the same context: those of
 * the context, where nothing of it is cut. */
size_t score_texts_shared(const struct observed_text *text,
                          const struct observer_options *observing, size_t n);

/* score_tables.c: the attention to segments by layer and head. */
/* Whether tables are asked for that go with the node's scores. */
bool score_has_tables(const struct scoring *scoring, const struct score_node *node);
/* The samples of the run that lack them; free with id_list_release(). */
int score_tables_lacking(const struct scoring *scoring, const struct score_node *node,
                         struct id_list *out, struct error *err);
/* Inside a transaction, after the segments. */
int score_tables_save(const struct scoring *scoring, const struct score_node *node,
                      int64_t sample_id, const struct observation *seen, struct error *err);

/* score_measure.c, score_pool.c */
int score_measure(struct scoring *scoring, const struct score_node *node, struct error *err);
int score_pool(struct scoring *scoring, const struct score_node *node, struct error *err);

/* score_derive.c: what is made of stored scores, and of stored segments. */
int score_derive(struct scoring *scoring, const struct score_node *node, struct error *err);

/* score_cohort.c: make the cohort of a rank that was asked for. */
int score_cohort(struct scoring *scoring, const struct score_node *node, struct error *err);

/* score_top.c: only the first of the cohort are asked for, and as few segments looked at as
 * make them certain. */
int score_top_check(const struct score_args *args, const struct score_plan *plan,
                    struct error *err);
/* Settle whether that is to be tried, before any model runs. */
void score_top_begin(struct scoring *scoring);
/* Before the cohort of the node is made: look at the segments of those who may be among them.
 */
int score_top_run(struct scoring *scoring, const struct score_node *node,
                  struct cohort_spec *spec, struct error *err);
/* Options and metrics that fit together, as far as it shows without a database. */
int score_cohort_check(const struct score_args *args, const struct score_plan *plan,
                       struct error *err);

/* score_rows.c */
/* The samples of the run without a score of the node; free with id_list_release(). */
int score_list_lacking(const struct scoring *scoring, const struct score_node *node,
                       struct id_list *out, struct error *err);
/* What a stored status says of a score; a reason goes into the arena. */
int score_take_status(struct score *score, const char *status, struct arena *arena,
                      struct error *err);
/* 1 and the stored score, its reason in the arena; 0 when there is none; -1. */
int score_load(struct scoring *scoring, const struct score_node *node, int64_t sample_id,
               struct arena *arena, struct score *out, struct error *err);
/* The same where there must be one: 0, or -1. */
int score_load_input(struct scoring *scoring, const struct score_node *node, int64_t sample_id,
                     struct arena *arena, struct score *out, struct error *err);
/* Inside a transaction that score_batch_commit() ends. */
int score_save(struct scoring *scoring, const struct score_node *node, int64_t sample_id,
               const struct score *score, struct error *err);
/* The same for all that is known of a sample's turns: with --turns all those are kept, too.
 * turns[i] is the turn of scores[i], -1 for none. */
int score_save_turns(struct scoring *scoring, const struct score_node *node, int64_t sample_id,
                     const struct score *scores, const int *turns, size_t n, struct error *err);
int score_batch_begin(struct scoring *scoring, struct error *err);
int score_batch_commit(struct scoring *scoring, struct error *err);
void score_batch_rollback(struct scoring *scoring);
/* ERR_CANCELLED: that the user asked to stop; and only if so. */
int score_stopped(int signal, struct error *err);
int score_check_stop(const struct scoring *scoring, struct error *err);

#endif
