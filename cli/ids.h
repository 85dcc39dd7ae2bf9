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

/* Ids separated by white space, each below n_vocab; ERR_INPUT names the one that is not. */
int ids_parse(struct slice text, uint32_t n_vocab, struct token_buf *out, struct error *err);

#endif
