/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record that is accepted loses no text: each text of a dialogue with tools, calls, results,
 * media and thoughts, in any spelling, is in one of the sample's fields. CURATE_SEED replays a
 * run.
 */
#include "tests/support/test.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/io/frame.h"
#include "base/json/jsonout.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/parse.h"
#include "tests/support/rng.h"

enum { N_TRIALS = 20000, TEXT_MAX = 1 << 20, FIRST_WORD = 1000, DEPTH_MAX = 4 };

struct fixture {
    struct rng rng;
    struct format_options options;
    struct parser *parser;
    struct arena arena;
    struct buf record, nested, fields;
    struct jsonout json;
    unsigned next; /* each text of a record is another word */
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    struct error err;

    f->rng = rng_from_env("CURATE_SEED");
    f->options = (struct format_options){ .input_context_bytes = FORMAT_INPUT_CONTEXT_BYTES };
    assert_ok(parser_new(&f->options, &f->parser, &err));
    arena_init(&f->arena);
    buf_init(&f->record, TEXT_MAX);
    buf_init(&f->nested, TEXT_MAX);
    buf_init(&f->fields, TEXT_MAX);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    parser_free(f->parser);
    arena_release(&f->arena);
    buf_release(&f->record);
    buf_release(&f->nested);
    buf_release(&f->fields);
    test_free(f);
    return 0;
}

static bool one_in(struct fixture *f, size_t n)
{
    return rng_below(&f->rng, n) == 0;
}

static void put_key(struct fixture *f, const char *key)
{
    jsonout_key(&f->json, key);
}

/* A text with a word of its own between two others. */
static void put_text(struct fixture *f, const char *before, const char *after)
{
    char text[200];

    snprintf(text, sizeof text, "%sword%u%s", before, f->next++, after);
    jsonout_text(&f->json, slice_text(text));
}

static void put_member(struct fixture *f, const char *key, const char *value)
{
    put_key(f, key);
    jsonout_text(&f->json, slice_text(value));
}

/* Any value: a text, null, a number, a list or an object. */
static void put_value(struct fixture *f, int depth)
{
    static const char *const names[] = { "x", "name", "text", "id", "type", "url" };
    const size_t n = rng_below(&f->rng, 3);

    switch (rng_below(&f->rng, depth < DEPTH_MAX ? 6 : 3)) {
    case 0:
        jsonout_null(&f->json);
        break;
    case 1:
        jsonout_int(&f->json, 7);
        break;
    case 2:
    case 3:
        put_text(f, "", "");
        break;
    case 4:
        jsonout_array_begin(&f->json);
        for (size_t i = 0; i < n; i++)
            put_value(f, depth + 1);
        jsonout_array_end(&f->json);
        break;
    default:
        jsonout_object_begin(&f->json);
        for (size_t i = 0; i < n; i++) {
            put_key(f, names[rng_below(&f->rng, 3) * 2 + i]);
            put_value(f, depth + 1);
        }
        jsonout_object_end(&f->json);
        break;
    }
}

/* The arguments of a call, or any other value, under a name. */
static void put_any(struct fixture *f, const char *key)
{
    put_key(f, key);
    put_value(f, 1);
}

static void put_call(struct fixture *f)
{
    const bool is_wrapped = one_in(f, 2);

    jsonout_object_begin(&f->json);
    if (one_in(f, 2))
        put_any(f, "id");
    if (one_in(f, 4))
        put_any(f, "index");
    if (is_wrapped) {
        put_member(f, "type", one_in(f, 8) ? "custom" : "function");
        put_key(f, "function");
        jsonout_object_begin(&f->json);
    }
    put_key(f, "name");
    put_text(f, "", "");
    put_any(f, one_in(f, 4) ? "parameters" : "arguments");
    if (is_wrapped)
        jsonout_object_end(&f->json);
    jsonout_object_end(&f->json);
}

static void put_part(struct fixture *f)
{
    static const char *const types[] = { "text",      "image_url", "image",    "input_audio",
                                         "tool_use",  "thinking",  "refusal",  "tool_result",
                                         "reasoning", "file",      "tool_call" };
    static const char *const keys[] = { "text",  "image_url", "image",   "input_audio",
                                        "input", "thinking",  "refusal", "content",
                                        "value", "file",      "value" };
    const size_t i = one_in(f, 2) ? 0 : rng_below(&f->rng, sizeof types / sizeof types[0]);

    jsonout_object_begin(&f->json);
    put_member(f, "type", types[i]);
    put_key(f, keys[i]);
    if (i == 1 || i == 3 || i == 4)
        put_value(f, 1);
    else
        put_text(f, one_in(f, 4) ? "\n" : "", one_in(f, 4) ? "\n" : "");
    if (i == 4) {
        put_key(f, "name");
        put_text(f, "", "");
    }
    if (i == 7)
        put_any(f, "tool_use_id");
    if (one_in(f, 6))
        put_any(f, one_in(f, 2) ? "signature" : "cache_control");
    jsonout_object_end(&f->json);
}

static void put_content(struct fixture *f)
{
    static const char *const fronts[] = {
        "", "", "", "<think>", "<think>\na\n</think>\n\n", "<image>", "<tool_response>", "\n"
    };
    static const char *const backs[] = { "",
                                         "",
                                         "",
                                         "</think>b",
                                         "<image>",
                                         "</tool_response>",
                                         "\n<tool_call>{\"name\":\"f\"}</tool_call>",
                                         "<tool_call>{}</tool_call>" };

    if (!one_in(f, 3)) {
        put_text(f, fronts[rng_below(&f->rng, 8)], backs[rng_below(&f->rng, 8)]);
        return;
    }
    jsonout_array_begin(&f->json);
    for (size_t n = 1 + rng_below(&f->rng, 3); n > 0; n--)
        put_part(f);
    jsonout_array_end(&f->json);
}

static void put_calls(struct fixture *f)
{
    put_key(f, "tool_calls");
    jsonout_array_begin(&f->json);
    for (size_t n = rng_below(&f->rng, 3); n > 0; n--)
        put_call(f);
    jsonout_array_end(&f->json);
}

static void put_message(struct fixture *f, size_t i)
{
    static const char *const roles[] = { "user", "assistant", "tool", "function_call",
                                         "system" };
    static const char *const others[] = { "name",         "reasoning_content", "thinking",
                                          "images",       "tool_call_id",      "image",
                                          "function_call" };

    jsonout_object_begin(&f->json);
    put_member(f, "role", roles[i < 2 ? i : rng_below(&f->rng, 5)]);
    put_key(f, "content");
    put_content(f);
    if (one_in(f, 4))
        put_calls(f);
    for (size_t j = 0; j < sizeof others / sizeof others[0]; j++)
        if (one_in(f, 8))
            put_any(f, others[j]);
    jsonout_object_end(&f->json);
}

static void draw_record(struct fixture *f)
{
    static const char *const others[] = { "tools", "functions", "images", "image", "audios" };
    struct error err;

    f->next = FIRST_WORD;
    buf_clear(&f->record);
    jsonout_init(&f->json, &f->record);
    jsonout_object_begin(&f->json);
    put_key(f, "messages");
    jsonout_array_begin(&f->json);
    for (size_t i = 0, n = 2 + rng_below(&f->rng, 3); i < n; i++)
        put_message(f, i);
    jsonout_array_end(&f->json);
    for (size_t j = 0; j < sizeof others / sizeof others[0]; j++)
        if (one_in(f, 5))
            put_any(f, others[j]);
    jsonout_object_end(&f->json);
    assert_ok(jsonout_end(&f->json, &err));
}

static void add_field(struct fixture *f, struct slice text)
{
    struct error err;

    if (text.ptr)
        assert_ok(buf_add_slice(&f->fields, text, &err));
    assert_ok(buf_add_text(&f->fields, "\n", &err));
}

static void collect_fields(struct fixture *f, const struct sample *sample)
{
    buf_clear(&f->fields);
    add_field(f, sample->system);
    add_field(f, sample->context);
    add_field(f, sample->tools);
    add_field(f, sample->meta);
    for (size_t i = 0; i < sample->n_turns; i++) {
        add_field(f, sample->turns[i].content);
        add_field(f, sample->turns[i].thought);
        add_field(f, sample->turns[i].calls);
        add_field(f, sample->turns[i].media);
        add_field(f, sample->turns[i].extra);
    }
}

static void an_accepted_record_loses_no_text(void **state)
{
    struct fixture *f = *state;
    size_t n_accepted = 0;
    struct parsed parsed;
    struct error err;
    char word[32];

    for (size_t i = 0; i < N_TRIALS; i++) {
        draw_record(f);
        arena_clear(&f->arena);
        const struct frame_record record = { .text = buf_slice(&f->record) };
        assert_ok(parse_record(f->parser, &record, NULL, false, &f->arena, &parsed, &err));
        if (parsed.rejected_for)
            continue;
        n_accepted++;
        collect_fields(f, &parsed.sample);
        for (unsigned j = FIRST_WORD; j < f->next; j++) {
            snprintf(word, sizeof word, "word%u", j);
            if (!strstr(f->fields.data, word))
                fail_msg("after seed %" PRIu64 ": %s of\n%s\nis not in\n%s", f->rng.seed, word,
                         f->record.data, f->fields.data);
        }
    }
    assert_true(n_accepted > N_TRIALS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_accepted_record_loses_no_text, setup, teardown),
    };

    return cmocka_run_group_tests_name("stages/ingest/formats", tests, NULL, NULL);
}
