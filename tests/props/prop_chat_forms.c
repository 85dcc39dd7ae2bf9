/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariants of the internal forms over random calls and tools: no string is lost, and a form
 * that is read again is the same form. CURATE_SEED replays a run.
 */
#include "tests/support/test.h"

#include "base/buf.h"
#include "base/chat/calls.h"
#include "base/chat/tools.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "tests/support/rng.h"

enum { N_TRIALS = 20000, OUT_MAX = 1 << 20, N_KEYS = 14, DEPTH_MAX = 5 };

/* Words with a meaning for the forms, and words without. */
static const char *const keys[N_KEYS] = {
    "name", "id", "arguments",   "function", "type",   "parameters",   "input",
    "args", "x",  "description", "index",    "strict", "input_schema", "tool_call_id"
};
static const char *const words[] = {
    "function", "tool_use", "w", "{}", "[1]", "null", "\"q\""
};

struct fixture {
    struct rng rng;
    struct json *json;
    struct json *again;
    struct buf text, nested, form, form_again;
    unsigned n_strings; /* each drawn string is unique */
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    struct error err;

    f->rng = rng_from_env("CURATE_SEED");
    assert_ok(json_new(&f->json, &err));
    assert_ok(json_new(&f->again, &err));
    buf_init(&f->text, OUT_MAX);
    buf_init(&f->nested, OUT_MAX);
    buf_init(&f->form, OUT_MAX);
    buf_init(&f->form_again, OUT_MAX);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    json_free(f->json);
    json_free(f->again);
    buf_release(&f->text);
    buf_release(&f->nested);
    buf_release(&f->form);
    buf_release(&f->form_again);
    test_free(f);
    return 0;
}

static bool one_in(struct fixture *f, size_t n)
{
    return rng_below(&f->rng, n) == 0;
}

static void draw_value(struct fixture *f, struct jsonout *json, int depth);

static void draw_object(struct fixture *f, struct jsonout *json, int depth)
{
    unsigned used = 0;

    jsonout_object_begin(json);
    for (size_t n = rng_below(&f->rng, 5); n > 0; n--) {
        const size_t key = rng_below(&f->rng, N_KEYS);

        if (used >> key & 1)
            continue;
        used |= 1u << key;
        jsonout_key(json, keys[key]);
        draw_value(f, json, depth + 1);
    }
    jsonout_object_end(json);
}

static void draw_string(struct fixture *f, struct jsonout *json)
{
    char text[32];

    if (one_in(f, 2)) {
        jsonout_text(json, slice_text(words[rng_below(&f->rng, sizeof words / sizeof *words)]));
        return;
    }
    snprintf(text, sizeof text, "s%u\n\xc3\xa9", f->n_strings++);
    jsonout_text(json, slice_text(text));
}

/* A string that holds JSON. */
static void draw_nested(struct fixture *f, struct jsonout *json, int depth)
{
    struct jsonout inner;
    struct error err;

    buf_clear(&f->nested);
    jsonout_init(&inner, &f->nested);
    draw_object(f, &inner, depth < DEPTH_MAX ? DEPTH_MAX : depth);
    assert_ok(jsonout_end(&inner, &err));
    jsonout_text(json, buf_slice(&f->nested));
}

static void draw_value(struct fixture *f, struct jsonout *json, int depth)
{
    switch (rng_below(&f->rng, depth < DEPTH_MAX ? 9 : 4)) {
    case 0:
        jsonout_null(json);
        break;
    case 1:
        jsonout_int(json, (int64_t)rng_below(&f->rng, 100));
        break;
    case 2:
    case 3:
        draw_string(f, json);
        break;
    case 4:
        draw_nested(f, json, depth);
        break;
    case 5:
        jsonout_array_begin(json);
        for (size_t n = rng_below(&f->rng, 3); n > 0; n--)
            draw_value(f, json, depth + 1);
        jsonout_array_end(json);
        break;
    default:
        draw_object(f, json, depth);
        break;
    }
}

/* An object that is often a call or a tool. */
static void draw_form(struct fixture *f)
{
    struct jsonout json;
    struct error err;

    f->n_strings = 1000;
    buf_clear(&f->text);
    jsonout_init(&json, &f->text);
    jsonout_array_begin(&json);
    for (size_t n = 1 + rng_below(&f->rng, 2); n > 0; n--) {
        const bool is_wrapped = one_in(f, 2);

        jsonout_object_begin(&json);
        if (is_wrapped) {
            jsonout_key(&json, one_in(f, 2) ? "id" : "strict");
            draw_value(f, &json, DEPTH_MAX);
            jsonout_key(&json, "function");
            jsonout_object_begin(&json);
        }
        jsonout_key(&json, "name");
        draw_string(f, &json);
        jsonout_key(&json, keys[1 + rng_below(&f->rng, N_KEYS - 1)]); /* no second name */
        draw_value(f, &json, 1);
        if (is_wrapped)
            jsonout_object_end(&json);
        jsonout_object_end(&json);
    }
    jsonout_array_end(&json);
    assert_ok(jsonout_end(&json, &err));
}

static const struct json_value *parse(struct json *json, struct slice text)
{
    const struct json_value *value;
    enum json_issue issue;
    const char *detail;
    struct error err;
    size_t at;

    assert_ok(json_parse(json, text, &value, &issue, &at, &detail, &err));
    assert_int_equal(issue, JSON_OK);
    return value;
}

/* Every unique string of the text is in the form, too. */
static void check_strings(struct fixture *f)
{
    char word[32];

    for (unsigned i = 1000; i < f->n_strings; i++) {
        snprintf(word, sizeof word, "s%u\\", i);
        if (strstr(f->text.data, word) && !strstr(f->form.data, word))
            fail_msg("after seed %" PRIu64 ": %s is not in\n%s\nof\n%s", f->rng.seed, word,
                     f->form.data, f->text.data);
    }
}

static void check_again(struct fixture *f)
{
    if (!slice_equal(buf_slice(&f->form), buf_slice(&f->form_again)))
        fail_msg("after seed %" PRIu64 ":\n%s\nbecomes\n%s\nand then\n%s", f->rng.seed,
                 f->text.data, f->form.data, f->form_again.data);
}

static int read_calls(struct json *json, struct slice text, struct buf *out)
{
    struct error err;

    buf_clear(out);
    const int rc = calls_add(parse(json, text), out, &err);
    if (rc == 1)
        assert_ok(calls_end(out, &err));
    return rc;
}

static void calls_lose_no_string_and_are_stable(void **state)
{
    struct fixture *f = *state;
    size_t n_read = 0;

    for (size_t i = 0; i < N_TRIALS; i++) {
        draw_form(f);
        if (read_calls(f->json, buf_slice(&f->text), &f->form) != 1)
            continue;
        n_read++;
        check_strings(f);
        /* Arguments that are a text which is JSON are decoded once more. */
        if (strstr(f->form.data, "\"arguments\":\""))
            continue;
        assert_int_equal(read_calls(f->again, buf_slice(&f->form), &f->form_again), 1);
        if (!strstr(f->form.data, "null")) /* of a text: a value would lose it */
            check_again(f);
    }
    assert_true(n_read > N_TRIALS / 10);
}

static void tools_lose_no_string_and_are_stable(void **state)
{
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < N_TRIALS; i++) {
        draw_form(f);
        buf_clear(&f->form);
        buf_clear(&f->form_again);
        assert_int_equal(tools_read(parse(f->json, buf_slice(&f->text)), &f->form, &err), 1);
        check_strings(f);
        assert_int_equal(tools_read(parse(f->again, buf_slice(&f->form)), &f->form_again, &err),
                         1);
        if (!strstr(f->form.data, "null"))
            check_again(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(calls_lose_no_string_and_are_stable, setup, teardown),
        cmocka_unit_test_setup_teardown(tools_lose_no_string_and_are_stable, setup, teardown),
    };

    return cmocka_run_group_tests_name("base/chat", tests, NULL, NULL);
}
