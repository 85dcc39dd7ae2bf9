/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/guard.h"

enum { MARGIN = 256 };

void guard_open(struct guard *g, size_t max_bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t len = (max_bytes + MARGIN + page - 1) / page * page;
    unsigned char *base =
        mmap(NULL, len + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_true(base != MAP_FAILED);
    assert_int_equal(mprotect(base + len, page, PROT_NONE), 0);
    *g = (struct guard){ .base = base, .end = base + len, .tail = base + len };
}

void *guard_tail(struct guard *g, size_t bytes)
{
    assert_in_range(bytes, 0, (size_t)(g->end - g->base) - MARGIN);
    g->tail = g->end - bytes;
    memset(g->tail - MARGIN, GUARD_POISON, bytes + MARGIN);
    return g->tail;
}

bool guard_intact(const struct guard *g)
{
    for (const unsigned char *p = g->tail - MARGIN; p < g->tail; p++)
        if (*p != GUARD_POISON)
            return false;
    return true;
}

void guard_close(struct guard *g)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);

    if (g->base)
        munmap(g->base, (size_t)(g->end - g->base) + page);
    *g = (struct guard){ 0 };
}
