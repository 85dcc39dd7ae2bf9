/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vocab.h - the tokens of a vocabulary, read from a GGUF file and checked once.
 *
 * Three texts are in play: the text of a token as the file writes it (spaces as U+2581, bytes
 * in an alphabet of characters), the piece it stands for, and what is looked up. Only normal,
 * user-defined and unused tokens can be looked up by text, so that no text ever turns into a
 * control token. Immutable once filled; borrows from the GGUF.
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
    VOCAB_CHAR_BPE, /* BPE over characters: merges by rank, the rest as SentencePiece */
};

/* The numbers of tokenizer.ggml.token_type. */
enum token_type {
    TOKEN_NORMAL = 1,
    TOKEN_UNKNOWN,
    TOKEN_CONTROL,
    TOKEN_USER_DEFINED,
    TOKEN_UNUSED,
    TOKEN_BYTE,
};

/* U+2581, how SentencePiece writes a space. */
#define VOCAB_SPACE "\xe2\x96\x81"
enum { VOCAB_SPACE_BYTES = 3 };

struct vocab {
    enum vocab_kind kind;
    size_t n;
    struct slice *texts;
    struct slice *pieces;
    uint8_t *types;
    uint32_t *priorities; /* SPM: the lowest joins first */
    struct text_table index;
    struct text_table controls; /* the texts of control tokens: never looked up for text */
    struct pair_table merges;   /* of both BPEs */
    int32_t bytes[256];         /* the token of a single byte, or TOKEN_NONE */
    int32_t unknown;       /* stands for what has no token; TOKEN_NONE: such text is refused */
    size_t max_text_bytes; /* of those that can be looked up */
    bool inner_spaces;     /* some token holds VOCAB_SPACE after something else */
    struct arena arena;
};

/* *vocab is zeroed before; vocab_release() also takes what an error left. */
int vocab_init(struct vocab *vocab, const struct gguf *gguf, enum vocab_kind kind,
               struct error *err);
void vocab_release(struct vocab *vocab);

/* The id of a token by its text in the file, or TOKEN_NONE. */
int32_t vocab_find(const struct vocab *vocab, struct slice text);
/* Likewise of a control token. */
int32_t vocab_find_control(const struct vocab *vocab, struct slice text);

#endif
