/* SPDX-License-Identifier: Apache-2.0 */
/* Tool calls: do they parse, fit the definitions, and have results? */
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json/json.h"
#include "scoring/facts/form.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/schema_check.h"
#include "scoring/facts/span_list.h"

extern const struct measurer measurer_tool_calls;

enum { CALLS_ALL, CALLS_VALID, CALLS_SHARE, CALLS_UNANSWERED, CALLS_RESULTS, N_CALL_FACTS };

static const struct fact call_facts[N_CALL_FACTS] = {
    [CALLS_ALL] = { "calls", FACT_INTEGER, "calls", "tool calls of the dialogue" },
    [CALLS_VALID] = { "calls_valid", FACT_INTEGER, "calls",
                      "calls that parse and fit the definition of their tool" },
    [CALLS_SHARE] = { "calls_valid_share", FACT_REAL, "share", "valid calls among the calls" },
    [CALLS_UNANSWERED] = { "calls_unanswered", FACT_INTEGER, "calls",
                           "calls without a result before the next turn" },
    [CALLS_RESULTS] = { "results_without_call", FACT_INTEGER, "turns",
                        "results of tools that no call asked for" },
};

enum { JSON_OF_TOOLS, JSON_OF_CALLS, JSON_OF_MARKED, JSON_OF_EXTRA, N_CALL_JSONS };

struct call_check {
    const struct measured_sample *sample;
    const struct measure_options *options;
    struct json *json[N_CALL_JSONS];
    const struct json_value *tools; /* NULL: the sample defines none */
    struct fact_value *out;
    struct span_list *spans;
    int turn;
    /* The calls that wait for results, with their turn. */
    const struct json_value *pending; /* NULL: none with an id */
    bool *is_answered;
    size_t n_open;
    int pending_turn;
};

static const char mark_begin[] = "<tool_call>";
static const char mark_end[] = "</tool_call>";

/* Find a text. Returns its offset, or text.len. */
static size_t find_call_mark(struct slice text, size_t from, const char *mark)
{
    const char *found =
        from < text.len ? memmem(text.ptr + from, text.len - from, mark, strlen(mark)) : NULL;

    return found ? (size_t)(found - text.ptr) : text.len;
}

/* Parse JSON. *out is NULL if it is invalid. */
static int parse_form_json(struct call_check *check, int which, struct slice text,
                           const struct json_value **out, struct error *err)
{
    if (!check->json[which] && json_new(&check->json[which], err) < 0)
        return -1;
    return measure_parse_json(check->json[which], text, check->options, out, err);
}

/* Add a span at a place of a turn. The detail is "tool: argument". */
static int report_call(struct call_check *check, int turn, struct slice place, const char *kind,
                       struct slice tool, struct slice argument, struct error *err)
{
    const struct slice content = check->sample->turns[turn].content;
    const size_t start = place.ptr ? (size_t)(place.ptr - content.ptr) : 0;
    struct span span = { .measurer = &measurer_tool_calls,
                         .turn = turn,
                         .start = start,
                         .end = start + place.len,
                         .kind = kind };
    const size_t len = tool.len + (argument.ptr ? 2 + argument.len : 0);

    if (tool.ptr) {
        char *detail = arena_alloc(check->sample->arena, len + 1, 1);

        if (!detail)
            return error_nomem(err);
        memcpy(detail, tool.ptr, tool.len);
        if (argument.ptr) {
            memcpy(detail + tool.len, ": ", 2);
            memcpy(detail + tool.len + 2, argument.ptr, argument.len);
        }
        span.detail = slice_of(detail, len);
    }
    return span_add(check->spans, &span, err);
}

static const struct json_value *find_tool(const struct json_value *tools, struct slice name)
{
    for (size_t i = 0; i < json_count(tools); i++)
        if (slice_equal(json_text(json_get(json_at(tools, i), "name")), name))
            return json_at(tools, i);
    return NULL;
}

/* Tools may be a text that no one could parse. */
static bool has_named_tool(const struct json_value *tools)
{
    for (size_t i = 0; json_type(tools) == JSON_ARRAY && i < json_count(tools); i++)
        if (json_text(json_get(json_at(tools, i), "name")).len > 0)
            return true;
    return false;
}

/* Count a call, and report what is wrong. place is its text; ptr NULL: it is not in a text. */
static int check_call(struct call_check *check, const struct json_value *call,
                      struct slice place, struct error *err)
{
    const struct slice name = json_text(json_get(call, "name"));
    const struct json_value *arguments = json_get(call, "arguments");
    struct schema_failure failure = { .kind = NULL };

    check->out[CALLS_ALL].integer++;
    if (!arguments)
        arguments = json_get(call, "parameters");
    const struct json_value *tool = check->tools ? find_tool(check->tools, name) : NULL;
    if (name.len == 0)
        failure.kind = "call_unparsed";
    else if (check->tools && !tool)
        failure.kind = "tool_undefined";
    else if (json_type(arguments) != JSON_OBJECT)
        failure.kind = "arguments_unparsed";
    else if (tool)
        schema_fits_arguments(json_get(tool, "parameters"), arguments, &failure);
    if (failure.kind)
        return report_call(check, check->turn, place, failure.kind, name, failure.name, err);
    check->out[CALLS_VALID].integer++;
    return 0;
}

/* Check the calls that stand in the text of a turn. */
static int check_marked_calls(struct call_check *check, struct error *err)
{
    const struct slice none = { .ptr = NULL };
    const struct slice content = check->sample->turns[check->turn].content;
    size_t at = find_call_mark(content, 0, mark_begin);

    while (at < content.len) {
        const size_t first = at + strlen(mark_begin);
        const size_t end = find_call_mark(content, first, mark_end);
        const struct slice place = form_cut(content, at, end);
        const struct json_value *call = NULL;

        if (end < content.len && parse_form_json(check, JSON_OF_MARKED,
                                                 form_cut(content, first, end), &call, err) < 0)
            return -1;
        if (json_type(call) == JSON_OBJECT) {
            if (check_call(check, call, place, err) < 0)
                return -1;
        } else {
            check->out[CALLS_ALL].integer++;
            if (report_call(check, check->turn, place, "call_unparsed", none, none, err) < 0)
                return -1;
        }
        check->n_open++;
        at = find_call_mark(content, end, mark_begin);
    }
    return 0;
}

/* Count the calls that no result answers. At the end of the sample those of its last turn have
 * none yet. */
static int end_pending_calls(struct call_check *check, bool is_end, struct error *err)
{
    const struct slice none = { .ptr = NULL };
    const size_t n = check->n_open;
    const bool is_last = is_end && check->pending_turn + 1 == (int)check->sample->n_turns;

    check->n_open = 0;
    check->pending = NULL;
    if (n == 0 || is_last)
        return 0;
    check->out[CALLS_UNANSWERED].integer += (int64_t)n;
    return report_call(check, check->pending_turn, none, "call_unanswered", none, none, err);
}

/* Check the calls of a turn, and let them wait for results. */
static int check_turn_calls(struct call_check *check, struct error *err)
{
    const struct slice none = { .ptr = NULL };
    const struct slice text = check->sample->turns[check->turn].calls;
    const struct json_value *calls = NULL;

    check->pending_turn = check->turn;
    if (text.len == 0)
        return 0;
    if (parse_form_json(check, JSON_OF_CALLS, text, &calls, err) < 0)
        return -1;
    if (json_type(calls) != JSON_ARRAY) {
        check->out[CALLS_ALL].integer++;
        return report_call(check, check->turn, none, "call_unparsed", none, none, err);
    }
    for (size_t i = 0; i < json_count(calls); i++)
        if (check_call(check, json_at(calls, i), none, err) < 0)
            return -1;
    check->is_answered = arena_alloc(check->sample->arena, json_count(calls) + 1, sizeof(bool));
    if (!check->is_answered)
        return error_nomem(err);
    memset(check->is_answered, 0, json_count(calls) * sizeof(bool));
    check->pending = calls;
    check->n_open += json_count(calls);
    return 0;
}

/* Find the open call that a result answers: the one of its id, or the first one that has none
 * where either has no id. Returns false if there is no such call. */
static bool answer_call(struct call_check *check, struct slice id)
{
    const size_t n = check->pending ? json_count(check->pending) : 0;
    bool has_ids = false;

    for (size_t i = 0; i < n; i++) {
        const struct slice call_id = json_text(json_get(json_at(check->pending, i), "id"));

        has_ids |= call_id.ptr != NULL;
        if (!check->is_answered[i] && (!id.ptr || !call_id.ptr || slice_equal(id, call_id))) {
            check->is_answered[i] = true;
            check->n_open--;
            return true;
        }
    }
    if (check->n_open == 0 || (id.ptr && has_ids))
        return false;
    check->n_open--;
    return true;
}

static int check_result(struct call_check *check, struct error *err)
{
    const struct slice none = { .ptr = NULL };
    const struct measured_turn *turn = &check->sample->turns[check->turn];
    const struct json_value *extra = NULL;

    if (turn->extra.len > 0 &&
        parse_form_json(check, JSON_OF_EXTRA, turn->extra, &extra, err) < 0)
        return -1;
    const struct slice id = json_text(json_get(extra, "tool_call_id"));
    if (answer_call(check, id))
        return 0;
    check->out[CALLS_RESULTS].integer++;
    return report_call(check, check->turn, turn->content, "result_without_call", id, none, err);
}

static int check_turns(struct call_check *check, struct error *err)
{
    const struct measured_sample *sample = check->sample;

    if (sample->tools.len > 0 &&
        parse_form_json(check, JSON_OF_TOOLS, sample->tools, &check->tools, err) < 0)
        return -1;
    if (!has_named_tool(check->tools))
        check->tools = NULL;
    for (size_t i = 0; i < sample->n_turns; i++) {
        const struct slice role = sample->turns[i].role;

        check->turn = (int)i;
        if (slice_equal(role, slice_text("tool"))) {
            if (check_result(check, err) < 0)
                return -1;
            continue;
        }
        if (end_pending_calls(check, false, err) < 0 || check_turn_calls(check, err) < 0)
            return -1;
        if (slice_equal(role, slice_text("assistant")) && check_marked_calls(check, err) < 0)
            return -1;
    }
    return end_pending_calls(check, true, err);
}

/* Has the sample tools, calls or results? */
static bool has_calls(const struct measured_sample *sample)
{
    for (size_t i = 0; i < sample->n_turns; i++) {
        const struct measured_turn *turn = &sample->turns[i];

        if (turn->calls.len > 0 || slice_equal(turn->role, slice_text("tool")) ||
            (slice_equal(turn->role, slice_text("assistant")) &&
             find_call_mark(turn->content, 0, mark_begin) < turn->content.len))
            return true;
    }
    return sample->tools.len > 0;
}

static int verify_calls(const struct measured_sample *sample,
                        const struct measure_options *options, struct fact_value *out,
                        struct span_list *spans, struct error *err)
{
    struct call_check check = {
        .sample = sample, .options = options, .out = out, .spans = spans
    };
    int rc = 0;

    if (!has_calls(sample)) {
        for (int i = 0; i < N_CALL_FACTS; i++)
            out[i].reason = MEASURE_UNCHECKED;
        return 0;
    }
    rc = check_turns(&check, err);
    for (int i = 0; i < N_CALL_JSONS; i++)
        json_free(check.json[i]);
    if (out[CALLS_ALL].integer > 0)
        out[CALLS_SHARE].real =
            (double)out[CALLS_VALID].integer / (double)out[CALLS_ALL].integer;
    else
        out[CALLS_SHARE].reason = MEASURE_UNCHECKED;
    return rc;
}

const struct measurer measurer_tool_calls = {
    .name = "tool_calls",
    .version = 1,
    .summary = "tool calls that parse, fit the definition of their tool, and have results",
    .facts = call_facts,
    .n_facts = N_CALL_FACTS,
    .finds_spans = true,
    .may_be_unchecked = true,
    .verify = verify_calls,
};
