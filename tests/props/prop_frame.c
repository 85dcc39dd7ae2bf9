/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/io/frame.h"
#include "base/json/path.h"
#include "tests/support/frame_invariant.h"
#include "tests/support/rng.h"

enum { ROUNDS = 3000, MAX_VALUES = 12, MAX_BYTES = 1 << 16 };

/* Some values in a row, and the place of each in their text. */
struct values {
    struct buf text;
    size_t n;
    size_t start[MAX_VALUES];
    size_t end[MAX_VALUES];
};

static const char *pick(struct rng *rng, const char *const *from, size_t n)
{
    return from[rng_below(rng, n)];
}
#define PICK(rng, from) pick((rng), (from), sizeof(from) / sizeof *(from))

static void add(struct buf *out, const char *text)
{
    struct error err;

    assert_ok(buf_add_text(out, text, &err));
}

static void add_string(struct rng *rng, struct buf *out)
{
    static const char *const pieces[] = { "a",     "{",   "}",       "[",
                                          "]",     ",",   ":",       "\\\"",
                                          "\\\\",  "\\n", " ",       "\xc3\xa4",
                                          "{\\\"", "/",   "\\u007b", "long text " };

    add(out, "\"");
    for (size_t n = rng_below(rng, 12); n > 0; n--)
        add(out, PICK(rng, pieces));
    add(out, "\"");
}

/* `blank` is the white space between tokens: "" for one compact line. */
static void add_value(struct rng *rng, struct buf *out, const char *blank, int depth)
{
    static const char *const scalars[] = { "0", "-12.5e+3", "true", "false", "null", "NaN" };
    const size_t kind = rng_below(rng, depth > 0 ? 4 : 2);

    if (kind == 0) {
        add(out, PICK(rng, scalars));
    } else if (kind == 1) {
        add_string(rng, out);
    } else {
        add(out, kind == 2 ? "{" : "[");
        for (size_t i = 0, n = rng_below(rng, 4); i < n; i++) {
            add(out, i > 0 ? "," : "");
            add(out, blank);
            if (kind == 2) {
                add_string(rng, out);
                add(out, blank);
                add(out, ":");
                add(out, blank);
            }
            add_value(rng, out, blank, depth - 1);
        }
        add(out, blank);
        add(out, kind == 2 ? "}" : "]");
    }
}

static void add_object(struct rng *rng, struct buf *out, const char *blank)
{
    add(out, "{");
    for (size_t i = 0, n = rng_below(rng, 4); i < n; i++) {
        add(out, i > 0 ? "," : "");
        add(out, blank);
        add_string(rng, out);
        add(out, ":");
        add(out, blank);
        add_value(rng, out, blank, 3);
    }
    add(out, blank);
    add(out, "}");
}

/* Objects one after the other, with or without a big array around them. */
static void make_values(struct rng *rng, struct values *values)
{
    static const char *const blanks[] = { "", " ", "\n", "\n  ", "\r\n\t" };
    static const char *const between[] = {
        "", " ", ",", "\n", ",\n", "\r\n\r\n", "\n,\n  ", "\xe2\x80\xa8", "\xe2\x80\xa9\n"
    };
    const bool array = rng_below(rng, 2) == 0;

    buf_clear(&values->text);
    add(&values->text, rng_below(rng, 4) == 0 ? "\xef\xbb\xbf" : "");
    add(&values->text, array ? "[" : "");
    values->n = rng_below(rng, MAX_VALUES + 1);
    for (size_t i = 0; i < values->n; i++) {
        add(&values->text, PICK(rng, between));
        values->start[i] = values->text.len;
        add_object(rng, &values->text, PICK(rng, blanks));
        values->end[i] = values->text.len;
    }
    add(&values->text, PICK(rng, between));
    add(&values->text, array ? "]" : "");
}

/* The records of the text are these values, except for the one that is marked as truncated. */
static void assert_records(const struct values *values, size_t cut, const struct rng *rng)
{
    struct frame *frame = NULL;
    struct frame_record record;
    struct error err;

    assert_ok(frame_new(MAX_BYTES, &frame, &err));
    assert_ok(frame_feed(frame, buf_slice(&values->text).ptr, values->text.len, &err));
    frame_finish(frame);
    for (size_t i = 0; i < values->n; i++) {
        const enum frame_issue want = i == cut ? FRAME_TRUNCATED : FRAME_OK;

        if (frame_next(frame, &record) != 1 || record.byte_offset != values->start[i] ||
            record.byte_len != values->end[i] - values->start[i] || record.issue != want)
            fail_msg("seed %" PRIu64 ": record %zu of %s", rng->seed, i, values->text.data);
    }
    assert_int_equal(frame_next(frame, &record), 0);
    frame_free(frame);
}

static void records_are_the_values_that_were_written(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct values values;

    (void)state;
    buf_init(&values.text, MAX_BYTES);
    for (int round = 0; round < ROUNDS; round++) {
        make_values(&rng, &values);
        assert_records(&values, MAX_VALUES, &rng);
    }
    buf_release(&values.text);
}

/* One line of many is truncated anywhere: all other records are complete. */
static void a_line_truncated_anywhere_spoils_no_other(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct values values;
    struct error err;

    (void)state;
    buf_init(&values.text, MAX_BYTES);
    for (int round = 0; round < ROUNDS; round++) {
        struct values *v = &values;
        struct buf line;

        buf_clear(&v->text);
        buf_init(&line, MAX_BYTES);
        v->n = 2 + rng_below(&rng, MAX_VALUES - 2);
        /* Not the last value: there an unfinished string would include the line end. */
        const size_t cut = rng_below(&rng, v->n - 1);
        for (size_t i = 0; i < v->n; i++) {
            buf_clear(&line);
            add_object(&rng, &line, "");
            const size_t n = i == cut ? 1 + rng_below(&rng, line.len - 1) : line.len;
            v->start[i] = v->text.len;
            assert_ok(buf_add(&v->text, line.data, n, &err));
            v->end[i] = v->text.len;
            add(&v->text, "\n");
        }
        assert_records(v, cut, &rng);
        buf_release(&line);
    }
    buf_release(&values.text);
}

static void framing_of_any_bytes_keeps_its_invariants(void **state)
{
    static const char *const pieces[] = {
        "{",    "}",       "[",   "]",     "\"",    ",",  ":", "\\",   "\n",
        "\r\n", " ",       "a",   "1",     "true",  "-",  "e", "\xef", "\xef\xbb\xbf",
        "\xff", "{\"a\":", "\n{", "\n  {", "\"}\n", "\t",
    };
    struct rng rng = rng_from_env("CURATE_SEED");
    struct buf text;

    (void)state;
    buf_init(&text, MAX_BYTES);
    for (int round = 0; round < 10 * ROUNDS; round++) {
        buf_clear(&text);
        for (size_t n = rng_below(&rng, 60); n > 0; n--)
            add(&text, PICK(&rng, pieces));
        const size_t limit = rng_below(&rng, 3) == 0 ? rng_below(&rng, 40) : MAX_BYTES;
        const char *broken =
            frame_invariant_broken(buf_slice(&text), NULL, limit, 1 + rng_below(&rng, 20));
        if (broken)
            fail_msg("seed %" PRIu64 ", limit %zu: %s: %s", rng.seed, limit, broken,
                     buf_slice(&text).ptr);
    }
    buf_release(&text);
}

static void records_of_any_documents_keep_the_invariants(void **state)
{
    static const char *const pieces[] = {
        "{",
        "}",
        "[",
        "]",
        "\"",
        ",",
        ":",
        "\\",
        "\n",
        " ",
        "\"d\":",
        "\"e\":",
        "\"d\":[",
        "1",
        "true",
        "\xef\xbb\xbf",
        "\xff",
        "{\"d\":",
        "{\"a\":1}",
        "{\"d\":[{\"e\":",
        "]}\n",
        "\"x\"",
        "\"e\":{\"d\":[",
    };
    static const char *const paths[] = {
        "d", "d[*]", "[*]", "d[*].e", "d[1].e", "[*][*]", "e.d"
    };
    struct rng rng = rng_from_env("CURATE_SEED");
    struct json_path path;
    struct error err;
    struct buf text;

    (void)state;
    buf_init(&text, MAX_BYTES);
    for (int round = 0; round < 10 * ROUNDS; round++) {
        const char *way = PICK(&rng, paths);

        buf_clear(&text);
        for (size_t n = rng_below(&rng, 60); n > 0; n--)
            add(&text, PICK(&rng, pieces));
        assert_ok(json_path_parse(way, &path, &err));
        const size_t limit = rng_below(&rng, 3) == 0 ? rng_below(&rng, 40) : MAX_BYTES;
        const char *broken =
            frame_invariant_broken(buf_slice(&text), &path, limit, 1 + rng_below(&rng, 20));
        if (broken)
            fail_msg("seed %" PRIu64 ", limit %zu, path %s: %s: %s", rng.seed, limit, way,
                     broken, buf_slice(&text).ptr);
    }
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_the_values_that_were_written),
        cmocka_unit_test(a_line_truncated_anywhere_spoils_no_other),
        cmocka_unit_test(framing_of_any_bytes_keeps_its_invariants),
        cmocka_unit_test(records_of_any_documents_keep_the_invariants),
    };

    return cmocka_run_group_tests_name("base/frame", tests, NULL, NULL);
}
