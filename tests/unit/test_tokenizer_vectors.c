/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vocabularies of real models, with texts and the ids that their makers' programs give.
 * NAME.gguf.inp holds the texts with a separating line after each, NAME.gguf.out a line of ids
 * for each.
 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "scoring/infer/gguf/gguf.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "tests/support/rng.h"

static const char separator[] = "\n__ggml_vocab_test__\n";

struct vectors {
    struct buf texts;
    struct buf ids;
    struct file_map map;
    struct gguf *gguf;
    struct tokenizer *tokenizer;
};

static void read_file(const char *name, const char *suffix, struct buf *out)
{
    char path[4096];
    struct error err;

    snprintf(path, sizeof path, "%s/tokenizers/%s.gguf%s", getenv("CURATE_SHARED"), name,
             suffix);
    buf_init(out, 1 << 20);
    assert_ok(file_read(path, out, &err));
}

static void vectors_open(struct vectors *vectors, const char *name)
{
    char path[4096];
    struct error err;

    *vectors = (struct vectors){ 0 };
    read_file(name, ".inp", &vectors->texts);
    read_file(name, ".out", &vectors->ids);
    snprintf(path, sizeof path, "%s/tokenizers/%s.gguf", getenv("CURATE_SHARED"), name);
    assert_ok(file_map_open(path, &vectors->map, &err));
    assert_ok(gguf_parse(vectors->map.data, vectors->map.len, &vectors->gguf, &err));
    assert_ok(tokenizer_new(vectors->gguf, &vectors->tokenizer, &err));
    assert_non_null(vectors->tokenizer);
}

static void vectors_close(struct vectors *vectors)
{
    tokenizer_free(vectors->tokenizer);
    gguf_free(vectors->gguf);
    file_map_close(&vectors->map);
    buf_release(&vectors->texts);
    buf_release(&vectors->ids);
}

/* Write the ids as a line of the expected file: " 1 2 3". */
static void write_ids(const struct token_buf *ids, struct buf *line)
{
    struct error err;

    buf_clear(line);
    for (size_t i = 0; i < ids->n; i++)
        assert_ok(buf_printf(line, &err, " %d", ids->ids[i]));
    assert_ok(buf_add(line, "\n", 1, &err));
}

static void expect_text_back(const struct tokenizer *tokenizer, const struct token_buf *ids,
                             struct slice text)
{
    struct buf got;
    struct error err;

    buf_init(&got, 1 << 20);
    assert_ok(tokenizer_decode(tokenizer, ids->ids, ids->n, TOKENIZE_FIRST, &got, &err));
    if (!slice_equal(buf_slice(&got), text))
        fail_msg("%s: '%.*s' comes back as '%.*s'", tokenizer_name(tokenizer), (int)text.len,
                 text.ptr, (int)got.len, got.data);
    buf_release(&got);
}

static void real_vocabularies_give_the_ids_of_their_makers(void **state)
{
    const char *name = *state;
    struct vectors vectors;
    struct token_buf ids = { 0 };
    struct buf line;
    struct error err;
    size_t n = 0;

    buf_init(&line, 1 << 20);
    vectors_open(&vectors, name);
    const char *text = vectors.texts.data;
    const char *want = vectors.ids.data;
    for (const char *end; (end = strstr(text, separator)); n++) {
        const size_t len = (size_t)(end - text);

        ids.n = 0;
        assert_ok(tokenizer_encode(vectors.tokenizer, slice_of(text, len), TOKENIZE_FIRST, &ids,
                                   &err));
        write_ids(&ids, &line);
        if (strncmp(want, line.data, line.len) != 0)
            fail_msg("text %zu, '%.*s': ids%s, not %.*s", n, (int)len, text, line.data,
                     (int)strcspn(want, "\n"), want);
        expect_text_back(vectors.tokenizer, &ids, slice_of(text, len));
        want += line.len;
        text += len + sizeof separator - 1;
    }
    assert_int_equal(*text, '\0');
    assert_int_equal(*want, '\0');
    assert_true(n > 40);

    token_buf_release(&ids);
    buf_release(&line);
    vectors_close(&vectors);
}

/* A character of any length in UTF-8, most often from the first two planes. */
static uint32_t random_code(struct rng *rng)
{
    static const uint32_t limits[] = { 0x80, 0x80, 0x800, 0x10000, 0x20000, 0x110000 };
    const uint32_t code =
        (uint32_t)rng_below(rng, limits[rng_below(rng, sizeof limits / sizeof *limits)]);

    /* Surrogates are not characters, and U+2581 is SentencePiece's space. */
    return (code >= 0xd800 && code < 0xe000) || code == 0x2581 ? ' ' : code;
}

static size_t put_char(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    const size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)((0xf00 >> len & 0xff) | code);
    return len;
}

static void random_text_decodes_to_itself_with_real_vocabularies(void **state)
{
    const char *name = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    struct vectors vectors;
    struct token_buf ids = { 0 };
    struct error err;
    char text[4 * 64];
    size_t n_back = 0;

    vectors_open(&vectors, name);
    for (size_t i = 0; i < 500; i++) {
        const size_t n = rng_below(&rng, 64);
        size_t len = 0;

        for (size_t j = 0; j < n; j++)
            len += put_char(random_code(&rng), text + len);
        ids.n = 0;
        /* Some vocabularies have no token for a byte that their makers never saw. */
        if (tokenizer_encode(vectors.tokenizer, slice_of(text, len), TOKENIZE_FIRST, &ids,
                             &err) < 0) {
            assert_non_null(strstr(err.msg, "has no token for byte"));
            continue;
        }
        expect_text_back(vectors.tokenizer, &ids, slice_of(text, len));
        n_back++;
    }
    assert_true(n_back > 50);
    token_buf_release(&ids);
    vectors_close(&vectors);
}

int main(void)
{
    static char names[][32] = {
        "deepseek-coder", "deepseek-llm", "falcon", "gpt-2",  "llama-bpe",
        "llama-spm",      "phi-3",        "qwen2",  "refact", "starcoder",
    };
    enum { N = sizeof names / sizeof *names };
    struct CMUnitTest tests[2 * N];

    if (!getenv("CURATE_SHARED"))
        return SKIP_ALL("no vocabularies of real models: CURATE_SHARED is not set");
    for (size_t i = 0; i < N; i++) {
        tests[i] =
            (struct CMUnitTest){ names[i], real_vocabularies_give_the_ids_of_their_makers, NULL,
                                 NULL, names[i] };
        tests[N + i] =
            (struct CMUnitTest){ names[i], random_text_decodes_to_itself_with_real_vocabularies,
                                 NULL, NULL, names[i] };
    }
    return cmocka_run_group_tests_name("infer/tokenizer vectors", tests, NULL, NULL);
}
