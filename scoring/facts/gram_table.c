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

int gram_table_clear(struct gram_table *table, size_t n, struct error *err)
{
    size_t cap = 64;

    while (cap < 2 * n)
        cap *= 2;
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
