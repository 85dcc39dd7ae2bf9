/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokenizer_private.h - what the files of the tokenizer share.
 */
#ifndef CURATE_TOKENIZER_PRIVATE_H
#define CURATE_TOKENIZER_PRIVATE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"
#include "scoring/infer/tokenizer/tok_merge.h"

struct error;
struct pretok;
struct regex_match;
struct token_buf;
struct vocab;

/* The positions of tok_merge.h are 32 bits, and SentencePiece makes three bytes of a space. */
enum { TOKENIZE_BYTES_MAX = 1 << 30 };

/* Working memory of one thread, kept between calls in its struct token_buf. */
struct token_scratch {
    struct merger merger;
    struct buf escaped;        /* SentencePiece: the text as its vocabulary writes it */
    struct regex_match *match; /* byte-level BPE; made when first needed */
};

/* A stretch of well-formed UTF-8 to be encoded, and where the ids go. */
struct encode_call {
    const struct vocab *vocab;
    const struct pretok *pretok; /* NULL for SentencePiece */
    struct token_scratch *scratch;
    struct token_buf *out;
};

/* Append the ids of text. with_prefix puts a space in front. */
int spm_encode(const struct encode_call *call, struct slice text, bool with_prefix,
               struct error *err);
int bpe_encode(const struct encode_call *call, struct slice text, struct error *err);
int char_bpe_encode(const struct encode_call *call, struct slice text, struct error *err);

/* Of vocabularies that write spaces as U+2581 and bytes as <0xHH> (tok_spm.c): the text as they
 * write it, perhaps with a space in front; a character without a token as its bytes, or as the
 * token for the unknown. */
int tok_escape_spaces(struct buf *out, struct slice text, bool with_prefix, struct error *err);
int tok_add_bytes(const struct encode_call *call, struct slice text, struct error *err);

#endif
