/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <string.h>

#include "base/arena.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/span_list.h"

enum { MAX_TURNS = 12, MAX_FACTS = 8 };

static const char weather_tools[] =
    "[{\"name\": \"weather\", \"parameters\": {\"type\": \"object\", \"properties\": {"
    "\"city\": {\"type\": \"string\"}, \"days\": {\"type\": \"integer\"},"
    "\"unit\": {\"enum\": [\"C\", \"F\", 1]}, \"near\": {\"anyOf\": [{\"type\": \"number\"},"
    "{\"type\": \"null\"}]}, \"tags\": {\"type\": \"array\", \"items\": {\"type\": \"object\","
    "\"required\": [\"k\"], \"properties\": {\"k\": {\"type\": [\"string\", \"null\"]}}}}},"
    "\"required\": [\"city\"], \"additionalProperties\": false}},"
    "{\"name\": \"add\", \"parameters\": {\"a\": {\"type\": \"int, optional\"},"
    "\"b\": {\"type\": \"FLOAT\", \"required\": true}}}, {\"name\": \"now\"}]";

struct trace {
    struct measured_turn turns[MAX_TURNS];
    size_t n;
    struct measured_sample sample;
    struct arena arena;
    struct span_list spans;
    struct fact_value values[MAX_FACTS];
    const struct measurer *measurer;
};

static void trace_add(struct trace *trace, const char *role, const char *content,
                      const char *calls, const char *extra)
{
    struct measured_turn *turn = &trace->turns[trace->n++];

    assert_true(trace->n <= MAX_TURNS);
    *turn = (struct measured_turn){ .role = slice_text(role), .content = slice_text(content) };
    if (calls)
        turn->calls = slice_text(calls);
    if (extra)
        turn->extra = slice_text(extra);
}

static void trace_verify(struct trace *trace, const char *measurer, const char *tools)
{
    const struct measure_options options = { .tokenizer = NULL };
    struct error err;

    trace->measurer = measurer_find(measurer);
    trace->sample = (struct measured_sample){
        .turns = trace->turns, .n_turns = trace->n, .response_turn = -1, .arena = &trace->arena
    };
    if (tools)
        trace->sample.tools = slice_text(tools);
    arena_init(&trace->arena);
    memset(trace->values, 0, sizeof trace->values);
    assert_ok(
        trace->measurer->verify(&trace->sample, &options, trace->values, &trace->spans, &err));
}

static void trace_release(struct trace *trace)
{
    arena_release(&trace->arena);
    span_list_release(&trace->spans);
}

/* want -1: nothing to check. */
static void assert_fact(const struct trace *trace, const char *name, int64_t want)
{
    for (size_t i = 0; i < trace->measurer->n_facts; i++) {
        const struct fact_value *value = &trace->values[i];

        if (strcmp(trace->measurer->facts[i].name, name) != 0)
            continue;
        if (want < 0)
            assert_string_equal(value->reason, "nothing_to_check");
        else
            assert_null(value->reason);
        if (want >= 0)
            assert_int_equal(value->integer, want);
        return;
    }
    fail_msg("no fact %s", name);
}

static void assert_span(const struct trace *trace, size_t i, int turn, const char *kind,
                        const char *detail)
{
    assert_true(i < trace->spans.n);
    const struct span *span = &trace->spans.items[i];
    assert_int_equal(span->turn, turn);
    assert_string_equal(span->kind, kind);
    assert_int_equal(span->detail.len, strlen(detail));
    assert_memory_equal(span->detail.len > 0 ? span->detail.ptr : "", detail, strlen(detail));
}

/* Verify one call of weather_tools: kind NULL if it is valid. */
static void assert_call(const char *call, const char *kind, const char *detail)
{
    struct trace trace = { .n = 0 };
    char calls[512];

    snprintf(calls, sizeof calls, "[%s]", call);
    trace_add(&trace, "user", "Go.", NULL, NULL);
    trace_add(&trace, "assistant", "", calls, NULL);
    trace_verify(&trace, "tool_calls", weather_tools);
    assert_fact(&trace, "calls", 1);
    assert_fact(&trace, "calls_unanswered", 0);
    assert_fact(&trace, "calls_valid", kind == NULL);
    assert_int_equal(trace.spans.n, kind != NULL);
    if (kind)
        assert_span(&trace, 0, 1, kind, detail);
    trace_release(&trace);
}

static void arguments_fit_the_schema_of_their_tool(void **state)
{
    (void)state;
    assert_call("{\"name\": \"weather\", \"arguments\": {\"city\": \"Ulm\", \"days\": 3.0,"
                "\"unit\": 1, \"near\": null, \"tags\": [{\"k\": null}, {\"k\": \"x\"}]}}",
                NULL, NULL);
    assert_call("{\"name\": \"now\", \"arguments\": {\"any\": 1}}", NULL, NULL);
    assert_call("{\"name\": \"sleep\", \"arguments\": {}}", "tool_undefined", "sleep");
    assert_call("{\"name\": \"weather\", \"arguments\": {\"days\": 3}}", "argument_missing",
                "weather: city");
    assert_call("{\"name\": \"weather\", \"arguments\": {\"city\": 3}}", "argument_type",
                "weather: city");
    assert_call("{\"name\": \"weather\", \"arguments\": {\"city\": \"Ulm\", \"days\": 2.5}}",
                "argument_type", "weather: days");
    assert_call("{\"name\": \"weather\", \"arguments\": {\"city\": \"Ulm\", \"unit\": \"K\"}}",
                "argument_enum", "weather: unit");
    assert_call("{\"name\": \"weather\", \"arguments\": {\"city\": \"Ulm\", \"near\": \"x\"}}",
                "argument_type", "weather: near");
    assert_call("{\"name\": \"weather\", \"arguments\": {\"city\": \"Ulm\", \"when\": 1}}",
                "argument_undefined", "weather: when");
    assert_call("{\"name\": \"weather\", \"arguments\": {\"city\": \"U\", \"tags\": [{}]}}",
                "argument_missing", "weather: k");
    assert_call(
        "{\"name\": \"weather\", \"arguments\": {\"city\": \"U\", \"tags\": [{\"k\": 1}]}}",
        "argument_type", "weather: k");
    assert_call("{\"name\": \"weather\", \"arguments\": \"{city: Ulm\"}", "arguments_unparsed",
                "weather");
    assert_call("{\"arguments\": {}}", "call_unparsed", "");
}

static void parameters_may_be_a_list_without_a_schema(void **state)
{
    (void)state;
    assert_call("{\"name\": \"add\", \"arguments\": {\"b\": 2.5, \"c\": 1}}", NULL, NULL);
    assert_call("{\"name\": \"add\", \"arguments\": {\"a\": \"1\", \"b\": 2}}", "argument_type",
                "add: a");
    assert_call("{\"name\": \"add\", \"arguments\": {\"a\": 1}}", "argument_missing", "add: b");
}

static void results_answer_the_calls_of_the_turn_before(void **state)
{
    struct trace trace = { .n = 0 };

    (void)state;
    trace_add(&trace, "user", "Go.", NULL, NULL);
    trace_add(&trace, "assistant", "",
              "[{\"id\": \"a\", \"name\": \"now\", \"arguments\": {}},"
              "{\"id\": \"b\", \"name\": \"now\", \"arguments\": {}}]",
              NULL);
    trace_add(&trace, "tool", "1", NULL, "{\"tool_call_id\": \"b\"}");
    trace_add(&trace, "tool", "2", NULL, "{\"tool_call_id\": \"x\"}");
    trace_add(&trace, "assistant", "Done.", NULL, NULL);
    trace_add(&trace, "tool", "3", NULL, NULL);
    trace_verify(&trace, "tool_calls", NULL);
    assert_fact(&trace, "calls", 2);
    assert_fact(&trace, "calls_valid", 2);
    assert_true(trace.values[2].real > 0.99);
    assert_fact(&trace, "calls_unanswered", 1);
    assert_fact(&trace, "results_without_call", 2);
    assert_int_equal(trace.spans.n, 3);
    assert_span(&trace, 0, 3, "result_without_call", "x");
    assert_span(&trace, 1, 1, "call_unanswered", "");
    assert_span(&trace, 2, 5, "result_without_call", "");
    assert_int_equal(trace.spans.items[2].end, 1);
    trace_release(&trace);
}

static void calls_left_in_a_text_are_checked_where_they_stand(void **state)
{
    struct trace trace = { .n = 0 };

    (void)state;
    trace_add(&trace, "assistant",
              "I call <tool_call>{\"name\": \"now\", \"arguments\": {}}</tool_call> and "
              "<tool_call>{\"name\": now}</tool_call> and <tool_call>{}",
              NULL, NULL);
    trace_add(&trace, "tool", "12:00", NULL, NULL);
    trace_verify(&trace, "tool_calls", weather_tools);
    assert_fact(&trace, "calls", 3);
    assert_fact(&trace, "calls_valid", 1);
    assert_fact(&trace, "results_without_call", 0);
    assert_fact(&trace, "calls_unanswered", 2);
    assert_span(&trace, 0, 0, "call_unparsed", "");
    assert_memory_equal(trace.turns[0].content.ptr + trace.spans.items[0].start,
                        "<tool_call>{\"name\": now}", 24);
    trace_release(&trace);
}

static void a_sample_without_tools_has_nothing_to_check(void **state)
{
    struct trace trace = { .n = 0 };

    (void)state;
    trace_add(&trace, "assistant", "Hello.", NULL, NULL);
    trace_verify(&trace, "tool_calls", NULL);
    assert_fact(&trace, "calls", -1);
    trace_release(&trace);
    trace.spans = (struct span_list){ .n = 0 };
    trace_verify(&trace, "tool_calls", weather_tools);
    assert_fact(&trace, "calls", 0);
    assert_fact(&trace, "calls_valid_share", -1);
    trace_release(&trace);
}

static void add_loop_call(struct trace *trace, const char *arguments)
{
    static const char form[] = "[{\"name\": \"f\", \"arguments\": %s}]";
    char *text = arena_alloc(&trace->arena, 200, 1);

    assert_non_null(text);
    snprintf(text, 200, form, arguments);
    trace_add(trace, "assistant", "", text, NULL);
}

static void loops_are_equal_calls_in_a_row_or_two_in_turns(void **state)
{
    static const struct {
        const char *calls; /* a letter for each */
        int repeated;
        int longest;
    } cases[] = {
        { "ab", 0, 0 },    { "aa", 1, 2 },     { "aba", 1, 0 },   { "abab", 2, 4 },
        { "ababa", 3, 5 }, { "abcabc", 3, 0 }, { "baaac", 2, 3 }, { "aaaa", 3, 4 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trace trace = { .n = 0 };
        struct arena arena;

        arena_init(&trace.arena);
        for (const char *c = cases[i].calls; *c; c++)
            add_loop_call(&trace, *c == 'a'   ? "{\"x\": 1, \"y\": [2]}"
                                  : *c == 'b' ? "{\"x\": 2}"
                                              : "\"text\"");
        arena = trace.arena; /* trace_verify() begins a new one */
        trace_verify(&trace, "agent_loops", NULL);
        assert_fact(&trace, "repeated_calls", cases[i].repeated);
        assert_fact(&trace, "longest_call_loop", cases[i].longest);
        assert_fact(&trace, "repeated_turns", -1);
        assert_int_equal(trace.spans.n, cases[i].repeated);
        trace_release(&trace);
        arena_release(&arena);
    }
}

static void equal_calls_may_have_their_members_in_another_order(void **state)
{
    struct trace trace = { .n = 0 };

    (void)state;
    trace_add(&trace, "assistant", "Look. ",
              "[{\"id\": \"1\", \"name\": \"f\", \"arguments\": {\"x\": 1, \"y\": 2}},"
              "{\"id\": \"2\", \"name\": \"f\", \"arguments\": {\"y\": 2, \"x\": 1}},"
              "{\"id\": \"3\", \"name\": \"g\", \"arguments\": {\"y\": 2, \"x\": 1}}]",
              NULL);
    trace_add(&trace, "user", "Look.", NULL, NULL);
    trace_add(&trace, "assistant", "Look.", NULL, NULL);
    trace_add(&trace, "assistant", "Stop.", NULL, NULL);
    trace_verify(&trace, "agent_loops", NULL);
    assert_fact(&trace, "repeated_calls", 1);
    assert_fact(&trace, "longest_call_loop", 2);
    assert_fact(&trace, "repeated_turns", 1);
    assert_span(&trace, 0, 0, "repeated_call", "f");
    assert_span(&trace, 1, 2, "repeated_turn", "");
    assert_int_equal(trace.spans.items[1].end, 5);
    trace_release(&trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_fit_the_schema_of_their_tool),
        cmocka_unit_test(parameters_may_be_a_list_without_a_schema),
        cmocka_unit_test(results_answer_the_calls_of_the_turn_before),
        cmocka_unit_test(calls_left_in_a_text_are_checked_where_they_stand),
        cmocka_unit_test(a_sample_without_tools_has_nothing_to_check),
        cmocka_unit_test(loops_are_equal_calls_in_a_row_or_two_in_turns),
        cmocka_unit_test(equal_calls_may_have_their_members_in_another_order),
    };

    return cmocka_run_group_tests_name("scoring/tool_calls", tests, NULL, NULL);
}
