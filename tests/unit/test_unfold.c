/* SPDX-License-Identifier: Apache-2.0 */
/* Records that hold several samples: what they are unfolded into, and what becomes of it. */
#include "tests/support/test.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/io/frame.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/parse.h"

struct fixture {
    struct defect_policy policy;
    struct format_options options;
    struct parser *parser;
    struct arena arena;
    struct buf got; /* a line for each sample and reject */
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    struct error err;

    defect_policy_init(&f->policy);
    f->options.input_context_bytes = FORMAT_INPUT_CONTEXT_BYTES;
    f->options.policy = &f->policy;
    assert_ok(parser_new(&f->options, &f->parser, &err));
    arena_init(&f->arena);
    buf_init(&f->got, 1 << 20);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    buf_release(&f->got);
    parser_free(f->parser);
    arena_release(&f->arena);
    test_free(f);
    return 0;
}

/* Note the item, its number or class, and its text. */
static int note(void *arg, const struct frame_record *record, struct parsed *parsed,
                struct error *err)
{
    struct fixture *f = arg;

    assert_int_equal(record->line, 7);
    assert_int_equal(record->byte_offset, 70);
    assert_int_equal(record->byte_len, record->text.len);
    if (parsed->rejected_for)
        return buf_printf(&f->got, err, "%s (%.*s) %.*s\n",
                          defect_classes[parsed->rejected_for].name, (int)parsed->detail.len,
                          parsed->detail.ptr, (int)record->text.len, record->text.ptr);
    assert_int_equal(parsed->sample.line, 7);
    return buf_printf(&f->got, err, "%d %.*s\n", (int)parsed->sample.item,
                      (int)record->text.len, record->text.ptr);
}

static void assert_items_of(struct fixture *f, struct slice text, const struct format *forced,
                            const char *want)
{
    const struct frame_record record = {
        .text = text, .byte_len = text.len, .byte_offset = 70, .line = 7
    };
    const struct parse_sink sink = { .each = note, .arg = f };
    struct error err;

    buf_clear(&f->got);
    arena_clear(&f->arena);
    assert_ok(parse_each(f->parser, &record, forced, forced, &f->arena, &sink, &err));
    assert_ok(buf_add(&f->got, "", 1, &err));
    assert_string_equal(f->got.data, want);
}

static void assert_items(struct fixture *f, const char *text, const char *want)
{
    assert_items_of(f, slice_text(text), NULL, want);
}

static void rows_of_columns_are_records(void **state)
{
    assert_items(*state,
                 "{\"question\": [\"a\", \"b\\n\"], \"answer\" : [ \"c\" , \"d\" ], \"n\": "
                 "[1, null], \"x\": null}",
                 "0 {\"question\":\"a\",\"answer\":\"c\",\"n\":1}\n"
                 "1 {\"question\":\"b\\n\",\"answer\":\"d\"}\n");
}

static void a_wrapper_gives_its_members_to_each_of_its_records(void **state)
{
    assert_items(*state, "{\"data\":[ {\"text\": \"a\"} ,{ \"text\":\"b\"}]}",
                 "0 {\"text\": \"a\"}\n1 { \"text\":\"b\"}\n");
    assert_items(*state,
                 "{\"v\":1,\"Data\":[{\"text\":\"a\"},{\"V\":2,\"text\":\"b\"}],\"w\":{}}",
                 "0 {\"text\":\"a\",\"v\":1,\"w\":{}}\n1 "
                 "{\"V\":2,\"text\":\"b\",\"wrapper_v\":1,\"w\":{}}\n");
    assert_items(*state, "{\"train\":[{\"text\":\"a\"}],\"dev\":[{\"text\":\"b\"}]}",
                 "0 {\"text\":\"a\",\"split\":\"train\"}\n"
                 "1 {\"text\":\"b\",\"split\":\"dev\"}\n");
}

/* It is unknown which of the records the text belongs to. */
static void a_text_beside_a_list_of_records_is_rejected_with_it(void **state)
{
    assert_items(
        *state, "{\"answer\":\"x\",\"data\":[{\"question\":\"q\",\"answer\":\"a\"}]}",
        "unknown_shape (its members (answer, data) fit no shape; the nearest is alpaca, "
        "which needs instruction; if 'data' holds the records, --records data reads "
        "them) {\"answer\":\"x\",\"data\":[{\"question\":\"q\",\"answer\":\"a\"}]}\n");
    assert_items(*state,
                 "{\"instruction\":\"x\",\"instances\":[{\"instruction\":\"y\",\"output\":"
                 "\"a\"},{}]}",
                 "unknown_shape (it holds 2 instances, and one sample needs one) "
                 "{\"instruction\":\"x\",\"instances\":[{\"instruction\":\"y\",\"output\":"
                 "\"a\"},{}]}\n");
}

static void the_id_of_a_record_is_numbered_for_its_items(void **state)
{
    assert_items(*state,
                 "{\"id\":\"s\",\"instruction\":\"i\",\"instances\":[{\"output\":\"a\"},"
                 "{\"output\":\"b\"}]}",
                 "0 {\"output\":\"a\",\"id\":\"s/1\",\"instruction\":\"i\"}\n"
                 "1 {\"output\":\"b\",\"id\":\"s/2\",\"instruction\":\"i\"}\n");
    assert_items(*state, "{\"a\":{\"prompt\":\"x\"},\"b\":{\"prompt\":\"y\",\"uid\":3}}",
                 "0 {\"id\":\"a\",\"prompt\":\"x\"}\n1 "
                 "{\"wrapper_key\":\"b\",\"prompt\":\"y\",\"uid\":3}\n");
}

static void a_bad_item_is_rejected_alone(void **state)
{
    assert_items(*state, "{\"data\":[{\"text\":\"a\"},7,{\"text\":\"b\"},{}]}",
                 "0 {\"text\":\"a\"}\n"
                 "not_an_object (item 2 of the record: it is JSON, and no object) 7\n"
                 "2 {\"text\":\"b\"}\n"
                 "empty_record (item 4 of the record: it is an object without members) {}\n");
}

static void items_of_items_are_numbered_through(void **state)
{
    assert_items(*state,
                 "{\"data\":[{\"title\":\"t\",\"paragraphs\":[{\"context\":\"c\",\"qas\":["
                 "{\"question\":\"p\",\"answers\":[{\"text\":\"x\"}]},{\"question\":\"q\","
                 "\"answers\":[{\"text\":\"y\"}]}]}]},{\"text\":\"z\"}]}",
                 "0 {\"question\":\"p\",\"answers\":[{\"text\":\"x\"}],\"context\":\"c\","
                 "\"title\":\"t\"}\n"
                 "1 {\"question\":\"q\",\"answers\":[{\"text\":\"y\"}],\"context\":\"c\","
                 "\"title\":\"t\"}\n"
                 "2 {\"text\":\"z\"}\n");
}

static void records_nested_too_deep_are_rejected(void **state)
{
    assert_items(*state,
                 "{\"data\":[{\"data\":[{\"data\":[{\"data\":[{\"data\":[{\"data\":[{\"text\":"
                 "\"a\"}]}]}]}]}]},{\"text\":\"b\"}]}",
                 "unknown_shape (item 1 of the record: it holds records inside records, too "
                 "deep to unfold) {\"data\":[{\"text\":\"a\"}]}\n"
                 "1 {\"text\":\"b\"}\n");
}

/* A tree of the whole record would need more memory than there may be: none is made. */
static void a_wrapper_of_many_records_needs_no_tree(void **state)
{
    struct fixture *f = *state;
    struct error err;

    f->options.max_tree_bytes = 4000;
    parser_free(f->parser);
    assert_ok(parser_new(&f->options, &f->parser, &err));
    assert_items(f,
                 "{\"v\":1,\"train\":[{\"text\":\"a\"},{\"text\":\"b\"},{\"text\":\"c\"},"
                 "{\"text\":\"d\"},{\"text\":\"e\",\"more\":[{},{},{},{},{},{}]}]}",
                 "0 {\"text\":\"a\",\"v\":1,\"split\":\"train\"}\n"
                 "1 {\"text\":\"b\",\"v\":1,\"split\":\"train\"}\n"
                 "2 {\"text\":\"c\",\"v\":1,\"split\":\"train\"}\n"
                 "3 {\"text\":\"d\",\"v\":1,\"split\":\"train\"}\n"
                 "too_long (item 5 of the record: at byte 0 of the record: it has so many "
                 "values that they do not fit into memory; if it holds many records, --records "
                 "reads them one by one) {\"text\":\"e\",\"more\":[{},{},{},{},{},{}],\"v\":1,"
                 "\"split\":\"train\"}\n");
    assert_items(
        f, "{\"question\":\"q\",\"docs\":[{},{},{},{},{},{},{},{}]}",
        "too_long (at byte 0 of the record: it has so many values that they do not fit "
        "into memory; if it holds many records, --records reads them one by one) "
        "{\"question\":\"q\",\"docs\":[{},{},{},{},{},{},{},{}]}\n");
}

static void a_member_name_with_escapes_loses_no_record(void **state)
{
    assert_items(*state, "{\"d\\u0061ta\":[{\"text\":\"a\"}]}",
                 "unknown_shape (its lists of records cannot be read: write a record for each "
                 "sample) {\"d\\u0061ta\":[{\"text\":\"a\"}]}\n");
}

static void a_dialogue_is_not_unfolded(void **state)
{
    static const char *const whole[] = {
        "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"messages\":[]}],\"tools\":[1]}",
        "{\"conversations\":[{\"from\":\"human\",\"value\":\"a\"}],\"tools\":[2]}",
        "{\"data\":[\"a\",\"b\"]}",
        "{\"dialog\":[\"a\",\"b\"],\"act\":[1,2]}",
        "{\"history\":[[\"a\",\"b\"]],\"instruction\":\"c\",\"output\":\"d\"}",
        ("{\"prompt\":[{\"role\":\"user\",\"content\":\"a\"}],\"completion\":[{\"role\":"
         "\"assistant\",\"content\":\"b\"}]}"),
    };
    char want[256];

    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        snprintf(want, sizeof want, "0 %s\n", whole[i]);
        assert_items(*state, whole[i], want);
    }
}

static void a_forced_format_is_that_of_the_items(void **state)
{
    assert_items_of(
        *state, slice_text("{\"data\":[{\"text\":\"a\"},{\"prompt\":\"b\"}]}"),
        format_find("text"),
        "0 {\"text\":\"a\"}\n"
        "missing_content (item 2 of the record: it has no text) {\"prompt\":\"b\"}\n");
}

static void defects_of_reading_the_record_belong_to_each_item(void **state)
{
    struct fixture *f = *state;

    f->policy.actions[DEFECT_DOUBLE_ENCODED] = ACTION_REJECT;
    parser_free(f->parser);
    struct error err;
    assert_ok(parser_new(&f->options, &f->parser, &err));
    assert_items(f, "\"{\\\"data\\\":[{\\\"text\\\":\\\"a\\\"}]}\"",
                 "double_encoded (JSON inside a JSON string) "
                 "\"{\\\"data\\\":[{\\\"text\\\":\\\"a\\\"}]}\"\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define UNFOLD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        UNFOLD_TEST(rows_of_columns_are_records),
        UNFOLD_TEST(a_wrapper_gives_its_members_to_each_of_its_records),
        UNFOLD_TEST(a_text_beside_a_list_of_records_is_rejected_with_it),
        UNFOLD_TEST(the_id_of_a_record_is_numbered_for_its_items),
        UNFOLD_TEST(a_bad_item_is_rejected_alone),
        UNFOLD_TEST(items_of_items_are_numbered_through),
        UNFOLD_TEST(records_nested_too_deep_are_rejected),
        UNFOLD_TEST(a_wrapper_of_many_records_needs_no_tree),
        UNFOLD_TEST(a_member_name_with_escapes_loses_no_record),
        UNFOLD_TEST(a_dialogue_is_not_unfolded),
        UNFOLD_TEST(a_forced_format_is_that_of_the_items),
        UNFOLD_TEST(defects_of_reading_the_record_belong_to_each_item),
    };

    return cmocka_run_group_tests_name("records of several samples", tests, NULL, NULL);
}
