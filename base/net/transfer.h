/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer.h - bring one URL into a file, resumed and verified.
 *
 * Bytes are appended to the partial file, which stays after a failure: the next call for the
 * same content goes on at its end, in this process or another. The complete file is verified,
 * synced and renamed. The caller makes the folders and holds a lock: one transfer per partial
 * file at a time. Threads may run transfers at the same time, each with its own struct http.
 */
#ifndef CURATE_TRANSFER_H
#define CURATE_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"

struct error;
struct http;
struct url;

struct transfer {
    const char *url;  /* its redirects are followed anew in every try: signatures expire */
    const char *name; /* public name, for messages */
    const char *partial_path;
    const char *final_path; /* replaced if it exists */
    uint64_t size_bytes;    /* UINT64_MAX: not known */
    const char *content_id; /* content.h; NULL: unknown */
    const char *if_range;   /* ETag of the content, with its quotes; NULL: unknown */
    bool (*may_follow)(const void *arg, const struct url *from, const struct url *to);
    const void *follow_arg;
    /* Called on this thread with the bytes that the partial file has now: after each block, and
     * when it starts again. May be NULL. */
    void (*on_progress)(void *arg, uint64_t n_bytes);
    void *arg;
};

struct transfer_result {
    uint64_t size_bytes;
    uint8_t sha256[DIGEST_BYTES];
    uint64_t n_received; /* bytes that came over the network in this call */
};

/*
 * Bring the content into the file. Returns 0, or -1 with err set as http_send() and
 * http_status_error(), and
 *   ERR_INPUT       the content is not that of content_id or size_bytes. A file that was put
 *                   together from several answers is received once more from the beginning
 *                   before. The partial file is removed.
 *   ERR_IO          the disk is full or has too little room, or reading or writing failed
 *   ERR_CANTCREATE  the partial file cannot be created
 */
int transfer_run(struct http *http, const struct transfer *transfer,
                 struct transfer_result *out, struct error *err);

#endif
