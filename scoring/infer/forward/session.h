/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - run token sequences through a model and observe, without generating anything.
 *
 * A session owns the activations; the thread pool is borrowed. One thread calls it. Layers run
 * one after the other over all sequences of the call at once (a ragged batch: one tall matrix
 * for the linear ranges, attention within each sequence), so that only one layer's keys and
 * values are alive. What several sequences of a call begin with is computed once. Attention is
 * tiled with an online softmax: no n x n matrix exists.
 *
 * Results are bit-identical for any number of threads and for any grouping of sequences into
 * calls, on one kernel family.
 */
#ifndef CURATE_SESSION_H
#define CURATE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct kernels;
struct model;
struct pool;
struct session;

/* Half-open range of token positions within a sequence. */
struct span {
    size_t start;
    size_t end;
};

/* One sequence, and what to observe on it. */
struct sequence {
    const int32_t *tokens; /* n_tokens >= 1 ids, each below n_vocab */
    size_t n_tokens;

    /* Negative log-likelihood, in nats, of tokens[score_from .. n_tokens-1], each given all
     * before it. 1 <= score_from <= n_tokens. nll_nats has n_tokens - score_from elements; NULL
     * for none. Where score_spans are given, which ascend, only tokens in these are scored, and
     * the elements of others stay as they are. */
    size_t score_from;
    double *nll_nats;
    const struct span *score_spans;
    size_t n_score_spans; /* 0: all */

    /* Attention that the query rows attend_from .. n_tokens-1 (at the tokens' own positions)
     * put on each span of keys: mean over layers, heads and rows of the mean probability per
     * key of the span. attention has n_spans elements; NULL for none. Spans are not empty. */
    size_t attend_from;
    const struct span *spans;
    size_t n_spans;
    double *attention;
    /* The same of each layer and head, means over rows alone: of span s, layer l and head h at
     * [(s * n_layers + l) * n_heads + h]. n_spans * n_layers * n_heads elements, only chunk
     * attention, whose sums are the sums of these; NULL for none. The call holds as many
     * numbers of 8 bytes again. */
    double *attention_by_head;
    /* Keys that it leaves out of account: what a row puts on the others is taken for all of
     * it. Empty for none; no span may lie in it. */
    struct span ignored_keys;

    /* Negative log-likelihood, in nats, of each of n_next_ids ids in the place behind the last
     * token. next_nll_nats has n_next_ids elements; NULL for none. */
    const int32_t *next_ids;
    size_t n_next_ids;
    double *next_nll_nats;

    /* Mean over the tokens pool_from .. n_tokens-1 of what the output norm makes of their last
     * state. pooled has n_embd elements; NULL for none. */
    size_t pool_from;
    double *pooled;

    /* In one layer, mean over the rows attend_from .. n_tokens-1 of the largest, over heads,
     * probability on all keys of the spans together (2411.02688). One number; NULL for none. */
    size_t focus_layer;
    const struct span *focus_spans;
    size_t n_focus_spans;
    double *focus;

    /* In the first layer, of the n x n probabilities those whose key is at least reach_distance
     * before the query (2502.16860): their sum over n, and the unbiased variance of all n * n
     * with the others as zeros; means over heads. Two numbers; NULL for none. */
    size_t reach_distance;
    double *reach;
};

/* kernels are copied; model and pool are borrowed until session_free(). */
int session_new(const struct model *model, const struct kernels *kernels, struct pool *pool,
                struct session **out, struct error *err);
void session_free(struct session *session);

/* From now on turn the positions of sequences that are longer than the model's context length
 * by dynamic NTK with this factor s >= 1 (rope.h). ERR_UNSUPPORTED for a model whose positions
 * do not turn, or whose file already stretches them. */
int session_stretch_ntk(struct session *session, double factor, struct error *err);

/* Whether in a sequence of n_tokens a token means what it means at the end of a shorter one:
 * where positions turn by the length of the whole, it does not. */
bool session_can_share_prefix(const struct session *session, size_t n_tokens);

enum { SESSION_SHARED_BLOCK = 16 }; /* tokens */

/* How many tokens at the beginning of `sequence` a call that has `earlier` before it does not
 * compute again: those that both begin with and nobody looks at, in blocks of that size. */
size_t session_shared_tokens(const struct session *session, const struct sequence *earlier,
                             const struct sequence *sequence);

/*
 * Evaluate the sequences; fills what they ask for, and runs no layer more than that takes.
 * ERR_INPUT for an id outside the vocabulary or logits that are not finite (with the position),
 * ERR_NOMEM; also when the call would take more memory than the machine or its control group
 * has to give.
 */
int session_eval(struct session *session, const struct sequence *sequences, size_t n_sequences,
                 struct error *err);

/* A call that would hold more than that chunk the weights is refused: ERR_NOMEM. */
void session_set_max_bytes(struct session *session, uint64_t activation_bytes);

/*
 * What a call takes: the weights, which are mapped from the file, and everything else that
 * session_eval() holds for n_tokens tokens in n_sequences sequences, at most.
 */
struct session_memory {
    uint64_t weight_bytes;
    uint64_t activation_bytes;
};
struct session_memory session_memory(const struct model *model, size_t n_threads,
                                     size_t n_tokens, size_t n_sequences);

/* ERR_NOMEM, with a sentence that has all numbers, when a call takes more than there is. */
int session_check_memory(const struct session_memory *memory, size_t n_tokens,
                         uint64_t available_bytes, struct error *err);

#endif
