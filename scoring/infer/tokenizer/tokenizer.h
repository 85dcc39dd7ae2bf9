/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokenizer.h - text to token ids, exactly as the authors of the model do it.
 *
 * Built from the keys tokenizer.ggml.* of a GGUF file. Three kinds are supported:
 * - SentencePiece ("llama"): merges by score, byte fallback, leading-space rule;
 * - byte-level BPE ("gpt2"): a PCRE2 pre-tokeniser by name, merges by rank;
 * - BPE over characters ("gemma4"): merges by rank, byte fallback.
 *
 * A tokenizer is immutable, and threads share it; each thread has its own struct token_buf.
 * Text is not trusted: the name of a control token in it is ordinary text and never becomes a
 * control id, unless the caller sets TOKENIZE_CONTROL. Time is O(n log n) in the length of the
 * text, also if one letter is repeated n times.
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

/* A growing list of ids. A zeroed struct is empty. To reuse it, set n to 0: the working memory
 * of the tokenizer is then reused too. */
struct token_buf {
    int32_t *ids;
    size_t n;
    size_t cap;
    struct token_scratch *scratch; /* working memory of the tokenizer; NULL at first */
};
void token_buf_release(struct token_buf *buf);
/* Free the working memory, about 1 MiB of address space, and keep the ids. */
void token_buf_free_scratch(struct token_buf *buf);
int token_buf_add(struct token_buf *buf, int32_t id, struct error *err);

enum tokenize_flags {
    TOKENIZE_FIRST = 1 << 0,   /* the text starts the prompt: SentencePiece adds its leading
                                  space here, if the file requires it */
    TOKENIZE_CONTROL = 1 << 1, /* names of control tokens become control ids: only for trusted
                                  text, such as that of a prompt template */
};

/* Create the tokenizer of a file. The caller ends it with tokenizer_free(). gguf is borrowed
 * and must outlive it. Returns 0 and sets *out to NULL if the file has no tokenizer. Returns -1
 * with ERR_UNSUPPORTED for an unknown tokenizer.ggml.model or .pre, with ERR_INPUT naming the
 * invalid key, token or merge, or with ERR_NOMEM. */
int tokenizer_new(const struct gguf *gguf, struct tokenizer **out, struct error *err);
void tokenizer_free(struct tokenizer *tokenizer);

/* Append the ids of text to out, without BOS and EOS. On failure nothing is appended. Returns
 * -1 with ERR_INPUT for text that is not UTF-8 (naming the byte), and for a byte without a
 * token in a vocabulary that has no token for unknown text. */
int tokenizer_encode(const struct tokenizer *tokenizer, struct slice text, unsigned flags,
                     struct token_buf *out, struct error *err);

/* The most bytes of memory that a token_buf needs for a text. */
size_t tokenizer_bytes(const struct tokenizer *tokenizer, struct slice text);

/* Append the text of n ids, each below tokenizer_count(), to out. With TOKENIZE_FIRST the ids
 * are those of a whole text, and the spaces that SentencePiece added are removed. Decoding with
 * the flags of the encoding restores the bytes, unless an id stands for unknown text. */
struct buf;
int tokenizer_decode(const struct tokenizer *tokenizer, const int32_t *ids, size_t n,
                     unsigned flags, struct buf *out, struct error *err);

/* The id of BOS or EOS. TOKEN_NONE if neither the file nor the format defines it. */
int32_t tokenizer_bos(const struct tokenizer *tokenizer);
int32_t tokenizer_eos(const struct tokenizer *tokenizer);
/* True if the file says that texts start with BOS. */
bool tokenizer_adds_bos(const struct tokenizer *tokenizer);
/* True if the file says that texts end with EOS. A prompt does not: a response follows. */
bool tokenizer_adds_eos(const struct tokenizer *tokenizer);
/* Number of tokens in the vocabulary. */
size_t tokenizer_count(const struct tokenizer *tokenizer);
/* The bytes that a token stands for, borrowed: U+2581 and the byte alphabet are decoded. A
 * control token stands for its name. id is below tokenizer_count(). */
struct slice tokenizer_piece(const struct tokenizer *tokenizer, int32_t id);
/* The token with this text in the file, control tokens first. TOKEN_NONE if there is none. */
int32_t tokenizer_find(const struct tokenizer *tokenizer, struct slice text);
/* True for a control token, which text cannot become without TOKENIZE_CONTROL. */
bool tokenizer_is_control(const struct tokenizer *tokenizer, int32_t id);
/* The file's tokenizer.chat_template, borrowed. It is a program; curate reads it only as text.
 * ptr is NULL if there is none. */
struct slice tokenizer_chat_template(const struct tokenizer *tokenizer);
/* Kind and pre-tokeniser: "llama/default", "gpt2/qwen2". */
const char *tokenizer_name(const struct tokenizer *tokenizer);
/* A hash of all that decides the ids of a text: equal for two models whose ids are the same. */
struct hash;
void tokenizer_hash(const struct tokenizer *tokenizer, struct hash *out);

#endif
