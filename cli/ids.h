/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ids.h - token ids as text.
 */
#ifndef CURATE_IDS_H
#define CURATE_IDS_H

#include <stdint.h>

#include "base/slice.h"

struct error;
struct token_buf;

/* Append ids separated by white space to out. ERR_INPUT names an id that is not a number below
 * n_vocab. */
int ids_parse(struct slice text, uint32_t n_vocab, struct token_buf *out, struct error *err);

#endif
