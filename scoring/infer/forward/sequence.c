/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward/sequence.h"

#include <inttypes.h>

#include "base/error.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model_private.h"

static int bad_sequence(size_t sequence, const char *what, struct error *err)
{
    return error_set(err, ERR_INVARIANT, "sequence %zu of a call: %s", sequence, what);
}

static bool spans_are_valid(const struct sequence *sequence, const struct span *spans, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (spans[i].start >= spans[i].end || spans[i].end > sequence->n_tokens)
            return false;
    return true;
}

static int check_ids(const int32_t *ids, size_t n, uint32_t n_vocab, size_t sequence,
                     struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (ids[i] < 0 || (uint32_t)ids[i] >= n_vocab)
            return error_set(err, ERR_INPUT,
                             "token %zu of sequence %zu has id %" PRId32
                             ", but the vocabulary has %" PRIu32 " tokens",
                             i, sequence, ids[i], n_vocab);
    }
    return 0;
}

int sequence_check(const struct session *session, const struct sequence *sequence, size_t index,
                   struct error *err)
{
    const struct model_info *info = &session->model->info;
    const uint32_t n_vocab = info->n_vocab;

    if (sequence->n_tokens < 1)
        return bad_sequence(index, "no tokens", err);
    if (info->learned_positions && sequence->n_tokens > info->context_length)
        return error_set(
            err, ERR_INPUT,
            "sequence %zu has %zu tokens, but the model has vectors for only %" PRIu32
            " positions",
            index, sequence->n_tokens, info->context_length);
    if (sequence->nll_nats &&
        (sequence->score_from < 1 || sequence->score_from > sequence->n_tokens))
        return bad_sequence(index, "score_from is out of range", err);
    if ((sequence->attention || sequence->focus) && sequence->attend_from >= sequence->n_tokens)
        return bad_sequence(index, "attend_from is out of range", err);
    if (sequence->attention && (sequence->ignored_keys.start > sequence->ignored_keys.end ||
                                sequence->ignored_keys.end > sequence->n_tokens))
        return bad_sequence(index, "ignored_keys is out of range", err);
    if (sequence->focus && sequence->focus_layer >= session->model->info.n_layers)
        return bad_sequence(index, "focus_layer is not a layer of the model", err);
    if ((sequence->pooled || sequence->pooled_weighted) &&
        sequence->pool_from >= sequence->n_tokens)
        return bad_sequence(index, "pool_from is out of range", err);
    if (sequence->reach && sequence->n_tokens < 2)
        return bad_sequence(index, "reach needs at least 2 tokens", err);
    if (!spans_are_valid(sequence, sequence->score_spans,
                         sequence->nll_nats ? sequence->n_score_spans : 0) ||
        !spans_are_valid(sequence, sequence->spans,
                         sequence->attention ? sequence->n_spans : 0) ||
        !spans_are_valid(sequence, sequence->focus_spans,
                         sequence->focus ? sequence->n_focus_spans : 0))
        return bad_sequence(index, "a span is empty or out of range", err);
    return check_ids(sequence->tokens, sequence->n_tokens, n_vocab, index, err) < 0 ||
                   check_ids(sequence->next_ids,
                             sequence->next_nll_nats ? sequence->n_next_ids : 0, n_vocab, index,
                             err) < 0
               ? -1
               : 0;
}
