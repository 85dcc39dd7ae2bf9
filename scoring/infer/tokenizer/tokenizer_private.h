/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokenizer_private.h - shared by tokenizer.c and the encoders of each kind of vocabulary.
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

/* Positions in tok_merge.h have 32 bits, and SentencePiece replaces a space by three bytes. */
enum { TOKENIZE_BYTES_MAX = 1 << 30 };

/* Working memory of one thread. Its struct token_buf keeps it between calls. */
struct token_scratch {
    struct merger merger;
    struct buf escaped;        /* SentencePiece: the text with U+2581 for spaces */
    struct regex_match *match; /* byte-level BPE; NULL until first needed */
};

/* Arguments of an encoder: what it reads, and where the ids go. */
struct encode_call {
    const struct vocab *vocab;
    const struct pretok *pretok; /* NULL unless byte-level BPE */
    struct token_scratch *scratch;
    struct token_buf *out;
};

/* Append the ids of text, which is well-formed UTF-8, to call->out. with_prefix adds a leading
 * space. */
int spm_encode(const struct encode_call *call, struct slice text, bool with_prefix,
               struct error *err);
int bpe_encode(const struct encode_call *call, struct slice text, struct error *err);
int char_bpe_encode(const struct encode_call *call, struct slice text, struct error *err);

/* For vocabularies that write a space as U+2581 and a byte as <0xHH> (tok_spm.c).
 * tok_escape_spaces() replaces the content of out by the text in that form. tok_add_bytes()
 * appends a character without a token as the tokens of its bytes, or as the unknown token. */
int tok_escape_spaces(struct buf *out, struct slice text, bool with_prefix, struct error *err);
int tok_add_bytes(const struct encode_call *call, struct slice text, struct error *err);

#endif
