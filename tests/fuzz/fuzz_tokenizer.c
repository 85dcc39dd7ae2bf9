/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random vocabularies and random texts.
 *
 * The first byte chooses the vocabulary. 'F': four bytes follow with the length of a GGUF file
 * (little-endian), then the file, then the text. Anything else: one of the three small
 * vocabularies, changed by the next bytes, then the text. With an unchanged vocabulary the ids
 * decode to the text.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "scoring/infer/gguf/gguf.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/infer/tokenizer/vocab.h"
#include "tests/support/vocab_fixture.h"

enum { CHANGES_MAX = 8, CHANGE_BYTES = 4, ADDED_TEXT_BYTES = 3 };

struct input {
    const uint8_t *data;
    size_t len;
};

static uint8_t take_byte(struct input *input)
{
    if (input->len == 0)
        return 0;
    input->len--;
    return *input->data++;
}

static void expect(bool holds)
{
    if (!holds)
        abort();
}

/* Each id is in the vocabulary; with must_round_trip the ids decode to the text. */
static void encode(const struct tokenizer *tokenizer, struct slice text, unsigned flags,
                   bool must_round_trip)
{
    struct token_buf ids = { 0 };
    struct buf joined;
    struct hash hash;
    struct error err;

    buf_init(&joined, SIZE_MAX / 2);
    tokenizer_hash(tokenizer, &hash);
    const int rc = tokenizer_encode(tokenizer, text, flags, &ids, &err);
    expect(rc == 0 || (rc == -1 && ids.n == 0));
    for (size_t i = 0; i < ids.n; i++) {
        expect(ids.ids[i] >= 0 && (size_t)ids.ids[i] < tokenizer_count(tokenizer));
        expect(tokenizer_piece(tokenizer, ids.ids[i]).ptr != NULL);
    }
    expect(tokenizer_decode(tokenizer, ids.ids, ids.n, flags, &joined, &err) == 0);
    if (must_round_trip && rc == 0)
        expect(slice_equal(buf_slice(&joined), text));
    buf_release(&joined);
    token_buf_release(&ids);
}

static void fuzz_file(struct input *input)
{
    uint32_t len = 0;
    struct gguf *gguf = NULL;
    struct tokenizer *tokenizer = NULL;
    struct error err;

    for (int i = 0; i < 4; i++)
        len |= (uint32_t)take_byte(input) << (8 * i);
    const size_t n_bytes = len < input->len ? len : input->len;
    /* A copy, so that a sanitizer sees a read past the end of the file. */
    uint8_t *bytes = malloc(n_bytes ? n_bytes : 1);
    if (!bytes)
        return;
    memcpy(bytes, input->data, n_bytes);
    if (gguf_parse(bytes, n_bytes, &gguf, &err) == 0 &&
        tokenizer_new(gguf, &tokenizer, &err) == 0 && tokenizer) {
        const struct slice text =
            slice_of((const char *)input->data + n_bytes, input->len - n_bytes);

        encode(tokenizer, text, TOKENIZE_FIRST, false);
        encode(tokenizer, text, 0, false);
        encode(tokenizer, text, TOKENIZE_CONTROL, false);
    }
    tokenizer_free(tokenizer);
    gguf_free(gguf);
    free(bytes);
}

static void change(struct vocab_fixture *fixture, const uint8_t bytes[CHANGE_BYTES])
{
    const size_t id = (bytes[1] | (size_t)bytes[2] << 8) % fixture->n_tokens;
    const uint8_t value = bytes[3];

    switch (bytes[0] % 8) {
    case 0:
        fixture->types[id] = value % 9;
        break;
    case 1:
        fixture->texts[id] = fixture->texts[value];
        break;
    case 2:
        fixture->texts[id].len = value % (fixture->texts[id].len + 1);
        break;
    case 3:
        fixture->texts[id] = slice_of((const char *)bytes, ADDED_TEXT_BYTES);
        break;
    case 4:
        fixture->scores[id] = (float)value - 128;
        break;
    case 5:
        fixture->merges[id % FIXTURE_MERGES] = slice_of((const char *)bytes, ADDED_TEXT_BYTES);
        break;
    case 6:
        fixture->unknown = (int32_t)id;
        fixture->bos = value;
        break;
    default:
        fixture->n_tokens = id + 1;
        fixture->n_types = fixture->n_scores = fixture->n_tokens - (value == 0);
        break;
    }
}

static void fuzz_fixture(uint8_t kind, struct input *input)
{
    static const char *const rules[] = { "gpt-2",        "llama-bpe",      "qwen2",
                                         "starcoder",    "falcon",         "default",
                                         "deepseek-llm", "deepseek-coder", "no such rule",
                                         "tekken",       "gpt-4o",         "deepseek-v3",
                                         "qwen35",       "bloom",          "chameleon",
                                         "youtu",        "minicpm5",       "viking" };
    struct vocab_fixture fixture;
    struct vocab_open open;
    struct error err;
    const bool is_spm = kind % 2;
    const size_t n_changes = take_byte(input) % CHANGES_MAX;

    if (is_spm && kind / 2 % 2)
        vocab_fixture_raw(&fixture);
    else if (is_spm)
        vocab_fixture_spm(&fixture);
    else
        vocab_fixture_bpe(&fixture);
    if (!is_spm)
        fixture.pre = rules[kind / 2 % (sizeof rules / sizeof *rules)];
    for (size_t i = 0; i < n_changes && input->len >= CHANGE_BYTES; i++) {
        change(&fixture, input->data);
        input->data += CHANGE_BYTES;
        input->len -= CHANGE_BYTES;
    }
    if (vocab_fixture_open(&fixture, &open, &err) == 0) {
        const struct slice text = slice_of((const char *)input->data, input->len);

        encode(open.tokenizer, text, TOKENIZE_FIRST, false);
        encode(open.tokenizer, text, 0, n_changes == 0 && !is_spm);
        encode(open.tokenizer, text, TOKENIZE_CONTROL, false);
    }
    vocab_open_release(&open);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct input input = { data, len };
    const uint8_t kind = take_byte(&input);

    if (kind == 'F')
        fuzz_file(&input);
    else
        fuzz_fixture(kind, &input);
    return 0;
}
