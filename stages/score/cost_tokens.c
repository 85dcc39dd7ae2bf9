/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The number of tokens of each sample of a backlog. Tokenising is far faster than running a
 * model, so all samples are counted if they are few. Of many samples, the first are counted and
 * some of the others. The rest is estimated: the planners' estimate from bytes, times the ratio
 * of counted to estimated tokens in samples of about that size. Samples with an estimate of 0
 * are always counted: they need no tokenising, or seem just too short for a pass.
 */
#include <math.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/threads/pool.h"
#include "stages/score/backlog_private.h"
#include "stages/score/rows.h"
#include "store/sample.h"

enum {
    COUNT_BYTES = 8 << 20, /* text that is counted at the start: takes about a second */
    HITS_LEAST = 400,      /* choices of a sample in the rest, however long the samples are */
    HITS_MOST = 4000,      /* the same if the ratios of the samples differ much */
    STOP_EVERY_SAMPLES = 256,
    CLASSES = 64,   /* of samples, by the logarithm of their size */
    CLASS_HITS = 16 /* a class with fewer counted samples gets the ratio of all */
};

static const double error_most = 0.015; /* standard error of the mean ratio, in parts of it */

struct ratio {
    double sum;
    double squares;
    size_t n;
};

struct counting {
    struct score_backlog *backlog;
    struct observer *observer; /* plans and never runs */
    struct pool *pool;
    uint64_t bytes_left; /* of text that may still be counted */
    uint64_t size_left;  /* of the samples that are not counted */
    struct ratio all;
    struct ratio of_class[CLASSES];
};

static int counting_open(struct counting *counting, struct error *err)
{
    const struct score_backlog *backlog = counting->backlog;
    const struct score_setup *setup = backlog->setup;

    if (pool_new(1, &counting->pool, err) < 0)
        return -1;
    return observer_new(setup->models.of[backlog->request.role].model, &setup->models.kernels,
                        counting->pool, &backlog->observing, &counting->observer, err);
}

static void counting_close(struct counting *counting)
{
    observer_free(counting->observer);
    pool_free(counting->pool);
}

/* Read the texts of listed sample i into the batch. */
static int read_listed(struct score_backlog *backlog, size_t i, struct error *err)
{
    struct batch *batch = &backlog->batch;

    arena_clear(&batch->arena);
    batch->texts.n = 0;
    if (i % STOP_EVERY_SAMPLES == 0 && score_check_stop(backlog->setup, err) < 0)
        return -1;
    return score_texts_read(&batch->texts, backlog->reader,
                            backlog->pending.samples[i].sample_id,
                            &backlog->setup->settings->responses, &batch->arena, err);
}

/* Bytes of a sample's texts. The last one's dialogue contains the others. */
static uint64_t bytes_of_texts(const struct score_texts *texts)
{
    const struct observed_text *last = &texts->texts[texts->n - 1];
    uint64_t n = last->context.len + last->response.len;

    for (size_t i = 0; last->dialogue && i < last->response_turn; i++)
        n += last->dialogue->turns[i].text.len;
    return n;
}

/* Count the tokens of sample i, whose texts are in the batch. */
static int count_listed(struct counting *counting, size_t i, struct error *err)
{
    struct score_backlog *backlog = counting->backlog;
    struct batch *batch = &backlog->batch;
    struct pending *pending = &backlog->pending.samples[i];
    struct token_count count;

    if (observer_count_tokens(counting->observer, batch->texts.texts, batch->texts.n,
                              backlog_needs(backlog, pending->nodes), &batch->arena, &count,
                              err) < 0)
        return -1;
    const bool shares = pending_shares_context(&backlog->pending, i);
    pending->cost =
        (struct token_cost){ .n_tokens = count.n_tokens,
                             .n_new = count.n_tokens - (shares ? count.n_shared : 0),
                             .longest = count.longest };
    pending->is_counted = true;
    const uint64_t n_bytes = count.n_tokens > 0 ? bytes_of_texts(&batch->texts) : 0;
    counting->bytes_left -= n_bytes < counting->bytes_left ? n_bytes : counting->bytes_left;
    return 0;
}

/* Estimate every sample, and count the first ones. */
static int count_first(struct counting *counting, struct error *err)
{
    struct score_backlog *backlog = counting->backlog;
    struct batch *batch = &backlog->batch;

    for (size_t i = 0; i < backlog->pending.n; i++) {
        struct pending *pending = &backlog->pending.samples[i];

        if (read_listed(backlog, i, err) < 0)
            return -1;
        pending->cost = token_cost_of(&batch->texts, &backlog->observing,
                                      backlog_needs(backlog, pending->nodes),
                                      pending_shares_context(&backlog->pending, i));
        pending->size = pending->cost.n_tokens;
        if ((counting->bytes_left > 0 || pending->size == 0) &&
            count_listed(counting, i, err) < 0)
            return -1;
        counting->size_left += pending->is_counted ? 0 : pending->size;
        pending->end_token = counting->size_left; /* until all costs are known */
    }
    return 0;
}

static struct ratio *class_of(struct counting *counting, const struct pending *pending)
{
    return &counting->of_class[ilogb((double)pending->size + 1)];
}

/* Find the sample that is here if those that are not counted are laid end to end. */
static size_t find_place(const struct pending_list *list, double place)
{
    size_t low = 0, high = list->n - 1;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if ((double)list->samples[middle].end_token <= place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void ratio_add(struct ratio *ratio, double value)
{
    ratio->sum += value;
    ratio->squares += value * value;
    ratio->n++;
}

/* True if enough samples of the rest are counted. */
static bool is_enough(const struct counting *counting)
{
    const struct ratio *all = &counting->all;
    const double n = (double)all->n;
    const double mean = all->sum / n;

    if (all->n < HITS_LEAST)
        return false;
    if (all->n < HITS_MOST && (all->squares / n - mean * mean) / n > pow(error_most * mean, 2))
        return false;
    return counting->bytes_left == 0 || all->n >= counting->backlog->pending.n;
}

/* Count samples here and there in the rest. A sample is chosen with a probability that is
 * proportional to its size, so the mean ratio is that of the sums (Cochran, Sampling
 * Techniques, 9A.3). */
static int count_sparsely(struct counting *counting, uint64_t bytes, struct error *err)
{
    struct score_backlog *backlog = counting->backlog;
    const double all = (double)counting->size_left;
    double where = 0;

    counting->bytes_left = bytes;
    while (!is_enough(counting)) {
        const size_t i = find_place(&backlog->pending, where * all);
        struct pending *pending = &backlog->pending.samples[i];

        if (!pending->is_counted &&
            (read_listed(backlog, i, err) < 0 || count_listed(counting, i, err) < 0))
            return -1;
        const double ratio = (double)pending->cost.n_tokens / (double)pending->size;
        ratio_add(&counting->all, ratio);
        ratio_add(class_of(counting, pending), ratio);
        /* Golden-section steps are evenly spread after any number of them. */
        where = fmod(where + 0.6180339887498949, 1);
    }
    return 0;
}

/* Estimate the samples that are not counted. */
static void estimate_rest(struct counting *counting)
{
    struct pending_list *list = &counting->backlog->pending;

    for (size_t i = 0; i < list->n; i++) {
        struct pending *pending = &list->samples[i];

        if (pending->is_counted)
            continue;
        const struct ratio *own = class_of(counting, pending);
        const struct ratio *used = own->n < CLASS_HITS ? &counting->all : own;

        token_cost_set(&pending->cost, used->sum / (double)used->n * (double)pending->size);
    }
}

int backlog_count_tokens(struct score_backlog *backlog, struct error *err)
{
    const uint64_t bytes =
        backlog->request.count_bytes > 0 ? backlog->request.count_bytes : COUNT_BYTES;
    struct counting counting = { .backlog = backlog, .bytes_left = bytes };
    int rc = -1;

    if (backlog->pending.n == 0)
        return 0;
    if (counting_open(&counting, err) < 0 || count_first(&counting, err) < 0)
        goto done;
    if (counting.size_left > 0) {
        if (count_sparsely(&counting, bytes, err) < 0)
            goto done;
        estimate_rest(&counting);
    }
    for (size_t i = 0; i < backlog->pending.n; i++) {
        struct pending *pending = &backlog->pending.samples[i];

        token_cost_add(&backlog->cost, &pending->cost);
        pending->end_token = backlog->cost.n_new;
    }
    rc = 0;
done:
    counting_close(&counting);
    return rc;
}
