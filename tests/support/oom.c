/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/oom.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/test.h"

enum { MAX_ALLOCATIONS = 100000 };

/* With --wrap=NAME the linker calls __wrap_NAME for NAME; __real_NAME is the original. */
void __real_free(void *ptr);
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *ptr, size_t size);
void *__real_reallocarray(void *ptr, size_t n, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *ptr);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *ptr, size_t size);
void *__wrap_reallocarray(void *ptr, size_t n, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t max);

static _Thread_local bool armed;
static _Thread_local bool refused;
static _Thread_local size_t left; /* allocations before the one that fails */

void oom_begin(size_t n)
{
    armed = true;
    refused = false;
    left = n;
}

bool oom_end(void)
{
    armed = false;
    return refused;
}

size_t oom_survive(oom_scenario *run, const void *input)
{
    for (size_t n = 0; n < MAX_ALLOCATIONS; n++) {
        struct error err = { 0 };

        oom_begin(n);
        const int rc = run(input, &err);
        if (!oom_end()) {
            assert_ok(rc);
            return n;
        }
        assert_fails(rc, ERR_NOMEM, "memory");
    }
    fail_msg("still short of memory after %d allocations", MAX_ALLOCATIONS);
    return 0;
}

/* What this thread has allocated since oom_count_begin(); negative after freeing older memory.
 */
static _Thread_local bool counting;
static _Thread_local ptrdiff_t live;
static _Thread_local ptrdiff_t peak;

void oom_count_begin(void)
{
    counting = true;
    live = peak = 0;
}

size_t oom_count_end(void)
{
    counting = false;
    return (size_t)peak;
}

static void *count_block(void *block)
{
    if (counting && block) {
        live += (ptrdiff_t)malloc_usable_size(block);
        peak = live > peak ? live : peak;
    }
    return block;
}

static void discount_block(void *block)
{
    if (counting && block)
        live -= (ptrdiff_t)malloc_usable_size(block);
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

void *__wrap_malloc(size_t size)
{
    return refuse() ? NULL : count_block(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return refuse() ? NULL : count_block(__real_calloc(n, size));
}

void *__wrap_realloc(void *ptr, size_t size)
{
    if (refuse())
        return NULL;
    discount_block(ptr);
    return count_block(__real_realloc(ptr, size));
}

void *__wrap_reallocarray(void *ptr, size_t n, size_t size)
{
    if (refuse())
        return NULL;
    discount_block(ptr);
    return count_block(__real_reallocarray(ptr, n, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return refuse() ? NULL : count_block(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *ptr)
{
    discount_block(ptr);
    __real_free(ptr);
}

char *__wrap_strndup(const char *text, size_t max)
{
    const size_t len = strnlen(text, max);
    char *copy = __wrap_malloc(len + 1);

    if (!copy)
        return NULL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *__wrap_strdup(const char *text)
{
    return __wrap_strndup(text, strlen(text));
}
