/* SPDX-License-Identifier: Apache-2.0 */
#include "base/threads/queue.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"

struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t not_empty;
    pthread_cond_t not_full;
    size_t capacity;
    size_t first; /* index of the oldest item */
    size_t n;
    bool closed;
    bool cancelled;
    void *items[];
};

/* Use the monotonic clock: setting the wall clock must not affect timed waits. */
static int init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int rc = pthread_condattr_init(&attributes);

    if (rc != 0)
        return rc;
    rc = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (rc == 0)
        rc = pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return rc;
}

static int init_queue_locks(struct queue *queue)
{
    int rc = pthread_mutex_init(&queue->mutex, NULL);

    if (rc != 0)
        return rc;
    rc = init_condition(&queue->not_empty);
    if (rc != 0)
        goto no_mutex;
    rc = init_condition(&queue->not_full);
    if (rc == 0)
        return 0;
    pthread_cond_destroy(&queue->not_empty);
no_mutex:
    pthread_mutex_destroy(&queue->mutex);
    return rc;
}

int queue_new(size_t capacity, struct queue **out, struct error *err)
{
    if (capacity == 0 || capacity > (SIZE_MAX - sizeof(struct queue)) / sizeof(void *))
        return error_set(err, ERR_INVARIANT, "invalid queue capacity: %zu items", capacity);
    struct queue *queue = calloc(1, sizeof *queue + capacity * sizeof queue->items[0]);
    if (!queue)
        return error_nomem(err);
    queue->capacity = capacity;
    const int rc = init_queue_locks(queue);
    if (rc != 0) {
        free(queue);
        return error_errno(err, rc, "cannot create a queue");
    }
    *out = queue;
    return 0;
}

void queue_free(struct queue *queue)
{
    if (!queue)
        return;
    pthread_cond_destroy(&queue->not_full);
    pthread_cond_destroy(&queue->not_empty);
    pthread_mutex_destroy(&queue->mutex);
    free(queue);
}

bool queue_put(struct queue *queue, void *item)
{
    pthread_mutex_lock(&queue->mutex);
    while (queue->n == queue->capacity && !queue->cancelled)
        pthread_cond_wait(&queue->not_full, &queue->mutex);
    const bool added = !queue->cancelled;
    if (added) {
        queue->items[(queue->first + queue->n) % queue->capacity] = item;
        queue->n++;
        pthread_cond_signal(&queue->not_empty);
    }
    pthread_mutex_unlock(&queue->mutex);
    return added;
}

/* Remove the oldest item. The caller holds the mutex; the queue is not empty. */
static void *remove_first_item(struct queue *queue)
{
    void *item = queue->items[queue->first];

    queue->first = (queue->first + 1) % queue->capacity;
    queue->n--;
    pthread_cond_signal(&queue->not_full);
    return item;
}

void *queue_take(struct queue *queue)
{
    void *item = NULL;

    pthread_mutex_lock(&queue->mutex);
    while (queue->n == 0 && !queue->closed && !queue->cancelled)
        pthread_cond_wait(&queue->not_empty, &queue->mutex);
    if (queue->n > 0 && !queue->cancelled)
        item = remove_first_item(queue);
    pthread_mutex_unlock(&queue->mutex);
    return item;
}

static struct timespec queue_deadline(unsigned timeout_ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += timeout_ms / 1000;
    at.tv_nsec += (int32_t)(timeout_ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_nsec -= 1000000000;
        at.tv_sec++;
    }
    return at;
}

int queue_take_within(struct queue *queue, unsigned timeout_ms, void **item)
{
    const struct timespec deadline = queue_deadline(timeout_ms);
    int waited = 0;
    int rc = 0;

    pthread_mutex_lock(&queue->mutex);
    while (waited == 0 && queue->n == 0 && !queue->closed && !queue->cancelled)
        waited = pthread_cond_timedwait(&queue->not_empty, &queue->mutex, &deadline);
    if (queue->cancelled || (queue->n == 0 && queue->closed)) {
        rc = -1;
    } else if (queue->n > 0) {
        *item = remove_first_item(queue);
        rc = 1;
    }
    pthread_mutex_unlock(&queue->mutex);
    return rc;
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(&queue->not_empty);
    pthread_mutex_unlock(&queue->mutex);
}

void queue_cancel(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->cancelled = true;
    pthread_cond_broadcast(&queue->not_empty);
    pthread_cond_broadcast(&queue->not_full);
    pthread_mutex_unlock(&queue->mutex);
}

void *queue_drain(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    void *item = queue->n > 0 ? remove_first_item(queue) : NULL;
    pthread_mutex_unlock(&queue->mutex);
    return item;
}
