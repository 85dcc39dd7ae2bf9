/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/threads/pool.h"

enum { N_ITEMS = 1000 };

struct tally {
    size_t n_threads;
    unsigned char times[N_ITEMS]; /* plain (not atomic): each item belongs to a single thread */
    atomic_size_t bad_threads;
};

static void count_item(void *arg, size_t item, size_t thread)
{
    struct tally *tally = arg;

    tally->times[item]++;
    if (thread >= tally->n_threads)
        atomic_fetch_add(&tally->bad_threads, 1);
}

static void the_thread_pool_does_every_item_once(void **state)
{
    struct pool *pool = NULL;
    struct error err;

    (void)state;
    for (size_t n_threads = 1; n_threads <= 8; n_threads++) {
        struct tally tally = { .n_threads = n_threads };

        assert_ok(pool_new(n_threads, &pool, &err));
        assert_int_equal(pool_threads(pool), n_threads);
        pool_run(pool, N_ITEMS, count_item, &tally);
        for (size_t i = 0; i < N_ITEMS; i++)
            assert_int_equal(tally.times[i], 1);
        assert_int_equal(tally.bad_threads, 0);
        pool_free(pool);
    }
}

static void add_one(void *arg, size_t item, size_t thread)
{
    size_t *values = arg;

    (void)thread;
    values[item]++;
}

/* What one run writes to plain memory is visible to the next run and to the caller. */
static void a_run_of_the_pool_sees_what_the_run_before_wrote(void **state)
{
    struct pool *pool = NULL;
    struct error err;
    size_t values[16] = { 0 };
    size_t want[16] = { 0 };

    (void)state;
    assert_ok(pool_new(4, &pool, &err));
    for (size_t round = 0; round < 5000; round++) {
        const size_t n = round % 17;

        pool_run(pool, n, add_one, values);
        for (size_t i = 0; i < n; i++)
            want[i]++;
        if (round % 1000 == 0)
            usleep(1000); /* long enough for the workers to fall asleep */
    }
    pool_free(pool);

    assert_memory_equal(values, want, sizeof want);
}

static void invalid_thread_counts_are_refused(void **state)
{
    struct pool *pool = NULL;
    struct error err;

    (void)state;
    assert_fails(pool_new(0, &pool, &err), ERR_USAGE, "0 threads");
    assert_fails(pool_new(SIZE_MAX, &pool, &err), ERR_USAGE, "threads");
    pool_free(NULL);
}

static void a_pool_can_be_freed_unused(void **state)
{
    struct pool *pool = NULL;
    struct error err;

    (void)state;
    for (int i = 0; i < 50; i++) {
        assert_ok(pool_new(3, &pool, &err));
        pool_free(pool);
    }
}

static void at_least_one_processor_is_counted(void **state)
{
    const size_t n = pool_cpu_count();

    (void)state;
    assert_in_range(n, 1, (size_t)sysconf(_SC_NPROCESSORS_CONF));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_thread_pool_does_every_item_once),
        cmocka_unit_test(a_run_of_the_pool_sees_what_the_run_before_wrote),
        cmocka_unit_test(invalid_thread_counts_are_refused),
        cmocka_unit_test(a_pool_can_be_freed_unused),
        cmocka_unit_test(at_least_one_processor_is_counted),
    };

    return cmocka_run_group_tests_name("base/pool", tests, NULL, NULL);
}
