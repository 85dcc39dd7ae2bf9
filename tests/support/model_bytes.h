/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_bytes.h - open a model from bytes in memory instead of a file.
 */
#ifndef CURATE_TEST_MODEL_BYTES_H
#define CURATE_TEST_MODEL_BYTES_H

#include <stddef.h>

struct error;
struct model;

/* As model_open(). The bytes must stay valid until model_close(). */
int model_open_bytes(const void *bytes, size_t n, struct model **out, struct error *err);

#endif
