/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "store/query.h"
#include "store/sample.h"
#include "store/store.h"
#include "tests/support/store_fixture.h"
#include "tests/support/tmp.h"

#define BYTES(text) slice_of((text), sizeof(text) - 1)

/* A sample with every member set, and NUL bytes wherever text is allowed. */
struct rich {
    struct turn turns[4];
    struct sample sample;
};

static void rich_init(struct rich *rich)
{
    *rich = (struct rich){
        .turns = {
            { .role = BYTES("user"), .content = BYTES("first\0ask") },
            { .role = BYTES("assistant"), .content = BYTES(""),
              .extra = BYTES("{\"name\":\"x\"}"),
              .calls = BYTES("[{\"id\":\"c\",\"name\":\"f\",\"arguments\":{\"a\":1}}]"),
              .trained = TURN_TRAINED_NO },
            { .role = BYTES("user"), .content = BYTES("last \xc3\xa9"),
              .media = BYTES("[{\"type\":\"image\",\"at\":0,\"part\":{}},"
                             "{\"type\":\"image\",\"at\":7,\"part\":{\"image\":\"a\"}}]") },
            { .role = BYTES("assistant"), .content = BYTES("answer\0"),
              .thought = BYTES("hm\0"), .trained = TURN_TRAINED_YES },
        },
        .sample = {
            .kind = SAMPLE_SFT,
            .ext_id = BYTES("id\0x"),
            .system = BYTES("be\0brief"),
            .context = BYTES("a long\0context"),
            .meta = BYTES("{\"length\":12}"),
            .tools = BYTES("[{\"name\":\"f\"}]"),
            .item = 3,
            .split = BYTES("last-paragraph"),
            .n_turns = 4,
            .instruction_turn = 2,
            .response_turn = 3,
            .line = 7,
            .byte_offset = UINT64_C(5000000000),
        },
    };
    rich->sample.turns = rich->turns;
}

static void assert_same_text(struct slice got, struct slice want)
{
    assert_int_equal(got.ptr == NULL, want.ptr == NULL);
    assert_true(slice_equal(got, want));
}

static void assert_same_sample(const struct sample *got, const struct sample *want)
{
    assert_int_equal(got->kind, want->kind);
    assert_same_text(got->ext_id, want->ext_id);
    assert_same_text(got->system, want->system);
    assert_same_text(got->context, want->context);
    assert_same_text(got->meta, want->meta);
    assert_same_text(got->tools, want->tools);
    assert_int_equal(got->item, want->item);
    assert_same_text(got->split, want->split);
    assert_int_equal(got->n_turns, want->n_turns);
    assert_int_equal(got->instruction_turn, want->instruction_turn);
    assert_int_equal(got->response_turn, want->response_turn);
    assert_int_equal(got->file_id, want->file_id);
    assert_int_equal(got->line, want->line);
    assert_int_equal(got->byte_offset, want->byte_offset);
    assert_memory_equal(&got->hash, &want->hash, sizeof got->hash);
    if (want->context.ptr)
        assert_memory_equal(&got->context_hash, &want->context_hash, sizeof got->context_hash);
    for (size_t i = 0; i < want->n_turns; i++) {
        assert_same_text(got->turns[i].role, want->turns[i].role);
        assert_same_text(got->turns[i].content, want->turns[i].content);
        assert_same_text(got->turns[i].extra, want->turns[i].extra);
        assert_same_text(got->turns[i].thought, want->turns[i].thought);
        assert_same_text(got->turns[i].calls, want->turns[i].calls);
        assert_same_text(got->turns[i].media, want->turns[i].media);
        assert_int_equal(got->turns[i].trained, want->turns[i].trained);
        assert_int_equal(got->turns[i].side, want->turns[i].side);
    }
}

static void assert_reads_back(struct store_fixture *f, int64_t id, const struct sample *want)
{
    struct sample_reader *reader = NULL;
    struct sample got;
    struct error err;

    assert_ok(sample_reader_new(f->store, &reader, &err));
    assert_int_equal(sample_read(reader, id, &got, &err), 1);
    assert_same_sample(&got, want);
    sample_reader_free(reader);
}

static void a_sample_is_read_back_byte_for_byte(void **state)
{
    struct store_fixture *f = *state;
    struct rich rich;

    rich_init(&rich);
    const int64_t id = store_fixture_add_sample(f, &rich.sample);

    assert_reads_back(f, id, &rich.sample);
}

static void absent_text_differs_from_empty_text(void **state)
{
    struct store_fixture *f = *state;
    struct rich rich;

    rich_init(&rich);
    rich.sample.system = slice_of(NULL, 0);
    rich.sample.ext_id = slice_of(NULL, 0);
    const int64_t without = store_fixture_add_sample(f, &rich.sample);
    assert_reads_back(f, without, &rich.sample);

    rich.sample.system = BYTES("");
    rich.sample.ext_id = BYTES("");
    const int64_t empty = store_fixture_add_sample(f, &rich.sample);
    assert_reads_back(f, empty, &rich.sample);

    assert_int_not_equal(without, empty);
}

static void samples_of_every_kind_are_stored(void **state)
{
    struct store_fixture *f = *state;
    struct turn ask = { .role = BYTES("user"), .content = BYTES("why?") };
    struct sample text = { .kind = SAMPLE_TEXT,
                           .context = BYTES("once upon a time"),
                           .instruction_turn = -1,
                           .response_turn = -1 };
    struct sample prompt = { .kind = SAMPLE_PROMPT_ONLY,
                             .turns = &ask,
                             .n_turns = 1,
                             .instruction_turn = 0,
                             .response_turn = -1 };

    assert_reads_back(f, store_fixture_add_sample(f, &text), &text);
    assert_reads_back(f, store_fixture_add_sample(f, &prompt), &prompt);
    assert_null(sample_instruction(&text).ptr);
    assert_null(sample_response(&prompt).ptr);
    assert_same_text(sample_instruction(&prompt), BYTES("why?"));
    assert_rows(f->store, "SELECT kind, context, instruction, response, n_turns FROM v_sample",
                "text|once upon a time|||0\nprompt_only||why?||1");
}

static void a_pair_is_stored_with_its_sides(void **state)
{
    struct store_fixture *f = *state;
    struct turn turns[] = {
        { .role = BYTES("user"), .content = BYTES("which?") },
        { .role = BYTES("assistant"), .content = BYTES("good"), .side = TURN_SIDE_CHOSEN },
        { .role = BYTES("assistant"), .content = BYTES("bad"), .side = TURN_SIDE_REJECTED },
    };
    struct sample pair = { .kind = SAMPLE_PAIR,
                           .turns = turns,
                           .n_turns = 3,
                           .instruction_turn = 0,
                           .response_turn = 1 };

    assert_reads_back(f, store_fixture_add_sample(f, &pair), &pair);
    assert_rows(f->store, "SELECT kind, instruction, response FROM v_sample",
                "pair|which?|good");
    assert_rows(f->store, "SELECT sample_id, prompt, chosen, rejected FROM v_pair",
                "1|which?|good|bad");
    assert_rows(f->store, "SELECT turn, side, role, content FROM v_turn ORDER BY turn",
                "0||user|which?\n1|chosen|assistant|good\n2|rejected|assistant|bad");
}

static void the_same_content_is_stored_once(void **state)
{
    struct store_fixture *f = *state;
    struct rich rich;
    struct error err;
    int64_t first = 0;
    int64_t again = 0;
    int64_t n = 0;

    rich_init(&rich);
    rich.sample.file_id = f->file_id;
    assert_ok(sample_identify(f->identifier, &rich.sample, &err));
    assert_int_equal(sample_add(f->store, &rich.sample, f->run_id, &first, &err), 1);

    rich.sample.ext_id = BYTES("another id");
    rich.sample.line = 99;
    assert_int_equal(sample_add(f->store, &rich.sample, f->run_id, &again, &err), 0);

    assert_int_equal(again, first);
    assert_ok(sample_count(f->store, &n, &err));
    assert_int_equal(n, 1);
    assert_rows(f->store, "SELECT count(*) FROM turn", "4");
}

static void a_context_of_several_samples_is_stored_once(void **state)
{
    struct store_fixture *f = *state;

    store_fixture_add(f, "a novel", "who?", "he");
    store_fixture_add(f, "a novel", "where?", "there");
    store_fixture_add(f, "another novel", "where?", "there");

    assert_rows(f->store, "SELECT count(*), count(DISTINCT context_id) FROM sample", "3|2");
    assert_rows(f->store, "SELECT text FROM context", "a novel\nanother novel");
}

static void one_reader_reads_many_samples(void **state)
{
    struct store_fixture *f = *state;
    struct sample_reader *reader = NULL;
    struct sample sample;
    struct rich rich;
    struct error err;

    rich_init(&rich);
    const int64_t big = store_fixture_add_sample(f, &rich.sample);
    const int64_t small = store_fixture_add(f, NULL, "ask", "answer");
    assert_ok(sample_reader_new(f->store, &reader, &err));

    for (int i = 0; i < 3; i++) {
        assert_int_equal(sample_read(reader, big, &sample, &err), 1);
        assert_same_sample(&sample, &rich.sample);
        assert_int_equal(sample_read(reader, small, &sample, &err), 1);
        assert_same_text(sample_response(&sample), BYTES("answer"));
        assert_int_equal(sample_read(reader, 12345, &sample, &err), 0);
    }
    sample_reader_free(reader);
}

/* Change a database without the program, and read its only sample. */
static void assert_damage_is_noticed(const char *path, const char *sql)
{
    struct store *store = NULL;
    struct sample_reader *reader = NULL;
    struct store_fixture f;
    struct sample sample;
    struct error err;

    assert_ok(store_open(path, STORE_CREATE, &store, &err));
    store_fixture_init(&f, store);
    const int64_t id = store_fixture_add(&f, "context", "ask", "answer");
    store_fixture_release(&f);
    store_close(store);
    cli_run(path, sql);

    assert_ok(store_open(path, STORE_READ_ONLY, &store, &err));
    assert_ok(sample_reader_new(store, &reader, &err));
    assert_fails(sample_read(reader, id, &sample, &err), ERR_INPUT, "sample 1 is damaged");
    sample_reader_free(reader);
    store_close(store);
}

static const char *const damages[] = {
    "DELETE FROM turn WHERE turn = 1",
    "UPDATE sample SET n_turns = 1, instruction_turn = 0, response_turn = NULL",
    "UPDATE sample SET response_turn = 2",
    "UPDATE sample SET n_turns = -1",
    "UPDATE turn SET content = CAST(x'61ff' AS TEXT) WHERE turn = 1",
    "UPDATE turn SET role = CAST(x'c3' AS TEXT) WHERE turn = 0",
    "UPDATE context SET text = CAST(x'eda080' AS TEXT)",
    "UPDATE sample SET system = CAST(x'80' AS TEXT)",
    "UPDATE sample SET meta = '{not json'",
    "UPDATE sample SET meta = '{\"a\":' || char(10) || '1}'",
    "UPDATE sample SET meta = '[1]'",
    "UPDATE turn SET extra = '' WHERE turn = 1",
    "UPDATE turn SET extra = ' {\"a\":1}' WHERE turn = 1",
    "UPDATE sample SET n_turns = 9000000000000000000",
    "UPDATE sample SET item = -1",
    "UPDATE sample SET tools = '{}'",
    "UPDATE sample SET tools = '[1]'",
    "UPDATE sample SET tools = '[{}] '",
    "UPDATE sample SET tools = '[{]'",
    "UPDATE turn SET thought = CAST(x'80' AS TEXT) WHERE turn = 1",
    "UPDATE turn SET calls = '[{\"arguments\":{}}]' WHERE turn = 1",
    "UPDATE turn SET calls = '[{\"name\":1}]' WHERE turn = 1",
    "UPDATE turn SET calls = '[{\"name\":\"f\",\"id\":1}]' WHERE turn = 1",
    "UPDATE turn SET calls = 'no' WHERE turn = 1",
    "UPDATE turn SET media = '[{\"type\":\"image\",\"at\":7,\"part\":{}}]'"
    " WHERE turn = 1", /* the content has 6 bytes */
    "UPDATE turn SET media = '[{\"type\":\"image\",\"at\":-1,\"part\":{}}]'"
    " WHERE turn = 1",
    "UPDATE turn SET media = '[{\"type\":\"image\",\"at\":0.5,\"part\":{}}]'"
    " WHERE turn = 1",
    "UPDATE turn SET media = '[{\"type\":\"image\",\"at\":0,\"part\":[]}]'"
    " WHERE turn = 1",
    "UPDATE turn SET media = '[{\"at\":0,\"part\":{}}]' WHERE turn = 1",
    "UPDATE turn SET media = '[{\"type\":\"image\",\"at\":2,\"part\":{}},"
    "{\"type\":\"image\",\"at\":1,\"part\":{}}]' WHERE turn = 1",
    "UPDATE turn SET content = 'a\xc3\xa9', media ="
    " '[{\"type\":\"image\",\"at\":2,\"part\":{}}]' WHERE turn = 1",
    "UPDATE turn SET side = 'chosen' WHERE turn = 1", /* of a sample that is no pair */
    "UPDATE sample SET kind = 'pair'",                /* its response is in the prompt */
    "UPDATE sample SET kind = 'pair';"
    " UPDATE turn SET side = 'rejected' WHERE turn = 1",
    "UPDATE sample SET kind = 'pair';"
    " UPDATE turn SET side = 'chosen' WHERE turn = 0", /* before the prompt */
    "PRAGMA ignore_check_constraints = ON; UPDATE turn SET trained = 2 WHERE turn = 1",
    "PRAGMA ignore_check_constraints = ON; UPDATE turn SET side = 'x' WHERE turn = 1",
    "PRAGMA ignore_check_constraints = ON; UPDATE sample SET kind = 'novel'",
    "PRAGMA ignore_check_constraints = ON; UPDATE sample SET hash = x'00'",
    "PRAGMA ignore_check_constraints = ON; UPDATE context SET hash = x'00'",
};

static void an_inconsistent_sample_is_an_error(void **state)
{
    struct tmp tmp = { 0 };

    (void)state;
    tmp_open(&tmp);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        char name[20];

        snprintf(name, sizeof name, "%zu.db", i);
        assert_damage_is_noticed(tmp_path(&tmp, name), damages[i]);
    }
    tmp_close(&tmp);
}

static void a_sample_of_an_unknown_run_or_file_is_refused(void **state)
{
    struct store_fixture *f = *state;
    struct rich rich;
    struct error err;
    int64_t id = 0;

    rich_init(&rich);
    assert_ok(sample_identify(f->identifier, &rich.sample, &err));
    rich.sample.file_id = 4711;
    assert_fails(sample_add(f->store, &rich.sample, f->run_id, &id, &err), ERR_INVARIANT,
                 "FOREIGN KEY");
    rich.sample.file_id = f->file_id;
    assert_fails(sample_add(f->store, &rich.sample, 4711, &id, &err), ERR_INVARIANT,
                 "FOREIGN KEY");
}

static void a_sample_with_a_number_too_large_is_refused(void **state)
{
    struct store_fixture *f = *state;
    struct rich rich;
    struct error err;
    int64_t id = 0;

    rich_init(&rich);
    rich.sample.file_id = f->file_id;
    rich.sample.byte_offset = UINT64_MAX;
    assert_ok(sample_identify(f->identifier, &rich.sample, &err));
    assert_fails(sample_add(f->store, &rich.sample, f->run_id, &id, &err), ERR_INPUT,
                 "too large for SQLite");
    rich.sample.byte_offset = INT64_MAX;
    assert_int_equal(sample_add(f->store, &rich.sample, f->run_id, &id, &err), 1);
}

#define TEST(name)                                                                             \
    cmocka_unit_test_setup_teardown(name, store_fixture_setup, store_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_sample_is_read_back_byte_for_byte),
        TEST(absent_text_differs_from_empty_text),
        TEST(samples_of_every_kind_are_stored),
        TEST(a_pair_is_stored_with_its_sides),
        TEST(the_same_content_is_stored_once),
        TEST(a_context_of_several_samples_is_stored_once),
        TEST(one_reader_reads_many_samples),
        cmocka_unit_test(an_inconsistent_sample_is_an_error),
        TEST(a_sample_of_an_unknown_run_or_file_is_refused),
        TEST(a_sample_with_a_number_too_large_is_refused),
    };

    return cmocka_run_group_tests_name("store/sample", tests, NULL, NULL);
}
