/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue.h - a bounded queue of pointers between threads.
 *
 * put() waits while it is full, take() while it is empty. close() says that nothing more will
 * be put: take() drains what is left and then returns NULL. cancel() makes both return at once,
 * for a failure anywhere; what is still inside can be drained with queue_drain().
 */
#ifndef CURATE_QUEUE_H
#define CURATE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct queue;

int queue_new(size_t capacity, struct queue **out, struct error *err);
void queue_free(struct queue *queue); /* must be empty or drained by the owner */
bool queue_put(struct queue *queue,
               void *item);            /* false when cancelled: item stays the caller's */
void *queue_take(struct queue *queue); /* NULL when closed and empty, or cancelled */
/* The same, but waits no longer than that: 1 and *item, 0 when the time is up, -1 for NULL. */
int queue_take_within(struct queue *queue, unsigned timeout_ms, void **item);
void queue_close(struct queue *queue);
void queue_cancel(struct queue *queue);
void *queue_drain(struct queue *queue); /* never waits; NULL when empty */

#endif
