/* SPDX-License-Identifier: Apache-2.0 */
/* An agent that goes in circles: the same call, or the same text, again. */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/json/json.h"
#include "scoring/facts/form.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/span_list.h"

extern const struct measurer measurer_agent_loops;

enum { LOOPS_CALLS, LOOPS_LONGEST, LOOPS_TURNS, N_LOOP_FACTS };

static const struct fact loop_facts[N_LOOP_FACTS] = {
    [LOOPS_CALLS] = { "repeated_calls", FACT_INTEGER, "calls",
                      "calls with the tool and arguments of a former one" },
    [LOOPS_LONGEST] = { "longest_call_loop", FACT_INTEGER, "calls",
                        "calls of the longest run of one call, or of two in turns" },
    [LOOPS_TURNS] = { "repeated_turns", FACT_INTEGER, "turns",
                      "turns of the assistant with the text of a former one" },
};

/* A call or a text of a trace. */
struct loop_step {
    uint64_t hash;
    int turn;
    struct slice name; /* of the tool; in the arena */
};

struct loop_steps {
    struct loop_step *items; /* in the arena */
    size_t n;
    size_t cap;
};

static int add_step(struct loop_steps *steps, struct arena *arena, struct loop_step step,
                    struct error *err)
{
    if (steps->n == steps->cap) {
        const size_t cap = steps->cap ? 2 * steps->cap : 16;
        struct loop_step *items = arena_alloc(arena, cap, sizeof *items);

        if (!items)
            return error_nomem(err);
        if (steps->n > 0)
            memcpy(items, steps->items, steps->n * sizeof *items);
        steps->items = items;
        steps->cap = cap;
    }
    steps->items[steps->n++] = step;
    return 0;
}

/* Add the calls of a turn. Arguments are compared in canonical form: the order of their members
 * does not matter. */
static int add_loop_calls(const struct json_value *calls, int turn, struct buf *buf,
                          struct loop_steps *steps, struct arena *arena, struct error *err)
{
    for (size_t i = 0; json_type(calls) == JSON_ARRAY && i < json_count(calls); i++) {
        const struct json_value *call = json_at(calls, i);
        const struct slice name = json_text(json_get(call, "name"));
        struct loop_step step = { .turn = turn };

        if (!name.ptr)
            continue;
        buf_clear(buf);
        if (buf_add_slice(buf, name, err) < 0 || buf_add(buf, "\n", 1, err) < 0 ||
            json_write_canonical(json_get(call, "arguments"), buf, err) < 0)
            return -1;
        step.hash = hash_u64(buf_slice(buf));
        step.name = arena_copy(arena, name);
        if (!step.name.ptr)
            return error_nomem(err);
        if (add_step(steps, arena, step, err) < 0)
            return -1;
    }
    return 0;
}

/* Collect the calls, and the texts of the assistant. */
static int collect_steps(const struct measured_sample *sample,
                         const struct measure_options *options, struct loop_steps *calls,
                         struct loop_steps *texts, struct error *err)
{
    const struct json_value *parsed = NULL;
    struct json *json = NULL;
    struct buf buf;
    int rc = 0;

    buf_init(&buf, SIZE_MAX / 4);
    for (size_t i = 0; i < sample->n_turns && rc == 0; i++) {
        const struct measured_turn *turn = &sample->turns[i];
        const struct slice text = slice_trim(turn->content);

        if (turn->calls.len > 0) {
            if (!json)
                rc = json_new(&json, err);
            if (rc == 0)
                rc = measure_parse_json(json, turn->calls, options, &parsed, err);
            if (rc == 0)
                rc = add_loop_calls(parsed, (int)i, &buf, calls, sample->arena, err);
        }
        if (rc == 0 && text.len > 0 && slice_equal(turn->role, slice_text("assistant")))
            rc = add_step(texts, sample->arena,
                          (struct loop_step){ .hash = hash_u64(text), .turn = (int)i }, err);
    }
    json_free(json);
    buf_release(&buf);
    return rc;
}

/* Count the steps that occurred before, with a span for each. */
static int count_repeated_steps(const struct measured_sample *sample,
                                const struct loop_steps *steps, const char *kind, bool is_text,
                                int64_t *out, struct span_list *spans, struct error *err)
{
    size_t n_slots = 16;

    while (n_slots < 2 * steps->n)
        n_slots *= 2;
    /* Indices of steps, 1 for the first; 0: empty. */
    size_t *slots = arena_alloc(sample->arena, n_slots, sizeof *slots);
    if (!slots)
        return error_nomem(err);
    memset(slots, 0, n_slots * sizeof *slots);
    for (size_t i = 0; i < steps->n; i++) {
        const struct loop_step *step = &steps->items[i];
        size_t slot = step->hash & (n_slots - 1);

        while (slots[slot] > 0 && steps->items[slots[slot] - 1].hash != step->hash)
            slot = (slot + 1) & (n_slots - 1);
        if (slots[slot] == 0) {
            slots[slot] = i + 1;
            continue;
        }
        const struct span span = {
            .measurer = &measurer_agent_loops,
            .turn = step->turn,
            .end = is_text ? sample->turns[step->turn].content.len : 0,
            .kind = kind,
            .detail = step->name,
        };
        ++*out;
        if (span_add(spans, &span, err) < 0)
            return -1;
    }
    return 0;
}

/* The most calls in a row of which each equals the one `period` before. At least two periods
 * are a loop; 0: there is none. */
static size_t longest_loop(const struct loop_steps *steps, size_t period)
{
    size_t longest = 0;
    size_t n = 0;

    for (size_t i = period; i < steps->n; i++) {
        n = steps->items[i].hash == steps->items[i - period].hash ? n + 1 : 0;
        if (n >= period && n + period > longest)
            longest = n + period;
    }
    return longest;
}

static int verify_loops(const struct measured_sample *sample,
                        const struct measure_options *options, struct fact_value *out,
                        struct span_list *spans, struct error *err)
{
    struct loop_steps calls = { .n = 0 };
    struct loop_steps texts = { .n = 0 };

    if (collect_steps(sample, options, &calls, &texts, err) < 0)
        return -1;
    if (calls.n < 2) {
        out[LOOPS_CALLS].reason = MEASURE_UNCHECKED;
        out[LOOPS_LONGEST].reason = MEASURE_UNCHECKED;
    } else {
        const size_t same = longest_loop(&calls, 1);
        const size_t in_turns = longest_loop(&calls, 2);

        out[LOOPS_LONGEST].integer = (int64_t)(same > in_turns ? same : in_turns);
        if (count_repeated_steps(sample, &calls, "repeated_call", false,
                                 &out[LOOPS_CALLS].integer, spans, err) < 0)
            return -1;
    }
    if (texts.n < 2) {
        out[LOOPS_TURNS].reason = MEASURE_UNCHECKED;
        return 0;
    }
    return count_repeated_steps(sample, &texts, "repeated_turn", true,
                                &out[LOOPS_TURNS].integer, spans, err);
}

const struct measurer measurer_agent_loops = {
    .name = "agent_loops",
    .version = 1,
    .summary = "calls and texts of the assistant that are repeated",
    .facts = loop_facts,
    .n_facts = N_LOOP_FACTS,
    .finds_spans = true,
    .may_be_unchecked = true,
    .verify = verify_loops,
};
