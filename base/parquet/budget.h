/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget.h - the memory that the columns of a file may use together, and blocks of it.
 *
 * All memory whose size the file determines is counted. Columns of several threads may use the
 * same budget.
 */
#ifndef CURATE_PARQUET_BUDGET_H
#define CURATE_PARQUET_BUDGET_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct error;

struct budget {
    uint64_t max_bytes; /* 0: no limit */
    _Atomic uint64_t used;
};

/* Count n bytes. what names them in the message. Returns 0, or -1 with err set: ERR_NOMEM. */
int budget_take(struct budget *budget, size_t n, const char *what, struct error *err);
/* The same error if n bytes are not left; counts nothing. For memory that is taken in parts, so
 * that the message names all of it. */
int budget_check(struct budget *budget, uint64_t n, const char *what, struct error *err);
void budget_give(struct budget *budget, size_t n);

/* Memory that is counted. Zeroed: empty. */
struct block {
    uint8_t *data;
    size_t cap;
};

/* Make the block at least n bytes large. Keeps its content. */
int block_grow(struct block *block, size_t n, struct budget *budget, const char *what,
               struct error *err);
void block_release(struct block *block, struct budget *budget);

#endif
