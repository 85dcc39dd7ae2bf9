/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flatbuf.h - read FlatBuffers, the encoding of the metadata of Arrow, from bytes that are not
 * trusted.
 *
 * Every access is checked. The first bad one sets `bad` and `bad_at`, and it and all later ones
 * return "absent". So a caller reads what it needs and looks at `bad` once, before it uses the
 * values. References lead forward only, so a walk that goes deeper at each step ends.
 *
 * Source: https://flatbuffers.dev/internals/
 */
#ifndef CURATE_ARROW_FLATBUF_H
#define CURATE_ARROW_FLATBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct flatbuf {
    const uint8_t *bytes;
    size_t len;
    bool bad;
    size_t bad_at; /* offset of the bad table, member or list */
};

/* A table: members with numbers, each of which may be absent. at is 0 if the table itself is
 * absent; then all its members are. */
struct flat_table {
    struct flatbuf *buf;
    size_t at;
    size_t n_bytes; /* of the table */
    size_t members; /* the offsets of its members, 2 bytes each */
    size_t n_members;
};

/* A list of elements of the same size, or of tables (4 bytes each). */
struct flat_list {
    struct flatbuf *buf;
    size_t at; /* of the first element */
    size_t n;
    size_t element_bytes;
};

void flatbuf_init(struct flatbuf *buf, struct slice bytes);
struct flat_table flat_root(struct flatbuf *buf);
/* Get a number of 1, 2, 4 or 8 bytes, with its sign. */
int64_t flat_int(const struct flat_table *table, unsigned member, size_t n_bytes,
                 int64_t absent);
bool flat_bool(const struct flat_table *table, unsigned member);
/* Get the table that a member refers to. */
struct flat_table flat_table(const struct flat_table *table, unsigned member);
/* Get a list; n is 0 if it is absent. */
struct flat_list flat_list(const struct flat_table *table, unsigned member,
                           size_t element_bytes);
/* Get a text or bytes, valid as long as the buffer; ptr NULL if it is absent. */
struct slice flat_text(const struct flat_table *table, unsigned member);
/* Get element i < n: a table of a list with 4 bytes an element, or 8 bytes at `offset` of a
 * struct. */
struct flat_table flat_list_table(const struct flat_list *list, size_t i);
int64_t flat_list_int64(const struct flat_list *list, size_t i, size_t offset);

#endif
