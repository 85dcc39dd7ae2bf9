/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thrift.h - read values of the Thrift compact protocol from bytes in memory.
 *
 * The bytes are not trusted. After the first failure all functions return 0, false or an empty
 * slice, so callers look at `issue` once, at the end. No function allocates.
 *
 * To read a struct: begin with a zeroed struct thrift_field, and call thrift_next() until it
 * returns false. Read or skip the value of each field.
 */
#ifndef CURATE_PARQUET_THRIFT_H
#define CURATE_PARQUET_THRIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum thrift_type {
    THRIFT_STOP = 0,
    THRIFT_TRUE = 1,
    THRIFT_FALSE = 2,
    THRIFT_I8 = 3,
    THRIFT_I16 = 4,
    THRIFT_I32 = 5,
    THRIFT_I64 = 6,
    THRIFT_DOUBLE = 7,
    THRIFT_BINARY = 8,
    THRIFT_LIST = 9,
    THRIFT_SET = 10,
    THRIFT_MAP = 11,
    THRIFT_STRUCT = 12,
};

struct thrift {
    const uint8_t *at;
    const uint8_t *end;
    const char *issue; /* why reading failed: static text; NULL: it did not fail */
    bool is_truncated; /* it failed because more bytes are needed */
};

struct thrift_field {
    int32_t id;
    uint8_t type; /* enum thrift_type */
};

void thrift_init(struct thrift *thrift, struct slice bytes);
/* Fail with this reason, unless it failed before. */
void thrift_fail(struct thrift *thrift, const char *issue);
/* Get the next field of a struct. Returns false behind the last one, or if reading failed. */
bool thrift_next(struct thrift *thrift, struct thrift_field *field);
/* Read a value of this type. Fails if the type is another one, or if the integer does not fit.
 */
bool thrift_bool(struct thrift *thrift, uint8_t type);
int64_t thrift_int(struct thrift *thrift, uint8_t type);
int32_t thrift_i32(struct thrift *thrift, uint8_t type);
struct slice thrift_binary(struct thrift *thrift, uint8_t type);
/* Fails if the type is not a struct. */
void thrift_expect_struct(struct thrift *thrift, uint8_t type);
/* Read the header of a list or set. Returns the number of elements, which is at most the number
 * of bytes that are left. Fails if the elements have another type. */
size_t thrift_list(struct thrift *thrift, uint8_t type, enum thrift_type element);
void thrift_skip(struct thrift *thrift, uint8_t type);

#endif
