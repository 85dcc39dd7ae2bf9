/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An instruction, which is the first line, and a response: the trees and graphs of it are read
 * and checked. Counts add up, and spans lie inside of the response.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/span_list.h"
#include "tests/fuzz/fuzz.h"

static void require(bool holds, const char *rule)
{
    if (holds)
        return;
    fprintf(stderr, "fuzz_graphs: %s\n", rule);
    abort();
}

static void check_values(const struct fact_value *values, const struct span_list *spans,
                         struct slice response)
{
    const bool is_checked = !values[2].reason;

    require(!values[0].reason || !is_checked, "nothing was recognised, and it was checked");
    if (is_checked)
        require(values[3].integer + (int64_t)spans->n == values[2].integer,
                "checks are not those kept and those with a span");
    else
        require(spans->n == 0, "a span of nothing that was checked");
    for (size_t i = 0; i < spans->n; i++) {
        require(spans->items[i].start <= spans->items[i].end &&
                    spans->items[i].end <= response.len,
                "a span is outside of the response");
        require(spans->items[i].kind != NULL, "a span has no kind");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *end = size > 0 ? memchr(text, '\n', size) : NULL;
    const size_t len = end ? (size_t)(end - text) : 0;
    const struct slice response =
        end ? slice_of(end + 1, size - len - 1) : slice_of(size > 0 ? text : "", size);
    const struct measured_turn turns[] = {
        { .role = slice_text("user"), .content = slice_of(size > 0 ? text : "", len) },
        { .role = slice_text("assistant"), .content = response },
    };
    const struct measurer *const chosen[] = { measurer_find("graphs") };
    const struct measure_options options = { .tokenizer = NULL };
    struct measured_sample sample = { .turns = turns, .n_turns = 2, .response_turn = 1 };
    struct measuring *measuring = NULL;
    struct span_list spans = { .n = 0 };
    struct fact_value values[8];
    struct arena arena;
    struct error err;

    arena_init(&arena);
    sample.arena = &arena;
    require(measuring_new(&options, &measuring, &err) == 0, "no memory");
    require(measuring_run(measuring, &sample, chosen, 1, values, &spans, &err) == 0,
            "no memory");
    check_values(values, &spans, response);
    span_list_release(&spans);
    measuring_free(measuring);
    arena_release(&arena);
    return 0;
}
