/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue.h - a bounded queue of pointers between threads.
 *
 * An item belongs to the queue from queue_put() until queue_take() or queue_drain() returns it.
 */
#ifndef CURATE_QUEUE_H
#define CURATE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct queue;

/* Returns 0, or -1 with err set. */
int queue_new(size_t capacity, struct queue **out, struct error *err);
/* The queue must be empty: drain it first. */
void queue_free(struct queue *queue);
/* Add an item, waiting while the queue is full. Returns false if the queue was cancelled; the
 * item remains the caller's. */
bool queue_put(struct queue *queue, void *item);
/* Remove the oldest item, waiting while the queue is empty. Returns NULL if the queue is closed
 * and empty, or cancelled. */
void *queue_take(struct queue *queue);
/* Remove the oldest item, waiting at most timeout_ms. Returns 1 and the item, 0 on timeout, or
 * -1 where queue_take() returns NULL. */
int queue_take_within(struct queue *queue, unsigned timeout_ms, void **item);
/* Declare that no more items will be added. */
void queue_close(struct queue *queue);
/* Make all waiting and later calls of put and take return at once, after a failure. */
void queue_cancel(struct queue *queue);
/* Remove an item without waiting. Returns NULL if the queue is empty. */
void *queue_drain(struct queue *queue);

#endif
