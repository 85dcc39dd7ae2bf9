/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tools, calls, results, thoughts and media, also of preferences: a sample that a layout writes
 * is read as the same sample, and each layout writes what its documentation says.
 */
#include "tests/support/test.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/io/frame.h"
#include "stages/export/layouts/layout.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/parse.h"
#include "tests/support/rng.h"

enum { N_TRIALS = 4000, TURNS_MAX = 8, TEXT_MAX = 1 << 16, LAYOUTS_MAX = 16 };

struct fixture {
    struct rng rng;
    struct format_options options;
    struct parser *parser;
    struct identifier *identifier;
    struct arena arena;
    struct buf out;
    size_t n_written[LAYOUTS_MAX];
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    struct error err;

    f->rng = rng_from_env("CURATE_SEED");
    f->options = (struct format_options){ .split = SPLIT_AUTO,
                                          .input_context_bytes = FORMAT_INPUT_CONTEXT_BYTES };
    assert_ok(parser_new(&f->options, &f->parser, &err));
    assert_ok(identifier_new(&f->identifier, &err));
    arena_init(&f->arena);
    buf_init(&f->out, TEXT_MAX * 16);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    parser_free(f->parser);
    identifier_free(f->identifier);
    arena_release(&f->arena);
    buf_release(&f->out);
    test_free(f);
    return 0;
}

static bool one_in(struct fixture *f, size_t n)
{
    return rng_below(&f->rng, n) == 0;
}

static struct slice keep(struct fixture *f, const struct buf *buf)
{
    const struct slice text =
        arena_copy(&f->arena, buf->len > 0 ? buf_slice(buf) : slice_text(""));

    assert_non_null(text.ptr);
    return text;
}

static struct slice draw_text(struct fixture *f)
{
    static const char *const pieces[] = { "word",     " ", "\n",          "\n\n", "\"",
                                          "\303\251", "'", "{\"a\":[1]}", "\\",   "<b>" };
    struct error err;
    struct buf buf;

    buf_init(&buf, TEXT_MAX);
    assert_ok(buf_add_text(&buf, one_in(f, 8) ? "\nx" : "x", &err));
    for (size_t n = rng_below(&f->rng, 8); n > 0; n--)
        assert_ok(buf_add_text(
            &buf, pieces[rng_below(&f->rng, sizeof pieces / sizeof pieces[0])], &err));
    if (!one_in(f, 8))
        assert_ok(buf_add_text(&buf, ".", &err));
    const struct slice text = keep(f, &buf);
    buf_release(&buf);
    return text;
}

static struct slice draw_one(struct fixture *f, const char *const *texts, size_t n)
{
    return slice_text(texts[rng_below(&f->rng, n)]);
}

#define DRAW_ONE(f, texts) draw_one(f, texts, sizeof(texts) / sizeof(texts)[0])

static struct slice draw_tools(struct fixture *f)
{
    static const char *const tools[] = {
        "[{\"name\":\"w\",\"description\":\"It's {a}.\",\"parameters\":{\"type\":\"object\"}}]",
        "[{\"name\":\"w\"},{\"name\":\"v\",\"parameters\":{\"default\":null,\"n\":1.50}}]",
        "[{\"type\":\"web_search\"},{\"name\":\"w\",\"strict\":true}]",
        "[{\"description\":\"find a word\"}]",
    };

    return DRAW_ONE(f, tools);
}

static struct slice draw_calls(struct fixture *f)
{
    static const char *const calls[] = {
        "[{\"name\":\"w\",\"arguments\":{}}]",
        "[{\"id\":\"c1\",\"name\":\"w\",\"arguments\":{\"at\":\"it's \\\"\\\\'here\\\"\"}}]",
        "[{\"name\":\"w\",\"arguments\":[1,{\"a\":null}]}]",
        "[{\"name\":\"w\",\"arguments\":\"no {json\"}]",
        "[{\"name\":\"w\",\"arguments\":{\"a\":1},\"index\":0}]",
        ("[{\"id\":\"1\",\"name\":\"w\",\"arguments\":{}},{\"name\":\"v\",\"arguments\":"
         "{\"b\":[]}}]"),
    };

    return DRAW_ONE(f, calls);
}

/* A place of the text where a medium can stand: between two characters. */
static size_t draw_place(struct fixture *f, struct slice text, size_t least)
{
    size_t at = least + rng_below(&f->rng, text.len - least + 1);

    while (at < text.len && ((unsigned char)text.ptr[at] & 0xc0) == 0x80)
        at++;
    return at;
}

/* The first newline from a place on; the end of the text if there is none. */
static size_t next_line_end(struct slice text, size_t at)
{
    while (at < text.len && text.ptr[at] != '\n')
        at++;
    return at;
}

static void draw_media(struct fixture *f, struct turn *turn, bool has_marks)
{
    static const char *const parts[] = {
        "\"image\",\"at\":%zu,\"part\":{\"type\":\"image\",\"image\":\"a.png\"}",
        "\"image\",\"at\":%zu,\"part\":{\"type\":\"image_url\",\"image_url\":{\"url\":\"u\"}}",
        ("\"audio\",\"at\":%zu,\"part\":{\"type\":\"input_audio\",\"input_audio\":{\"data\":"
         "\"d\"}}"),
    };
    static const char *const marks[] = {
        "\"image\",\"at\":%zu,\"part\":{\"type\":\"image\",\"image\":\"a.png\","
        "\"placeholder\":true}",
        "\"video\",\"at\":%zu,\"part\":{\"type\":\"video\",\"video\":{\"path\":\"v\"},"
        "\"placeholder\":true}",
    };
    struct error err;
    struct buf buf;
    size_t at = 0;

    buf_init(&buf, TEXT_MAX);
    for (size_t i = 0, n = 1 + rng_below(&f->rng, 3); i < n; i++) {
        const char *form = has_marks ? DRAW_ONE(f, marks).ptr : DRAW_ONE(f, parts).ptr;

        at = one_in(f, 4)   ? draw_place(f, turn->content, at)
             : one_in(f, 2) ? next_line_end(turn->content, at)
                            : at;
        assert_ok(buf_add_text(&buf, i == 0 ? "[{\"type\":" : ",{\"type\":", &err));
        char text[256];
        snprintf(text, sizeof text, form, at);
        assert_ok(buf_add_text(&buf, text, &err));
        assert_ok(buf_add_text(&buf, "}", &err));
    }
    assert_ok(buf_add_text(&buf, "]", &err));
    turn->media = keep(f, &buf);
    buf_release(&buf);
}

static struct turn *add_turn(struct fixture *f, struct sample *out, const char *role)
{
    struct turn *turn = &out->turns[out->n_turns++];

    *turn = (struct turn){ .role = slice_text(role), .content = draw_text(f) };
    return turn;
}

/* An answer, perhaps one that calls tools, with their results. */
static void add_answer(struct fixture *f, struct sample *out)
{
    struct turn *answer = add_turn(f, out, "assistant");

    if (one_in(f, 3))
        answer->thought = one_in(f, 6) ? slice_text("") : draw_text(f);
    /* No reader leaves a newline between a thought and its text. */
    if (answer->thought.ptr && answer->content.ptr[0] == '\n')
        answer->content = slice_text("x");
    if (one_in(f, 8))
        answer->trained = one_in(f, 2) ? TURN_TRAINED_NO : TURN_TRAINED_YES;
    if (!one_in(f, 3))
        return;
    answer->calls = draw_calls(f);
    if (!one_in(f, 4))
        answer->content = slice_text("");
    if (one_in(f, 8))
        draw_media(f, answer, true);
    if (out->n_turns == TURNS_MAX || one_in(f, 2))
        return;
    struct turn *result = add_turn(f, out, "tool");
    if (one_in(f, 2))
        result->extra = slice_text("{\"tool_call_id\":\"c1\"}");
}

static void find_response(struct sample *sample)
{
    for (size_t i = 0; i < sample->n_turns; i++)
        if (slice_equal(sample->turns[i].role, slice_text("assistant")) &&
            (sample->response_turn < 0 ||
             sample->turns[sample->response_turn].trained == TURN_TRAINED_NO ||
             sample->turns[i].trained != TURN_TRAINED_NO))
            sample->response_turn = (int)i;
    for (int i = 0; i < sample->response_turn; i++)
        if (slice_equal(sample->turns[i].role, slice_text("user")))
            sample->instruction_turn = i;
}

/* Give the turns from the last question on to the chosen side, and add a rejected answer. */
static void make_pair(struct fixture *f, struct sample *out)
{
    for (int i = out->instruction_turn + 1; i < (int)out->n_turns; i++)
        out->turns[i].side = TURN_SIDE_CHOSEN;
    const size_t first = out->n_turns;
    add_answer(f, out);
    for (size_t i = first; i < out->n_turns; i++)
        out->turns[i].side = TURN_SIDE_REJECTED;
    out->kind = SAMPLE_PAIR;
}

static struct sample draw_sample(struct fixture *f)
{
    struct sample sample = { .kind = SAMPLE_SFT, .instruction_turn = -1, .response_turn = -1 };
    const bool has_marks = one_in(f, 2);
    struct error err;

    arena_clear(&f->arena);
    sample.turns = arena_alloc(&f->arena, TURNS_MAX + 4, sizeof *sample.turns);
    assert_non_null(sample.turns);
    do {
        struct turn *turn = add_turn(f, &sample, "user");

        if (one_in(f, 6))
            draw_media(f, turn, one_in(f, 8) ? !has_marks : has_marks);
        add_answer(f, &sample);
    } while (sample.n_turns + 2 < TURNS_MAX && one_in(f, 2));
    find_response(&sample);
    if (one_in(f, 4))
        make_pair(f, &sample);
    else if (one_in(f, 4))
        sample.meta = slice_text("{\"label\":true}");
    if (one_in(f, 3))
        sample.system = draw_text(f);
    if (one_in(f, 2))
        sample.tools = draw_tools(f);
    assert_ok(sample_identify(f->identifier, &sample, &err));
    return sample;
}

static bool begins_or_ends_line(struct slice text, bool at_start)
{
    return text.len > 0 && text.ptr[at_start ? 0 : text.len - 1] == '\n';
}

/* Newlines beside the marks of a thought are no part of it. */
static bool keeps_newlines(const struct turn *turn)
{
    return !turn->thought.ptr || !(begins_or_ends_line(turn->thought, true) ||
                                   begins_or_ends_line(turn->thought, false));
}

static bool has_marks(const struct turn *turn)
{
    return turn->media.ptr &&
           memmem(turn->media.ptr, turn->media.len, "placeholder", strlen("placeholder"));
}

/* Does each medium that is a part stand at an end of the text, or before a newline? */
static bool stands_between_lines(const struct turn *turn)
{
    const char *end = turn->media.ptr + turn->media.len;
    static const char key[] = "\"at\":";

    for (const char *p = turn->media.ptr;
         (p = memmem(p, (size_t)(end - p), key, sizeof key - 1)) != NULL;) {
        p += sizeof key - 1;
        const size_t at = strtoul(p, NULL, 10);

        if (at > 0 && at < turn->content.len && turn->content.ptr[at] != '\n')
            return false;
    }
    return true;
}

/* From the documentation (docs/design.md). */
static bool chat_holds(const struct sample *sample, bool openai)
{
    bool marks = false, parts = false;

    for (size_t i = 0; i < sample->n_turns; i++) {
        const struct turn *turn = &sample->turns[i];

        if (!keeps_newlines(turn) ||
            (!openai && turn->calls.ptr && (turn->content.len > 0 || turn->media.ptr)))
            return false;
        if (!openai && turn->thought.ptr && turn->media.ptr)
            return false;
        if (!turn->media.ptr)
            continue;
        *(has_marks(turn) ? &marks : &parts) = true;
        if (!has_marks(turn) && (!openai || !stands_between_lines(turn)))
            return false;
    }
    return !(marks && parts);
}

static bool is_text_alone(const struct turn *turn)
{
    return !turn->calls.ptr && !turn->media.ptr && turn->trained != TURN_TRAINED_NO;
}

static bool alpaca_holds(const struct sample *sample)
{
    return sample->n_turns == 2 && is_text_alone(&sample->turns[0]) &&
           is_text_alone(&sample->turns[1]) && keeps_newlines(&sample->turns[1]);
}

static bool xlam_holds(const struct sample *sample)
{
    const struct turn *answer = &sample->turns[1];

    return sample->n_turns == 2 && sample->tools.ptr && !sample->turns[0].media.ptr &&
           answer->calls.ptr && answer->content.len == 0 && !answer->thought.ptr &&
           !answer->media.ptr && answer->trained != TURN_TRAINED_NO;
}

/* 1 or 0; -1 if the documentation leaves it open. */
static int holds(const struct layout *layout, const struct sample *sample)
{
    if (strcmp(layout->name, "dpo") == 0)
        return sample->kind == SAMPLE_PAIR ? -1 : 0;
    if (sample->kind == SAMPLE_PAIR && strcmp(layout->name, "jsonl") != 0)
        return 0;
    if (strcmp(layout->name, "kto") == 0)
        return sample->meta.ptr ? -1 : 0;
    if (strcmp(layout->name, "alpaca") == 0)
        return alpaca_holds(sample);
    if (strcmp(layout->name, "messages") == 0)
        return chat_holds(sample, true);
    if (strcmp(layout->name, "sharegpt") == 0)
        return chat_holds(sample, false);
    if (strcmp(layout->name, "xlam") == 0)
        return xlam_holds(sample);
    return strcmp(layout->name, "jsonl") == 0 ? 1 : -1;
}

static void check_layout(struct fixture *f, size_t i, const struct sample *sample)
{
    const struct layout *layout = layouts[i];
    const int want = holds(layout, sample);
    const char *why = "";
    struct parsed parsed;
    struct error err;

    buf_clear(&f->out);
    const int rc = layout->write(sample, &f->out, &why, &err);
    if (rc == 0 && f->out.len != 0)
        fail_msg("%s refused and wrote something all the same", layout->name);
    if (want >= 0 && rc != want)
        fail_msg("%s: %s (%s) after seed %" PRIu64 ": %s", layout->name,
                 rc ? "written" : "refused", why, f->rng.seed, rc ? f->out.data : "");
    if (rc == 0)
        return;
    f->n_written[i]++;
    const struct frame_record record = { .text = buf_slice(&f->out), .byte_len = f->out.len };
    assert_ok(parse_record(f->parser, &record, NULL, false, &f->arena, &parsed, &err));
    if (parsed.rejected_for == DEFECT_DISLIKED || parsed.rejected_for == DEFECT_SIDES_ALIKE)
        return; /* what it says is rejected, not how */
    if (parsed.rejected_for)
        fail_msg("%s: %s: %.*s\n%s", layout->name, defect_classes[parsed.rejected_for].name,
                 (int)parsed.detail.len, parsed.detail.ptr, f->out.data);
    if (memcmp(&parsed.sample.hash, &sample->hash, sizeof sample->hash) != 0)
        fail_msg("%s, read as %s: another sample after seed %" PRIu64 ":\n%s", layout->name,
                 parsed.format->name, f->rng.seed, f->out.data);
}

static void tools_thoughts_and_media_are_read_as_they_were_written(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < N_TRIALS; i++) {
        const struct sample sample = draw_sample(f);

        for (size_t j = 0; layouts[j]; j++)
            check_layout(f, j, &sample);
    }
    for (size_t j = 0; layouts[j]; j++)
        assert_in_range(f->n_written[j], N_TRIALS / 200, N_TRIALS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tools_thoughts_and_media_are_read_as_they_were_written,
                                        setup, teardown),
    };

    return cmocka_run_group_tests_name("stages/export/layouts, forms", tests, NULL, NULL);
}
