/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sample that is written in a layout and read again has the same content hash, for every
 * layout and every sample that the layout can hold. A layout refuses all other samples.
 */
#include "tests/support/test.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/io/frame.h"
#include "stages/export/layouts/layout.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/parse.h"
#include "stages/record/defect.h"
#include "tests/support/rng.h"

enum { N_TRIALS = 4000, TURNS_MAX = 6, TEXT_MAX = 1 << 16 };

struct fixture {
    struct rng rng;
    struct format_options options;
    struct defect_policy policy;
    struct parser *parser;
    struct identifier *identifier;
    struct arena arena;
    struct buf out;
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    struct error err;

    f->rng = rng_from_env("CURATE_SEED");
    defect_policy_init(&f->policy);
    assert_ok(defect_policy_set(&f->policy, "disliked=keep", &err));
    assert_ok(defect_policy_set(&f->policy, "sides_alike=keep", &err));
    f->options = (struct format_options){ .split = SPLIT_AUTO,
                                          .input_context_bytes = FORMAT_INPUT_CONTEXT_BYTES,
                                          .policy = &f->policy };
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

/* Random text with every difficulty that text can have. It is never blank. */
static struct slice draw_text(struct fixture *f, size_t max_pieces)
{
    static const struct {
        const char *bytes;
        size_t len;
    } pieces[] = {
        { "word", 4 },
        { " ", 1 },
        { "\n", 1 },
        { "\n\n", 2 },
        { "\r\n", 2 },
        { "\"", 1 },
        { "\\", 1 },
        { "\0", 1 },
        { "\t", 1 },
        { "\x7f", 1 },
        { "e\314\201", 3 }, /* decomposed */
        { "\303\251", 2 },
        { "\360\237\230\200", 4 },
        { "\342\200\250", 3 },
        /* line separator */ { "<noinput>", 9 },
        { "{\"a\":[1]}", 9 },
        { "\\u0041", 6 },
        { "\n\nlast paragraph", 16 },
    };
    struct error err;
    struct buf buf;

    buf_init(&buf, TEXT_MAX);
    assert_ok(buf_add_text(&buf, one_in(f, 4) ? "\n\nx" : "x", &err));
    for (size_t n = rng_below(&f->rng, max_pieces); n > 0; n--) {
        const size_t i = rng_below(&f->rng, sizeof pieces / sizeof pieces[0]);
        assert_ok(buf_add(&buf, pieces[i].bytes, pieces[i].len, &err));
    }
    const struct slice text = arena_copy(&f->arena, buf_slice(&buf));
    assert_non_null(text.ptr);
    buf_release(&buf);
    return text;
}

/* A turn may hold more than text, in the forms that the readers leave it in. */
static void draw_extra(struct fixture *f, struct turn *turn)
{
    static const char parts[] =
        "{\"weight\":1.50,\"content\":[{\"type\":\"text\",\"text\":\"a\",\"x\":1},"
        "{\"type\":\"refusal\",\"refusal\":\"r\"},{\"text\":\"b\"}]}";

    switch (rng_below(&f->rng, 8)) {
    case 0:
        turn->extra = slice_text("{\"name\":\"n\\\"q\",\"weight\":0.5}");
        break;
    case 1:
        turn->extra =
            slice_text("{\"tool_calls\":[{\"id\":\"c\",\"n\":12345678901234567890}]}");
        turn->content = slice_text("");
        break;
    case 2:
        turn->extra = slice_text(parts);
        turn->content = slice_text("a\nb");
        break;
    case 3:
        if (slice_equal(turn->role, slice_text("assistant")))
            turn->extra = slice_text("{\"weight\":2,\"from\":\"function_call\"}");
        break;
    case 4: /* no role: some formats cannot write such a turn */
        turn->extra = slice_text("{\"from\":\"me\",\"role\":\"you\",\"value\":1}");
        break;
    default:
        break;
    }
}

/* A message may say whether it is trained on: an answer either, no system message that it is.
 */
static void draw_trained(struct fixture *f, struct turn *turn)
{
    const bool is_answer = slice_equal(turn->role, slice_text("assistant"));

    if (is_answer && one_in(f, 6))
        turn->trained = TURN_TRAINED_NO;
    else if (!slice_equal(turn->role, slice_text("system")) && one_in(f, 6))
        turn->trained = TURN_TRAINED_YES;
}

/* A long text from which a reader would separate the first or the last part. */
static struct slice draw_passage(struct fixture *f)
{
    static const char *const ends[] = { "?", ":", ".", "" };
    const bool is_first = one_in(f, 2);
    const char *line = one_in(f, 3) ? "\n" : "\n\n";
    struct error err;
    struct buf text;

    buf_init(&text, TEXT_MAX * 4);
    if (is_first)
        assert_ok(buf_printf(&text, &err, "Where%s%s", ends[rng_below(&f->rng, 4)], line));
    for (int i = 0; i < 210; i++)
        assert_ok(buf_add_text(&text, one_in(f, 60) ? "word,\n\n" : "some words", &err));
    if (!is_first || one_in(f, 3))
        assert_ok(
            buf_printf(&text, &err, "%sWhere was it%s", line, ends[rng_below(&f->rng, 4)]));
    const struct slice result = arena_copy(&f->arena, buf_slice(&text));
    buf_release(&text);
    assert_non_null(result.ptr);
    return result;
}

static const char *const roles[] = { "user", "assistant", "system", "tool", "Narrator" };

static struct turn *draw_turn(struct fixture *f, struct turn *out, const char *role,
                              bool is_simple)
{
    *out = (struct turn){ .role = slice_text(role), .content = draw_text(f, 30) };
    if (one_in(f, 20))
        out->content = draw_passage(f);
    draw_trained(f, out);
    if (!is_simple)
        draw_extra(f, out);
    return out;
}

static void draw_turns(struct fixture *f, struct sample *out)
{
    const bool is_simple = one_in(f, 2);

    out->n_turns = is_simple ? 1 + rng_below(&f->rng, 2) : 1 + rng_below(&f->rng, TURNS_MAX);
    out->turns = arena_alloc(&f->arena, out->n_turns, sizeof *out->turns);
    assert_non_null(out->turns);
    for (size_t i = 0; i < out->n_turns; i++)
        draw_turn(f, &out->turns[i], is_simple ? roles[i] : roles[rng_below(&f->rng, 5)],
                  is_simple);
}

/* Append a side of one to three turns, which holds an answer. Sometimes it begins like the
 * prompt. */
static void draw_side(struct fixture *f, struct sample *out, enum turn_side side, bool repeats)
{
    const bool is_simple = one_in(f, 2);
    const size_t n = is_simple ? 1 : 1 + rng_below(&f->rng, 3);
    const size_t answer = rng_below(&f->rng, n);

    if (repeats) {
        out->turns[out->n_turns] = out->turns[0];
        out->turns[out->n_turns++].side = side;
    }
    for (size_t i = 0; i < n; i++) {
        const char *role = i == answer ? "assistant" : roles[rng_below(&f->rng, 5)];

        draw_turn(f, &out->turns[out->n_turns], role, is_simple)->side = side;
        out->n_turns++;
    }
}

/* A prompt, which is rarely missing, and two sides. */
static void draw_pair(struct fixture *f, struct sample *out)
{
    struct sample prompt = { 0 };

    draw_turns(f, &prompt);
    out->turns = arena_alloc(&f->arena, TURNS_MAX + 8, sizeof *out->turns);
    assert_non_null(out->turns);
    out->n_turns = one_in(f, 10) ? 0 : prompt.n_turns;
    memcpy(out->turns, prompt.turns, out->n_turns * sizeof *out->turns);
    const bool repeats = out->n_turns > 0 && one_in(f, 8);
    draw_side(f, out, TURN_SIDE_CHOSEN, repeats);
    draw_side(f, out, TURN_SIDE_REJECTED, repeats && one_in(f, 2));
}

static const struct turn *find_role(const struct sample *sample, const char *role)
{
    for (size_t i = 0; i < sample->n_turns; i++)
        if (slice_equal(sample->turns[i].role, slice_text(role)))
            return &sample->turns[i];
    return NULL;
}

/* As store/sample.h defines them: the last response, and the last question before it. */
static void set_turns(struct sample *sample, enum turn_side side)
{
    const struct turn *response = NULL;

    for (size_t i = 0; i < sample->n_turns; i++)
        if (sample->turns[i].side == side &&
            slice_equal(sample->turns[i].role, slice_text("assistant")) &&
            (!response || response->trained == TURN_TRAINED_NO ||
             sample->turns[i].trained != TURN_TRAINED_NO))
            response = &sample->turns[i];
    sample->response_turn = response ? (int)(response - sample->turns) : -1;
    for (size_t i = 0; i < (response ? (size_t)sample->response_turn : sample->n_turns); i++)
        if (slice_equal(sample->turns[i].role, slice_text("user")))
            sample->instruction_turn = (int)i;
}

static struct slice draw_meta(struct fixture *f)
{
    static const char *const metas[] = {
        "{\"n\":[{\"type\":\"function\"}],\"length\":\"tools\"}",
        "{\"label\":true}",
        "{\"kto_tag\":false,\"score_chosen\":2}",
        "{\"label\":\"a metal\"}",
    };

    return slice_text(metas[rng_below(&f->rng, 4)]);
}

static struct sample draw_sample(struct fixture *f)
{
    struct sample sample = { .instruction_turn = -1, .response_turn = -1 };
    struct error err;

    arena_clear(&f->arena);
    if (one_in(f, 8)) {
        sample.kind = SAMPLE_TEXT;
        sample.context = draw_text(f, 50);
    } else if (one_in(f, 3)) {
        draw_pair(f, &sample);
        set_turns(&sample, TURN_SIDE_CHOSEN);
        sample.kind = SAMPLE_PAIR;
    } else {
        draw_turns(f, &sample);
        set_turns(&sample, TURN_SIDE_PROMPT);
        sample.kind = find_role(&sample, "assistant") ? SAMPLE_SFT : SAMPLE_PROMPT_ONLY;
    }
    if (sample.kind != SAMPLE_TEXT && one_in(f, 2))
        sample.context = draw_text(f, one_in(f, 10) ? 2000 : 20);
    if (sample.kind != SAMPLE_TEXT && sample.context.ptr)
        sample.split = slice_text(one_in(f, 2) ? "first-paragraph" : "last-paragraph");
    if (sample.kind != SAMPLE_TEXT && one_in(f, 2))
        sample.system = draw_text(f, 10);
    if (sample.kind != SAMPLE_TEXT && one_in(f, 4))
        sample.tools =
            slice_text("[{\"name\":\"w\",\"parameters\":{\"x\":null}},{\"type\":\"t\"}]");
    if (one_in(f, 2))
        sample.ext_id = draw_text(f, 3);
    if (one_in(f, 2))
        sample.meta = draw_meta(f);
    assert_ok(sample_identify(f->identifier, &sample, &err));
    return sample;
}

static bool has_member(const struct turn *turn, const char *member)
{
    return turn->extra.ptr && memmem(turn->extra.ptr, turn->extra.len, member, strlen(member));
}

static bool is_bare(const struct turn *turn, const char *role)
{
    return slice_equal(turn->role, slice_text(role)) && !turn->extra.ptr;
}

/* The number of turns before the first one of this side. */
static size_t turns_before(const struct sample *sample, enum turn_side side)
{
    size_t n = 0;

    while (n < sample->n_turns && sample->turns[n].side < side)
        n++;
    return n;
}

/* What lists of messages can hold: written a second time, from the documentation. */
static bool chat_holds(const struct sample *sample, bool openai)
{
    if (sample->kind == SAMPLE_TEXT)
        return false;
    if (!sample->system.ptr && is_bare(&sample->turns[0], "system"))
        return false;
    const struct turn *user = find_role(sample, "user");
    if (sample->context.ptr && (!user || (openai && has_member(user, "\"content\":["))))
        return false;
    for (size_t i = 0; i < sample->n_turns; i++)
        if (has_member(&sample->turns[i], "\"from\":\"me\"") ||
            (!openai && has_member(&sample->turns[i], "\"content\":[")) ||
            (openai && has_member(&sample->turns[i], "\"weight\"") &&
             sample->turns[i].trained != TURN_TRAINED_UNSAID) ||
            slice_equal(sample->turns[i].role, slice_text("Narrator")))
            return false;
    return true;
}

static bool alpaca_holds(const struct sample *sample)
{
    return sample->n_turns >= 1 && sample->n_turns <= 2 && is_bare(&sample->turns[0], "user") &&
           (sample->n_turns == 1 || (is_bare(&sample->turns[1], "assistant") &&
                                     sample->turns[1].trained != TURN_TRAINED_NO));
}

/* Is the turn at this index the prompt's first one, or does it follow its system prompt? */
static bool begins_like_prompt(const struct sample *sample, size_t i)
{
    const struct turn *turn = &sample->turns[i];

    return slice_equal(turn->role, sample->turns[0].role) &&
           slice_equal(turn->content, sample->turns[0].content) &&
           slice_equal(turn->extra, sample->turns[0].extra);
}

static bool dpo_holds(const struct sample *sample)
{
    const size_t chosen = turns_before(sample, TURN_SIDE_CHOSEN);
    const size_t rejected = turns_before(sample, TURN_SIDE_REJECTED);
    struct sample prompt = *sample;

    prompt.n_turns = chosen;
    if (sample->kind != SAMPLE_PAIR || chosen == 0 ||
        (begins_like_prompt(sample, chosen) && begins_like_prompt(sample, rejected)))
        return false;
    return chat_holds(sample, true) && (!sample->context.ptr || find_role(&prompt, "user"));
}

static bool has_label(const struct sample *sample)
{
    return sample->meta.ptr && (strstr(sample->meta.ptr, "\"label\":true") ||
                                strstr(sample->meta.ptr, "\"kto_tag\":false"));
}

static bool kto_holds(const struct sample *sample)
{
    if (sample->kind != SAMPLE_SFT || sample->instruction_turn < 0 || !has_label(sample))
        return false;
    for (size_t i = (size_t)sample->response_turn; i < sample->n_turns; i++)
        if (slice_equal(sample->turns[i].role, slice_text("user")))
            return false;
    return chat_holds(sample, true);
}

static bool holds(const struct layout *layout, const struct sample *sample)
{
    if (strcmp(layout->name, "xlam") == 0) /* it is for calls alone: prop_forms.c */
        return false;
    if (strcmp(layout->name, "dpo") == 0)
        return dpo_holds(sample);
    if (strcmp(layout->name, "kto") == 0)
        return kto_holds(sample);
    if (sample->kind == SAMPLE_PAIR && strcmp(layout->name, "jsonl") != 0)
        return false;
    if (strcmp(layout->name, "alpaca") == 0)
        return alpaca_holds(sample);
    if (strcmp(layout->name, "messages") == 0)
        return chat_holds(sample, true);
    if (strcmp(layout->name, "sharegpt") == 0)
        return chat_holds(sample, false);
    return true; /* jsonl */
}

static void check_layout(struct fixture *f, const struct layout *layout,
                         const struct sample *sample)
{
    const char *why = "";
    struct parsed parsed;
    struct error err;

    buf_clear(&f->out);
    const int rc = layout->write(sample, &f->out, &why, &err);
    if (rc == 0 && f->out.len != 0)
        fail_msg("%s refused and wrote something all the same", layout->name);
    /* What glaive cannot hold hangs on marks within the text. */
    if (strcmp(layout->name, "glaive") != 0 && rc != holds(layout, sample))
        fail_msg("%s: %s (%s) after seed %" PRIu64, layout->name, rc ? "written" : "refused",
                 why, f->rng.seed);
    if (rc == 0)
        return;
    const struct frame_record record = { .text = buf_slice(&f->out), .byte_len = f->out.len };
    assert_ok(parse_record(f->parser, &record, NULL, false, &f->arena, &parsed, &err));
    if (parsed.rejected_for)
        fail_msg("%s: %s: %.*s\n%s", layout->name, defect_classes[parsed.rejected_for].name,
                 (int)parsed.detail.len, parsed.detail.ptr, f->out.data);
    if (memcmp(&parsed.sample.hash, &sample->hash, sizeof sample->hash) != 0)
        fail_msg("%s, read as %s: another sample after seed %" PRIu64 ":\n%s", layout->name,
                 parsed.format->name, f->rng.seed, f->out.data);
}

static void an_exported_sample_is_read_as_the_same_sample(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < N_TRIALS; i++) {
        const struct sample sample = draw_sample(f);

        for (size_t j = 0; layouts[j]; j++)
            check_layout(f, layouts[j], &sample);
    }
}

static const struct layout *find_layout(const char *name)
{
    size_t i = 0;

    while (layouts[i] && strcmp(layouts[i]->name, name) != 0)
        i++;
    assert_non_null(layouts[i]);
    return layouts[i];
}

static void jsonl_keeps_the_parts_of_a_sample_that_are_not_hashed(void **state)
{
    struct fixture *f = *state;
    const struct layout *jsonl = find_layout("jsonl");

    for (size_t i = 0; i < N_TRIALS / 4; i++) {
        const struct sample sample = draw_sample(f);
        const char *why;
        struct parsed parsed;
        struct error err;

        buf_clear(&f->out);
        assert_int_equal(jsonl->write(&sample, &f->out, &why, &err), 1);
        const struct frame_record record = { .text = buf_slice(&f->out) };
        assert_ok(parse_record(f->parser, &record, NULL, false, &f->arena, &parsed, &err));
        assert_int_equal(parsed.rejected_for, DEFECT_NONE);
        assert_string_equal(parsed.format->name, "jsonl");
        assert_true(slice_equal(parsed.sample.ext_id, sample.ext_id));
        assert_true(slice_equal(parsed.sample.meta, sample.meta));
        assert_int_equal(parsed.sample.instruction_turn, sample.instruction_turn);
        assert_int_equal(parsed.sample.response_turn, sample.response_turn);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_exported_sample_is_read_as_the_same_sample, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(jsonl_keeps_the_parts_of_a_sample_that_are_not_hashed,
                                        setup, teardown),
    };

    return cmocka_run_group_tests_name("stages/export/layouts", tests, NULL, NULL);
}
