/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vocab.h - the tokens of a vocabulary, read from a GGUF file and checked once.
 *
 * A token has a text, as the file writes it (spaces as U+2581, bytes in an alphabet of
 * characters), and a piece, the bytes that it stands for. Tokens are looked up by text. Only
 * normal, user-defined and unused tokens can be found, so no text becomes a control token.
 * Immutable after vocab_init(); borrows from the GGUF file.
 */
#ifndef CURATE_VOCAB_H
#define CURATE_VOCAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "scoring/infer/tokenizer/tok_table.h"

struct error;
struct gguf;

enum vocab_kind {
    VOCAB_SPM,      /* SentencePiece: merges by score */
    VOCAB_BPE,      /* byte-level BPE: merges by rank */
    VOCAB_CHAR_BPE, /* BPE over characters: merges by rank, otherwise like SentencePiece */
};

/* The values of tokenizer.ggml.token_type. */
enum token_type {
    TOKEN_NORMAL = 1,
    TOKEN_UNKNOWN,
    TOKEN_CONTROL,
    TOKEN_USER_DEFINED,
    TOKEN_UNUSED,
    TOKEN_BYTE,
};

/* U+2581, which stands for a space in SentencePiece vocabularies. */
#define VOCAB_SPACE "\xe2\x96\x81"
enum { VOCAB_SPACE_BYTES = 3 };

struct vocab {
    enum vocab_kind kind;
    size_t n;
    struct slice *texts;
    struct slice *pieces;
    uint8_t *types;
    uint32_t *priorities;       /* SPM: the lowest merges first */
    struct text_table index;    /* tokens that can be found by text */
    struct text_table controls; /* control tokens, by text */
    struct pair_table merges;   /* both kinds of BPE */
    int32_t bytes[256];         /* the token of a single byte, or TOKEN_NONE */
    int32_t unknown;       /* for text without a token; TOKEN_NONE: such text is an error */
    size_t max_text_bytes; /* of the tokens in index */
    bool inner_spaces;     /* a token has VOCAB_SPACE after another character */
    struct arena arena;
};

/* Read and check the vocabulary of a file. *vocab must be zeroed. Call vocab_release() also
 * after a failure. */
int vocab_init(struct vocab *vocab, const struct gguf *gguf, enum vocab_kind kind,
               struct error *err);
void vocab_release(struct vocab *vocab);

/* Find a token by its text in the file. Returns its id, or TOKEN_NONE. */
int32_t vocab_find(const struct vocab *vocab, struct slice text);
/* The same for control tokens. */
int32_t vocab_find_control(const struct vocab *vocab, struct slice text);

#endif
