/* SPDX-License-Identifier: Apache-2.0 */
/* Does the response keep the constraints that the instruction states? */
#include <inttypes.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "scoring/facts/constraint_private.h"
#include "scoring/facts/measurer.h"

enum { CONSTRAINTS_N, CONSTRAINTS_KEPT, CONSTRAINTS_KEPT_SHARE, N_CONSTRAINT_FACTS };

static const struct fact constraint_facts[N_CONSTRAINT_FACTS] = {
    [CONSTRAINTS_N] = { "constraints", FACT_INTEGER, "constraints",
                        "constraints that the instruction states and that were checked" },
    [CONSTRAINTS_KEPT] = { "constraints_kept", FACT_INTEGER, "constraints",
                           "how many of them the response keeps" },
    [CONSTRAINTS_KEPT_SHARE] = { "constraints_kept_share", FACT_REAL, "share",
                                 "constraints_kept / constraints" },
};

/* The kinds of spans. Of a counted kind: by its limits. */
enum { NAME_AT_LEAST, NAME_AT_MOST, NAME_EXACTLY, NAME_BETWEEN, N_NAMES };
#define COUNTED(unit)                                                                          \
    {                                                                                          \
        unit "_at_least", unit "_at_most", unit "_exactly", unit "_between"                    \
    }

static const struct {
    const char *names[N_NAMES]; /* the first one, where nothing is counted */
    constraint_check *check;
} kinds[N_CONSTRAINT_KINDS] = {
    [CONSTRAINT_WORDS] = { COUNTED("words"), check_count },
    [CONSTRAINT_SENTENCES] = { COUNTED("sentences"), check_count },
    [CONSTRAINT_PARAGRAPHS] = { COUNTED("paragraphs"), check_count },
    [CONSTRAINT_BULLETS] = { COUNTED("bullets"), check_count },
    [CONSTRAINT_PLACEHOLDERS] = { COUNTED("placeholders"), check_count },
    [CONSTRAINT_HIGHLIGHTS] = { COUNTED("highlights"), check_count },
    [CONSTRAINT_SECTIONS] = { COUNTED("sections"), check_count },
    [CONSTRAINT_CAPITAL_WORDS] = { COUNTED("capital_words"), check_count },
    [CONSTRAINT_KEYWORD_COUNT] = { COUNTED("keyword"), check_count },
    [CONSTRAINT_LETTER_COUNT] = { COUNTED("letter"), check_count },
    [CONSTRAINT_KEYWORDS] = { { "keywords" }, check_keywords },
    [CONSTRAINT_FORBIDDEN_WORDS] = { { "forbidden_words" }, check_forbidden_words },
    [CONSTRAINT_LANGUAGE] = { { "response_language" }, check_language },
    [CONSTRAINT_PARAGRAPH_FIRST_WORD] = { { "paragraph_first_word" },
                                          check_paragraph_first_word },
    [CONSTRAINT_POSTSCRIPT] = { { "postscript" }, check_postscript },
    [CONSTRAINT_TITLE] = { { "title" }, check_title },
    [CONSTRAINT_CHOICE] = { { "choice" }, check_choice },
    [CONSTRAINT_JSON] = { { "json" }, check_json },
    [CONSTRAINT_REPEAT_PROMPT] = { { "repeat_prompt" }, check_repeat_prompt },
    [CONSTRAINT_TWO_RESPONSES] = { { "two_responses" }, check_two_responses },
    [CONSTRAINT_END_PHRASE] = { { "end_phrase" }, check_end_phrase },
    [CONSTRAINT_QUOTATION] = { { "quotation" }, check_quotation },
    [CONSTRAINT_ALL_CAPITALS] = { { "all_capitals" }, check_all_capitals },
    [CONSTRAINT_ALL_LOWERCASE] = { { "all_lowercase" }, check_all_lowercase },
    [CONSTRAINT_NO_COMMAS] = { { "no_commas" }, check_no_commas },
};

static const char *name_of(const struct constraint *constraint)
{
    size_t name = NAME_AT_LEAST;

    if (constraint->kind < N_COUNTED_CONSTRAINTS && constraint->max != INT64_MAX)
        name = constraint->min == constraint->max ? NAME_EXACTLY
               : constraint->min == 0             ? NAME_AT_MOST
                                                  : NAME_BETWEEN;
    return kinds[constraint->kind].names[name];
}

/* Add the words of a broken constraint as a span: "at least 300 words: 214". */
static int add_broken(const struct measured_sample *sample, const struct constraint *constraint,
                      const struct finding *finding, struct span_list *spans, struct error *err)
{
    extern const struct measurer measurer_constraints;
    const struct slice text = sample->turns[sample->instruction_turn].content;
    const struct slice words =
        slice_of(text.ptr + constraint->start, constraint->end - constraint->start);
    struct span span = {
        .measurer = &measurer_constraints,
        .turn = sample->instruction_turn,
        .start = constraint->start,
        .end = constraint->end,
        .kind = name_of(constraint),
    };
    char number[24];
    struct slice found = finding->what;

    if (constraint->kind < N_COUNTED_CONSTRAINTS) {
        snprintf(number, sizeof number, "%" PRId64, finding->n);
        found = slice_text(number);
    }
    char *detail = arena_alloc(sample->arena, words.len + 2 + found.len, 1);
    if (!detail)
        return error_nomem(err);
    memcpy(detail, words.ptr, words.len);
    memcpy(detail + words.len, ": ", 2);
    memcpy(detail + words.len + 2, found.ptr, found.len);
    span.detail = slice_of(detail, words.len + 2 + found.len);
    return span_add(spans, &span, err);
}

static int verify_read(const struct measured_sample *sample, const struct instruction_text *in,
                       struct slice response, struct fact_value *out, struct span_list *spans,
                       struct error *err)
{
    struct constraint constraints[CONSTRAINTS_MAX];
    const size_t n = read_constraints(in, constraints);

    for (size_t i = 0; i < n; i++) {
        struct finding finding = { .kept = false };

        if (kinds[constraints[i].kind].check(&constraints[i], response, &finding, err) < 0)
            return -1;
        if (finding.is_unknown)
            continue;
        out[CONSTRAINTS_N].integer++;
        out[CONSTRAINTS_KEPT].integer += finding.kept;
        if (!finding.kept && add_broken(sample, &constraints[i], &finding, spans, err) < 0)
            return -1;
    }
    return 0;
}

static int verify_all(const struct measured_sample *sample, struct slice instruction,
                      struct slice response, struct fact_value *out, struct span_list *spans,
                      struct error *err)
{
    struct instruction_text in;
    struct arena arena; /* of the tokens */

    arena_init(&arena);
    int rc = instruction_split(instruction, &arena, &in, err);
    if (rc == 0)
        rc = verify_read(sample, &in, response, out, spans, err);
    arena_release(&arena);
    return rc;
}

static int verify_constraints(const struct measured_sample *sample,
                              const struct measure_options *options, struct fact_value *out,
                              struct span_list *spans, struct error *err)
{
    const struct slice none = { NULL, 0 };
    const struct slice instruction =
        sample->instruction_turn < 0 ? none : sample->turns[sample->instruction_turn].content;
    const struct slice response =
        sample->response_turn < 0 ? none : sample->turns[sample->response_turn].content;
    const char *reason = instruction.len == 0 ? "no_instruction" : "no_response";

    (void)options;
    if (instruction.len > 0 && response.len > 0) {
        if (verify_all(sample, instruction, response, out, spans, err) < 0)
            return -1;
        reason = out[CONSTRAINTS_N].integer > 0 ? NULL : MEASURE_UNCHECKED;
    }
    for (size_t i = 0; i < N_CONSTRAINT_FACTS; i++)
        out[i].reason = reason;
    if (!reason)
        out[CONSTRAINTS_KEPT_SHARE].real =
            (double)out[CONSTRAINTS_KEPT].integer / (double)out[CONSTRAINTS_N].integer;
    return 0;
}

/* A token of the instruction for each byte, at most. */
static size_t bytes_of_constraints(const struct measured_sample *sample)
{
    return sample->instruction_turn < 0 ? 0
                                        : sample->turns[sample->instruction_turn].content.len *
                                              sizeof(struct constraint_token);
}

const struct measurer measurer_constraints = {
    .name = "constraints",
    .version = 1,
    .summary = "constraints of the instruction that the response keeps",
    .facts = constraint_facts,
    .n_facts = N_CONSTRAINT_FACTS,
    .finds_spans = true,
    .may_be_unchecked = true,
    .verify = verify_constraints,
    .verify_bytes = bytes_of_constraints,
};
