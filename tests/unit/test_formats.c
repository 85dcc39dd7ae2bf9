/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/arena.h"
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"

struct fixture {
    struct json *json;
    struct arena arena;
    struct format_options options;
    struct members members; /* of the last record */
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    struct error err;

    assert_ok(json_new(&f->json, &err));
    arena_init(&f->arena);
    f->options =
        (struct format_options){ .split = SPLIT_LAST_PARAGRAPH, .input_context_bytes = 20 };
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    json_free(f->json);
    arena_release(&f->arena);
    test_free(f);
    return 0;
}

static void parse(struct fixture *f, const char *text)
{
    const struct json_value *value = NULL;
    enum json_issue issue = JSON_OK;
    const char *detail = NULL;
    size_t at = 0;
    struct error err;

    assert_ok(json_parse(f->json, slice_text(text), &value, &issue, &at, &detail, &err));
    if (issue != JSON_OK)
        fail_msg("%s: %s", text, detail);
    members_find(value, &f->members);
}

/* Parse a record in this format. */
static int read_by(struct fixture *f, const struct format *format, struct draft *draft,
                   struct sample *out)
{
    struct error ignored;

    *draft = (struct draft){ .members = &f->members,
                             .options = &f->options,
                             .arena = &f->arena,
                             .out = out,
                             .err = &ignored };
    return format_read(format, draft);
}

/* The sample that a record must give. NULL: absent. */
struct expected {
    const char *record;
    const char *format;
    enum sample_kind kind;
    const char *ext_id, *system, *context, *split, *instruction, *response, *meta;
    size_t n_turns;
};

static void assert_text(const char *record, const char *what, struct slice got,
                        const char *want)
{
    if (!got.ptr && !want)
        return;
    if (!got.ptr || !want || !slice_equal(got, slice_text(want)))
        fail_msg("%s\n  %s is %.*s, not %s", record, what, got.ptr ? (int)got.len : 6,
                 got.ptr ? got.ptr : "absent", want ? want : "absent");
}

static void assert_reads(struct fixture *f, const struct expected *e)
{
    parse(f, e->record);
    const struct format *format = format_detect(&f->members);
    struct draft draft;
    struct sample got;

    if (!format || strcmp(format->name, e->format) != 0)
        fail_msg("%s\n  is taken for %s, not %s", e->record, format ? format->name : "nothing",
                 e->format);
    if (read_by(f, format, &draft, &got) != 1)
        fail_msg("%s\n  rejected: %s: %s", e->record, defect_classes[draft.rejected_for].name,
                 draft.detail);
    assert_text(e->record, "ext_id", got.ext_id, e->ext_id);
    assert_text(e->record, "system", got.system, e->system);
    assert_text(e->record, "context", got.context, e->context);
    assert_text(e->record, "split", got.split, e->split);
    assert_text(e->record, "instruction", sample_instruction(&got), e->instruction);
    assert_text(e->record, "response", sample_response(&got), e->response);
    assert_text(e->record, "meta", got.meta, e->meta);
    assert_int_equal(got.kind, e->kind);
    assert_int_equal(got.n_turns, e->n_turns);
}

static void assert_all_read(void **state, const struct expected *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_reads(*state, &cases[i]);
}

#define N(array) (sizeof(array) / sizeof(array)[0])

static void alpaca_records_are_read(void **state)
{
    static const struct expected cases[] = {
        { .record = "{\"instruction\":\"Add.\",\"input\":\"1 2\",\"output\":\"3\"}",
          .format = "alpaca",
          .kind = SAMPLE_SFT,
          .instruction = "Add.\n1 2",
          .response = "3",
          .split = "input-joined 4",
          .n_turns = 2 },
        { .record =
              "{\"instruction\":\"Hi\",\"input\":\"\",\"response\":\"Ho\",\"lang\":\"en\"}",
          .format = "alpaca",
          .kind = SAMPLE_SFT,
          .instruction = "Hi",
          .response = "Ho",
          .meta = "{\"lang\":\"en\"}",
          .n_turns = 2 },
        { .record = "{\"instruction\":\"Hi\",\"input\":\"<noinput>\",\"output\":\"\"}",
          .format = "alpaca",
          .kind = SAMPLE_SFT,
          .instruction = "Hi",
          .response = "",
          .n_turns = 2 },
        { .record = "{\"instruction\":\"Sum up.\",\"input\":\"a passage of 21 bytes\","
                    "\"output\":\"x\",\"system\":\"Be brief.\",\"id\":7}",
          .format = "alpaca",
          .kind = SAMPLE_SFT,
          .instruction = "Sum up.",
          .response = "x",
          .context = "a passage of 21 bytes",
          .split = "field",
          .system = "Be brief.",
          .ext_id = "7",
          .n_turns = 2 },
        { .record = "{\"instruction\":\"c\",\"output\":\"d\",\"history\":[[\"a\",\"b\"]]}",
          .format = "alpaca",
          .kind = SAMPLE_SFT,
          .instruction = "c",
          .response = "d",
          .n_turns = 4 },
        { .record = "{\"instruction\":\"c\",\"input\":\"x\",\"output\":null}",
          .format = "alpaca",
          .kind = SAMPLE_PROMPT_ONLY,
          .instruction = "c\nx",
          .split = "input-joined 1",
          .n_turns = 1 },
        { .record = "{\"instruction\":\"2+2?\",\"output\":4}",
          .format = "alpaca",
          .kind = SAMPLE_SFT,
          .instruction = "2+2?",
          .response = "4",
          .n_turns = 2 },
    };

    assert_all_read(state, cases, N(cases));
}

static void sharegpt_records_are_read(void **state)
{
    static const struct expected cases[] = {
        { .record = "{\"id\":\"x1\",\"conversations\":[{\"from\":\"human\",\"value\":\"a\"},"
                    "{\"from\":\"gpt\",\"value\":\"b\"}]}",
          .format = "sharegpt",
          .kind = SAMPLE_SFT,
          .ext_id = "x1",
          .instruction = "a",
          .response = "b",
          .n_turns = 2 },
        { .record = "{\"conversations\":[{\"from\":\"system\",\"value\":\"s\"},"
                    "{\"from\":\"Human\",\"value\":\"a\"},{\"from\":\"bing\",\"value\":\"b\"},"
                    "{\"from\":\"user\",\"value\":\"c\"}],\"tools\":\"[]\"}",
          .format = "sharegpt",
          .kind = SAMPLE_SFT,
          .system = "s",
          .instruction = "a",
          .response = "b",
          .n_turns = 3 },
        { .record = "{\"conversation\":[{\"human\":\"a\",\"assistant\":\"b\"},"
                    "{\"human\":\"c\",\"assistant\":\"d\"}]}",
          .format = "sharegpt",
          .kind = SAMPLE_SFT,
          .instruction = "c",
          .response = "d",
          .n_turns = 4 },
        { .record = "{\"conversation_id\":\"q\",\"conversation\":[{\"content\":\"a\","
                    "\"role\":\"user\"},{\"content\":\"b\",\"role\":\"assistant\"}]}",
          .format = "sharegpt",
          .kind = SAMPLE_SFT,
          .ext_id = "q",
          .instruction = "a",
          .response = "b",
          .n_turns = 2 },
        { .record = "{\"conversations\":\"What now?\"}",
          .format = "sharegpt",
          .kind = SAMPLE_PROMPT_ONLY,
          .instruction = "What now?",
          .n_turns = 1 },
        { .record = "{\"conversations\":[{\"from\":\"gpt\",\"value\":\"b\"}]}",
          .format = "sharegpt",
          .kind = SAMPLE_SFT,
          .response = "b",
          .n_turns = 1 },
    };

    assert_all_read(state, cases, N(cases));
}

static void messages_records_are_read(void **state)
{
    static const struct expected cases[] = {
        { .record = "{\"messages\":[{\"role\":\"developer\",\"content\":\"s\"},"
                    "{\"role\":\"user\",\"content\":\"a\"},"
                    "{\"role\":\"assistant\",\"content\":\"b\"}],\"title\":\"T\"}",
          .format = "messages",
          .kind = SAMPLE_SFT,
          .system = "s",
          .instruction = "a",
          .response = "b",
          .meta = "{\"title\":\"T\"}",
          .n_turns = 2 },
        { .record = "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
                    "\"text\":\"see\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"u\"}},"
                    "{\"type\":\"text\",\"text\":\"this\"}]}]}",
          .format = "messages",
          .kind = SAMPLE_PROMPT_ONLY,
          .instruction = "see\nthis",
          .n_turns = 1 },
        { .record = "{\"messages\":[{\"role\":\"user\",\"content\":\"a\\n\\nb\"}]}",
          .format = "messages",
          .kind = SAMPLE_PROMPT_ONLY,
          .instruction = "a\n\nb",
          .n_turns = 1 },
        { .record = "{\"messages\":[{\"role\":\"user\",\"content\":\"a\\n\\nb\"}],"
                    "\"context_bytes\":1}",
          .format = "messages",
          .kind = SAMPLE_PROMPT_ONLY,
          .context = "a",
          .instruction = "b",
          .split = "marked",
          .n_turns = 1 },
        { .record = "{\"messages\":[{\"role\":\"user\",\"content\":\"a\\n\\nb\"}],"
                    "\"context_bytes\":2}",
          .format = "messages",
          .kind = SAMPLE_PROMPT_ONLY,
          .instruction = "a\n\nb",
          .meta = "{\"context_bytes\":2}",
          .n_turns = 1 },
    };

    assert_all_read(state, cases, N(cases));
}

static void longalign_prompts_are_split_at_the_last_blank_line(void **state)
{
    static const struct expected cases[] = {
        { .record = "{\"messages\":[{\"role\":\"user\",\"content\":\"one\\n\\ntwo\\n\\nask\"},"
                    "{\"role\":\"assistant\",\"content\":\"r\"}],\"length\":99,\"id\":\"L\"}",
          .format = "longalign",
          .kind = SAMPLE_SFT,
          .ext_id = "L",
          .context = "one\n\ntwo",
          .split = "last-paragraph",
          .instruction = "ask",
          .response = "r",
          .meta = "{\"length\":99}",
          .n_turns = 2 },
        { .record = "{\"messages\":[{\"role\":\"user\",\"content\":\"one\\n\\n\\nask\"}],"
                    "\"length\":9}",
          .format = "longalign",
          .kind = SAMPLE_PROMPT_ONLY,
          .context = "one\n",
          .split = "last-paragraph",
          .instruction = "ask",
          .meta = "{\"length\":9}",
          .n_turns = 1 },
        { .record = "{\"messages\":[{\"role\":\"user\",\"content\":\"one\\r\\n\\r\\nask\"}],"
                    "\"length\":9}",
          .format = "longalign",
          .kind = SAMPLE_PROMPT_ONLY,
          .context = "one",
          .split = "last-paragraph",
          .instruction = "ask",
          .meta = "{\"length\":9}",
          .n_turns = 1 },
        { .record = "{\"messages\":[{\"role\":\"user\",\"content\":\"one\\n\\nask\\n\\n \"}],"
                    "\"length\":9}",
          .format = "longalign",
          .kind = SAMPLE_PROMPT_ONLY,
          .context = "one",
          .split = "last-paragraph",
          .instruction = "ask\n\n ",
          .meta = "{\"length\":9}",
          .n_turns = 1 },
        { .record = "{\"messages\":[{\"role\":\"user\",\"content\":\"\\n\\nask\"}],"
                    "\"length\":9}",
          .format = "longalign",
          .kind = SAMPLE_PROMPT_ONLY,
          .split = "none",
          .instruction = "\n\nask",
          .meta = "{\"length\":9}",
          .n_turns = 1 },
        { .record = "{\"messages\":[{\"role\":\"user\",\"content\":\"ask\"}],\"length\":9}",
          .format = "longalign",
          .kind = SAMPLE_PROMPT_ONLY,
          .split = "none",
          .instruction = "ask",
          .meta = "{\"length\":9}",
          .n_turns = 1 },
    };

    assert_all_read(state, cases, N(cases));
}

static void longalign_prompts_are_not_split_with_split_none(void **state)
{
    static const struct expected whole = {
        .record =
            "{\"messages\":[{\"role\":\"user\",\"content\":\"one\\n\\nask\"}],\"length\":1}",
        .format = "longalign",
        .kind = SAMPLE_PROMPT_ONLY,
        .split = "none",
        .instruction = "one\n\nask",
        .meta = "{\"length\":1}",
        .n_turns = 1
    };
    struct fixture *f = *state;

    f->options.split = SPLIT_NONE;
    assert_reads(f, &whole);
}

static const struct expected other_shapes[] = {
    { .record = "{\"instruction\":\"q\",\"context\":\"c\",\"response\":\"r\",\"category\":1}",
      .format = "dolly",
      .kind = SAMPLE_SFT,
      .context = "c",
      .split = "field",
      .instruction = "q",
      .response = "r",
      .meta = "{\"category\":1}",
      .n_turns = 2 },
    { .record = "{\"instruction\":\"q\",\"context\":\"\",\"response\":\"r\",\"id\":\"d1\"}",
      .format = "dolly",
      .kind = SAMPLE_SFT,
      .ext_id = "d1",
      .instruction = "q",
      .response = "r",
      .n_turns = 2 },
    { .record = "{\"prompt\":\"p\",\"completion\":\"c\"}",
      .format = "prompt",
      .kind = SAMPLE_SFT,
      .instruction = "p",
      .response = "c",
      .n_turns = 2 },
    { .record = "{\"prompt\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\","
                "\"content\":\"p\"}],\"completion\":[{\"role\":\"assistant\",\"content\":"
                "\"c\"}]}",
      .format = "prompt",
      .kind = SAMPLE_SFT,
      .system = "s",
      .instruction = "p",
      .response = "c",
      .n_turns = 2 },
    { .record = "{\"question\":\"q\",\"answer\":\"a\"}",
      .format = "qa",
      .kind = SAMPLE_SFT,
      .instruction = "q",
      .response = "a",
      .n_turns = 2 },
    { .record = "{\"query\":\"q\",\"response\":\"a\",\"system\":\"\"}",
      .format = "qa",
      .kind = SAMPLE_SFT,
      .instruction = "q",
      .response = "a",
      .n_turns = 2 },
    { .record = "{\"system_prompt\":\"s\",\"question\":\"q\",\"response\":\"a\"}",
      .format = "qa",
      .kind = SAMPLE_SFT,
      .system = "s",
      .instruction = "q",
      .response = "a",
      .n_turns = 2 },
    { .record = "{\"id\":\"u0\",\"instruction\":\"i\",\"instances\":[{\"input\":\"n\","
                "\"output\":\"o\"}],\"app\":\"x\"}",
      .format = "self-instruct",
      .kind = SAMPLE_SFT,
      .ext_id = "u0",
      .instruction = "i\nn",
      .response = "o",
      .split = "input-joined 1",
      .meta = "{\"app\":\"x\"}",
      .n_turns = 2 },
    { .record = "{\"idx\":3,\"Skill\":\"Math\",\"Instruction\":\"i\"}",
      .format = "prompt-only",
      .kind = SAMPLE_PROMPT_ONLY,
      .ext_id = "3",
      .instruction = "i",
      .meta = "{\"Skill\":\"Math\"}",
      .n_turns = 1 },
    { .record = "{\"id\":\"k\",\"prompt\":\"p\"}",
      .format = "prompt-only",
      .kind = SAMPLE_PROMPT_ONLY,
      .ext_id = "k",
      .instruction = "p",
      .n_turns = 1 },
    { .record = "{\"question_id\":1,\"text\":\"t\",\"category\":\"g\"}",
      .format = "prompt-only",
      .kind = SAMPLE_PROMPT_ONLY,
      .ext_id = "1",
      .instruction = "t",
      .meta = "{\"category\":\"g\"}",
      .n_turns = 1 },
    { .record = "{\"id\":\"a/b\",\"text\":\"t\"}",
      .format = "text",
      .kind = SAMPLE_TEXT,
      .ext_id = "a/b",
      .context = "t",
      .n_turns = 0 },
    { .record = "{\"uid\":5,\"label\":1,\"sentence\":\"t\"}",
      .format = "text",
      .kind = SAMPLE_TEXT,
      .ext_id = "5",
      .context = "t",
      .meta = "{\"label\":1}",
      .n_turns = 0 },
    { .record = "{\"id\":null,\"kind\":\"sft\",\"system\":null,\"context\":\"c\",\"split\":"
                "\"field\",\"instruction\":\"i\",\"response\":\"r\",\"turns\":null,"
                "\"meta\":{\"a\":[1,2]}}",
      .format = "jsonl",
      .kind = SAMPLE_SFT,
      .context = "c",
      .split = "field",
      .instruction = "i",
      .response = "r",
      .meta = "{\"a\":[1,2]}",
      .n_turns = 2 },
};

static void records_of_every_other_format_are_read(void **state)
{
    assert_all_read(state, other_shapes, N(other_shapes));
}

static const struct expected pair_shapes[] = {
    { .record = "{\"prompt\":\"p\",\"chosen\":\"c\",\"rejected\":\"r\",\"margin\":2}",
      .format = "pair",
      .kind = SAMPLE_PAIR,
      .instruction = "p",
      .response = "c",
      .meta = "{\"margin\":2}",
      .n_turns = 3 },
    { .record = "{\"prompt\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\","
                "\"content\":\"p\"}],\"chosen\":[{\"role\":\"assistant\",\"content\":\"c\"}],"
                "\"rejected\":[{\"role\":\"assistant\",\"content\":\"r\"}]}",
      .format = "pair",
      .kind = SAMPLE_PAIR,
      .system = "s",
      .instruction = "p",
      .response = "c",
      .n_turns = 3 },
    { .record =
          "{\"chosen\":[{\"role\":\"user\",\"content\":\"p\"},{\"role\":\"assistant\","
          "\"content\":\"a\"},{\"role\":\"user\",\"content\":\"q\"},{\"role\":"
          "\"assistant\",\"content\":\"c\"}],\"rejected\":[{\"role\":\"user\",\"content\":"
          "\"p\"},{\"role\":\"assistant\",\"content\":\"r\"}]}",
      .format = "pair",
      .kind = SAMPLE_PAIR,
      .instruction = "q",
      .response = "c",
      .n_turns = 5 },
    { .record = "{\"chosen\":\"\\n\\nHuman: p\\n\\nAssistant: c\",\"rejected\":\"\\n\\nHuman: p"
                "\\n\\nAssistant: r\"}",
      .format = "pair",
      .kind = SAMPLE_PAIR,
      .instruction = "p",
      .response = "c",
      .n_turns = 3 },
    { .record = "{\"input\":{\"messages\":[{\"role\":\"user\",\"content\":\"p\"}],"
                "\"parallel_tool_calls\":true},\"preferred_output\":[{\"role\":\"assistant\","
                "\"content\":\"c\"}],\"non_preferred_output\":[{\"role\":\"assistant\","
                "\"content\":\"r\"}]}",
      .format = "pair",
      .kind = SAMPLE_PAIR,
      .instruction = "p",
      .response = "c",
      .meta = "{\"parallel_tool_calls\":true}",
      .n_turns = 3 },
    { .record = "{\"instruction\":\"p\",\"generations\":[\"r\",\"c\"],\"ratings\":[1,2.5]}",
      .format = "pair",
      .kind = SAMPLE_PAIR,
      .instruction = "p",
      .response = "c",
      .meta = "{\"generations\":[\"r\",\"c\"],\"ratings\":[1,2.5]}",
      .n_turns = 3 },
    { .record = "{\"text\":\"Human: p\\n\\nAssistant: a\\n\\nHuman: b\"}",
      .format = "hh",
      .kind = SAMPLE_SFT,
      .instruction = "p",
      .response = "a",
      .n_turns = 3 },
    { .record = "{\"prompt\":\"p\",\"completion\":\"c\",\"label\":false}",
      .format = "prompt",
      .kind = SAMPLE_SFT,
      .instruction = "p",
      .response = "c",
      .meta = "{\"label\":false}",
      .n_turns = 2 },
};

static void preference_pairs_of_every_published_shape_are_read(void **state)
{
    assert_all_read(state, pair_shapes, N(pair_shapes));
}

static void unknown_members_are_kept_byte_for_byte(void **state)
{
    static const struct expected kept = {
        .record = "{\"text\":\"t\",\"n\":123456789012345678901234567890,\"f\":1.50,\"z\":null,"
                  "\"o\":{\"b\":[true],\"a\":\"\\u00e9\\n\"},\"_id\":\"i\",\"idx\":2}",
        .format = "text",
        .kind = SAMPLE_TEXT,
        .ext_id = "i",
        .context = "t",
        .meta =
            "{\"n\":123456789012345678901234567890,\"f\":1.50,\"z\":null,\"o\":{\"b\":[true],"
            "\"a\":\"\303\251\\n\"},\"idx\":2}"
    };

    assert_all_read(state, &kept, 1);
}

static const struct turn *read_turns(struct fixture *f, const char *text, size_t n_wanted)
{
    parse(f, text);
    const struct format *format = format_detect(&f->members);
    struct draft draft;
    struct sample got;

    assert_non_null(format);
    assert_int_equal(read_by(f, format, &draft, &got), 1);
    assert_int_equal(got.n_turns, n_wanted);
    return got.turns;
}

static void the_turns_of_a_pair_are_prompt_chosen_and_rejected(void **state)
{
    static const char record[] =
        "{\"conversations\":[{\"from\":\"human\",\"value\":\"p\"}],\"chosen\":{\"from\":"
        "\"gpt\","
        "\"value\":\"c\"},\"rejected\":{\"from\":\"gpt\",\"value\":\"r\"}}";
    const struct turn *turns = read_turns(*state, record, 3);

    assert_int_equal(turns[0].side, TURN_SIDE_PROMPT);
    assert_text(record, "content", turns[1].content, "c");
    assert_int_equal(turns[1].side, TURN_SIDE_CHOSEN);
    assert_text(record, "content", turns[2].content, "r");
    assert_int_equal(turns[2].side, TURN_SIDE_REJECTED);
}

static void a_message_may_say_whether_it_is_trained_on(void **state)
{
    static const char record[] =
        "{\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"weight\":0},"
        "{\"role\":\"assistant\",\"content\":\"b\",\"weight\":0},"
        "{\"role\":\"user\",\"content\":\"c\",\"Train\":true},"
        "{\"role\":\"assistant\",\"content\":\"d\",\"loss\":true,\"name\":\"n\"},"
        "{\"role\":\"assistant\",\"content\":\"e\",\"loss_weight\":0.5}]}";
    const struct turn *turns = read_turns(*state, record, 5);

    assert_int_equal(turns[0].trained, TURN_TRAINED_UNSAID); /* no trainer learns from it */
    assert_int_equal(turns[1].trained, TURN_TRAINED_NO);
    assert_null(turns[1].extra.ptr);
    assert_int_equal(turns[2].trained, TURN_TRAINED_YES);
    assert_int_equal(turns[3].trained, TURN_TRAINED_YES);
    assert_text(record, "extra", turns[3].extra, "{\"name\":\"n\"}");
    assert_int_equal(turns[4].trained, TURN_TRAINED_UNSAID);
    assert_text(record, "extra", turns[4].extra, "{\"loss_weight\":0.5}");
}

static void other_members_of_a_message_are_kept(void **state)
{
    static const char record[] =
        "{\"messages\":[{\"role\":\"user\",\"name\":\"n\",\"content\":\"a\"},"
        "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c\"}]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"t\"},"
        "{\"role\":\"system\",\"content\":\"late\"},"
        "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"p\"}]}]}";
    const struct turn *turns = read_turns(*state, record, 5);

    assert_text(record, "extra", turns[0].extra, "{\"name\":\"n\"}");
    assert_text(record, "content", turns[1].content, "");
    assert_text(record, "extra", turns[1].extra, "{\"tool_calls\":[{\"id\":\"c\"}]}");
    assert_text(record, "role", turns[2].role, "tool");
    assert_text(record, "extra", turns[2].extra, "{\"tool_call_id\":\"c\"}");
    assert_text(record, "role", turns[3].role, "system");
    assert_null(turns[4].extra.ptr);
}

static void a_function_call_is_not_a_response(void **state)
{
    static const char record[] =
        "{\"conversations\":[{\"from\":\"human\",\"value\":\"a\"},"
        "{\"from\":\"function_call\",\"value\":\"{}\"},{\"from\":\"observation\","
        "\"value\":\"1\"}]}";
    const struct turn *turns = read_turns(*state, record, 3);

    assert_text(record, "role", turns[1].role, "assistant");
    assert_text(record, "extra", turns[1].extra, "{\"from\":\"function_call\"}");
    assert_text(record, "role", turns[2].role, "tool");
    assert_null(turns[2].extra.ptr);
}

static void a_bad_record_is_rejected_with_its_defect(void **state)
{
    static const struct {
        const char *record, *format;
        enum defect defect;
        const char *detail;
    } cases[] = {
        { "{\"output\":\"x\"}", "alpaca", DEFECT_MISSING_CONTENT, "no instruction" },
        { "{\"instruction\":[{}],\"output\":\"x\"}", "alpaca", DEFECT_BAD_TYPE, "is a list" },
        { "{\"instruction\":\"\",\"output\":\" \\n\"}", "alpaca", DEFECT_EMPTY_RECORD,
          "no text" },
        { "{\"instruction\":\"i\",\"output\":\"o\",\"history\":[[\"a\"]]}", "alpaca",
          DEFECT_BAD_TYPE, "history[0]" },
        { "{\"messages\":\"a\"}", "messages", DEFECT_BAD_TYPE, "not a list" },
        { "{\"messages\":[]}", "messages", DEFECT_EMPTY_RECORD, "no text" },
        { "{\"messages\":[7]}", "messages", DEFECT_BAD_TYPE, "message 1" },
        { "{\"messages\":[{\"content\":\"x\"}]}", "messages", DEFECT_MISSING_CONTENT, "whose" },
        { "{\"messages\":[{\"role\":\"\",\"content\":\"x\"}]}", "messages",
          DEFECT_MISSING_CONTENT, "whose" },
        { "{\"messages\":[{\"role\":\"user\",\"content\":null}]}", "messages",
          DEFECT_EMPTY_RECORD, "no text" },
        { "{\"messages\":\"[{\"}", "messages", DEFECT_BAD_TYPE, "no list" },
        { "{\"messages\":[{\"role\":\"user\",\"content\":{}}]}", "messages", DEFECT_BAD_TYPE,
          "object" },
        { "{\"text\":\"x\"}", "sharegpt", DEFECT_MISSING_CONTENT, "conversations" },
        { "{\"text\":\"x\"}", "longalign", DEFECT_MISSING_CONTENT, "messages" },
        { "{\"text\":\"x\"}", "dolly", DEFECT_MISSING_CONTENT, "instruction" },
        { "{\"text\":\"x\"}", "prompt", DEFECT_MISSING_CONTENT, "prompt" },
        { "{\"text\":\"x\"}", "qa", DEFECT_MISSING_CONTENT, "question" },
        { "{\"text\":\"x\"}", "self-instruct", DEFECT_MISSING_CONTENT, "instruction" },
        { "{\"text\":\"x\"}", "prompt-only", DEFECT_MISSING_CONTENT, "instruction" },
        { "{\"messages\":[]}", "text", DEFECT_MISSING_CONTENT, "text" },
        { "{\"text\":\"  \"}", "text", DEFECT_EMPTY_RECORD, "no text" },
        { "{\"instruction\":\"i\",\"instances\":[{},{}]}", "self-instruct",
          DEFECT_UNKNOWN_SHAPE, "2 instances" },
        { "{\"instruction\":\"i\",\"instances\":[1]}", "self-instruct", DEFECT_BAD_TYPE,
          "object" },
        { "{\"kind\":\"sft\",\"turns\":[{\"content\":\"x\"}]}", "jsonl", DEFECT_MISSING_CONTENT,
          "turn 1" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < N(cases); i++) {
        struct draft draft;
        struct sample got;

        parse(f, cases[i].record);
        const int rc = read_by(f, format_find(cases[i].format), &draft, &got);

        if (rc != 0 || draft.rejected_for != cases[i].defect ||
            !strstr(draft.detail, cases[i].detail))
            fail_msg("%s as %s: %d, %s: %s", cases[i].record, cases[i].format, rc,
                     defect_classes[draft.rejected_for].name, draft.detail);
    }
}

static void a_record_that_fits_no_format_is_not_guessed(void **state)
{
    static const char *const records[] = {
        "{\"chosen\":\"a\",\"rejected\":\"b\"}",
        "{\"role\":\"user\",\"text\":\"a\"}",
        "{\"a\":1}",
        "{}",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < N(records); i++) {
        parse(f, records[i]);
        if (format_detect(&f->members))
            fail_msg("%s is taken for a sample", records[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(alpaca_records_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(sharegpt_records_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(messages_records_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(longalign_prompts_are_split_at_the_last_blank_line,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(longalign_prompts_are_not_split_with_split_none, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(records_of_every_other_format_are_read, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(preference_pairs_of_every_published_shape_are_read,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(unknown_members_are_kept_byte_for_byte, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_turns_of_a_pair_are_prompt_chosen_and_rejected,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_message_may_say_whether_it_is_trained_on, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(other_members_of_a_message_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_function_call_is_not_a_response, setup, teardown),
        cmocka_unit_test_setup_teardown(a_bad_record_is_rejected_with_its_defect, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_record_that_fits_no_format_is_not_guessed, setup,
                                        teardown),
    };

    return cmocka_run_group_tests_name("stages/formats", tests, NULL, NULL);
}
