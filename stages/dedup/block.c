/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/error.h"
#include "base/threads/crew.h"
#include "scoring/duplicates/words.h"
#include "stages/dedup/near_private.h"
#include "store/dedup_text.h"

enum {
    /* A text of a MiB takes this much when it is compared: as read, its words, their places and
     * the shingles. */
    TIMES_TEXT = 16,
    BLOCK_LEAST_BYTES = 64 << 10,
    BLOCK_MOST_BYTES = 2 << 20,
};

int near_tools_new(const void *arg, void **out, struct error *err)
{
    const struct near_job *job = arg;
    struct near_tools *tools = calloc(1, sizeof *tools);

    if (!tools)
        return error_nomem(err);
    *out = tools;
    tools->values = calloc(job->minhash.n_values + 1, sizeof *tools->values);
    if (!tools->values)
        return error_nomem(err);
    return word_reader_new(job->rule->zero_digits, &tools->reader, err);
}

void near_tools_free(void *arg)
{
    struct near_tools *tools = arg;

    if (!tools)
        return;
    word_reader_free(tools->reader);
    shingle_list_release(&tools->shingles);
    free(tools->values);
    free(tools);
}

int near_make_shingles(const struct near_job *job, const struct near_block *block,
                       const struct near_item *item, struct near_tools *tools,
                       struct error *err)
{
    struct word_list words;

    if (word_reader_split(tools->reader, slice_of(block->texts.data + item->start, item->len),
                          &words, err) < 0)
        return -1;
    return shingles_make(&words, &job->rule->shingle, &tools->shingles, err);
}

static int check_text_size(const struct near_job *job, int64_t id, size_t len,
                           struct error *err)
{
    if ((uint64_t)len * TIMES_TEXT <= job->memory)
        return 0;
    return error_set(err, ERR_INPUT,
                     "sample %lld: a text of %.0f MiB takes about %.0f MiB to compare: raise "
                     "--max-memory",
                     (long long)id, (double)len / 0x1p20, (double)len * TIMES_TEXT / 0x1p20);
}

int near_block_add(struct near_block *block, const struct near_job *job, int64_t id,
                   uint32_t number, struct error *err)
{
    const size_t start = block->texts.len;

    if (block->n_items == block->items_cap) {
        const size_t cap = block->items_cap * 2 + 64;
        struct near_item *grown = realloc(block->items, cap * sizeof *grown);

        if (!grown)
            return error_nomem(err);
        block->items = grown;
        block->items_cap = cap;
    }
    const int rc =
        !job->reads_signatures
            ? dedup_read_text(job->store, job->rule->field, id, &block->texts, err)
            : dedup_read_signature(job->store, job->dedup_set_id, id, &block->texts, err);
    if (rc < 0)
        return -1;
    const size_t len = block->texts.len - start;
    block->items[block->n_items++] =
        (struct near_item){ .id = id, .number = number, .start = start, .len = len };
    return check_text_size(job, id, len, err);
}

int near_block_add_pair(struct near_block *block, uint32_t i, uint32_t j, struct error *err)
{
    if (block->n_pairs == block->pairs_cap) {
        const size_t cap = block->pairs_cap * 2 + 64;
        struct near_pair *grown = realloc(block->pairs, cap * sizeof *grown);

        if (!grown)
            return error_nomem(err);
        block->pairs = grown;
        block->pairs_cap = cap;
    }
    block->pairs[block->n_pairs++] = (struct near_pair){ .i = i, .j = j };
    return 0;
}

void near_block_clear(struct near_block *block)
{
    buf_clear(&block->texts);
    buf_clear(&block->made);
    block->n_items = 0;
    block->n_pairs = 0;
}

size_t near_block_bytes(const struct near_job *job)
{
    const uint64_t share = job->memory / 4 / TIMES_TEXT / crew_blocks(job->n_threads);

    if (share > BLOCK_MOST_BYTES)
        return BLOCK_MOST_BYTES;
    return share < BLOCK_LEAST_BYTES ? BLOCK_LEAST_BYTES : (size_t)share;
}

static void init_block(void *made)
{
    struct near_block *block = made;

    buf_init(&block->texts, SIZE_MAX);
    buf_init(&block->made, SIZE_MAX);
}

static void release_block(void *made)
{
    struct near_block *block = made;

    buf_release(&block->texts);
    buf_release(&block->made);
    free(block->items);
    free(block->pairs);
}

int near_run_blocks(const struct near_job *job, const struct crew *crew, struct error *err)
{
    struct crew whole = *crew;

    whole.block_size = sizeof(struct near_block);
    whole.init = init_block;
    whole.release = release_block;
    whole.report = job->report;
    const int rc = crew_run(&whole, job->n_threads, err);

    return rc == 1 ? near_stop(job, err) : rc;
}
