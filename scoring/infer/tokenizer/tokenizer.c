/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/tokenizer/tokenizer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/text/regex.h"
#include "base/text/utf8.h"
#include "scoring/infer/gguf/gguf.h"
#include "scoring/infer/tokenizer/pretok.h"
#include "scoring/infer/tokenizer/tok_added.h"
#include "scoring/infer/tokenizer/tokenizer_private.h"
#include "scoring/infer/tokenizer/vocab.h"

enum {
    /* Working memory for more symbols than this is freed after a call. */
    SYMBOLS_KEPT = 1 << 20,
    /* A symbol of a word, and two pairs of 16 bytes for each. */
    SYMBOL_BYTES = sizeof(struct symbol) + 2 * 16,
};

/* The values of tokenizer.ggml.model. */
static const char *const kinds[] = {
    [VOCAB_SPM] = "llama", [VOCAB_BPE] = "gpt2", [VOCAB_CHAR_BPE] = "gemma4"
};

struct tokenizer {
    struct vocab vocab;
    struct added added;    /* user-defined tokens: found in any text */
    struct added special;  /* and control tokens: found with TOKENIZE_CONTROL */
    struct pretok *pretok; /* NULL unless byte-level BPE */
    int32_t bos;
    int32_t eos;
    bool adds_bos;
    bool adds_eos;
    bool adds_space;
    struct slice chat_template;
    char name[48];
    struct hash hash;
};

static void scratch_free(struct token_scratch *scratch)
{
    if (!scratch)
        return;
    merger_release(&scratch->merger);
    buf_release(&scratch->escaped);
    regex_match_free(scratch->match);
    free(scratch);
}

static struct token_scratch *scratch_new(void)
{
    struct token_scratch *scratch = calloc(1, sizeof *scratch);

    if (scratch)
        buf_init(&scratch->escaped, (size_t)VOCAB_SPACE_BYTES * (TOKENIZE_BYTES_MAX + 1));
    return scratch;
}

void token_buf_release(struct token_buf *buf)
{
    free(buf->ids);
    scratch_free(buf->scratch);
    *buf = (struct token_buf){ 0 };
}

void token_buf_free_scratch(struct token_buf *buf)
{
    scratch_free(buf->scratch);
    buf->scratch = NULL;
}

int token_buf_add(struct token_buf *buf, int32_t id, struct error *err)
{
    if (buf->n == buf->cap) {
        const size_t cap = buf->cap ? 2 * buf->cap : 64;
        int32_t *ids = realloc(buf->ids, cap * sizeof *ids);

        if (!ids)
            return error_nomem(err);
        buf->ids = ids;
        buf->cap = cap;
    }
    buf->ids[buf->n++] = id;
    return 0;
}

/* Read an id from a key of the file. *id is unchanged if the key is absent. */
static int read_token_id(const struct tokenizer *tokenizer, const struct gguf *gguf,
                         const char *key, int32_t *id, struct error *err)
{
    uint64_t value;
    const int found = gguf_uint(gguf, key, 0, tokenizer->vocab.n - 1, &value, err);

    if (found == 1)
        *id = (int32_t)value;
    return found;
}

/* The default ids of BOS and EOS in SentencePiece. */
static int32_t default_id(const struct tokenizer *tokenizer, size_t id)
{
    const struct vocab *vocab = &tokenizer->vocab;

    return vocab->kind == VOCAB_SPM && id < vocab->n && vocab->types[id] == TOKEN_CONTROL
               ? (int32_t)id
               : TOKEN_NONE;
}

/* Read if the file adds a token at an end of a text. The token must exist. */
static int read_add_flag(const struct gguf *gguf, const char *key, const char *id_key,
                         int32_t id, bool *adds, struct error *err)
{
    const int found = gguf_bool(gguf, key, adds, err);

    if (found < 0)
        return -1;
    if (found == 1 && *adds && id == TOKEN_NONE)
        return error_set(err, ERR_INPUT, "%s is true, but %s is missing", key, id_key);
    *adds = *adds && id != TOKEN_NONE;
    return 0;
}

static int read_add_flags(struct tokenizer *tokenizer, const struct gguf *gguf,
                          struct error *err)
{
    return read_add_flag(gguf, "tokenizer.ggml.add_bos_token", "tokenizer.ggml.bos_token_id",
                         tokenizer->bos, &tokenizer->adds_bos, err) < 0 ||
                   read_add_flag(gguf, "tokenizer.ggml.add_eos_token",
                                 "tokenizer.ggml.eos_token_id", tokenizer->eos,
                                 &tokenizer->adds_eos, err) < 0
               ? -1
               : 0;
}

static int read_flags(struct tokenizer *tokenizer, const struct gguf *gguf, struct error *err)
{
    const bool is_spm = tokenizer->vocab.kind == VOCAB_SPM;

    tokenizer->bos = default_id(tokenizer, 1);
    tokenizer->eos = default_id(tokenizer, 2);
    tokenizer->adds_space = is_spm;
    tokenizer->adds_bos = is_spm || (tokenizer->pretok && pretok_adds_bos(tokenizer->pretok));
    if (read_token_id(tokenizer, gguf, "tokenizer.ggml.bos_token_id", &tokenizer->bos, err) <
            0 ||
        read_token_id(tokenizer, gguf, "tokenizer.ggml.eos_token_id", &tokenizer->eos, err) <
            0 ||
        (is_spm &&
         gguf_bool(gguf, "tokenizer.ggml.add_space_prefix", &tokenizer->adds_space, err) < 0))
        return -1;
    return read_add_flags(tokenizer, gguf, err);
}

static void hash_slice(struct hash_stream *stream, struct slice bytes)
{
    const uint64_t len = bytes.len;
    uint8_t prefix[8];

    for (size_t i = 0; i < sizeof prefix; i++)
        prefix[i] = (uint8_t)(len >> (8 * i));
    hash_stream_add(stream, prefix, sizeof prefix);
    hash_stream_add(stream, bytes.ptr, bytes.len);
}

/* Hash everything that decides the ids of a text. */
static int hash_tokenizer(struct tokenizer *tokenizer, const struct gguf *gguf,
                          struct error *err)
{
    const struct vocab *vocab = &tokenizer->vocab;
    const bool is_spm = vocab->kind == VOCAB_SPM;
    const char *rule = tokenizer->pretok ? pretok_rule(tokenizer->pretok) : "default";
    struct gguf_array array;
    struct hash_stream *stream = NULL;

    if (hash_stream_new(&stream, err) < 0)
        return -1;
    hash_slice(stream, slice_text(kinds[vocab->kind]));
    hash_slice(stream, slice_text(rule));
    hash_slice(stream, slice_text(tokenizer->adds_space ? "space" : ""));
    for (size_t i = 0; i < vocab->n; i++)
        hash_slice(stream, vocab->texts[i]);
    hash_slice(stream, slice_of((const char *)vocab->types, vocab->n));
    /* The array exists, or vocab_init() would have failed. */
    if (gguf_array(gguf, is_spm ? "tokenizer.ggml.scores" : "tokenizer.ggml.merges",
                   is_spm ? GGUF_F32 : GGUF_STRING, &array, err) == 1)
        hash_slice(stream, slice_of((const char *)array.data, array.n_bytes));
    tokenizer->hash = hash_stream_end(stream);
    hash_stream_free(stream);
    return 0;
}

static int tokenizer_fill(struct tokenizer *tokenizer, const struct gguf *gguf,
                          enum vocab_kind kind, struct error *err)
{
    struct slice pre = { 0 };

    if (kind == VOCAB_BPE) {
        if (gguf_string(gguf, "tokenizer.ggml.pre", &pre, err) < 0 ||
            pretok_new(pre, &tokenizer->pretok, err) < 0)
            return -1;
        snprintf(tokenizer->name, sizeof tokenizer->name, "gpt2/%s",
                 pretok_name(tokenizer->pretok));
    } else {
        snprintf(tokenizer->name, sizeof tokenizer->name, "%s/default", kinds[kind]);
    }
    if (vocab_init(&tokenizer->vocab, gguf, kind, err) < 0 ||
        added_init(&tokenizer->added, &tokenizer->vocab, false, err) < 0 ||
        added_init(&tokenizer->special, &tokenizer->vocab, true, err) < 0 ||
        gguf_string(gguf, "tokenizer.chat_template", &tokenizer->chat_template, err) < 0 ||
        read_flags(tokenizer, gguf, err) < 0)
        return -1;
    return hash_tokenizer(tokenizer, gguf, err);
}

static bool find_vocab_kind(struct slice model, enum vocab_kind *kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        *kind = (enum vocab_kind)i;
        if (slice_equal(model, slice_text(kinds[i])))
            return true;
    }
    return false;
}

int tokenizer_new(const struct gguf *gguf, struct tokenizer **out, struct error *err)
{
    struct slice model;
    enum vocab_kind kind = VOCAB_BPE;
    const int found = gguf_string(gguf, "tokenizer.ggml.model", &model, err);

    if (found < 0)
        return -1;
    if (found == 0 || slice_equal(model, slice_text("none"))) {
        *out = NULL;
        return 0;
    }
    if (!find_vocab_kind(model, &kind))
        return error_set(
            err, ERR_UNSUPPORTED,
            "tokenizer.ggml.model '%.*s' is not supported; supported: llama, gpt2, gemma4",
            model.len < 32 ? (int)model.len : 32, model.ptr);

    struct tokenizer *tokenizer = calloc(1, sizeof *tokenizer);
    if (!tokenizer)
        return error_nomem(err);
    if (tokenizer_fill(tokenizer, gguf, kind, err) < 0) {
        tokenizer_free(tokenizer);
        return -1;
    }
    *out = tokenizer;
    return 0;
}

void tokenizer_free(struct tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    added_release(&tokenizer->added);
    added_release(&tokenizer->special);
    vocab_release(&tokenizer->vocab);
    pretok_free(tokenizer->pretok);
    free(tokenizer);
}

static int encode_plain(const struct encode_call *call, struct slice text, bool with_prefix,
                        struct error *err)
{
    switch (call->vocab->kind) {
    case VOCAB_BPE:
        return bpe_encode(call, text, err);
    case VOCAB_CHAR_BPE:
        return char_bpe_encode(call, text, err);
    case VOCAB_SPM:
        break;
    }
    return spm_encode(call, text, with_prefix, err);
}

/* Encode user-defined tokens, and the text between them. As in SentencePiece, the leading space
 * is added to the first piece of text, and to each piece after such a token. */
static int encode_with_added(const struct tokenizer *tokenizer, struct slice text,
                             unsigned flags, const struct encode_call *call, struct error *err)
{
    const bool with_prefix = tokenizer->adds_space && (flags & TOKENIZE_FIRST);
    const struct added *added =
        flags & TOKENIZE_CONTROL ? &tokenizer->special : &tokenizer->added;
    size_t at = 0;

    while (at < text.len) {
        int32_t id;
        const size_t next = added_find(added, text, at, &id);
        const struct slice plain = slice_of(text.ptr + at, next - at);

        if (plain.len > 0 && encode_plain(call, plain, with_prefix, err) < 0)
            return -1;
        if (id == TOKEN_NONE)
            break;
        if (token_buf_add(call->out, id, err) < 0)
            return -1;
        at = next + tokenizer->vocab.texts[id].len;
    }
    return 0;
}

int tokenizer_encode(const struct tokenizer *tokenizer, struct slice text, unsigned flags,
                     struct token_buf *out, struct error *err)
{
    const size_t n = out->n;
    const size_t bad_at = utf8_bad_at(text);

    if (bad_at != text.len)
        return error_set(err, ERR_INPUT, "the text is not UTF-8 at byte %zu", bad_at);
    if (text.len > TOKENIZE_BYTES_MAX)
        return error_set(err, ERR_INPUT, "a text of %zu bytes: at most %d bytes are supported",
                         text.len, TOKENIZE_BYTES_MAX);
    if (!out->scratch)
        out->scratch = scratch_new();
    if (!out->scratch)
        return error_nomem(err);

    const struct encode_call call = { &tokenizer->vocab, tokenizer->pretok, out->scratch, out };
    const int rc = encode_with_added(tokenizer, text, flags, &call, err);
    if (rc < 0)
        out->n = n;
    if (out->scratch->merger.cap > SYMBOLS_KEPT)
        merger_release(&out->scratch->merger);
    return rc;
}

/* The longest run of one byte class: white space or not, line end or not. */
static size_t longest_run(struct slice text, bool of_lines)
{
    size_t longest = 0;
    size_t start = 0;
    bool last = false;

    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        const bool ends = c == '\n' || (!of_lines && (c == ' ' || c == '\t' || c == '\r'));

        if (ends != last)
            start = i;
        last = ends;
        longest = i + 1 - start > longest ? i + 1 - start : longest;
    }
    return longest;
}

/* The capacity of an array of n elements that grows by doubling. */
static size_t doubled_cap(size_t n)
{
    size_t cap = 64;

    while (cap < n)
        cap *= 2;
    return cap;
}

size_t tokenizer_bytes(const struct tokenizer *tokenizer, struct slice text)
{
    const size_t ids = doubled_cap(text.len) * sizeof(int32_t);
    const size_t escaped = 2 * VOCAB_SPACE_BYTES * text.len;

    switch (tokenizer->vocab.kind) {
    case VOCAB_BPE: /* a word ends after a run of white space, at the latest */
        return ids + doubled_cap(2 * longest_run(text, false) + 1) * SYMBOL_BYTES;
    case VOCAB_CHAR_BPE:
        return ids + escaped + doubled_cap(longest_run(text, true)) * SYMBOL_BYTES;
    case VOCAB_SPM:
        break;
    }
    return ids + escaped + doubled_cap(text.len + 1) * SYMBOL_BYTES;
}

int tokenizer_decode(const struct tokenizer *tokenizer, const int32_t *ids, size_t n,
                     unsigned flags, struct buf *out, struct error *err)
{
    const bool has_prefix = tokenizer->adds_space && (flags & TOKENIZE_FIRST);
    bool starts = true; /* the next token starts a piece of text */

    for (size_t i = 0; i < n; i++) {
        const uint8_t type = tokenizer->vocab.types[ids[i]];
        const bool is_added = type == TOKEN_USER_DEFINED || type == TOKEN_CONTROL;
        struct slice piece = tokenizer->vocab.pieces[ids[i]];

        if (has_prefix && starts && !is_added && piece.len > 0 && piece.ptr[0] == ' ')
            piece = slice_of(piece.ptr + 1, piece.len - 1);
        if (buf_add_slice(out, piece, err) < 0)
            return -1;
        starts = is_added;
    }
    return 0;
}

int32_t tokenizer_bos(const struct tokenizer *tokenizer)
{
    return tokenizer->bos;
}

int32_t tokenizer_eos(const struct tokenizer *tokenizer)
{
    return tokenizer->eos;
}

bool tokenizer_adds_eos(const struct tokenizer *tokenizer)
{
    return tokenizer->adds_eos;
}

bool tokenizer_adds_bos(const struct tokenizer *tokenizer)
{
    return tokenizer->adds_bos;
}

size_t tokenizer_count(const struct tokenizer *tokenizer)
{
    return tokenizer->vocab.n;
}

struct slice tokenizer_piece(const struct tokenizer *tokenizer, int32_t id)
{
    return tokenizer->vocab.pieces[id];
}

int32_t tokenizer_find(const struct tokenizer *tokenizer, struct slice text)
{
    const int32_t id = vocab_find_control(&tokenizer->vocab, text);

    return id != TOKEN_NONE ? id : vocab_find(&tokenizer->vocab, text);
}

bool tokenizer_is_control(const struct tokenizer *tokenizer, int32_t id)
{
    return tokenizer->vocab.types[id] == TOKEN_CONTROL;
}

struct slice tokenizer_chat_template(const struct tokenizer *tokenizer)
{
    return tokenizer->chat_template;
}

const char *tokenizer_name(const struct tokenizer *tokenizer)
{
    return tokenizer->name;
}

void tokenizer_hash(const struct tokenizer *tokenizer, struct hash *out)
{
    *out = tokenizer->hash;
}
