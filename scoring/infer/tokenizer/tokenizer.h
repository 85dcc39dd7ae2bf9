/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokenizer.h - text to token ids, exactly as the model's makers do it.
 *
 * Built from the tokenizer.ggml.* keys of a GGUF file: SentencePiece ("llama": score merges,
 * byte fallback, leading-space rule), byte-level BPE ("gpt2": PCRE2 pre-tokeniser by name,
 * ranked merges), and BPE over characters ("gemma4": ranked merges, byte fallback). Immutable
 * after tokenizer_new(), shared between threads; a thread brings its own struct token_buf. Text
 * is untrusted: the strings of control tokens in it are ordinary text and never become control
 * ids, unless a caller asks for that. Time is O(n log n) in the text, also for a run of one
 * letter.
 */
#ifndef CURATE_TOKENIZER_H
#define CURATE_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;
struct gguf;
struct tokenizer;

enum { TOKEN_NONE = -1 };

/* Ids that grow; a zeroed struct is empty. Set n to 0 to use it again: a buffer that stays with
 * its thread spares every call its working memory. */
struct token_buf {
    int32_t *ids;
    size_t n;
    size_t cap;
    struct token_scratch *scratch; /* the tokenizer's; NULL until first used */
};
void token_buf_release(struct token_buf *buf);
/* Keep the ids alone: what the tokenizer worked with is a megabyte of address space. */
void token_buf_free_scratch(struct token_buf *buf);
int token_buf_add(struct token_buf *buf, int32_t id, struct error *err);

/* What the first piece of a text gets that later ones do not. */
enum tokenize_flags {
    TOKENIZE_FIRST = 1 << 0,   /* the piece begins the text: SentencePiece's space prefix goes
                                  here, if the file asks for one */
    TOKENIZE_CONTROL = 1 << 1, /* names of control tokens are these tokens: never for text of a
                                  stranger */
};

/* *out is NULL, with 0 returned, when the file carries no tokenizer. The gguf is borrowed and
 * must outlive it. ERR_UNSUPPORTED names an unknown tokenizer.ggml.model or .pre; ERR_INPUT
 * says which key, token or merge is wrong. */
int tokenizer_new(const struct gguf *gguf, struct tokenizer **out, struct error *err);
void tokenizer_free(struct tokenizer *tokenizer);

/* Append the ids of text; never BOS or EOS. On failure nothing is appended. ERR_INPUT with the
 * byte for text that is not UTF-8, and for a byte that neither has a token nor may be written
 * with one for unknown text. */
int tokenizer_encode(const struct tokenizer *tokenizer, struct slice text, unsigned flags,
                     struct token_buf *out, struct error *err);

/* Append the text that ids below tokenizer_count() stand for; with TOKENIZE_FIRST the ids are
 * of a whole text, and SentencePiece's own spaces are not part of it. Decoding what was encoded
 * with the same flags gives the bytes back, unless a token for unknown text is among the ids.
 */
struct buf;
int tokenizer_decode(const struct tokenizer *tokenizer, const int32_t *ids, size_t n,
                     unsigned flags, struct buf *out, struct error *err);

/* TOKEN_NONE when the file names none and the format has none for it. */
int32_t tokenizer_bos(const struct tokenizer *tokenizer);
int32_t tokenizer_eos(const struct tokenizer *tokenizer);
/* True when prompts start with BOS by the file's rules. */
bool tokenizer_adds_bos(const struct tokenizer *tokenizer);
/* True when texts end with EOS by the file's rules. A prompt does not: its response goes on. */
bool tokenizer_adds_eos(const struct tokenizer *tokenizer);
size_t tokenizer_count(const struct tokenizer *tokenizer);
/* The bytes a token stands for (U+2581 and the byte alphabet undone), borrowed; id is one that
 * tokenizer_encode() gave, or below tokenizer_count(). Control tokens stand for their name. */
struct slice tokenizer_piece(const struct tokenizer *tokenizer, int32_t id);
/* The token with this text in the file, a control token before any other; TOKEN_NONE. */
int32_t tokenizer_find(const struct tokenizer *tokenizer, struct slice text);
/* Whether text can never become this token. */
bool tokenizer_is_control(const struct tokenizer *tokenizer, int32_t id);
/* The file's tokenizer.chat_template, borrowed: a program, of which only the text is read. ptr
 * NULL when there is none. */
struct slice tokenizer_chat_template(const struct tokenizer *tokenizer);
/* "llama/default", "gpt2/qwen2": model and pre-tokeniser. */
const char *tokenizer_name(const struct tokenizer *tokenizer);
/* Identity of the vocabulary: equal for two models that share ids. */
struct hash;
void tokenizer_hash(const struct tokenizer *tokenizer, struct hash *out);

#endif
