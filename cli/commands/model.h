/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - shared by the commands "model info", "model tokenize" and "model nll".
 */
#ifndef CURATE_CMD_MODEL_H
#define CURATE_CMD_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/option.h"

struct buf;
struct error;

enum { STDIN_MAX_BYTES = 1 << 30 };

struct model_args {
    const char *path;
};
extern const struct option model_positional; /* of struct model_args */

/* Append all of standard input. ERR_IO, and ERR_NOMEM beyond the maximum of the buffer. */
int model_read_stdin(struct buf *out, struct error *err);
/* Print {"schema":SCHEMA,KEY:[...]} with n ids, or with n values if ids is NULL. */
int model_print_array(const char *schema, const char *key, const int32_t *ids,
                      const double *values, size_t n, struct error *err);

#endif
