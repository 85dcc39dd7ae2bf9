/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/facts/gram_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

void gram_table_release(struct gram_table *table)
{
    free(table->slots);
    *table = (struct gram_table){ 0 };
}

static size_t slots_for(size_t n)
{
    size_t cap = 64;

    while (cap < 2 * n)
        cap *= 2;
    return cap;
}

size_t gram_table_bytes(size_t n)
{
    return slots_for(n) * sizeof(struct gram);
}

int gram_table_grow(struct gram_table *table, struct error *err)
{
    const struct gram_table old = *table;

    *table = (struct gram_table){ 0 };
    if (gram_table_clear(table, old.mask + 1, err) < 0) {
        *table = old;
        return -1;
    }
    for (size_t i = 0; i <= old.mask; i++)
        if (old.slots[i].count > 0)
            gram_table_at(table, old.slots[i].hash, old.slots[i].first)->count =
                old.slots[i].count;
    free(old.slots);
    return 0;
}

int gram_table_clear(struct gram_table *table, size_t n, struct error *err)
{
    const size_t cap = slots_for(n);

    if (cap > table->cap) {
        free(table->slots);
        table->cap = 0;
        table->slots = calloc(cap, sizeof *table->slots);
        if (!table->slots)
            return error_nomem(err);
        table->cap = cap;
    } else {
        memset(table->slots, 0, cap * sizeof *table->slots);
    }
    table->mask = cap - 1;
    table->n = 0;
    return 0;
}
