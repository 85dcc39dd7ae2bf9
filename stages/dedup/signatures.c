/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/report.h"
#include "base/threads/crew.h"
#include "scoring/duplicates/sketch.h"
#include "stages/dedup/near_private.h"
#include "store/selection.h"
#include "store/store.h"

enum { SIGNED_SAMPLES_MAX = 4096 };

struct signing {
    struct near_job *job;
    const struct id_list *pending;
    size_t next;
    size_t block_bytes;
};

static int read_unsigned(void *arg, void *to, struct error *err)
{
    struct signing *signing = arg;
    struct near_block *block = to;

    while (signing->next < signing->pending->n && block->n_items < SIGNED_SAMPLES_MAX &&
           block->texts.len < signing->block_bytes)
        if (near_block_add(block, signing->job, signing->pending->ids[signing->next++], 0,
                           err) < 0)
            return -1;
    return block->n_items > 0;
}

static int sign_item(const struct near_job *job, struct near_block *block,
                     struct near_item *item, struct near_tools *tools, struct error *err)
{
    const bool sketched = job->rule->least_containment > 0;
    const size_t most =
        minhash_bytes(&job->minhash) + (sketched ? (size_t)SKETCH_MAX * SKETCH_HASH_BYTES : 0);

    item->n_set = 0;
    if (near_make_shingles(job, block, item, tools, err) < 0)
        return -1;
    if (tools->shingles.n == 0)
        return 0;
    item->set_start = block->made.len;
    item->n_set = minhash_bytes(&job->minhash);
    if (buf_reserve(&block->made, most, err) < 0)
        return -1;
    uint8_t *out = (uint8_t *)block->made.data + block->made.len;
    minhash_sign(&job->minhash, &job->kernels, &tools->shingles, tools->values, out);
    if (sketched) {
        shingles_make_set(&tools->shingles);
        item->n_set +=
            sketch_write(tools->shingles.hashes, tools->shingles.n, out + item->n_set);
    }
    block->made.len += item->n_set;
    return 0;
}

static int sign_block(const void *arg, void *work, void *tools, struct error *err)
{
    const struct signing *signing = arg;
    struct near_block *block = work;

    for (size_t i = 0; i < block->n_items; i++)
        if (sign_item(signing->job, block, &block->items[i], tools, err) < 0)
            return -1;
    return 0;
}

static int put_block_signatures(const struct near_job *job, const struct near_block *block,
                                struct error *err)
{
    for (size_t i = 0; i < block->n_items; i++) {
        const struct near_item *item = &block->items[i];
        const struct slice signature =
            item->n_set > 0 ? slice_of(block->made.data + item->set_start, item->n_set)
                            : (struct slice){ 0 };

        if (dedup_put_signature(job->store, job->dedup_set_id, item->id, signature, err) < 0)
            return -1;
    }
    return 0;
}

static int store_signatures(void *arg, void *done, struct error *err)
{
    struct signing *signing = arg;
    struct near_job *job = signing->job;
    struct near_block *block = done;

    if (store_begin(job->store, err) < 0)
        return -1;
    if (put_block_signatures(job, block, err) < 0 || store_commit(job->store, err) < 0) {
        store_rollback(job->store);
        return -1;
    }
    job->n_signed += block->n_items;
    job->report->done = job->n_signed;
    report_tick(job->report);
    near_block_clear(block);
    return 0;
}

static int make_signing_tools(const void *arg, void **out, struct error *err)
{
    return near_tools_new(((const struct signing *)arg)->job, out, err);
}

int near_sign(struct near_job *job, const struct id_list *pending, struct error *err)
{
    struct signing signing = { .job = job,
                               .pending = pending,
                               .block_bytes = near_block_bytes(job) };
    const struct crew crew = { .arg = &signing,
                               .read = read_unsigned,
                               .tools_new = make_signing_tools,
                               .tools_free = near_tools_free,
                               .work = sign_block,
                               .store = store_signatures };

    job->reads_signatures = false;
    return near_run_blocks(job, &crew, err);
}
