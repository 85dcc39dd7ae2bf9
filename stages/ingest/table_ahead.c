/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/table_ahead.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/table/table.h"
#include "base/threads/pool.h"

enum {
    CHUNK_ROWS = 256,
    CHUNK_BYTES = 256 << 10,
    SLOTS = 2 * TABLE_AHEAD_THREADS, /* groups that are decoded or wait */
};

/* Rows that one thread passes to the other. Their texts lie in `text`, one after the other, and
 * each is followed by its detail and a NUL if it has one. */
struct chunk {
    struct chunk *next;
    struct buf text;
    size_t n;
    struct table_row rows[CHUNK_ROWS];
};

/* A group that is decoded, or waits. */
struct slot {
    struct chunk *first;
    struct chunk **end;
    bool done;
    bool failed;
    struct error failure;
};

struct decoder {
    struct table_ahead *ahead;
    struct table *table;
    pthread_t thread;
};

struct table_ahead {
    uint64_t n_rows;
    uint64_t max_bytes;
    struct decoder decoders[TABLE_AHEAD_THREADS];
    size_t n_decoders;
    size_t n_started;

    pthread_mutex_t mutex; /* protects all up to `stop` */
    pthread_cond_t changed;
    struct slot slots[SLOTS]; /* by the number of the group modulo SLOTS */
    uint64_t head;            /* number of the group whose rows are returned */
    uint64_t n_taken;         /* groups that a thread decodes or has decoded */
    uint64_t next_row;        /* the first row of the next group */
    uint64_t waiting_bytes;
    bool stop;

    /* Of the thread that gets the rows. */
    struct chunk *chunk;
    size_t at;       /* the next row of it */
    const char *end; /* of the texts of the rows before */
};

static void chunk_free(struct chunk *chunk)
{
    if (!chunk)
        return;
    buf_release(&chunk->text);
    free(chunk);
}

static struct chunk *chunk_new(struct error *err)
{
    struct chunk *chunk = calloc(1, sizeof *chunk);

    if (chunk)
        buf_init(&chunk->text, SIZE_MAX / 2);
    else
        error_nomem(err);
    return chunk;
}

static int chunk_add(struct chunk *chunk, const struct table_row *row, struct error *err)
{
    if (buf_add_slice(&chunk->text, row->text, err) < 0)
        return -1;
    if (row->detail && buf_add(&chunk->text, row->detail, strlen(row->detail) + 1, err) < 0)
        return -1;
    chunk->rows[chunk->n++] = *row;
    return 0;
}

static bool chunk_is_full(const struct chunk *chunk)
{
    return chunk->n == CHUNK_ROWS || chunk->text.len >= CHUNK_BYTES;
}

/* Pass a chunk on. Waits while enough rows wait already, unless they are needed first. Returns
 * false if nobody wants rows any more. */
static bool put_chunk(struct table_ahead *ahead, uint64_t number, struct chunk *chunk)
{
    struct slot *slot = &ahead->slots[number % SLOTS];

    pthread_mutex_lock(&ahead->mutex);
    while (!ahead->stop && number != ahead->head && ahead->waiting_bytes > ahead->max_bytes)
        pthread_cond_wait(&ahead->changed, &ahead->mutex);
    const bool wanted = !ahead->stop;
    if (wanted) {
        *slot->end = chunk;
        slot->end = &chunk->next;
        ahead->waiting_bytes += chunk->text.len;
        pthread_cond_broadcast(&ahead->changed);
    }
    pthread_mutex_unlock(&ahead->mutex);
    if (!wanted)
        chunk_free(chunk);
    return wanted;
}

/* Take the next group that no thread has. Returns false if there is none. */
static bool take_group(struct decoder *decoder, uint64_t *number, uint64_t *first,
                       uint64_t *last)
{
    struct table_ahead *ahead = decoder->ahead;

    pthread_mutex_lock(&ahead->mutex);
    while (!ahead->stop && ahead->n_taken - ahead->head == SLOTS)
        pthread_cond_wait(&ahead->changed, &ahead->mutex);
    const bool found = !ahead->stop && ahead->next_row <= ahead->n_rows;
    if (found) {
        *number = ahead->n_taken++;
        *first = ahead->next_row;
        *last = table_group_end(decoder->table, *first);
        ahead->next_row = *last + 1;
        ahead->slots[*number % SLOTS] = (struct slot){ .first = NULL };
        ahead->slots[*number % SLOTS].end = &ahead->slots[*number % SLOTS].first;
    }
    pthread_mutex_unlock(&ahead->mutex);
    return found;
}

/* Fill a chunk with rows of the group. Returns 1 if there may be more, 0 or -1. */
static int fill_chunk(struct table *table, uint64_t last, struct chunk *chunk,
                      struct error *err)
{
    struct table_row row;
    int rc = 1;

    while (rc == 1 && !chunk_is_full(chunk)) {
        rc = table_next(table, &row, err);
        if (rc == 1 && chunk_add(chunk, &row, err) < 0)
            return -1;
        if (rc == 1 && row.row + row.n_rows > last)
            return 0;
    }
    return rc;
}

static int decode_group(struct decoder *decoder, uint64_t number, uint64_t first, uint64_t last,
                        struct error *err)
{
    int rc = table_resume(decoder->table, first - 1, err) < 0 ? -1 : 1;

    while (rc == 1) {
        struct chunk *chunk = chunk_new(err);

        if (!chunk)
            return -1;
        rc = fill_chunk(decoder->table, last, chunk, err);
        if (chunk->n == 0)
            chunk_free(chunk);
        else if (!put_chunk(decoder->ahead, number, chunk))
            return 0;
    }
    return rc;
}

static void finish_group(struct table_ahead *ahead, uint64_t number, int rc,
                         const struct error *err)
{
    struct slot *slot = &ahead->slots[number % SLOTS];

    pthread_mutex_lock(&ahead->mutex);
    slot->done = true;
    slot->failed = rc < 0;
    if (rc < 0)
        slot->failure = *err;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->mutex);
}

static void *run_decoder(void *arg)
{
    struct decoder *decoder = arg;
    uint64_t number, first, last;
    struct error err;
    int rc = 0;

    while (rc == 0 && take_group(decoder, &number, &first, &last)) {
        rc = decode_group(decoder, number, first, last, &err);
        finish_group(decoder->ahead, number, rc, &err);
    }
    return NULL;
}

static int add_decoder(struct table_ahead *ahead, const struct table_ahead_options *options,
                       struct error *err)
{
    struct decoder *decoder = &ahead->decoders[ahead->n_decoders];

    decoder->ahead = ahead;
    if (table_open(options->fd, options->name, options->table, &decoder->table, err) < 0)
        return -1;
    ahead->n_decoders++;
    ahead->n_rows = table_n_rows(decoder->table);
    return 0;
}

static int start_decoders(struct table_ahead *ahead, struct error *err)
{
    for (; ahead->n_started < ahead->n_decoders; ahead->n_started++) {
        struct decoder *decoder = &ahead->decoders[ahead->n_started];
        const int rc = pthread_create(&decoder->thread, NULL, run_decoder, decoder);

        if (rc != 0)
            return thread_error(rc, err);
    }
    return 0;
}

/* Returns 0, or -1 with err set and no lock made. */
static int init_locks(struct table_ahead *ahead, struct error *err)
{
    int rc = pthread_mutex_init(&ahead->mutex, NULL);

    if (rc == 0) {
        rc = pthread_cond_init(&ahead->changed, NULL);
        if (rc != 0)
            pthread_mutex_destroy(&ahead->mutex);
    }
    return rc == 0 ? 0 : error_errno(err, rc, "cannot make a lock");
}

int table_ahead_new(const struct table_ahead_options *options, struct table_ahead **out,
                    struct error *err)
{
    struct table_ahead *ahead = calloc(1, sizeof *ahead);
    int rc = 0;

    if (!ahead)
        return error_nomem(err);
    assert(options->n_threads >= 1 && options->n_threads <= TABLE_AHEAD_THREADS);
    ahead->max_bytes = options->max_bytes;
    ahead->next_row = options->after_row + 1;
    if (init_locks(ahead, err) < 0) {
        free(ahead);
        return -1;
    }
    while (rc == 0 && ahead->n_decoders < options->n_threads)
        rc = add_decoder(ahead, options, err);
    if (rc < 0 || start_decoders(ahead, err) < 0) {
        table_ahead_free(ahead);
        return -1;
    }
    *out = ahead;
    return 0;
}

void table_ahead_free(struct table_ahead *ahead)
{
    if (!ahead)
        return;
    pthread_mutex_lock(&ahead->mutex);
    ahead->stop = true;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->mutex);
    for (size_t i = 0; i < ahead->n_started; i++)
        pthread_join(ahead->decoders[i].thread, NULL);
    for (size_t i = 0; i < ahead->n_decoders; i++)
        table_close(ahead->decoders[i].table);
    for (uint64_t i = ahead->head; i < ahead->n_taken; i++) {
        struct chunk *chunk = ahead->slots[i % SLOTS].first;

        while (chunk) {
            struct chunk *next = chunk->next;

            chunk_free(chunk);
            chunk = next;
        }
    }
    chunk_free(ahead->chunk);
    pthread_cond_destroy(&ahead->changed);
    pthread_mutex_destroy(&ahead->mutex);
    free(ahead);
}

/* Has every group been returned? Call it with the mutex locked. */
static bool is_at_end(const struct table_ahead *ahead)
{
    return ahead->head == ahead->n_taken && ahead->next_row > ahead->n_rows;
}

/* Get the next chunk. Returns 1, 0 at the end, or -1 with the error of the group. Call it with
 * the mutex locked. */
static int next_chunk(struct table_ahead *ahead, struct chunk **out, struct error *err)
{
    while (!is_at_end(ahead)) {
        struct slot *slot = &ahead->slots[ahead->head % SLOTS];
        const bool taken = ahead->head < ahead->n_taken;

        if (taken && slot->first) {
            *out = slot->first;
            slot->first = slot->first->next;
            if (!slot->first)
                slot->end = &slot->first;
            ahead->waiting_bytes -= (*out)->text.len;
            pthread_cond_broadcast(&ahead->changed);
            return 1;
        }
        if (taken && slot->failed) {
            *err = slot->failure;
            return -1;
        }
        if (taken && slot->done) {
            ahead->head++;
            pthread_cond_broadcast(&ahead->changed);
            continue;
        }
        pthread_cond_wait(&ahead->changed, &ahead->mutex);
    }
    return 0;
}

/* Return the next row of the chunk. Its text is where the texts before it end. */
static void return_row(struct table_ahead *ahead, struct table_row *out)
{
    *out = ahead->chunk->rows[ahead->at++];
    out->text.ptr = ahead->end;
    ahead->end += out->text.len;
    if (!out->detail)
        return;
    out->detail = ahead->end;
    ahead->end += strlen(ahead->end) + 1;
}

int table_ahead_next(struct table_ahead *ahead, struct table_row *out, struct error *err)
{
    if (!ahead->chunk || ahead->at == ahead->chunk->n) {
        chunk_free(ahead->chunk);
        ahead->chunk = NULL;
        pthread_mutex_lock(&ahead->mutex);
        const int rc = next_chunk(ahead, &ahead->chunk, err);
        pthread_mutex_unlock(&ahead->mutex);
        if (rc < 1)
            return rc;
        ahead->at = 0;
        ahead->end = buf_slice(&ahead->chunk->text).ptr;
    }
    return_row(ahead, out);
    return 1;
}
