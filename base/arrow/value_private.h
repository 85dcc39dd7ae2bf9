/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_private.h - values that hold no others: numbers, times, texts and bytes.
 *
 * Functions that write return 0, or -1 with err set.
 */
#ifndef CURATE_ARROW_VALUE_PRIVATE_H
#define CURATE_ARROW_VALUE_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arrow/batch.h"
#include "base/arrow/schema.h"
#include "base/arrow/value.h"
#include "base/slice.h"

/* Get a number of 1, 2, 4 or 8 bytes. */
uint64_t arrow_load_unsigned(const char *at, size_t n_bytes);
int64_t arrow_load_signed(const char *at, size_t n_bytes);
/* Get the bytes of a view. ERR_INPUT if it leads outside of its buffer. */
int arrow_load_view(struct arrow_writer *writer, struct arrow_array *array, uint64_t i,
                    struct slice *out, struct error *err);

/* Write a number, which may be a time. */
int arrow_write_number(struct arrow_writer *writer, const struct arrow_field *field,
                       const char *at, struct error *err);
/* Write a text or bytes, by the type of the field. */
int arrow_write_bytes(struct arrow_writer *writer, const struct arrow_field *field,
                      struct slice bytes, struct error *err);
/* Drop what a row that is too long has beyond its first 4 KiB. */
void arrow_writer_settle(struct arrow_writer *writer);

#endif
