/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/buf.h"
#include "base/chat/calls.h"
#include "base/chat/media.h"
#include "base/chat/thought.h"
#include "base/chat/tools.h"
#include "base/json/json.h"
#include "base/json/prune.h"

#define N(array) (sizeof(array) / sizeof(array)[0])

enum { OUT_MAX = 1 << 20 };

struct fixture {
    struct json *json;
    struct buf out;
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    struct error err;

    assert_ok(json_new(&f->json, &err));
    buf_init(&f->out, OUT_MAX);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    json_free(f->json);
    buf_release(&f->out);
    test_free(f);
    return 0;
}

static const struct json_value *parse(struct fixture *f, const char *text)
{
    const struct json_value *value;
    enum json_issue issue;
    const char *detail;
    struct error err;
    size_t at;

    assert_ok(json_parse(f->json, slice_text(text), &value, &issue, &at, &detail, &err));
    assert_int_equal(issue, JSON_OK);
    return value;
}

/* What a function made of an input; NULL: it read nothing. */
struct example {
    const char *in, *out;
};

static void assert_gives(struct fixture *f, const struct example *example, int rc)
{
    const char *got = f->out.len > 0 ? f->out.data : "";

    assert_true(rc >= 0);
    if (rc != (example->out != NULL) || strcmp(got, example->out ? example->out : "") != 0)
        fail_msg("%s\ngives %d %s\nand not %s", example->in, rc, got,
                 example->out ? example->out : "nothing");
}

static void calls_of_every_spelling_have_one_form(void **state)
{
    static const struct example examples[] = {
        { "[{\"id\":\"c\",\"type\":\"function\",\"function\":{\"name\":\"w\",\"arguments\":"
          "\"{\\\"c\\\": \\\"Ulm\\\"}\"}}]",
          "[{\"id\":\"c\",\"name\":\"w\",\"arguments\":{\"c\":\"Ulm\"}}]" },
        { "{\"name\":\"w\",\"arguments\":{\"c\":\"Ulm\"}}",
          "[{\"name\":\"w\",\"arguments\":{\"c\":\"Ulm\"}}]" },
        { "\"{\\\"name\\\": \\\"w\\\", \\\"parameters\\\": {}}\"",
          "[{\"name\":\"w\",\"arguments\":{}}]" },
        { "{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"w\",\"input\":{\"n\":1.50}}",
          "[{\"id\":\"t\",\"name\":\"w\",\"arguments\":{\"n\":1.50}}]" },
        { "{\"functionCall\":{\"name\":\"w\",\"args\":{\"n\":1}}}",
          "[{\"name\":\"w\",\"arguments\":{\"n\":1}}]" },
        { "{\"id\":7,\"name\":\"w\"}", "[{\"id\":\"7\",\"name\":\"w\",\"arguments\":{}}]" },
        { "[{\"name\":\"w\"},{\"name\":\"v\",\"arguments\":null}]",
          "[{\"name\":\"w\",\"arguments\":{}},{\"name\":\"v\",\"arguments\":{}}]" },
        { "[{\"index\":0,\"function\":{\"name\":\"w\",\"arguments\":\"\",\"strict\":true}}]",
          "[{\"name\":\"w\",\"arguments\":\"\",\"index\":0,\"strict\":true}]" },
    };
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < N(examples); i++) {
        buf_clear(&f->out);
        const int rc = calls_add(parse(f, examples[i].in), &f->out, &err);

        if (rc == 1)
            assert_ok(calls_end(&f->out, &err));
        assert_gives(f, &examples[i], rc);
    }
}

static void arguments_are_decoded_only_without_loss(void **state)
{
    static const struct example examples[] = {
        { "{\"name\":\"w\",\"arguments\":\"{1}\"}", "[{\"name\":\"w\",\"arguments\":\"{1}\"}" },
        { "{\"name\":\"w\",\"arguments\":\"{\\\"a\\\":1,\\\"a\\\":2}\"}",
          "[{\"name\":\"w\",\"arguments\":\"{\\\"a\\\":1,\\\"a\\\":2}\"}" },
        { "{\"name\":\"w\",\"arguments\":\"[NaN]\"}",
          "[{\"name\":\"w\",\"arguments\":\"[NaN]\"}" },
        { "{\"name\":\"w\",\"arguments\":\"\\\"5\\\"\"}",
          "[{\"name\":\"w\",\"arguments\":\"5\"}" },
        { "{\"name\":\"w\",\"arguments\":\"5\"}", "[{\"name\":\"w\",\"arguments\":5}" },
        { "{\"name\":\"w\",\"arguments\":\"null\"}",
          "[{\"name\":\"w\",\"arguments\":\"null\"}" },
        { "{\"name\":\"w\",\"arguments\":\"{\\\"a\\\":null}\"}",
          "[{\"name\":\"w\",\"arguments\":{\"a\":null}}" },
        { "{\"name\":\"w\",\"arguments\":{\"a\":null,\"b\":[null]}}",
          "[{\"name\":\"w\",\"arguments\":{\"b\":[null]}}" },
    };
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < N(examples); i++) {
        buf_clear(&f->out);
        assert_gives(f, &examples[i], calls_add(parse(f, examples[i].in), &f->out, &err));
    }
}

static void a_value_that_is_no_call_appends_nothing(void **state)
{
    static const struct example examples[] = {
        { "[]", NULL },
        { "{}", NULL },
        { "7", NULL },
        { "\"w(c)\"", NULL },
        { "[{\"name\":\"w\"},{\"id\":\"c\"}]", NULL },
        { "{\"name\":\"\",\"arguments\":{}}", NULL },
        { "{\"name\":\"w\",\"id\":{}}", NULL },
        { "{\"name\":\"w\",\"arguments\":{},\"input\":{}}", NULL },
        { "{\"name\":\"w\",\"description\":\"d\",\"parameters\":{}}", NULL },
        { "{\"type\":\"custom\",\"name\":\"w\"}", NULL },
        { "{\"x\":1,\"function\":{\"name\":\"w\",\"x\":2}}", NULL },
    };
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < N(examples); i++) {
        buf_clear(&f->out);
        assert_gives(f, &examples[i], calls_add(parse(f, examples[i].in), &f->out, &err));
    }
}

/* A text, the text before its calls, and the calls. */
struct marked {
    const char *text, *rest, *calls;
};

static void assert_marked(struct fixture *f, const struct marked *m,
                          int (*add)(struct slice text, struct slice *rest, struct buf *out,
                                     struct error *err))
{
    const struct example example = { m->text, m->calls };
    struct slice rest = slice_text(m->text);
    struct error err;

    buf_clear(&f->out);
    const int rc = add(slice_text(m->text), &rest, &f->out, &err);
    assert_gives(f, &example, rc);
    if (!slice_equal(rest, slice_text(m->rest)))
        fail_msg("%s\nleaves %.*s", m->text, (int)rest.len, rest.ptr);
}

static void marked_calls_are_read_if_nothing_else_follows(void **state)
{
    static const struct marked cases[] = {
        { "I look.\n<tool_call>\n{\"name\": \"w\", \"arguments\": {}}\n</tool_call>\n",
          "I look.", "[{\"name\":\"w\",\"arguments\":{}}" },
        { "<tool_call>{\"name\":\"a\"}</tool_call>\n<tool_call>{\"name\":\"b\"}</tool_call>",
          "", "[{\"name\":\"a\",\"arguments\":{}},{\"name\":\"b\",\"arguments\":{}}" },
        { "<tool_call>{\"name\":\"a\"}</tool_call> done",
          "<tool_call>{\"name\":\"a\"}</tool_call> done", NULL },
        { "<tool_call>{'name': 'a'}</tool_call>", "<tool_call>{'name': 'a'}</tool_call>",
          NULL },
        { "<tool_call>{\"name\":\"a\"}", "<tool_call>{\"name\":\"a\"}", NULL },
        { "<tool_call></tool_call>", "<tool_call></tool_call>", NULL },
        { "<tool_call>", "<tool_call>", NULL },
        { "no call", "no call", NULL },
        { "", "", NULL },
    };

    for (size_t i = 0; i < N(cases); i++)
        assert_marked(*state, &cases[i], calls_add_marked);
}

static void arguments_of_glaive_may_be_in_single_quotes(void **state)
{
    static const struct marked cases[] = {
        { "<functioncall> {\"name\": \"w\", \"arguments\": '{\"c\": \"Ulm\"}'}", "",
          "[{\"name\":\"w\",\"arguments\":{\"c\":\"Ulm\"}}" },
        { "Wait. <functioncall> {\"name\": \"w\", \"arguments\": {\"n\": 1}} ", "Wait.",
          "[{\"name\":\"w\",\"arguments\":{\"n\":1}}" },
        { "<functioncall> {\"name\": \"w\", \"arguments\": '{\"c\": \"it\\'s\"}'}", "",
          "[{\"name\":\"w\",\"arguments\":{\"c\":\"it's\"}}" },
        { "<functioncall> {\"name\": \"w\", \"arguments\": 'Ulm'}", "",
          "[{\"name\":\"w\",\"arguments\":\"Ulm\"}" },
        { "<functioncall> {\"name\": \"w\", \"arguments\": '}",
          "<functioncall> {\"name\": \"w\", \"arguments\": '}", NULL },
        { "<functioncall> w", "<functioncall> w", NULL },
        { "none", "none", NULL },
    };

    for (size_t i = 0; i < N(cases); i++)
        assert_marked(*state, &cases[i], calls_add_glaive);
}

static void tools_of_every_spelling_have_one_form(void **state)
{
    static const struct example examples[] = {
        { "[{\"type\":\"function\",\"function\":{\"name\":\"w\",\"parameters\":{\"type\":"
          "\"object\",\"properties\":{}}}}]",
          "[{\"name\":\"w\",\"parameters\":{\"type\":\"object\",\"properties\":{}}}]" },
        { "[{\"type\":\"function\",\"name\":\"w\"}]", "[{\"name\":\"w\"}]" },
        { "\"[{\\\"name\\\": \\\"w\\\", \\\"parameters\\\": {\\\"x\\\": {\\\"type\\\": "
          "\\\"int\\\", \\\"default\\\": null}}}]\"",
          "[{\"name\":\"w\",\"parameters\":{\"x\":{\"type\":\"int\",\"default\":null}}}]" },
        { "[{\"name\":\"w\",\"parameters\":{\"x\":{\"type\":\"int\",\"default\":null},"
          "\"y\":{\"type\":null}}}]",
          "[{\"name\":\"w\",\"parameters\":{\"x\":{\"type\":\"int\"}}}]" },
        { "[{\"name\":\"w\",\"input_schema\":{\"type\":\"object\"}}]",
          "[{\"name\":\"w\",\"parameters\":{\"type\":\"object\"}}]" },
        { "\"{\\\"name\\\": \\\"a\\\"}\\n\\n{\\\"name\\\": \\\"}b\\\"}\\n\"",
          "[{\"name\":\"a\"},{\"name\":\"}b\"}]" },
        { "[\"{\\\"type\\\":\\\"function\\\",\\\"function\\\":{\\\"name\\\":\\\"w\\\"}}\"]",
          "[{\"name\":\"w\"}]" },
        { "{\"name\":\"w\"}", "[{\"name\":\"w\"}]" },
        { "[{\"type\":\"web_search\",\"max_uses\":2},\"calculator\"]",
          "[{\"type\":\"web_search\",\"max_uses\":2},{\"name\":\"calculator\"}]" },
        { "[{\"type\":\"function\",\"strict\":true,\"function\":{\"name\":\"w\"}}]",
          "[{\"type\":\"function\",\"strict\":true,\"function\":{\"name\":\"w\"}}]" },
        { "\"search, calculator\"", "[{\"description\":\"search, calculator\"}]" },
        { "\"{} and more\"", "[{\"description\":\"{} and more\"}]" },
        { "\"[{\\\"a\\\":1,\\\"a\\\":2}]\"",
          "[{\"description\":\"[{\\\"a\\\":1,\\\"a\\\":2}]\"}]" },
        { "[{\"name\":\"w\"},[1]]", NULL },
        { "\"[]\"", NULL },
        { "\" \"", NULL },
        { "[]", NULL },
        { "null", NULL },
        { "7", NULL },
    };
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < N(examples); i++) {
        buf_clear(&f->out);
        assert_gives(f, &examples[i], tools_read(parse(f, examples[i].in), &f->out, &err));
    }
}

static void text_with_anything_but_objects_holds_no_tools(void **state)
{
    static const struct example examples[] = {
        { "{\"name\": \"a\"}\n{\"name\": \"b\"}", "[{\"name\":\"a\"},{\"name\":\"b\"}]" },
        { "{\"name\": \"a\"} or", NULL },
        { "{\"name\": \"a\"}\n{", NULL },
        { "a tool", NULL },
        { "", NULL },
    };
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < N(examples); i++) {
        buf_clear(&f->out);
        assert_gives(f, &examples[i],
                     tools_read_objects(slice_text(examples[i].in), &f->out, &err));
    }
}

static void only_padding_is_dropped(void **state)
{
    static const struct example examples[] = {
        { "{\"a\":null,\"b\":1}", "{\"b\":1}" },
        { "{\"a\":{\"b\":null,\"c\":{\"d\":null}},\"e\":{}}", "{\"e\":{}}" },
        { "[null,{\"a\":null},[null],[]]", "[null,{},[null],[]]" },
        { "{\"a\":\"\",\"b\":false,\"c\":[],\"d\":0}",
          "{\"a\":\"\",\"b\":false,\"c\":[],\"d\":0}" },
        { "{\"n\":123456789012345678901234567890,\"f\":1.50}",
          "{\"n\":123456789012345678901234567890,\"f\":1.50}" },
        { "null", "null" },
    };
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < N(examples); i++) {
        buf_clear(&f->out);
        assert_ok(prune_write(parse(f, examples[i].in), &f->out, &err));
        assert_gives(f, &examples[i], 1);
    }
    assert_true(prune_is_empty(parse(f, "[]")));
    assert_true(prune_is_empty(parse(f, "{}")));
    assert_false(prune_is_empty(parse(f, "\"\"")));
    assert_false(prune_is_padding(parse(f, "{}")));
}

static void thoughts_are_separated_from_answers(void **state)
{
    static const struct {
        const char *text, *thought, *rest; /* thought NULL: there is none */
    } cases[] = {
        { "<think>\nHm.\n</think>\n\nTin.", "Hm.", "Tin." },
        { "<think>Hm.</think>Tin.", "Hm.", "Tin." },
        { " \n<think></think>Tin.", "", "Tin." },
        { "<think>\n\n</think>\n\nTin.", "", "Tin." },
        { "<thinking>a</thinking> b", "a", " b" },
        { "<thought>a</thought>b", "a", "b" },
        { "<reasoning>a</reasoning>\nb\n", "a", "b\n" },
        { "<think>a</think>", "a", "" },
        { "<think>a</think><think>b</think>c", "a", "<think>b</think>c" },
        { "<|begin_of_thought|>\n\na\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\nb\n\n"
          "<|end_of_solution|>",
          "a", "b" },
        { "<|begin_of_thought|>a<|end_of_thought|>b", "a", "b" },
        { "<|begin_of_thought|>a<|end_of_thought|><|begin_of_solution|>b", "a",
          "<|begin_of_solution|>b" },
        { "a\n</think>\nb", "a", "b" },
        { "a</think>b", NULL, NULL },
        { "say <think> a\n</think>\nb", NULL, NULL },
        { "<think>a", NULL, NULL },
        { "<think>a</thinking>b", NULL, NULL },
        { "<b>bold</b>", NULL, NULL },
        { "Tin. <think>a</think>", NULL, NULL },
        { "", NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < N(cases); i++) {
        struct slice thought, rest;
        const bool is_split = thought_split(slice_text(cases[i].text), &thought, &rest);

        if (is_split != (cases[i].thought != NULL))
            fail_msg("%s: %s", cases[i].text, is_split ? "split" : "not split");
        if (is_split && (!slice_equal(thought, slice_text(cases[i].thought)) ||
                         !slice_equal(rest, slice_text(cases[i].rest))))
            fail_msg("%s: %.*s|%.*s", cases[i].text, (int)thought.len, thought.ptr,
                     (int)rest.len, rest.ptr);
    }
}

static void media_keep_their_place_and_part(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_string_equal(media_type_of(slice_text("image_url")), "image");
    assert_string_equal(media_type_of(slice_text("Input_Audio")), "audio");
    assert_string_equal(media_type_of(slice_text("videos")), "video");
    assert_string_equal(media_type_of(slice_text("file")), "file");
    assert_null(media_type_of(slice_text("text")));
    assert_ok(media_add_part("image", 0,
                             parse(f, "{\"type\":\"image_url\",\"image_url\":{\"url\":\"u\","
                                      "\"detail\":null},\"text\":null}"),
                             &f->out, &err));
    assert_ok(media_add_reference("audio", 3, parse(f, "\"a.wav\""), true, &f->out, &err));
    assert_ok(media_add_reference("video", 3, parse(f, "{\"path\":\"v\",\"bytes\":null}"),
                                  false, &f->out, &err));
    assert_ok(media_end(&f->out, &err));
    assert_string_equal(
        f->out.data,
        "[{\"type\":\"image\",\"at\":0,\"part\":{\"type\":\"image_url\",\"image_url\":{"
        "\"url\":\"u\"}}},{\"type\":\"audio\",\"at\":3,\"part\":{\"type\":\"audio\",\"audio\":"
        "\"a.wav\",\"placeholder\":true}},{\"type\":\"video\",\"at\":3,\"part\":{\"type\":"
        "\"video\",\"video\":{\"path\":\"v\"}}}]");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(calls_of_every_spelling_have_one_form),
        TEST(arguments_are_decoded_only_without_loss),
        TEST(a_value_that_is_no_call_appends_nothing),
        TEST(marked_calls_are_read_if_nothing_else_follows),
        TEST(arguments_of_glaive_may_be_in_single_quotes),
        TEST(tools_of_every_spelling_have_one_form),
        TEST(text_with_anything_but_objects_holds_no_tools),
        TEST(only_padding_is_dropped),
        TEST(thoughts_are_separated_from_answers),
        TEST(media_keep_their_place_and_part),
    };
#undef TEST

    return cmocka_run_group_tests_name("base/chat", tests, NULL, NULL);
}
