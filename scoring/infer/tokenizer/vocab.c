/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/tokenizer/vocab.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "scoring/infer/gguf/gguf.h"
#include "scoring/infer/tokenizer/byte_alphabet.h"
#include "scoring/infer/tokenizer/tokenizer.h"

enum {
    TOKENS_MAX = 1 << 22,
    MERGES_MAX = 1 << 23,
    TEXT_BYTES_MAX = 1 << 16,
};

/* Look up a required array with exactly n elements, or with up to n_max if n is 0. */
static int require_array(const struct gguf *gguf, const char *key, enum gguf_type type,
                         size_t n, size_t n_max, struct gguf_array *out, struct error *err)
{
    const int found = gguf_array(gguf, key, type, out, err);

    if (found < 0)
        return -1;
    if (found == 0)
        return error_set(err, ERR_INPUT, "key '%s' is missing", key);
    if (n > 0 && out->n != n)
        return error_set(err, ERR_INPUT, "key '%s' has %" PRIu64 " elements for %zu tokens",
                         key, out->n, n);
    if (out->n > n_max)
        return error_set(err, ERR_INPUT,
                         "key '%s' has %" PRIu64 " elements: at most %zu are supported", key,
                         out->n, n_max);
    return 0;
}

static int load_texts(struct vocab *vocab, const struct gguf *gguf, struct error *err)
{
    static const char key[] = "tokenizer.ggml.tokens";
    struct gguf_array array;
    struct slice text;
    size_t pos = 0;
    size_t n = 0;

    if (require_array(gguf, key, GGUF_STRING, 0, TOKENS_MAX, &array, err) < 0)
        return -1;
    if (array.n == 0)
        return error_set(err, ERR_INPUT, "key '%s' is empty", key);
    vocab->texts = calloc((size_t)array.n, sizeof *vocab->texts);
    vocab->pieces = calloc((size_t)array.n, sizeof *vocab->pieces);
    if (!vocab->texts || !vocab->pieces)
        return error_nomem(err);
    while (n < array.n && gguf_string_next(&array, &pos, &text) == 1) {
        if (text.len > TEXT_BYTES_MAX)
            return error_set(err, ERR_INPUT,
                             "token %zu is %zu bytes long: at most %d are supported", n,
                             text.len, TEXT_BYTES_MAX);
        vocab->texts[n++] = text;
    }
    vocab->n = n;
    return 0;
}

static int load_types(struct vocab *vocab, const struct gguf *gguf, struct error *err)
{
    struct gguf_array array;

    if (require_array(gguf, "tokenizer.ggml.token_type", GGUF_I32, vocab->n, TOKENS_MAX, &array,
                      err) < 0)
        return -1;
    vocab->types = malloc(vocab->n * sizeof *vocab->types);
    if (!vocab->types)
        return error_nomem(err);
    for (size_t i = 0; i < vocab->n; i++) {
        const int32_t type = gguf_array_i32(&array, i);

        if (type < TOKEN_NORMAL || type > TOKEN_BYTE)
            return error_set(err, ERR_INPUT, "token %zu has type %d, outside %d..%d", i, type,
                             TOKEN_NORMAL, TOKEN_BYTE);
        vocab->types[i] = (uint8_t)type;
    }
    return 0;
}

/* An integer that is lower for a higher score. The bits of floats compare like integers, after
 * those of negative floats are inverted. */
static uint32_t priority_of(float score)
{
    const float value = score + 0.0f; /* -0 is 0 */
    uint32_t bits;

    static_assert(sizeof bits == sizeof value, "float is 32 bits");
    memcpy(&bits, &value, sizeof bits);
    return bits >> 31 ? bits : ~(bits | UINT32_C(1) << 31);
}

static int load_scores(struct vocab *vocab, const struct gguf *gguf, struct error *err)
{
    struct gguf_array array;

    if (require_array(gguf, "tokenizer.ggml.scores", GGUF_F32, vocab->n, TOKENS_MAX, &array,
                      err) < 0)
        return -1;
    vocab->priorities = malloc(vocab->n * sizeof *vocab->priorities);
    if (!vocab->priorities)
        return error_nomem(err);
    for (size_t i = 0; i < vocab->n; i++) {
        const float score = gguf_array_f32(&array, i);

        if (!isfinite(score))
            return error_set(err, ERR_INPUT, "the score of token %zu is not a finite number",
                             i);
        vocab->priorities[i] = priority_of(score);
    }
    return 0;
}

static bool is_findable_type(const struct vocab *vocab, size_t id)
{
    return vocab->types[id] == TOKEN_NORMAL || vocab->types[id] == TOKEN_USER_DEFINED ||
           vocab->types[id] == TOKEN_UNUSED;
}

static bool has_inner_space(struct slice text)
{
    bool in_front = true;

    for (size_t i = 0; i < text.len;) {
        const bool is_space = text.len - i >= VOCAB_SPACE_BYTES &&
                              memcmp(text.ptr + i, VOCAB_SPACE, VOCAB_SPACE_BYTES) == 0;

        if (is_space && !in_front)
            return true;
        in_front = is_space;
        i += is_space ? VOCAB_SPACE_BYTES : 1;
    }
    return false;
}

static int build_index(struct vocab *vocab, struct error *err)
{
    if (text_table_init(&vocab->index, vocab->n, err) < 0)
        return -1;
    for (size_t i = 0; i < vocab->n; i++) {
        const struct slice text = vocab->texts[i];

        /* Some files pad their vocabulary with empty tokens. */
        if (!is_findable_type(vocab, i) || text.len == 0)
            continue;
        if (text_table_add(&vocab->index, vocab->texts, (int32_t)i, err) < 0)
            return -1;
        if (text.len > vocab->max_text_bytes)
            vocab->max_text_bytes = text.len;
        if (vocab->kind == VOCAB_SPM && has_inner_space(text))
            vocab->inner_spaces = true;
    }
    return 0;
}

/* Some files have two control tokens with the same text. The first one is kept. */
static int index_controls(struct vocab *vocab, struct error *err)
{
    if (text_table_init(&vocab->controls, vocab->n, err) < 0)
        return -1;
    for (size_t i = 0; i < vocab->n; i++)
        if (vocab->types[i] == TOKEN_CONTROL && vocab->texts[i].len > 0 &&
            vocab_find_control(vocab, vocab->texts[i]) == TOKEN_NONE &&
            text_table_add(&vocab->controls, vocab->texts, (int32_t)i, err) < 0)
            return -1;
    return 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte of a token with the text <0xHH>; -1 for any other text. */
static int parse_byte_token(struct slice text)
{
    if (text.len != 6 || memcmp(text.ptr, "<0x", 3) != 0 || text.ptr[5] != '>')
        return -1;
    const int high = hex_digit(text.ptr[3]);
    const int low = hex_digit(text.ptr[4]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static int find_spm_bytes(struct vocab *vocab, struct error *err)
{
    for (size_t i = 0; i < vocab->n; i++) {
        if (vocab->types[i] != TOKEN_BYTE)
            continue;
        const int byte = parse_byte_token(vocab->texts[i]);
        if (byte < 0)
            return error_set(err, ERR_INPUT,
                             "token %zu has type byte, but its text is not <0xHH>", i);
        if (vocab->bytes[byte] != TOKEN_NONE)
            return error_set(err, ERR_INPUT, "tokens %d and %zu both stand for byte 0x%02X",
                             vocab->bytes[byte], i, (unsigned)byte);
        vocab->bytes[byte] = (int32_t)i;
    }
    return 0;
}

static void find_bpe_bytes(struct vocab *vocab)
{
    for (int byte = 0; byte < 256; byte++) {
        char text[ALPHABET_CHAR_MAX];
        const size_t len = alphabet_encode((uint8_t)byte, text);

        vocab->bytes[byte] = vocab_find(vocab, slice_of(text, len));
    }
}

/* Copy a text with U+2581 replaced by a space. Returns the length. */
static size_t restore_spaces(struct slice text, char *out)
{
    size_t len = 0;

    for (size_t i = 0; i < text.len; len++) {
        const bool is_space = text.len - i >= VOCAB_SPACE_BYTES &&
                              memcmp(text.ptr + i, VOCAB_SPACE, VOCAB_SPACE_BYTES) == 0;

        out[len] = is_space ? ' ' : text.ptr[i];
        i += is_space ? VOCAB_SPACE_BYTES : 1;
    }
    return len;
}

static int make_piece(struct vocab *vocab, size_t id, struct error *err)
{
    const struct slice text = vocab->texts[id];
    const uint8_t type = vocab->types[id];
    size_t len = text.len;

    /* A user-defined token is matched in plain text, so its piece is its text. */
    vocab->pieces[id] = text;
    if (text.len == 0 || (type != TOKEN_NORMAL && type != TOKEN_UNUSED && type != TOKEN_BYTE))
        return 0;
    char *piece = arena_alloc(&vocab->arena, text.len, 1);
    if (!piece)
        return error_nomem(err);
    if (vocab->kind == VOCAB_BPE) {
        if (!alphabet_decode(text, piece, &len))
            return 0;
    } else if (type == TOKEN_BYTE) {
        piece[0] = (char)parse_byte_token(text);
        len = 1;
    } else {
        len = restore_spaces(text, piece);
    }
    vocab->pieces[id] = slice_of(piece, len);
    return 0;
}

/* Add the merge "left right". Both texts must be tokens, and so must their concatenation. */
static int add_merge(struct vocab *vocab, struct slice text, uint32_t rank, char *joined,
                     struct error *err)
{
    const char *space = text.len > 1 ? memchr(text.ptr + 1, ' ', text.len - 1) : NULL;

    if (!space)
        return error_set(err, ERR_INPUT,
                         "merge %" PRIu32 " is not two texts with a space between", rank);
    const struct slice left = slice_of(text.ptr, (size_t)(space - text.ptr));
    const struct slice right = slice_of(space + 1, text.len - left.len - 1);
    if (left.len + right.len > vocab->max_text_bytes)
        return error_set(err, ERR_INPUT,
                         "merge %" PRIu32 " results in no token of the vocabulary", rank);
    memcpy(joined, left.ptr, left.len);
    memcpy(joined + left.len, right.ptr, right.len);

    const int32_t left_id = vocab_find(vocab, left);
    const int32_t right_id = vocab_find(vocab, right);
    const int32_t id = vocab_find(vocab, slice_of(joined, left.len + right.len));
    if (left_id == TOKEN_NONE || right_id == TOKEN_NONE)
        return error_set(err, ERR_INPUT, "merge %" PRIu32 " has a side that is not a token",
                         rank);
    if (id == TOKEN_NONE)
        return error_set(err, ERR_INPUT,
                         "merge %" PRIu32 " results in no token of the vocabulary", rank);
    return pair_table_add(&vocab->merges, left_id, right_id, (struct merge){ rank, id }, err);
}

static int load_merges(struct vocab *vocab, const struct gguf *gguf, struct error *err)
{
    struct gguf_array array;
    struct slice text;
    size_t pos = 0;
    uint32_t rank = 0;
    char *joined = NULL;
    int rc = -1;

    if (require_array(gguf, "tokenizer.ggml.merges", GGUF_STRING, 0, MERGES_MAX, &array, err) <
            0 ||
        pair_table_init(&vocab->merges, (size_t)array.n, err) < 0)
        return -1;
    joined = malloc(vocab->max_text_bytes + 1);
    if (!joined)
        return error_nomem(err);
    while (gguf_string_next(&array, &pos, &text) == 1)
        if (add_merge(vocab, text, rank++, joined, err) < 0)
            goto done;
    rc = 0;
done:
    free(joined);
    return rc;
}

/* Only a token of type unknown may stand for unknown text. Some files name a control token
 * instead, and text must not become one. */
static int find_unknown(struct vocab *vocab, const struct gguf *gguf, struct error *err)
{
    uint64_t id = 0; /* SentencePiece's default */
    const int found =
        gguf_uint(gguf, "tokenizer.ggml.unknown_token_id", 0, vocab->n - 1, &id, err);

    if (found < 0)
        return -1;
    if ((found == 1 || vocab->kind != VOCAB_BPE) && vocab->types[id] == TOKEN_UNKNOWN)
        vocab->unknown = (int32_t)id;
    return 0;
}

int vocab_init(struct vocab *vocab, const struct gguf *gguf, enum vocab_kind kind,
               struct error *err)
{
    vocab->kind = kind;
    vocab->unknown = TOKEN_NONE;
    for (size_t i = 0; i < 256; i++)
        vocab->bytes[i] = TOKEN_NONE;
    arena_init(&vocab->arena);

    if (load_texts(vocab, gguf, err) < 0 || load_types(vocab, gguf, err) < 0 ||
        build_index(vocab, err) < 0 || index_controls(vocab, err) < 0 ||
        find_unknown(vocab, gguf, err) < 0)
        return -1;
    if (kind == VOCAB_BPE)
        find_bpe_bytes(vocab);
    else if (find_spm_bytes(vocab, err) < 0)
        return -1;
    if ((kind == VOCAB_SPM ? load_scores(vocab, gguf, err) : load_merges(vocab, gguf, err)) < 0)
        return -1;
    for (size_t i = 0; i < vocab->n; i++)
        if (make_piece(vocab, i, err) < 0)
            return -1;
    return 0;
}

void vocab_release(struct vocab *vocab)
{
    free(vocab->texts);
    free(vocab->pieces);
    free(vocab->types);
    free(vocab->priorities);
    text_table_release(&vocab->index);
    text_table_release(&vocab->controls);
    pair_table_release(&vocab->merges);
    arena_release(&vocab->arena);
    *vocab = (struct vocab){ 0 };
}

int32_t vocab_find(const struct vocab *vocab, struct slice text)
{
    if (text.len == 0 || text.len > vocab->max_text_bytes)
        return TOKEN_NONE;
    return text_table_find(&vocab->index, vocab->texts, text);
}

int32_t vocab_find_control(const struct vocab *vocab, struct slice text)
{
    return text_table_find(&vocab->controls, vocab->texts, text);
}
