/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/report.h"
#include "base/threads/crew.h"

enum { NOBODY = -1, N_BLOCKS = 500 };

/* What a run shall do, and what happened in it. Blocks are numbers from 0 on. */
static struct {
    int n_blocks;    /* to read */
    int fails_read;  /* the block that cannot be read; NOBODY: none */
    int fails_work;  /* the blocks from this one on cannot be worked on */
    int fails_store; /* the block that cannot be stored */
    int stops;       /* the block at whose storing a signal comes */
    bool has_no_tools;
    pthread_t caller;
    volatile int signal;

    /* Not atomic: only reading and storing use them. */
    int n_read;
    int n_stored;
    int n_bad; /* blocks that were stored out of order, or without work */

    atomic_int n_blocks_made; /* in memory now */
    atomic_int n_blocks_ever;
    atomic_int n_tools; /* in memory now */
    atomic_int n_in_store;
    atomic_int n_met;       /* calls of read and store while another one ran */
    atomic_int n_elsewhere; /* calls on another thread than the calling one */
} run;

struct block {
    int number;
    int square;
};

static void expect_run(int n_blocks)
{
    memset(&run, 0, sizeof run);
    run.n_blocks = n_blocks;
    run.fails_read = run.fails_work = run.fails_store = run.stops = NOBODY;
    run.caller = pthread_self();
}

static void note_thread(void)
{
    atomic_fetch_add(&run.n_elsewhere, !pthread_equal(run.caller, pthread_self()));
}

static void init_block(void *block)
{
    ((struct block *)block)->number = NOBODY;
    atomic_fetch_add(&run.n_blocks_made, 1);
    atomic_fetch_add(&run.n_blocks_ever, 1);
}

static void release_block(void *block)
{
    (void)block;
    atomic_fetch_sub(&run.n_blocks_made, 1);
}

/* Reading and storing begin and end here. */
static void enter_store(void)
{
    note_thread();
    atomic_fetch_add(&run.n_met, atomic_fetch_add(&run.n_in_store, 1) > 0);
}

static int leave_store(int rc)
{
    atomic_fetch_sub(&run.n_in_store, 1);
    return rc;
}

static int read_block(void *arg, void *out, struct error *err)
{
    (void)arg;
    enter_store();
    if (run.n_read == run.fails_read)
        return leave_store(error_set(err, ERR_IO, "cannot read block %d", run.n_read));
    if (run.n_read == run.n_blocks)
        return leave_store(0);
    *(struct block *)out = (struct block){ .number = run.n_read++ };
    return leave_store(1);
}

static int make_tools(const void *arg, void **out, struct error *err)
{
    (void)arg;
    if (run.has_no_tools)
        return error_nomem(err);
    *out = malloc(1);
    if (!*out)
        return error_nomem(err);
    atomic_fetch_add(&run.n_tools, 1);
    return 0;
}

static void free_tools(void *tools)
{
    if (tools)
        atomic_fetch_sub(&run.n_tools, 1);
    free(tools);
}

/* Blocks take different times, so that threads end them in another order. */
static int work_on_block(const void *arg, void *made, void *tools, struct error *err)
{
    struct block *block = made;
    volatile int sum = 0;

    (void)arg;
    note_thread();
    for (int i = 0; i < block->number * 7919 % 13 * 1000; i++)
        sum = sum + i;
    if (run.fails_work != NOBODY && block->number >= run.fails_work)
        return error_set(err, ERR_INPUT, "cannot work on block %d", block->number);
    block->square = tools ? block->number * block->number : NOBODY;
    return 0;
}

static int store_block(void *arg, void *made, struct error *err)
{
    struct block *block = made;

    (void)arg;
    enter_store();
    if (block->number == run.fails_store)
        return leave_store(error_set(err, ERR_IO, "cannot store block %d", block->number));
    run.n_bad +=
        block->number != run.n_stored || block->square != block->number * block->number;
    if (run.n_stored++ == run.stops)
        run.signal = 15;
    *block = (struct block){ .number = NOBODY };
    return leave_store(0);
}

static int run_crew(size_t n_threads, struct error *err)
{
    const struct report report = { .stop_signal = &run.signal };
    const struct crew crew = { .block_size = sizeof(struct block),
                               .init = init_block,
                               .release = release_block,
                               .read = read_block,
                               .tools_new = make_tools,
                               .tools_free = free_tools,
                               .work = work_on_block,
                               .store = store_block,
                               .report = &report };
    const int rc = crew_run(&crew, n_threads, err);

    assert_int_equal(run.n_met, 0);
    assert_int_equal(run.n_bad, 0);
    assert_int_equal(run.n_blocks_made, 0);
    assert_int_equal(run.n_tools, 0);
    assert_in_range(run.n_blocks_ever, 1, crew_blocks(n_threads));
    return rc;
}

static void every_block_is_stored_once_in_the_order_of_reading(void **state)
{
    static const int counts[] = { 0, 1, 2, 3, 7, N_BLOCKS };
    struct error err;

    (void)state;
    for (size_t n_threads = 1; n_threads <= 9; n_threads++) {
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            expect_run(counts[i]);
            assert_ok(run_crew(n_threads, &err));
            assert_int_equal(run.n_stored, counts[i]);
        }
    }
}

static void a_crew_of_one_is_the_calling_thread(void **state)
{
    struct error err;

    (void)state;
    for (size_t n_threads = 0; n_threads <= 1; n_threads++) {
        expect_run(N_BLOCKS);
        assert_ok(run_crew(n_threads, &err));
        assert_int_equal(run.n_stored, N_BLOCKS);
        assert_int_equal(run.n_elsewhere, 0);
    }
}

static void blocks_before_the_first_that_fails_are_stored(void **state)
{
    struct error err;

    (void)state;
    for (size_t n_threads = 1; n_threads <= 8; n_threads *= 2) {
        expect_run(N_BLOCKS);
        run.fails_work = 41;
        assert_fails(run_crew(n_threads, &err), ERR_INPUT, "cannot work on block 41");
        assert_int_equal(run.n_stored, 41);
    }
}

static void a_block_that_cannot_be_read_or_stored_ends_the_run(void **state)
{
    struct error err;

    (void)state;
    for (size_t n_threads = 1; n_threads <= 8; n_threads *= 2) {
        expect_run(N_BLOCKS);
        run.fails_read = 17;
        assert_fails(run_crew(n_threads, &err), ERR_IO, "cannot read block 17");
        expect_run(N_BLOCKS);
        run.fails_store = 17;
        assert_fails(run_crew(n_threads, &err), ERR_IO, "cannot store block 17");
        assert_int_equal(run.n_stored, 17);
    }
}

static void a_signal_ends_the_run_and_stored_blocks_stay(void **state)
{
    struct error err;

    (void)state;
    for (size_t n_threads = 1; n_threads <= 8; n_threads *= 2) {
        expect_run(N_BLOCKS);
        run.stops = 23;
        assert_int_equal(run_crew(n_threads, &err), 1);
        assert_int_equal(run.n_stored, 24);
    }
}

static void threads_without_tools_fail_the_run(void **state)
{
    struct error err;

    (void)state;
    for (size_t n_threads = 1; n_threads <= 8; n_threads *= 2) {
        expect_run(N_BLOCKS);
        run.has_no_tools = true;
        assert_fails(run_crew(n_threads, &err), ERR_NOMEM, "out of memory");
        assert_int_equal(run.n_stored, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_block_is_stored_once_in_the_order_of_reading),
        cmocka_unit_test(a_crew_of_one_is_the_calling_thread),
        cmocka_unit_test(blocks_before_the_first_that_fails_are_stored),
        cmocka_unit_test(a_block_that_cannot_be_read_or_stored_ends_the_run),
        cmocka_unit_test(a_signal_ends_the_run_and_stored_blocks_stay),
        cmocka_unit_test(threads_without_tools_fail_the_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
