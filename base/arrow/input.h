/* SPDX-License-Identifier: Apache-2.0 */
/*
 * input.h - a file of Arrow that is read at any place, and memory that is counted against a
 * limit.
 */
#ifndef CURATE_ARROW_INPUT_H
#define CURATE_ARROW_INPUT_H

#include <stddef.h>
#include <stdint.h>

struct error;

struct arrow_input {
    int fd;
    const char *name; /* for messages */
    uint64_t size_bytes;
    uint64_t max_bytes;  /* of all struct arrow_bytes together; 0: no limit */
    uint64_t used_bytes; /* their capacity now */
};

/* Memory of an input. Zeroed: empty. */
struct arrow_bytes {
    uint8_t *ptr;
    size_t len;
    size_t cap;
};

/* Read n bytes at `at`. Returns 0, or -1 with err set: ERR_INPUT if the file ends before. */
int arrow_input_read(const struct arrow_input *input, uint64_t at, void *out, size_t n,
                     struct error *err);
/* Make room for n bytes in all. Returns 0, or -1 with ERR_NOMEM: the limit or the memory of the
 * machine does not suffice. */
int arrow_bytes_reserve(struct arrow_input *input, struct arrow_bytes *bytes, size_t n,
                        struct error *err);
void arrow_bytes_free(struct arrow_input *input, struct arrow_bytes *bytes);

#endif
