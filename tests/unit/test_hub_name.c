/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/buf.h"
#include "base/net/hub_name.h"

static const char endpoint[] = "http://127.0.0.1:8080";
static const char commit[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

struct named {
    const char *url;
    enum hub_kind kind;
    const char *id;
    const char *revision;
    const char *path;
    bool is_pattern;
    bool is_folder;
};

static const struct named named[] = {
    { "hf://o/n", HUB_MODEL, "o/n", "main", "", false, false },
    { "HF://o/n/", HUB_MODEL, "o/n", "main", "", false, false },
    { "hf://models/o/n/a.gguf", HUB_MODEL, "o/n", "main", "a.gguf", false, false },
    { "hf://datasets/o/n", HUB_DATASET, "o/n", "main", "", false, false },
    { "hf://datasets/o/n@v1.0/a/b c@d", HUB_DATASET, "o/n", "v1.0", "a/b c@d", false, false },
    { "hf://datasets/o/n/data/", HUB_DATASET, "o/n", "main", "data", false, true },
    { "hf://datasets/o/n/**/*.parquet", HUB_DATASET, "o/n", "main", "**/*.parquet", true,
      false },
    { "hf://datasets/o/n/a?.json", HUB_DATASET, "o/n", "main", "a?.json", true, false },
    { "hf://datasets/o/n@refs/pr/12/x", HUB_DATASET, "o/n", "refs/pr/12", "x", false, false },
    { "hf://datasets/o/n@refs/convert/parquet/x/y", HUB_DATASET, "o/n", "refs/convert/parquet",
      "x/y", false, false },
    { "hf://datasets/o/n@refs%2Fconvert%2Fparquet/x", HUB_DATASET, "o/n",
      "refs/convert/parquet", "x", false, false },
    { "hf://datasets/o/n@dev%2Fnew/x", HUB_DATASET, "o/n", "dev/new", "x", false, false },
    { "hf://o/n@v1", HUB_MODEL, "o/n", "v1", "", false, false },
    { "hf://o/n@refs/heads/x", HUB_MODEL, "o/n", "refs", "heads/x", false, false },
    { "https://huggingface.co/o/n", HUB_MODEL, "o/n", "main", "", false, false },
    { "https://huggingface.co/datasets/o/n?x=y#z", HUB_DATASET, "o/n", "main", "", false,
      false },
    { "https://hf.co/o/n/blob/main/a%20%C3%A9.gguf?download=true", HUB_MODEL, "o/n", "main",
      "a \xc3\xa9.gguf", false, false },
    { "https://huggingface.co/o/n/resolve/refs%2Fpr%2F3/a", HUB_MODEL, "o/n", "refs/pr/3", "a",
      false, false },
    { "https://huggingface.co/datasets/o/n/tree/main/data", HUB_DATASET, "o/n", "main", "data",
      false, true },
    { "https://huggingface.co/datasets/o/n/tree/main", HUB_DATASET, "o/n", "main", "", false,
      false },
    { "https://huggingface.co/o/n/raw/main/a*b", HUB_MODEL, "o/n", "main", "a*b", false,
      false },
    { "http://127.0.0.1:8080/datasets/o/n/blob/v2/x", HUB_DATASET, "o/n", "v2", "x", false,
      false },
};

static void names_and_pages_are_parsed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        const struct named *want = &named[i];
        struct hub_name name;
        struct error err = { 0 };
        const int rc = hub_name_parse(want->url, endpoint, &name, &err);

        if (rc != 1)
            print_error("%s: %d %s\n", want->url, rc, err.msg);
        assert_int_equal(rc, 1);
        assert_int_equal(name.kind, want->kind);
        assert_string_equal(name.id, want->id);
        assert_string_equal(name.revision, want->revision);
        assert_string_equal(name.path, want->path);
        assert_int_equal(name.is_pattern, want->is_pattern);
        assert_int_equal(name.is_folder, want->is_folder);
    }
}

static const struct {
    const char *url;
    const char *phrase; /* of the message */
} invalid[] = {
    { "hf://gpt2", "write hf://OWNER/gpt2" },
    { "hf://datasets/squad", "write hf://datasets/OWNER/squad" },
    { "hf://datasets", "write hf://datasets/OWNER/NAME" },
    { "hf://", "write hf://OWNER/NAME" },
    { "hf://dataset/o/n", "write hf://datasets/OWNER/NAME" },
    { "hf://model/o/n", "hf://OWNER/NAME for a model" },
    { "hf://spaces/o/n", "spaces of the Hub are not supported" },
    { "hf://kernels/o/n", "kernels of the Hub are not supported" },
    { "hf://buckets/o/n", "buckets of the Hub are not supported" },
    { "hf://o/n@", "revision after '@' is invalid" },
    { "hf://o/n@/x", "revision after '@' is invalid" },
    { "hf://o/n@a..b/x", "revision after '@' is invalid" },
    { "hf://o/n@%2F/x", "revision after '@' is invalid" },
    { "hf://o/n@%2e%2e%2fx/x", "revision after '@' is invalid" },
    { "hf://o/n@%00/x", "revision after '@' is invalid" },
    { "hf://o/n@%4/x", "revision after '@' is invalid" },
    { "hf://o/n@a b/x", "revision after '@' is invalid" },
    { "hf://o/../x", "is no name of a repository" },
    { "hf://o/n--m", "is no name of a repository" },
    { "hf://-o/n", "is no name of a repository" },
    { "hf://o /n", "is no name of a repository" },
    { "hf://o/n/a/../b", "path in the repository is invalid" },
    { "hf://o/n/./b", "path in the repository is invalid" },
    { "hf://o/n//b", "path in the repository is invalid" },
    { "hf://o/n/b//", "path in the repository is invalid" },
    { "hf://o/n/a\\b", "path in the repository is invalid" },
    { "hf://o/n/a\nb", "path in the repository is invalid" },
    { "https://huggingface.co/o/n/blob/main/%2e%2e/x", "path in the repository is invalid" },
    { "https://huggingface.co/o/n/blob/main/a%2f%2fx", "path in the repository is invalid" },
    { "https://huggingface.co/o/n/discussions/1", "this page of the Hub names no file" },
    { "https://huggingface.co/spaces/o/n", "spaces of the Hub are not supported" },
    { "https://huggingface.co/datasets/squad", "hf://datasets/OWNER/squad" },
    { "https://huggingface.co", "write hf://OWNER/NAME" },
};

static void invalid_names_get_a_sentence_that_says_what_to_write(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
        struct hub_name name;
        struct error err = { 0 };

        assert_fails(hub_name_parse(invalid[i].url, endpoint, &name, &err), ERR_USAGE,
                     invalid[i].phrase);
        assert_null(strchr(err.msg, '\n'));
    }
}

static void other_urls_are_none_of_the_hub(void **state)
{
    static const char *const urls[] = {
        "https://example.org/o/n/blob/main/x",
        "https://huggingface.com/o/n",
        "https://huggingface.co.example.org/o/n",
        "http://127.0.0.1:80801/o/n",
        "s3://o/n/x",
        "file:///o/n",
    };
    struct hub_name name;
    struct error err = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
        assert_int_equal(hub_name_parse(urls[i], endpoint, &name, &err), 0);
}

static void a_message_does_not_repeat_the_query_of_a_url(void **state)
{
    struct hub_name name;
    struct error err = { 0 };

    (void)state;
    assert_fails(hub_name_parse("https://hf.co/o/n/x?sig=secret", NULL, &name, &err), ERR_USAGE,
                 "https://hf.co/o/n/x: ");
    assert_null(strstr(err.msg, "secret"));
}

static void unsafe_paths_are_recognised(void **state)
{
    static const char *const safe[] = { "a",  "a/b", "..a", "a..", "...", "\xc3\xa9 x.jsonl",
                                        "a:b" };
    static const char *const unsafe[] = { "",     "/a",  "a/",   "..",    "../a", "a/..",
                                          "a/./", "a//", "a\\b", "a\x01", "./a",  "a/../b" };
    char long_path[HUB_PATH_BYTES + 1];

    (void)state;
    for (size_t i = 0; i < sizeof safe / sizeof safe[0]; i++)
        assert_true(hub_path_is_safe(slice_text(safe[i])));
    for (size_t i = 0; i < sizeof unsafe / sizeof unsafe[0]; i++)
        assert_false(hub_path_is_safe(slice_text(unsafe[i])));
    assert_false(hub_path_is_safe(slice_of("a\0b", 3)));
    memset(long_path, 'a', sizeof long_path);
    assert_false(hub_path_is_safe(slice_of(long_path, HUB_PATH_BYTES)));
    assert_true(hub_path_is_safe(slice_of(long_path, HUB_PATH_BYTES - 1)));
    assert_true(hub_path_is_below("", slice_text("a")));
    assert_true(hub_path_is_below("a", slice_text("a/b")));
    assert_false(hub_path_is_below("a", slice_text("ab/c")));
    assert_false(hub_path_is_below("a", slice_text("a")));
}

static void urls_are_encoded_once(void **state)
{
    struct hub_name name;
    struct error err = { 0 };
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    assert_int_equal(
        hub_name_parse("hf://datasets/o/n@refs/convert/parquet/d/\xc3\xa9 x%2.jsonl", endpoint,
                       &name, &err),
        1);
    assert_ok(hub_file_url(&out, endpoint, &name, name.revision, name.path, &err));
    assert_string_equal(out.data,
                        "http://127.0.0.1:8080/datasets/o/n/resolve/refs%2Fconvert%2Fparquet/d/"
                        "%C3%A9%20x%252.jsonl");
    buf_clear(&out);
    assert_ok(hub_revision_url(&out, endpoint, &name, &err));
    assert_string_equal(
        out.data, "http://127.0.0.1:8080/api/datasets/o/n/revision/refs%2Fconvert%2Fparquet");
    buf_clear(&out);
    assert_ok(hub_tree_url(&out, "https://huggingface.co", &name, commit, "d/e", &err));
    assert_string_equal(out.data, "https://huggingface.co/api/datasets/o/n/tree/"
                                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/d%2Fe?recursive="
                                  "true");
    buf_clear(&out);
    assert_ok(hub_public_name(&out, &name, commit, "d/x", &err));
    assert_string_equal(out.data,
                        "hf://datasets/o/n@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/d/x");
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_pages_are_parsed),
        cmocka_unit_test(invalid_names_get_a_sentence_that_says_what_to_write),
        cmocka_unit_test(other_urls_are_none_of_the_hub),
        cmocka_unit_test(a_message_does_not_repeat_the_query_of_a_url),
        cmocka_unit_test(unsafe_paths_are_recognised),
        cmocka_unit_test(urls_are_encoded_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
