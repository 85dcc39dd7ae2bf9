/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "stages/export/pack.h"
#include "store/candidates.h"
#include "store/selection.h"

struct pack_document {
    struct hash hash;
    size_t row; /* in the list of samples */
    uint32_t n_tokens;
    uint32_t n_targets;
};

/* A sample of the list, to be sorted by its id. */
struct listed_sample {
    int64_t id;
    size_t row;
};

/* What a plan is made from. */
struct pack_input {
    const struct pack_args *args;
    bool skip;
    struct listed_sample *listed; /* by id */
    struct candidates candidates; /* the same samples, by content hash */
    struct candidate_length *lengths;
};

static int compare_listed(const void *left, const void *right)
{
    const struct listed_sample *a = left;
    const struct listed_sample *b = right;

    return (a->id > b->id) - (a->id < b->id);
}

/* Read the hashes and lengths of the samples. */
static int read_pack_input(struct store *store, const struct id_list *ids,
                           struct pack_input *input, struct error *err)
{
    struct id_list sorted = { .ids = reallocarray(NULL, ids->n + 1, sizeof *sorted.ids),
                              .n = ids->n };
    const struct candidate_filter filter = { .within = &sorted };
    int rc = -1;

    input->listed = reallocarray(NULL, ids->n + 1, sizeof *input->listed);
    input->lengths = reallocarray(NULL, ids->n + 1, sizeof *input->lengths);
    if (!sorted.ids || !input->listed || !input->lengths) {
        error_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < ids->n; i++)
        input->listed[i] = (struct listed_sample){ ids->ids[i], i };
    qsort(input->listed, ids->n, sizeof *input->listed, compare_listed);
    for (size_t i = 0; i < ids->n; i++)
        sorted.ids[i] = input->listed[i].id;
    if (candidates_read(store, &filter, &input->candidates, err) < 0)
        goto done;
    if (input->candidates.n != ids->n) {
        error_set(err, ERR_INPUT, "%zu selected samples do not exist: run 'curate fsck'",
                  ids->n - input->candidates.n);
        goto done;
    }
    rc = candidates_read_lengths(store, &input->candidates, input->lengths, err);
done:
    id_list_release(&sorted);
    return rc;
}

static void pack_input_release(struct pack_input *input)
{
    free(input->listed);
    free(input->lengths);
    candidates_release(&input->candidates);
}

/* Are the pieces weighed? Only whole samples have a known number of trained tokens. */
static bool has_weights(const struct pack_args *args)
{
    return args->n_batch > 0 && args->method == PACK_BEST_FIT &&
           args->when_long == PACKING_DROP;
}

/* Can the candidate be packed? Count it if not; ERR_INPUT without --skip. Returns 1, 0 or -1.
 */
static int check_candidate(const struct pack_input *input, size_t candidate,
                           struct pack_plan *plan, struct error *err)
{
    const struct candidate_length *length = &input->lengths[candidate];
    const bool is_missing =
        length->n_tokens < 0 || (has_weights(input->args) && length->n_targets < 0);

    if (!length->is_pair && !is_missing)
        return 1;
    *(length->is_pair ? &plan->n_pairs : &plan->n_unmeasured) += 1;
    if (input->skip)
        return 0;
    return error_set(err, ERR_INPUT,
                     "sample %lld: cannot be packed: %s, or --skip to leave "
                     "such samples out",
                     (long long)input->candidates.ids[candidate],
                     length->is_pair ? "a pair is no single sequence: use --to dpo"
                                     : "its number of tokens is missing: use 'curate measure "
                                       "tokens --tokenizer FILE'");
}

static int compare_pack_rows(const void *left, const void *right)
{
    const struct pack_document *a = left;
    const struct pack_document *b = right;

    return (a->row > b->row) - (a->row < b->row);
}

/* List the samples that are packed: by their content hashes, or in rank order. */
static int list_documents(const struct pack_input *input, struct pack_plan *plan,
                          size_t *n_documents, struct error *err)
{
    const struct candidates *candidates = &input->candidates;
    size_t n = 0;

    plan->documents = reallocarray(NULL, candidates->n + 1, sizeof *plan->documents);
    size_t *rows = reallocarray(NULL, candidates->n + 1, sizeof *rows);
    if (!plan->documents || !rows) {
        free(rows);
        return error_nomem(err);
    }
    for (size_t i = 0; i < candidates->n; i++)
        rows[candidates->by_id[i]] = input->listed[i].row;
    for (size_t i = 0; i < candidates->n; i++) {
        const int fits = check_candidate(input, i, plan, err);

        if (fits < 0) {
            free(rows);
            return -1;
        }
        if (fits == 1)
            plan->documents[n++] =
                (struct pack_document){ .hash = candidates->hashes[i],
                                        .row = rows[i],
                                        .n_tokens = (uint32_t)input->lengths[i].n_tokens,
                                        .n_targets = (uint32_t)input->lengths[i].n_targets };
    }
    free(rows);
    if (input->args->method == PACK_WRAPPED)
        qsort(plan->documents, n, sizeof *plan->documents, compare_pack_rows);
    *n_documents = n;
    return 0;
}

static int pack_documents(const struct pack_args *args, const uint32_t *lengths, size_t n,
                          struct packing *out, struct error *err)
{
    const struct packing_limits limits = {
        .length = pack_limit(args),
        .min_length = (uint32_t)args->min_length,
        .when_long = args->when_long,
    };

    if (args->method == PACK_SORTED)
        return packing_sorted(lengths, n, &limits, (size_t)args->n_batch, (uint64_t)args->seed,
                              out, err);
    if (args->method == PACK_WRAPPED)
        return packing_wrapped(lengths, n, &limits, out, err);
    return packing_best_fit(lengths, n, &limits, out, err);
}

/* Order the packs of each training step, and weigh their pieces if all are whole samples. */
static int finish_steps(const struct pack_args *args, struct pack_plan *plan, struct error *err)
{
    struct packing *packing = &plan->packing;

    if (args->n_batch == 0 || plan->is_batch)
        return 0;
    if (packing_order_by_cost(packing, (size_t)args->n_batch, err) < 0)
        return -1;
    if (!has_weights(args))
        return 0;
    uint64_t *n_targets = reallocarray(NULL, packing->n_pieces + 1, sizeof *n_targets);
    plan->weights = reallocarray(NULL, packing->n_pieces + 1, sizeof *plan->weights);
    if (!n_targets || !plan->weights) {
        free(n_targets);
        return error_nomem(err);
    }
    for (size_t p = 0; p < packing->n_pieces; p++)
        n_targets[p] = plan->documents[packing->pieces[p].document].n_targets;
    packing_weigh(packing, (size_t)args->n_batch, n_targets, plan->weights);
    free(n_targets);
    return 0;
}

/* The tokens of a pack: of all its pieces, or of the longest row of a batch. */
static uint64_t count_pack_tokens(const struct pack_plan *plan, size_t pack)
{
    const struct packing *packing = &plan->packing;
    uint64_t sum = 0, longest = 0;

    for (size_t p = packing->starts[pack]; p < packing->starts[pack + 1]; p++) {
        sum += packing->pieces[p].length;
        if (packing->pieces[p].length > longest)
            longest = packing->pieces[p].length;
    }
    return plan->is_batch ? longest : sum;
}

static void count_places(const struct pack_args *args, struct pack_plan *plan)
{
    const struct packing *packing = &plan->packing;

    for (size_t i = 0; i < packing->n_packs; i++)
        plan->n_places += plan->is_batch ? count_pack_tokens(plan, i) *
                                               (packing->starts[i + 1] - packing->starts[i])
                                         : (uint64_t)args->length;
}

int pack_plan_make(struct store *store, const struct pack_args *args, const struct id_list *ids,
                   bool skip, struct pack_plan *out, struct error *err)
{
    struct pack_input input = { .args = args, .skip = skip };
    uint32_t *lengths = NULL;
    size_t n = 0;
    int rc = -1;

    *out = (struct pack_plan){ .is_batch = args->method == PACK_SORTED };
    if (read_pack_input(store, ids, &input, err) < 0 ||
        list_documents(&input, out, &n, err) < 0)
        goto done;
    lengths = reallocarray(NULL, n + 1, sizeof *lengths);
    if (!lengths) {
        error_nomem(err);
        goto done;
    }
    for (size_t i = 0; i < n; i++)
        lengths[i] = out->documents[i].n_tokens;
    if (pack_documents(args, lengths, n, &out->packing, err) < 0 ||
        finish_steps(args, out, err) < 0)
        goto done;
    count_places(args, out);
    out->n_samples =
        n - out->packing.n_short - (args->when_long == PACKING_DROP ? out->packing.n_long : 0);
    rc = 0;
done:
    free(lengths);
    pack_input_release(&input);
    return rc;
}

void pack_plan_release(struct pack_plan *plan)
{
    packing_release(&plan->packing);
    free(plan->documents);
    free(plan->weights);
    *plan = (struct pack_plan){ 0 };
}

enum pack_list {
    LIST_SAMPLES,
    LIST_ROWS,
    LIST_OFFSETS,
    LIST_STARTS,
    LIST_LENGTHS,
    LIST_WEIGHTS
};
static const char *const pack_list_names[] = {
    "samples", "rows", "offsets", "starts", "lengths", "weights",
};

static void write_pack_list(const struct pack_plan *plan, size_t pack, enum pack_list list,
                            struct jsonout *json)
{
    const struct packing *packing = &plan->packing;
    char hex[2 * HASH_BYTES + 1];
    int64_t offset = 0;

    jsonout_key(json, pack_list_names[list]);
    jsonout_array_begin(json);
    for (size_t p = packing->starts[pack]; p < packing->starts[pack + 1]; p++) {
        const struct packing_piece *piece = &packing->pieces[p];
        const struct pack_document *document = &plan->documents[piece->document];

        if (list == LIST_SAMPLES) {
            digest_hex(document->hash.bytes, HASH_BYTES, hex);
            jsonout_text(json, slice_text(hex));
        } else if (list == LIST_WEIGHTS) {
            jsonout_double(json, plan->weights[p]);
        } else {
            jsonout_int(json, list == LIST_ROWS      ? (int64_t)document->row
                              : list == LIST_STARTS  ? (int64_t)piece->start
                              : list == LIST_LENGTHS ? (int64_t)piece->length
                                                     : offset);
        }
        offset += plan->is_batch ? 0 : piece->length;
    }
    jsonout_array_end(json);
}

int pack_plan_add(const struct pack_plan *plan, size_t i, struct buf *out, struct error *err)
{
    struct jsonout json;

    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    jsonout_key(&json, "pack");
    jsonout_int(&json, (int64_t)i);
    jsonout_key(&json, "length");
    jsonout_int(&json, (int64_t)count_pack_tokens(plan, i));
    for (int list = LIST_SAMPLES; list <= (plan->weights ? LIST_WEIGHTS : LIST_LENGTHS); list++)
        write_pack_list(plan, i, (enum pack_list)list, &json);
    jsonout_object_end(&json);
    return jsonout_end(&json, err);
}
