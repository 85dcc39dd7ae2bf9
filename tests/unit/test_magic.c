/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <string.h>

#include "base/io/magic.h"

static void assert_kind(const char *bytes, size_t n, const char *what)
{
    const struct magic *magic = magic_find(slice_of(bytes, n));

    if (!magic)
        fail_msg("not recognised: %s", what);
    assert_non_null(strstr(magic->what, what));
    assert_true(strlen(magic->advice) > 0);
}

#define KIND(bytes, what) assert_kind(bytes, sizeof(bytes) - 1, what)

static void files_with_magic_bytes_are_recognised(void **state)
{
    char tar[512] = "corpus.jsonl";

    (void)state;
    KIND("version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS pointer");
    KIND("%PDF-1.7\n", "PDF");
    KIND("FEA1\0\0\0\0", "Feather");
    KIND("ORC\x0a\x04\x08\x01", "ORC");
    KIND("SQLite format 3\0\x10\0", "SQLite");
    KIND("GGUF\x03\0\0\0", "GGUF");
    KIND("PK\x03\x04\x14\0", "ZIP");
    KIND("\x89PNG\r\n\x1a\n", "PNG");
    KIND("\xff\xd8\xff\xe0", "JPEG");
    KIND("RIFF\x24\0\0\0WEBPVP8 ", "WebP");
    KIND("\x93NUMPY\x01\0", "NumPy");
    memcpy(tar + 257, "ustar", 5);
    assert_kind(tar, sizeof tar, "tar archive");
}

static void web_pages_are_recognised(void **state)
{
    (void)state;
    KIND("<!DOCTYPE html><html>", "HTML");
    KIND("\xef\xbb\xbf \r\n<HTML lang=en>", "HTML");
    KIND("<?xml version=\"1.0\"?>", "XML");
}

static void pickles_and_python_reprs_are_recognised(void **state)
{
    (void)state;
    KIND("\x80\x04\x95\x10", "pickle");
    KIND("(lp0\n", "pickle");
    KIND("{'question': 'Who?', 'answer': None}\n{'question': 'x'}\n", "repr()");
    KIND("[{'question': \"Who's there?\"}]", "repr()");
}

static void safetensors_are_recognised(void **state)
{
    (void)state;
    KIND("\x58\0\0\0\0\0\0\0{\"weight\":", "safetensors");
}

static void text_corpora_are_not_recognised_as_other_files(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "{\"a\": 1}\n",
        "[{\"a\": 1}]",
        "\"text\"\n",
        "a,b\n1,2\n",
        "# Title\n\nversion https://git-lfs.github.com\n",
        "\xff\xfe{\0\"\0",
        "12345678{",
        "{'single': 'quotes'}\n{\"good\": 1}\n",
        "<b>bold</b> text",
        "Paragraph of text.",
        "GGUF is a format",
        "ORC and PAR1",
        "RIFF and WEBP",
        "ID3 tags",
        "GIF8 images",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (magic_find(slice_text(texts[i])))
            fail_msg("mistaken: %s", texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_with_magic_bytes_are_recognised),
        cmocka_unit_test(web_pages_are_recognised),
        cmocka_unit_test(pickles_and_python_reprs_are_recognised),
        cmocka_unit_test(safetensors_are_recognised),
        cmocka_unit_test(text_corpora_are_not_recognised_as_other_files),
    };

    return cmocka_run_group_tests_name("base/magic", tests, NULL, NULL);
}
