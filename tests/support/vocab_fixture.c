/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/vocab_fixture.h"

#include <stdlib.h>

#include "scoring/infer/gguf/gguf.h"
#include "scoring/infer/tokenizer/byte_alphabet.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/infer/tokenizer/vocab.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/test.h"

#define SP VOCAB_SPACE

int32_t vocab_fixture_add(struct vocab_fixture *fixture, const char *text, int32_t type,
                          float score)
{
    const size_t id = fixture->n_tokens++;

    assert_true(id < FIXTURE_TOKENS);
    fixture->texts[id] = slice_text(text);
    fixture->types[id] = type;
    fixture->scores[id] = score;
    fixture->n_types = fixture->n_tokens;
    fixture->n_scores = fixture->n_tokens;
    return (int32_t)id;
}

static void clear(struct vocab_fixture *fixture, const char *model)
{
    *fixture = (struct vocab_fixture){
        .model = model,
        .bos = -1,
        .eos = -1,
        .unknown = -1,
        .adds_bos = -1,
        .adds_eos = -1,
        .adds_space = -1,
    };
}

void vocab_fixture_spm(struct vocab_fixture *fixture)
{
    static const struct {
        const char *text;
        float score;
    } words[] = {
        { SP, -10 },     /* 259 */
        { "a", -11 },    /* 260 */
        { "b", -12 },    /* 261 */
        { "c", -13 },    /* 262 */
        { "ab", -3 },    /* 263 */
        { "bc", -2 },    /* 264 */
        { "abc", -4 },   /* 265 */
        { SP "a", -5 },  /* 266 */
        { SP "ab", -1 }, /* 267 */
        { SP SP, -6 },   /* 268 */
        { "<", -14 },    /* 269 */
        { "s", -15 },    /* 270 */
        { ">", -16 },    /* 271 */
        { "<s", -7 },    /* 272 */
        { "\u00e9", -8 } /* 273 */
    };

    clear(fixture, "llama");
    vocab_fixture_add(fixture, "<unk>", TOKEN_UNKNOWN, 0);
    vocab_fixture_add(fixture, "<s>", TOKEN_CONTROL, 0);
    vocab_fixture_add(fixture, "</s>", TOKEN_CONTROL, 0);
    for (int byte = 0; byte < 256; byte++) {
        snprintf(fixture->bytes[byte], sizeof fixture->bytes[byte], "<0x%02X>", (unsigned)byte);
        vocab_fixture_add(fixture, fixture->bytes[byte], TOKEN_BYTE, 0);
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        vocab_fixture_add(fixture, words[i].text, TOKEN_NORMAL, words[i].score);
}

void vocab_fixture_bpe(struct vocab_fixture *fixture)
{
    static const struct {
        const char *merge;
        const char *token;
    } words[] = {
        { "h e", "he" },                     /* 256 */
        { "l l", "ll" },                     /* 257 */
        { "he ll", "hell" },                 /* 258 */
        { "hell o", "hello" },               /* 259 */
        { "\u0120 w", "\u0120w" },           /* 260: U+0120 is a space */
        { "o r", "or" },                     /* 261 */
        { "\u0120w or", "\u0120wor" },       /* 262 */
        { "l d", "ld" },                     /* 263 */
        { "\u00c3 \u00a9", "\u00c3\u00a9" }, /* 264: the bytes of an e with acute accent */
        { "< |", "<|" },                     /* 265 */
        { "\u0120 \u0120", "\u0120\u0120" }, /* 266 */
        { "1 2", "12" },                     /* 267 */
    };

    clear(fixture, "gpt2");
    fixture->pre = "gpt-2";
    for (int byte = 0; byte < 256; byte++) {
        alphabet_encode((uint8_t)byte, fixture->bytes[byte]);
        vocab_fixture_add(fixture, fixture->bytes[byte], TOKEN_NORMAL, 0);
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        fixture->merges[fixture->n_merges++] = slice_text(words[i].merge);
        vocab_fixture_add(fixture, words[i].token, TOKEN_NORMAL, 0);
    }
}

void vocab_fixture_raw(struct vocab_fixture *fixture)
{
    static const char *const letters[] = { SP, "a", "b", "\u00e9", "\n" }; /* 257 to 261 */
    static const struct {
        const char *merge;
        const char *token;
    } words[] = {
        { "a b", "ab" },                     /* 262 */
        { SP " ab", SP "ab" },               /* 263 */
        { "b " SP "ab", "b" SP "ab" },       /* 264 */
        { "\n \n", "\n\n" },                 /* 265 */
        { "\u00e9 \u00e9", "\u00e9\u00e9" }, /* 266 */
    };

    clear(fixture, "gemma4");
    vocab_fixture_add(fixture, "<unk>", TOKEN_UNKNOWN, 0);
    for (int byte = 0; byte < 256; byte++) {
        snprintf(fixture->bytes[byte], sizeof fixture->bytes[byte], "<0x%02X>", (unsigned)byte);
        vocab_fixture_add(fixture, fixture->bytes[byte], TOKEN_BYTE, 0);
    }
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        vocab_fixture_add(fixture, letters[i], TOKEN_NORMAL, 0);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        fixture->merges[fixture->n_merges++] = slice_text(words[i].merge);
        vocab_fixture_add(fixture, words[i].token, TOKEN_NORMAL, 0);
    }
}

static void write_flags(const struct vocab_fixture *fixture, struct gguf_writer *writer)
{
    if (fixture->pre)
        gguf_write_string(writer, "tokenizer.ggml.pre", slice_text(fixture->pre));
    if (fixture->bos >= 0)
        gguf_write_u32(writer, "tokenizer.ggml.bos_token_id", (uint32_t)fixture->bos);
    if (fixture->eos >= 0)
        gguf_write_u32(writer, "tokenizer.ggml.eos_token_id", (uint32_t)fixture->eos);
    if (fixture->unknown >= 0)
        gguf_write_u32(writer, "tokenizer.ggml.unknown_token_id", (uint32_t)fixture->unknown);
    if (fixture->adds_bos >= 0)
        gguf_write_bool(writer, "tokenizer.ggml.add_bos_token", fixture->adds_bos);
    if (fixture->adds_eos >= 0)
        gguf_write_bool(writer, "tokenizer.ggml.add_eos_token", fixture->adds_eos);
    if (fixture->adds_space >= 0)
        gguf_write_bool(writer, "tokenizer.ggml.add_space_prefix", fixture->adds_space);
    if (fixture->chat_template.ptr)
        gguf_write_string(writer, "tokenizer.chat_template", fixture->chat_template);
}

static void write_all(const struct vocab_fixture *fixture, struct gguf_writer *writer)
{
    if (fixture->model)
        gguf_write_string(writer, "tokenizer.ggml.model", slice_text(fixture->model));
    gguf_write_strings(writer, "tokenizer.ggml.tokens", fixture->texts, fixture->n_tokens);
    if (fixture->n_types > 0)
        gguf_write_i32s(writer, "tokenizer.ggml.token_type", fixture->types, fixture->n_types);
    if (fixture->n_scores > 0)
        gguf_write_f32s(writer, "tokenizer.ggml.scores", fixture->scores, fixture->n_scores);
    if (fixture->n_merges > 0)
        gguf_write_strings(writer, "tokenizer.ggml.merges", fixture->merges, fixture->n_merges);
    write_flags(fixture, writer);
}

int vocab_fixture_open(const struct vocab_fixture *fixture, struct vocab_open *out,
                       struct error *err)
{
    struct gguf_writer writer;

    gguf_writer_init(&writer);
    write_all(fixture, &writer);
    const struct slice file = gguf_writer_file(&writer);
    *out = (struct vocab_open){ .bytes = malloc(file.len) };
    assert_non_null(out->bytes);
    memcpy(out->bytes, file.ptr, file.len);
    if (gguf_parse(out->bytes, file.len, &out->gguf, err) < 0)
        fail_msg("%s", err->msg);
    gguf_writer_release(&writer);
    return tokenizer_new(out->gguf, &out->tokenizer, err);
}

void vocab_open_release(struct vocab_open *open)
{
    tokenizer_free(open->tokenizer);
    gguf_free(open->gguf);
    free(open->bytes);
    *open = (struct vocab_open){ 0 };
}
