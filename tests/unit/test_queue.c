/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/threads/queue.h"

static struct queue *make_queue(size_t capacity)
{
    struct queue *queue = NULL;
    struct error err;

    assert_ok(queue_new(capacity, &queue, &err));
    return queue;
}

static void the_queue_returns_items_in_order(void **state)
{
    struct queue *queue = make_queue(3);
    int items[5];

    (void)state;
    for (size_t round = 0; round < 4; round++) { /* more often than the ring has slots */
        assert_true(queue_put(queue, &items[0]));
        assert_true(queue_put(queue, &items[1]));
        assert_ptr_equal(queue_take(queue), &items[0]);
        assert_ptr_equal(queue_take(queue), &items[1]);
    }
    queue_free(queue);
}

static void a_closed_queue_still_returns_its_items(void **state)
{
    struct queue *queue = make_queue(2);
    int item;

    (void)state;
    assert_true(queue_put(queue, &item));
    queue_close(queue);

    assert_ptr_equal(queue_take(queue), &item);
    assert_null(queue_take(queue));
    queue_free(queue);
}

static void a_cancelled_queue_returns_nothing(void **state)
{
    struct queue *queue = make_queue(2);
    void *taken = NULL;
    int item;

    (void)state;
    assert_true(queue_put(queue, &item));
    queue_cancel(queue);

    assert_null(queue_take(queue));
    assert_int_equal(queue_take_within(queue, 0, &taken), -1);
    assert_false(queue_put(queue, &item));
    assert_ptr_equal(queue_drain(queue), &item);
    assert_null(queue_drain(queue));
    queue_free(queue);
}

static void a_timed_dequeue_tells_empty_from_closed(void **state)
{
    struct queue *queue = make_queue(1);
    void *taken = NULL;
    int item;

    (void)state;
    assert_int_equal(queue_take_within(queue, 1, &taken), 0);
    assert_true(queue_put(queue, &item));
    assert_int_equal(queue_take_within(queue, 1000, &taken), 1);
    assert_ptr_equal(taken, &item);
    queue_close(queue);
    assert_int_equal(queue_take_within(queue, 1000, &taken), -1);
    queue_free(queue);
}

static void a_queue_without_slots_is_refused(void **state)
{
    struct queue *queue = NULL;
    struct error err;

    (void)state;
    assert_fails(queue_new(0, &queue, &err), ERR_INVARIANT, "0 items");
    assert_null(queue);
    queue_free(NULL);
}

enum { N_PRODUCERS = 3, N_CONSUMERS = 3, N_EACH = 2000 };

struct crowd {
    struct queue *queue;
    atomic_uchar seen[N_PRODUCERS * N_EACH];
    atomic_size_t next_producer;
};

static void *produce(void *arg)
{
    struct crowd *crowd = arg;
    const size_t from = atomic_fetch_add(&crowd->next_producer, 1) * N_EACH;

    for (size_t i = from; i < from + N_EACH; i++)
        if (!queue_put(crowd->queue, &crowd->seen[i]))
            return crowd;
    return NULL;
}

static void *consume(void *arg)
{
    struct crowd *crowd = arg;
    atomic_uchar *item;

    while ((item = queue_take(crowd->queue)))
        atomic_fetch_add(item, 1);
    return NULL;
}

static void many_threads_receive_every_item_once(void **state)
{
    static struct crowd crowd; /* too large for the stack */
    pthread_t producers[N_PRODUCERS], consumers[N_CONSUMERS];
    void *failed = NULL;

    (void)state;
    crowd.queue = make_queue(7);
    for (size_t i = 0; i < N_CONSUMERS; i++)
        assert_int_equal(pthread_create(&consumers[i], NULL, consume, &crowd), 0);
    for (size_t i = 0; i < N_PRODUCERS; i++)
        assert_int_equal(pthread_create(&producers[i], NULL, produce, &crowd), 0);
    for (size_t i = 0; i < N_PRODUCERS; i++) {
        pthread_join(producers[i], &failed);
        assert_null(failed);
    }
    queue_close(crowd.queue);
    for (size_t i = 0; i < N_CONSUMERS; i++)
        pthread_join(consumers[i], NULL);

    for (size_t i = 0; i < N_PRODUCERS * N_EACH; i++)
        assert_int_equal(crowd.seen[i], 1);
    queue_free(crowd.queue);
}

static void *put_into_full(void *arg)
{
    struct queue *queue = arg;

    return queue_put(queue, queue) ? queue : NULL;
}

static void cancel_wakes_waiting_threads(void **state)
{
    struct queue *queue = make_queue(1);
    void *result = queue;
    pthread_t thread;

    (void)state;
    assert_true(queue_put(queue, queue));
    assert_int_equal(pthread_create(&thread, NULL, put_into_full, queue), 0);
    queue_cancel(queue);
    pthread_join(thread, &result);

    assert_null(result);
    assert_ptr_equal(queue_drain(queue), queue);
    queue_free(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_queue_returns_items_in_order),
        cmocka_unit_test(a_closed_queue_still_returns_its_items),
        cmocka_unit_test(a_cancelled_queue_returns_nothing),
        cmocka_unit_test(a_timed_dequeue_tells_empty_from_closed),
        cmocka_unit_test(a_queue_without_slots_is_refused),
        cmocka_unit_test(many_threads_receive_every_item_once),
        cmocka_unit_test(cancel_wakes_waiting_threads),
    };

    return cmocka_run_group_tests_name("base/queue", tests, NULL, NULL);
}
