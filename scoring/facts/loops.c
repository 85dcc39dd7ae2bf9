/* SPDX-License-Identifier: Apache-2.0 */
/* A response that ends in a loop: a model repeated itself until it was stopped. */
#include <stdlib.h>

#include "base/error.h"
#include "scoring/facts/measured_text.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/phrase.h"

enum { LOOP_WINDOW = 1 << 16, LOOP_REPEATS_MIN = 3, LOOP_CHARS_MIN = 30 };
enum { LOOP_SHARE, LOOP_PERIOD, LOOP_REPEATS, N_LOOP_FACTS };

static const struct fact loop_facts[N_LOOP_FACTS] = {
    [LOOP_SHARE] = { "loop_share", FACT_REAL, "share", "characters in a loop at the end" },
    [LOOP_PERIOD] = { "loop_period", FACT_INTEGER, "characters",
                      "characters of one repetition of the loop; 0: no loop" },
    [LOOP_REPEATS] = { "loop_repeats", FACT_INTEGER, "times", "repetitions of the loop" },
};

struct text_loop {
    size_t period; /* in bytes; 0: none */
    size_t len;
};

static size_t count_chars_in(const char *bytes, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)bytes[i] & 0xc0) != 0x80;
    return n;
}

/* Byte i of the text, counted from its end. */
static char byte_from_end(struct slice text, size_t i)
{
    return text.ptr[text.len - 1 - i];
}

/*
 * Find the loop at the end that covers most of the last n bytes, of equally long ones that of
 * the shortest period. matches[p] becomes the number of bytes, read backwards from p before the
 * end, that equal those read backwards from the end: the Z algorithm, in linear time. The end
 * of the text has period p over p + matches[p] bytes.
 */
static struct text_loop find_loop(struct slice text, size_t n, uint32_t *matches)
{
    struct text_loop found = { 0, 0 };
    size_t from = 0; /* the known match that reaches farthest is from..to */
    size_t to = 0;

    for (size_t p = 1; p < n; p++) {
        size_t len = 0;

        if (p < to)
            len = matches[p - from] < to - p ? matches[p - from] : to - p;
        while (p + len < n && byte_from_end(text, len) == byte_from_end(text, p + len))
            len++;
        matches[p] = (uint32_t)len;
        if (p + len > to) {
            from = p;
            to = p + len;
        }
        if (p + len >= LOOP_REPEATS_MIN * p && p + len > found.len)
            found = (struct text_loop){ p, p + len };
    }
    return found;
}

static int measure_loops(const struct measured_text *text,
                         const struct measure_options *options, struct fact_value *out,
                         struct error *err)
{
    const struct slice all = trim_end(text->text);
    const size_t n = all.len < LOOP_WINDOW ? all.len : LOOP_WINDOW;
    uint32_t *matches = malloc((n + 1) * sizeof *matches);

    (void)options;
    if (!matches)
        return error_nomem(err);
    struct text_loop loop = find_loop(all, n, matches);
    free(matches);
    /* The loop may begin before the window. */
    while (loop.period > 0 && loop.len < all.len &&
           byte_from_end(all, loop.len) == byte_from_end(all, loop.len - loop.period))
        loop.len++;
    const size_t n_chars = count_chars_in(all.ptr + all.len - loop.len, loop.len);
    if (n_chars < LOOP_CHARS_MIN)
        return 0;
    out[LOOP_SHARE].real = share_of(n_chars, text->n_chars);
    out[LOOP_PERIOD].integer =
        (int64_t)count_chars_in(all.ptr + all.len - loop.period, loop.period);
    out[LOOP_REPEATS].integer = (int64_t)(loop.len / loop.period);
    return 0;
}

const struct measurer measurer_loops = {
    .name = "loops",
    .version = 1,
    .summary = "responses that end in a loop",
    .facts = loop_facts,
    .n_facts = N_LOOP_FACTS,
    .parts = 1 << PART_RESPONSE,
    .measure = measure_loops,
};
