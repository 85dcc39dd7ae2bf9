/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small vocabularies of tests/data, with texts and the ids that the tokenizers of
 * tests/data/make_vocabularies.py give. For real vocabularies see test_tokenizer_vectors.c.
 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "base/json/json.h"
#include "scoring/infer/gguf/gguf.h"
#include "scoring/infer/tokenizer/tokenizer.h"

enum { FILE_MAX_BYTES = 1 << 20 };

struct vocabulary {
    struct buf lines; /* each line is a JSON object with text and ids */
    struct file_map map;
    struct gguf *gguf;
    struct tokenizer *tokenizer;
};

static void vocabulary_open(struct vocabulary *vocabulary, const char *name)
{
    char path[4096];
    struct error err;
    const char *source = getenv("CURATE_SOURCE");

    assert_non_null(source);
    *vocabulary = (struct vocabulary){ 0 };
    buf_init(&vocabulary->lines, FILE_MAX_BYTES);
    snprintf(path, sizeof path, "%s/tests/data/vocabularies/%s.jsonl", source, name);
    assert_ok(file_read(path, &vocabulary->lines, &err));
    snprintf(path, sizeof path, "%s/tests/data/vocabularies/%s.gguf", source, name);
    assert_ok(file_map_open(path, &vocabulary->map, &err));
    assert_ok(gguf_parse(vocabulary->map.data, vocabulary->map.len, &vocabulary->gguf, &err));
    assert_ok(tokenizer_new(vocabulary->gguf, &vocabulary->tokenizer, &err));
    assert_non_null(vocabulary->tokenizer);
}

static void vocabulary_close(struct vocabulary *vocabulary)
{
    tokenizer_free(vocabulary->tokenizer);
    gguf_free(vocabulary->gguf);
    file_map_close(&vocabulary->map);
    buf_release(&vocabulary->lines);
}

/* The text has the ids of the line, and they decode to the text. */
static void check_line(const struct tokenizer *tokenizer, const struct json_value *line)
{
    const struct slice text = json_text(json_get(line, "text"));
    const struct json_value *want = json_get(line, "ids");
    struct token_buf ids = { 0 };
    struct error err;
    struct buf back;

    assert_ok(tokenizer_encode(tokenizer, text, TOKENIZE_FIRST, &ids, &err));
    bool same = ids.n == json_count(want);
    for (size_t i = 0; same && i < ids.n; i++) {
        int64_t id = -1;

        assert_true(json_int(json_at(want, i), &id));
        same = id == ids.ids[i];
    }
    if (!same) {
        for (size_t i = 0; i < ids.n; i++)
            printf("# got id %zu: %d\n", i, ids.ids[i]);
        fail_msg("'%.*s' has other ids", (int)text.len, text.ptr);
    }

    buf_init(&back, FILE_MAX_BYTES);
    assert_ok(tokenizer_decode(tokenizer, ids.ids, ids.n, TOKENIZE_FIRST, &back, &err));
    assert_true(slice_equal(buf_slice(&back), text));
    buf_release(&back);
    token_buf_release(&ids);
}

static void small_vocabularies_give_the_ids_of_an_independent_tokenizer(void **state)
{
    struct vocabulary vocabulary;
    struct json *json = NULL;
    struct error err;
    size_t n = 0;

    vocabulary_open(&vocabulary, *state);
    assert_ok(json_new(&json, &err));
    for (const char *at = vocabulary.lines.data, *end; (end = strchr(at, '\n'));
         at = end + 1, n++) {
        const struct json_value *line = NULL;
        enum json_issue issue;
        const char *detail;
        size_t issue_at;

        assert_ok(json_parse(json, slice_of(at, (size_t)(end - at)), &line, &issue, &issue_at,
                             &detail, &err));
        assert_int_equal(issue, JSON_OK);
        check_line(vocabulary.tokenizer, line);
    }
    assert_true(n > 50);
    json_free(json);
    vocabulary_close(&vocabulary);
}

int main(void)
{
    static char names[][16] = { "small-gpt2", "small-llama3", "small-spm" };
    enum { N = sizeof names / sizeof *names };
    struct CMUnitTest tests[N];

    for (size_t i = 0; i < N; i++)
        tests[i] =
            (struct CMUnitTest){ names[i],
                                 small_vocabularies_give_the_ids_of_an_independent_tokenizer,
                                 NULL, NULL, names[i] };
    return cmocka_run_group_tests_name("infer/small vocabularies", tests, NULL, NULL);
}
