/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records that lie at a path of a document, and the paths themselves.
 */
#include "tests/support/test.h"

#include "base/buf.h"
#include "base/io/frame.h"
#include "base/json/json.h"
#include "base/json/path.h"

enum { LIMIT = 1000 };

static int add_record(const struct frame_record *record, struct buf *out, struct error *err)
{
    if (buf_printf(out, err, "%d@%ju/%ju ", (int)record->issue, (uintmax_t)record->byte_offset,
                   (uintmax_t)record->line) < 0 ||
        buf_add_slice(out, record->text, err) < 0)
        return -1;
    return buf_add_text(out, "\n", err);
}

/* The records of a stream that is fed in pieces of `step` bytes. After each record framing goes
 * on in a new frame that resumes at its place, if `resumes` is true. */
static void walk_stream(const char *text, const struct json_path *path, size_t step,
                        bool resumes, struct buf *out)
{
    struct frame *frame = NULL;
    struct frame_record record;
    struct frame_place place = { .line = 1 };
    struct error err;
    size_t at = 0;

    buf_clear(out);
    assert_ok(frame_new(LIMIT, &frame, &err));
    frame_set_path(frame, path);
    while (at <= strlen(text)) {
        const size_t left = strlen(text) - at;
        const size_t n = left < step ? left : step;

        assert_ok(frame_feed(frame, text + at, n, &err));
        at += n;
        if (left <= step)
            frame_finish(frame);
        int got = frame_next(frame, &record);
        for (; got == 1 && !resumes; got = frame_next(frame, &record))
            assert_ok(add_record(&record, out, &err));
        if (got == 1) {
            assert_ok(add_record(&record, out, &err));
            frame_place(frame, &place);
            frame_free(frame);
            assert_ok(frame_new(LIMIT, &frame, &err));
            frame_set_path(frame, path);
            frame_resume(frame, &place);
            at = place.byte_offset;
        } else if (left <= step) {
            break;
        }
    }
    frame_free(frame);
}

static void assert_walks(const char *path_text, const char *text, const char *want)
{
    struct json_path path;
    struct error err;
    struct buf got;

    buf_init(&got, 1 << 20);
    assert_ok(json_path_parse(path_text, &path, &err));
    for (size_t step = 1; step <= strlen(text) + 1; step++) {
        for (int resumes = 0; resumes < 2; resumes++) {
            walk_stream(text, &path, step, resumes, &got);
            if (strcmp(buf_slice(&got).ptr ? got.data : "", want) != 0)
                fail_msg("%s of %s by %zu, %d: got\n%s", path_text, text, step, resumes,
                         got.data);
        }
    }
    buf_release(&got);
}

static void a_list_at_the_path_holds_the_records(void **state)
{
    (void)state;
    assert_walks("data",
                 "{\"v\":\"[1]\",\"data\":[{\"a\":1},\n{\"b\":2}],\"w\":{\"data\":[3]}}",
                 "0@19/1 {\"a\":1}\n0@28/2 {\"b\":2}\n");
    assert_walks("data[*]", "{\"data\":[{\"a\":1}]}", "0@9/1 {\"a\":1}\n");
    assert_walks("a.b", "{\"a\":{\"c\":[1],\"b\":[{\"x\":\"]}\"}]}}",
                 "0@19/1 {\"x\":\"]}\"}\n");
    assert_walks("rows[*].row",
                 "{\"rows\":[{\"row_idx\":0,\"row\":{\"a\":1}},{\"row\":{\"a\":2}}]}",
                 "0@28/1 {\"a\":1}\n0@44/1 {\"a\":2}\n");
    assert_walks("parts[1].x", "{\"parts\":[{\"x\":[1]},{\"x\":[{\"a\":2}]},{\"x\":[3]}]}",
                 "0@26/1 {\"a\":2}\n");
    assert_walks("DATA", "{\n \"data\": [\n  {\"a\":1},\n  [{\"role\":1}]\n ]\n}\n",
                 "0@15/3 {\"a\":1}\n0@26/4 [{\"role\":1}]\n");
}

static void members_of_an_object_are_records_after_a_last_star(void **state)
{
    (void)state;
    assert_walks("[*]", "{\"q1\":{\"a\":1},\n\"q2\":{\"a\":2}}",
                 "0@6/1 {\"a\":1}\n0@20/2 {\"a\":2}\n");
    assert_walks("[*][*]", "{\"train\":[{\"a\":1}],\"test\":[{\"a\":2}]}",
                 "0@10/1 {\"a\":1}\n0@27/1 {\"a\":2}\n");
    assert_walks("one", "{\"one\":{\"a\":1},\"two\":{\"a\":2}}", "0@7/1 {\"a\":1}\n");
    assert_walks("[*]", "[{\"a\":1}]{\"x\":{\"a\":2}}", "0@1/1 {\"a\":1}\n0@14/1 {\"a\":2}\n");
}

static void each_document_of_a_stream_is_walked(void **state)
{
    (void)state;
    assert_walks("d", "{\"d\":[{\"a\":1}]}\n{\"d\":[]}\n{\"d\":[{\"a\":2}]}\n",
                 "0@6/1 {\"a\":1}\n0@31/3 {\"a\":2}\n");
    assert_walks("d", "\xef\xbb\xbf{\"d\":[{\"a\":1}]}", "0@9/1 {\"a\":1}\n");
}

static void a_document_without_the_path_is_a_record_of_its_own(void **state)
{
    (void)state;
    assert_walks("d", "{\"e\":[{\"a\":1}]}\n{\"d\":[{\"a\":2}]}\n12",
                 "7@0/1 {\"e\":[{\"a\":1}]}\n0@22/2 {\"a\":2}\n7@32/3 12\n");
    assert_walks("d.e", "{\"d\":[{\"e\":1}]}", "7@0/1 {\"d\":[{\"e\":1}]}\n");
}

static void a_broken_document_is_reported(void **state)
{
    (void)state;
    assert_walks("d", "{\"d\":[{\"a\":1}],\"e\":", "0@6/1 {\"a\":1}\n1@19/1 \n");
    assert_walks("d", "{\"d\":[{\"a\":1},{\"a\"", "0@6/1 {\"a\":1}\n1@14/1 {\"a\"\n");
    assert_walks("d", "{\"e\":\"x\n{\"d\":[{\"a\":1}]}",
                 "1@0/1 {\"e\":\"x\n0@14/2 {\"a\":1}\n");
    assert_walks("d", "{\"e\":1]\n{\"d\":[{\"a\":1}]}", "2@0/1 {\"e\":1]\n0@14/2 {\"a\":1}\n");
    assert_walks("d", "}]{\"d\":[{\"a\":1}]}", "0@8/1 {\"a\":1}\n");
}

static void malformed_paths_are_usage_errors(void **state)
{
    static const char *const paths[] = { "",    "a..b",    ".a",    "a.",
                                         "a[",  "a[x]",    "a[1",   "a[]",
                                         "a]b", "a[\"\"]", "a[0]b", "a.b.c.d.e.f.g.h.i" };
    struct json_path path;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (json_path_parse(paths[i], &path, &err) == 0)
            fail_msg("%s is a path", paths[i]);
        assert_int_equal(err.code, ERR_USAGE);
    }
}

static int add_value(void *arg, const struct json_value *value)
{
    struct error err;

    assert_ok(json_write(value, arg, &err));
    assert_ok(buf_add_text(arg, ";", &err));
    return 0;
}

static void assert_path(const char *path_text, const char *want)
{
    static const char text[] =
        "{\"a\":{\"b\":[1,null,{\"c\":\"x\"}]},\"A.b\":7,\"Q\":0,\"q\":1}";
    const struct json_value *value;
    enum json_issue issue;
    struct json_path path;
    struct json *json;
    const char *detail;
    struct error err;
    struct buf got;
    size_t at;

    buf_init(&got, 1000);
    assert_ok(buf_add_text(&got, "", &err));
    assert_ok(json_new(&json, &err));
    assert_ok(json_parse(json, slice_text(text), &value, &issue, &at, &detail, &err));
    assert_ok(json_path_parse(path_text, &path, &err));
    assert_int_equal(json_path_walk(value, &path, add_value, &got), 0);
    assert_true(slice_equal(buf_slice(&got), slice_text(want)));
    json_free(json);
    buf_release(&got);
}

static void paths_lead_to_values(void **state)
{
    (void)state;
    assert_path("a.b[0]", "1;");
    assert_path("a.b[1]", "null;");
    assert_path("a.b[3]", "");
    assert_path("a.b[*]", "1;null;{\"c\":\"x\"};");
    assert_path("a.b[*].c", "\"x\";");
    assert_path("a[*][2].c", "\"x\";");
    assert_path("[\"a.b\"]", "7;");
    assert_path("q", "1;");
    assert_path("b", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_at_the_path_holds_the_records),
        cmocka_unit_test(members_of_an_object_are_records_after_a_last_star),
        cmocka_unit_test(each_document_of_a_stream_is_walked),
        cmocka_unit_test(a_document_without_the_path_is_a_record_of_its_own),
        cmocka_unit_test(a_broken_document_is_reported),
        cmocka_unit_test(malformed_paths_are_usage_errors),
        cmocka_unit_test(paths_lead_to_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
