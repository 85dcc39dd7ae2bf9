/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/score_private.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/report.h"
#include "base/threads/pool.h"
#include "scoring/infer/model/pack.h"
#include "stages/stage.h"
#include "store/embedding.h"
#include "store/sample.h"
#include "store/score.h"

/* A batch is one transaction: what a kill can lose. */
enum { BATCH_SAMPLES = 256, BATCH_SECONDS = 2, NODES_MAX = 32 };

struct batch {
    struct arena arena;
    const struct lacking *samples; /* n of them, all lacking the same */
    size_t n;
    size_t n_guessed;
    size_t n_new; /* of these, without what samples of one context share */
    struct score_texts texts;
    size_t first_text[BATCH_SAMPLES + 1]; /* of each sample, and the end */
    struct observation *seen;             /* of each text, in the arena */
};

/* What one model has to be asked. */
struct score_backlog {
    struct scoring *scoring;
    enum scorer_model role;
    const struct score_node *nodes[NODES_MAX];
    bool tables[NODES_MAX]; /* it is not a node's scores, but the tables beside them */
    size_t n_nodes;
    struct lacking_list lacking;
    struct score_guess guess; /* of all */
    size_t longest;           /* of a sequence */
    struct sample_reader *reader;
    struct batch batch;
    struct observer *observer; /* of score_backlog_open() */
    uint64_t n_done_before;    /* the report's count when the batch began */
    size_t batch_least;        /* tokens, guessed */
    size_t batch_goal;
};

/* Append the samples without a score of this node. */
static int add_lacking(struct score_backlog *backlog, size_t node, struct error *err)
{
    struct scoring *scoring = backlog->scoring;
    struct id_list ids = { 0 };

    if ((backlog->tables[node]
             ? score_tables_lacking(scoring, backlog->nodes[node], &ids, err)
             : score_list_lacking(scoring, backlog->nodes[node], &ids, err)) < 0)
        return -1;
    const int rc = lacking_add(&backlog->lacking, &ids, 1U << node, err);
    if (scoring->pass != SCORE_PASS_NLL && !backlog->tables[node])
        scoring->n_cached += scoring->samples.n - ids.n;
    id_list_release(&ids);
    return rc;
}

static int add_node(struct score_backlog *backlog, const struct score_node *node, bool tables,
                    struct error *err)
{
    if (backlog->n_nodes == NODES_MAX)
        return error_set(err, ERR_USAGE, "more than %d metrics read one model", NODES_MAX);
    backlog->nodes[backlog->n_nodes] = node;
    backlog->tables[backlog->n_nodes] = tables;
    return add_lacking(backlog, backlog->n_nodes++, err);
}

int score_backlog_new(struct scoring *scoring, enum scorer_model role,
                      struct score_backlog **out, struct error *err)
{
    struct score_backlog *backlog = calloc(1, sizeof *backlog);

    if (!backlog)
        return error_nomem(err);
    backlog->scoring = scoring;
    backlog->role = role;
    arena_init(&backlog->batch.arena);
    for (size_t i = 0; i < scoring->plan.n; i++) {
        const struct score_node *node = &scoring->plan.nodes[i];

        if (node->role != role || !score_asks_model(scoring, node) ||
            (scoring->pass == SCORE_PASS_NLL && !(node->scorer->needs & NEED_SEGMENTS)))
            continue;
        if (add_node(backlog, node, false, err) < 0 ||
            (scoring->pass != SCORE_PASS_NLL && score_has_tables(scoring, node) &&
             add_node(backlog, node, true, err) < 0))
            goto fail;
    }
    if (lacking_order(&backlog->lacking, scoring->context->store, err) < 0 ||
        sample_reader_new(scoring->context->store, &backlog->reader, err) < 0)
        goto fail;
    *out = backlog;
    return 0;
fail:
    score_backlog_free(backlog);
    return -1;
}

static void close_model(struct score_backlog *backlog)
{
    if (!backlog->observer)
        return;
    observer_free(backlog->observer);
    backlog->observer = NULL;
    /* The other model of a pair is packed next. */
    model_unpack(backlog->scoring->models[backlog->role].model);
}

void score_backlog_free(struct score_backlog *backlog)
{
    if (!backlog)
        return;
    close_model(backlog);
    sample_reader_free(backlog->reader);
    score_texts_release(&backlog->batch.texts);
    arena_release(&backlog->batch.arena);
    lacking_release(&backlog->lacking);
    free(backlog);
}

static unsigned needs_of(const struct score_backlog *backlog, uint32_t nodes)
{
    unsigned needs = 0;

    for (size_t i = 0; i < backlog->n_nodes; i++)
        if (nodes & 1U << i)
            needs |= backlog->tables[i] ? (unsigned)(NEED_ATTENTION | NEED_BY_HEAD)
                                        : backlog->nodes[i]->scorer->needs;
    if (backlog->scoring->pass == SCORE_PASS_ATTENTION)
        needs &= ~(unsigned)NEED_SEGMENT_NLL;
    else if (backlog->scoring->pass == SCORE_PASS_NLL)
        needs = NEED_SEGMENT_NLL;
    return needs;
}

/* Append a sample's texts to the batch's. */
static int read_texts(struct score_backlog *backlog, int64_t sample_id, struct error *err)
{
    struct batch *batch = &backlog->batch;
    struct sample sample;
    const int found = sample_read(backlog->reader, sample_id, &sample, err);

    if (found < 0)
        return -1;
    if (found == 0)
        return error_set(err, ERR_INVARIANT, "sample %lld went away while it was to be scored",
                         (long long)sample_id);
    return score_texts_add(&batch->texts, sample_id, &sample, backlog->scoring->all_turns,
                           &batch->arena, err);
}

/* Of the responses of one sample: those from 'first' on. */
static size_t guess_tokens(const struct score_backlog *backlog, size_t first, unsigned needs)
{
    const struct score_texts *texts = &backlog->batch.texts;
    /* The last response's pass serves the others, too, unless more than NLLs is asked. */
    const bool shares = !(needs & ~(unsigned)(NEED_NLL | NEED_NLL_ALONE));
    const struct observer_options observing = score_observing(backlog->scoring, backlog->role);
    size_t n = 0;

    for (size_t i = first; i < texts->n; i++)
        n += observer_guess_tokens(&observing, &texts->texts[i],
                                   shares && i + 1 < texts->n ? needs & ~(unsigned)NEED_NLL
                                                              : needs);
    return n;
}

static void clear_batch(struct batch *batch)
{
    arena_clear(&batch->arena);
    batch->texts.n = 0;
    batch->n = batch->n_guessed = batch->n_new = 0;
}

/* Of n tokens guessed of a sample whose texts begin with `first`, those that the sample before
 * it has had computed. */
static size_t shared_tokens(const struct score_backlog *backlog, size_t i, size_t first,
                            size_t n)
{
    const struct observer_options observing = score_observing(backlog->scoring, backlog->role);

    return lacking_goes_on(&backlog->lacking, i)
               ? score_texts_shared(&backlog->batch.texts.texts[first], &observing, n)
               : 0;
}

int score_backlog_guess(struct score_backlog *backlog, struct score_guess *out,
                        uint64_t *longest, struct error *err)
{
    const struct observer_options observing = score_observing(backlog->scoring, backlog->role);
    struct score_guess *guess = &backlog->guess;

    for (size_t i = 0; i < backlog->lacking.n; i++) {
        struct lacking *lacking = &backlog->lacking.samples[i];

        clear_batch(&backlog->batch);
        if (read_texts(backlog, lacking->sample_id, err) < 0 ||
            (i % BATCH_SAMPLES == 0 && score_check_stop(backlog->scoring, err) < 0))
            return -1;
        const size_t n = guess_tokens(backlog, 0, needs_of(backlog, lacking->nodes));
        guess->n_tokens += n;
        guess->n_new += n - shared_tokens(backlog, i, 0, n);
        lacking->end_token = guess->n_new;
        if (longest && n > *longest)
            *longest = n;
        const size_t most = score_texts_longest(&backlog->batch.texts, &observing);
        backlog->longest = most > backlog->longest ? most : backlog->longest;
    }
    out->n_tokens += guess->n_tokens;
    out->n_new += guess->n_new;
    return 0;
}

int score_backlog_check_memory(const struct score_backlog *backlog, struct error *err)
{
    return score_memory_check(backlog->scoring, backlog->role, backlog->longest, err);
}

/* Whether the batch is better ended before sample i: there is enough in it, and what follows
 * does not go on with its last context, or there is more than enough. */
static bool is_full(const struct score_backlog *backlog, size_t i)
{
    const struct batch *batch = &backlog->batch;

    if (backlog->lacking.samples[i].nodes != batch->samples->nodes)
        return true;
    return batch->n_new >= backlog->batch_goal &&
           !(lacking_goes_on(&backlog->lacking, i) && batch->n_new / 2 < backlog->batch_goal);
}

/* Read samples from the first on, until they make a batch, and at most those before `end`. */
static int read_batch(struct score_backlog *backlog, size_t first, size_t end,
                      struct error *err)
{
    struct batch *batch = &backlog->batch;

    clear_batch(batch);
    batch->samples = &backlog->lacking.samples[first];
    const unsigned needs = needs_of(backlog, batch->samples->nodes);
    for (; batch->n < BATCH_SAMPLES && first + batch->n < end; batch->n++) {
        const size_t i = first + batch->n, first_text = batch->texts.n;

        if (is_full(backlog, i))
            break;
        if (read_texts(backlog, backlog->lacking.samples[i].sample_id, err) < 0)
            return -1;
        batch->first_text[batch->n] = first_text;
        const size_t n = guess_tokens(backlog, first_text, needs);
        batch->n_guessed += n;
        batch->n_new += n - (i > first ? shared_tokens(backlog, i, first_text, n) : 0);
    }
    batch->first_text[batch->n] = batch->texts.n;
    batch->seen = arena_alloc(&batch->arena, batch->texts.n, sizeof *batch->seen);
    return batch->seen ? 0 : error_nomem(err);
}

static int save_node(struct score_backlog *backlog, const struct score_node *node,
                     int64_t sample_id, size_t first, size_t end, struct error *err)
{
    struct batch *batch = &backlog->batch;
    struct score *scores = arena_alloc(&batch->arena, end - first, sizeof *scores);

    if (!scores)
        return error_nomem(err);
    for (size_t i = first; i < end; i++) {
        batch->seen[i].cas_options = backlog->scoring->reading;
        scorer_observe(node->scorer, &batch->seen[i], &scores[i - first]);
        if (backlog->scoring->pass == SCORE_PASS_ATTENTION &&
            (node->scorer->needs & NEED_SEGMENTS) && batch->seen[i].n_segments > 0)
            scores[i - first].reason = SCORE_OUTSIDE_TOP; /* until it is needed */
    }
    if (score_save_turns(backlog->scoring, node, sample_id, scores, batch->texts.turns + first,
                         end - first, err) < 0)
        return -1;
    /* Segments are told by their place in the context: those of the last response are kept,
     * and the vector of the whole dialogue. */
    const struct observation *last = &batch->seen[end - 1];
    if ((node->scorer->needs & NEED_POOLED) && !scores[end - first - 1].reason &&
        embedding_put(backlog->scoring->context->store, node->set_id, sample_id, last->pooled,
                      last->n_pooled, err) < 0)
        return -1;
    return (node->scorer->needs & NEED_SEGMENTS) && !node->reads_segments
               ? score_segments_save(backlog->scoring, node, sample_id, last, err)
               : 0;
}

static int save_sample(struct score_backlog *backlog, size_t i, struct error *err)
{
    const struct batch *batch = &backlog->batch;
    const struct lacking *lacking = &batch->samples[i];

    for (size_t j = 0; j < backlog->n_nodes; j++) {
        const struct score_node *node = backlog->nodes[j];

        if (!(lacking->nodes & 1U << j))
            continue;
        if ((backlog->tables[j]
                 ? score_tables_save(backlog->scoring, node, lacking->sample_id,
                                     &batch->seen[batch->first_text[i + 1] - 1], err)
                 : save_node(backlog, node, lacking->sample_id, batch->first_text[i],
                             batch->first_text[i + 1], err)) < 0)
            return -1;
    }
    return 0;
}

static int save_batch(struct score_backlog *backlog, struct error *err)
{
    if (score_batch_begin(backlog->scoring, err) < 0)
        return -1;
    for (size_t i = 0; i < backlog->batch.n; i++)
        if (save_sample(backlog, i, err) < 0)
            goto fail;
    if (score_batch_commit(backlog->scoring, err) == 0)
        return 0;
fail:
    score_batch_rollback(backlog->scoring);
    return -1;
}

/* The observer's word on how far the batch is. */
static int step(void *arg, size_t n_done, size_t n_total)
{
    const struct score_backlog *backlog = arg;
    struct report *report = backlog->scoring->context->report;
    const double share = (double)n_done / (double)n_total;

    report->done =
        backlog->n_done_before + (uint64_t)(share * (double)backlog->batch.n_guessed);
    report_tick(report);
    return report_stop(report);
}

/* The next batch: short enough that a kill loses little, but as many tokens as run well
 * together, and enough of them that commits cost nothing. */
static void set_goal(struct score_backlog *backlog, int64_t batch_ns)
{
    const size_t least = backlog->batch_least;
    const double secs = (double)(batch_ns > 0 ? batch_ns : 1) / 1e9;
    const double goal = (double)backlog->batch.n_new / secs * BATCH_SECONDS;

    backlog->batch_goal = goal > (double)least ? (size_t)goal : least;
}

/* What went wrong in a batch, and where. */
static int explain(const struct score_backlog *backlog, struct error *err)
{
    const struct batch *batch = &backlog->batch;

    if (err->code == ERR_CANCELLED)
        return score_stopped(err->sys, err);
    return error_prefix(err, "%s, samples from %lld on",
                        backlog->scoring->models[backlog->role].path,
                        (long long)batch->samples[0].sample_id);
}

/* Read the batch that begins with sample `first`, and observe it. */
static int observe_batch(struct score_backlog *backlog, size_t first, size_t end,
                         struct error *err)
{
    struct batch *batch = &backlog->batch;

    if (read_batch(backlog, first, end, err) < 0)
        return -1;
    return observer_run(backlog->observer, batch->texts.texts, batch->texts.n,
                        needs_of(backlog, batch->samples->nodes), &batch->arena, batch->seen,
                        err) < 0
               ? explain(backlog, err)
               : 0;
}

static int run_batch(struct score_backlog *backlog, size_t first, struct error *err)
{
    struct report *report = backlog->scoring->context->report;
    const int64_t started_ns = clock_mono_ns();

    backlog->n_done_before = report->done;
    if (observe_batch(backlog, first, backlog->lacking.n, err) < 0 ||
        save_batch(backlog, err) < 0)
        return -1;
    report->done = backlog->n_done_before + backlog->batch.n_guessed;
    report_tick(report);
    set_goal(backlog, clock_mono_ns() - started_ns);
    return 0;
}

int score_backlog_open(struct score_backlog *backlog, struct pool *pool, struct error *err)
{
    const struct scoring *scoring = backlog->scoring;
    struct observer_options observing = score_observing(scoring, backlog->role);
    struct score_fit fit;

    score_memory_fit(scoring, backlog->role, backlog->guess.n_new, backlog->longest, &fit);
    if (score_memory_pack(scoring, backlog->role, &fit, pool, err) < 0)
        return -1;
    if (backlog->role == SCORER_MODEL)
        observing.add_prompts_to = scoring->prompts;
    else
        observing.take_prompts_from = scoring->prompts;
    observing.progress = step;
    observing.progress_arg = backlog;
    observing.batch_tokens = backlog->batch_least = backlog->batch_goal = fit.batch_tokens;
    observing.max_bytes = scoring->memory_limit;
    return observer_new(scoring->models[backlog->role].model, &scoring->kernels, pool,
                        &observing, &backlog->observer, err);
}

int score_backlog_probe(struct score_backlog *backlog, double where, uint64_t *n_tokens,
                        double *secs, struct error *err)
{
    const uint64_t goal = backlog->batch_goal;
    const uint64_t token = (uint64_t)(where * (double)backlog->guess.n_new) / goal * goal;
    const size_t at = lacking_find_token(&backlog->lacking, token);
    const size_t end = lacking_find_token(&backlog->lacking, token + goal);
    const int64_t started_ns = clock_mono_ns();

    *n_tokens = 0;
    *secs = 0;
    if (at == end)
        return score_check_stop(backlog->scoring, err);
    if (score_check_stop(backlog->scoring, err) < 0 || observe_batch(backlog, at, end, err) < 0)
        return -1;
    *n_tokens = backlog->batch.n_new;
    *secs = (double)(clock_mono_ns() - started_ns) / 1e9;
    return 0;
}

int score_backlog_run(struct score_backlog *backlog, struct error *err)
{
    struct scoring *scoring = backlog->scoring;
    struct pool *pool = NULL;
    int rc = -1;

    if (backlog->lacking.n == 0)
        return 0;
    if (pool_new(scoring->context->n_threads, &pool, err) < 0 ||
        score_backlog_open(backlog, pool, err) < 0)
        goto done;
    for (size_t i = 0; i < backlog->lacking.n; i += backlog->batch.n)
        if (score_check_stop(scoring, err) < 0 || run_batch(backlog, i, err) < 0)
            goto done;
    rc = 0;
done:
    scoring->n_tokens += backlog->observer ? observer_tokens(backlog->observer) : 0;
    close_model(backlog);
    pool_free(pool);
    return rc;
}
