/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/oom_process.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* The allocator of glibc, under the names that glibc exports for this purpose. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *ptr);
void *memalign(size_t alignment, size_t size);

static _Thread_local bool armed;
static _Thread_local bool refused;
static _Thread_local size_t left; /* allocations before the one that fails */
static atomic_llong blocks;

void oom_process_begin(size_t n)
{
    refused = false;
    left = n;
    armed = true;
}

bool oom_process_end(void)
{
    armed = false;
    return refused;
}

int64_t oom_process_blocks(void)
{
    return atomic_load(&blocks);
}

static bool refuse(void)
{
    if (!armed || left-- > 0)
        return false;
    armed = false;
    refused = true;
    errno = ENOMEM;
    return true;
}

static void *counted(void *ptr)
{
    if (ptr)
        atomic_fetch_add(&blocks, 1);
    return ptr;
}

void *malloc(size_t size)
{
    return refuse() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
    return refuse() ? NULL : counted(__libc_calloc(n, size));
}

void *realloc(void *ptr, size_t size)
{
    if (refuse())
        return NULL;
    void *moved = __libc_realloc(ptr, size);
    return ptr ? moved : counted(moved);
}

void *memalign(size_t alignment, size_t size)
{
    return refuse() ? NULL : counted(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *ptr = memalign(alignment, size);

    if (!ptr)
        return ENOMEM;
    *out = ptr;
    return 0;
}

void free(void *ptr)
{
    if (ptr)
        atomic_fetch_sub(&blocks, 1);
    __libc_free(ptr);
}
