/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - run token sequences through a model and observe its outputs. Nothing is
 * generated.
 *
 * A session owns the activations and borrows the thread pool. It belongs to one thread. Layers
 * run one after the other over all sequences of a call (a ragged batch: one tall matrix for the
 * linear maps, attention within each sequence). So only one layer's keys and values are alive.
 * Sequences with a common prefix share its KV entries (prefix.h). Attention is tiled with an
 * online softmax: no n x n matrix exists.
 *
 * On one kernel family, results are bit-identical for any number of threads and any grouping of
 * sequences into calls.
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

/* One sequence, and the outputs that the caller requests of it. An output is requested by a
 * pointer to the caller's memory; NULL: not requested. */
struct sequence {
    const int32_t *tokens; /* ids below n_vocab */
    size_t n_tokens;       /* at least 1 */

    /* nll_nats[i]: negative log-likelihood of tokens[score_from + i], given all tokens before
     * it. It has n_tokens - score_from elements; 1 <= score_from <= n_tokens. With score_spans
     * (ascending), only tokens in them are scored; the other elements are not written. */
    size_t score_from;
    double *nll_nats;
    const struct span *score_spans;
    size_t n_score_spans; /* 0: score all */

    /* attention[s]: how much attention the query rows attend_from .. n_tokens - 1 pay to the
     * keys of spans[s]. It is the mean probability per key of the span, averaged over layers,
     * heads and rows. The row of a token is at the token's own position. It has n_spans
     * elements. Spans are not empty. */
    size_t attend_from;
    const struct span *spans;
    size_t n_spans;
    double *attention;
    /* The same for each layer and head, averaged over rows only: of span s, layer l and head h
     * at [(s * n_layers + l) * n_heads + h]. It needs `attention`, which is computed from the
     * same sums. The call needs 8 more bytes for each element. */
    double *attention_by_head;
    /* Key range to ignore; attention over the remaining keys is renormalised to 1. Empty: none.
     * No span may lie inside it. */
    struct span ignored_keys;

    /* next_nll_nats[i]: negative log-likelihood of next_ids[i] as the token that follows the
     * last one. It has n_next_ids elements. */
    const int32_t *next_ids;
    size_t n_next_ids;
    double *next_nll_nats;

    /* pooled: mean of the last hidden states of tokens pool_from .. n_tokens - 1, after the
     * output norm. It has n_embd elements. pooled_weighted: the same with weight 1 for the
     * first of these tokens, 2 for the next, and so on. Each may be NULL. */
    size_t pool_from;
    double *pooled;
    double *pooled_weighted;

    /* *focus: for each row attend_from .. n_tokens - 1 of layer focus_layer, the largest
     * probability that a head gives to the keys of all focus_spans together; the mean of these
     * over rows (arXiv 2411.02688). */
    size_t focus_layer;
    const struct span *focus_spans;
    size_t n_focus_spans;
    double *focus;

    /* reach[0], reach[1]: how much attention in the first layer reaches far back (arXiv
     * 2502.16860). Of the n x n probabilities of a head, keep those whose key is at least
     * reach_distance before the query and set the others to 0. reach[0] is their sum divided by
     * n, reach[1] the unbiased variance of all n * n; both are means over heads. */
    size_t reach_distance;
    double *reach;
};

/*
 * What the numbers of the model depend on beside its weights, when these kernels run it:
 * "float", or what the operands of its products are rounded to: "int8", "bf16" or "int8+bf16"
 * (panels.h). Numbers of one arithmetic differ only by the rounding of sums in float. Static
 * text.
 */
const char *session_arithmetic(const struct model *model, const struct kernels *kernels);

/* Create a session. kernels are copied; model and pool are borrowed until session_free(). */
int session_new(const struct model *model, const struct kernels *kernels, struct pool *pool,
                struct session **out, struct error *err);
void session_free(struct session *session);

/* Use dynamic NTK with factor s >= 1 (rope.h) for sequences longer than the model's context
 * length. Returns -1 with ERR_UNSUPPORTED if the model has no rotary positions, or if its file
 * already scales them. */
int session_stretch_ntk(struct session *session, double factor, struct error *err);

/* True if a sequence of n_tokens can share a prefix with a shorter one. False if the RoPE
 * frequencies depend on the length of the sequence. */
bool session_can_share_prefix(const struct session *session, size_t n_tokens);

enum { SESSION_SHARED_BLOCK = 16 }; /* tokens: prefixes are shared in whole blocks */

/* Number of first tokens of `sequence` that are not computed again if `earlier` is before it in
 * the same call: whole blocks of the common prefix, up to the first token whose output
 * `sequence` requests. */
size_t session_shared_tokens(const struct session *session, const struct sequence *earlier,
                             const struct sequence *sequence);

/*
 * Compute the requested outputs of the sequences, running no more layers than these need.
 * Returns -1 with ERR_INPUT for an id outside the vocabulary and for logits that are not finite
 * (naming the position), or with ERR_NOMEM. ERR_NOMEM is also returned before anything is
 * computed if the call needs more memory than the machine or its control group has left.
 */
int session_eval(struct session *session, const struct sequence *sequences, size_t n_sequences,
                 struct error *err);

/* Limit the memory of a call, weights not included. A call that needs more fails with
 * ERR_NOMEM. */
void session_set_max_bytes(struct session *session, uint64_t activation_bytes);

/* Memory that a call needs: the weights (mapped from the file, or packed), and an upper bound
 * of all else that session_eval() holds for n_tokens tokens in n_sequences sequences. */
struct session_memory {
    uint64_t weight_bytes;
    uint64_t activation_bytes;
};
struct session_memory session_memory(const struct model *model, size_t n_threads,
                                     size_t n_tokens, size_t n_sequences);

/* Returns -1 with ERR_NOMEM, and a message with all figures, if a call of n_tokens needs more
 * than available_bytes. */
int session_check_memory(const struct session_memory *memory, size_t n_tokens,
                         uint64_t available_bytes, struct error *err);

#endif
