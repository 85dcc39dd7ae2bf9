/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parquet/budget.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"

enum { MIB = 1 << 20 };

static uint64_t budget_left(const struct budget *budget, uint64_t used)
{
    return budget->max_bytes > used ? budget->max_bytes - used : 0;
}

static int raise_budget(const struct budget *budget, uint64_t n, uint64_t left,
                        const char *what, struct error *err)
{
    return error_set(err, ERR_NOMEM,
                     "%s needs %" PRIu64 " MiB of memory, but only %" PRIu64 " of %" PRIu64
                     " MiB are left: raise --max-memory",
                     what, (n + MIB - 1) / MIB, left / MIB, budget->max_bytes / MIB);
}

int budget_take(struct budget *budget, size_t n, const char *what, struct error *err)
{
    uint64_t used = atomic_load(&budget->used);

    do {
        const uint64_t left = budget_left(budget, used);

        if (budget->max_bytes > 0 && n > left)
            return raise_budget(budget, n, left, what, err);
    } while (!atomic_compare_exchange_weak(&budget->used, &used, used + n));
    return 0;
}

int budget_check(struct budget *budget, uint64_t n, const char *what, struct error *err)
{
    const uint64_t left = budget_left(budget, atomic_load(&budget->used));

    return budget->max_bytes > 0 && n > left ? raise_budget(budget, n, left, what, err) : 0;
}

void budget_give(struct budget *budget, size_t n)
{
    atomic_fetch_sub(&budget->used, n);
}

int block_grow(struct block *block, size_t n, struct budget *budget, const char *what,
               struct error *err)
{
    if (n <= block->cap)
        return 0;
    if (budget_take(budget, n - block->cap, what, err) < 0)
        return -1;
    uint8_t *data = realloc(block->data, n);
    if (!data) {
        budget_give(budget, n - block->cap);
        return error_set(err, ERR_NOMEM, "%s: out of memory", what);
    }
    block->data = data;
    block->cap = n;
    return 0;
}

void block_release(struct block *block, struct budget *budget)
{
    budget_give(budget, block->cap);
    free(block->data);
    *block = (struct block){ 0 };
}
