/* SPDX-License-Identifier: Apache-2.0 */
/*
 * choices: a question of multiple choice. question, choices or options, and an answer;
 * optional: context, system. The choices are a list of texts, an object of letters and texts,
 * lists of labels and texts, or members A, B, choice_a, option_a and so on.
 *
 * The choices become lines after the question: "A. tin". The answer is such a line, too,
 * whether the record gives the letter, the number from 0, or the text of the right choice.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json/json.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/ingest/formats/format.h"

enum { CHOICES_MAX = 26, LABEL_BYTES = 8 };

struct choice {
    char label[LABEL_BYTES];
    struct slice text;
};

struct choices {
    size_t n;
    struct choice items[CHOICES_MAX];
};

static const enum member choices_lists[] = { MEMBER_CHOICES, MEMBER_OPTIONS, MEMBER_NONE };
static const enum member choices_questions[] = { MEMBER_QUESTION, MEMBER_QUERY, MEMBER_PROBLEM,
                                                 MEMBER_PROMPT,   MEMBER_INPUT, MEMBER_NONE };
static const enum member choices_any_question[] = { MEMBER_INSTRUCTION, MEMBER_QUESTION,
                                                    MEMBER_QUERY,       MEMBER_PROBLEM,
                                                    MEMBER_PROMPT,      MEMBER_INPUT,
                                                    MEMBER_NONE };
static const enum member choices_answers[] = {
    MEMBER_ANSWER, MEMBER_ANSWERKEY, MEMBER_RESPONSE, MEMBER_OUTPUT,
    MEMBER_LABEL,  MEMBER_TARGET,    MEMBER_GOLD,     MEMBER_CORRECT_ANSWER,
    MEMBER_GT,     MEMBER_SOLUTION,  MEMBER_ANSWERS,  MEMBER_NONE
};
/* Members that hold one choice each, in the order of their letters. */
static const enum member choices_letters[][5] = {
    { MEMBER_A, MEMBER_B, MEMBER_C, MEMBER_D, MEMBER_E },
    { MEMBER_CHOICE_A, MEMBER_CHOICE_B, MEMBER_CHOICE_C, MEMBER_CHOICE_D, MEMBER_CHOICE_E },
    { MEMBER_OPTION_A, MEMBER_OPTION_B, MEMBER_OPTION_C, MEMBER_OPTION_D, MEMBER_OPTION_E },
};

enum { N_LETTER_SETS = sizeof choices_letters / sizeof choices_letters[0], N_LETTERS = 5 };

/* The members of which the choices are one each; NULL when there are no two. */
static const enum member *choices_letter_set(const struct members *members)
{
    for (size_t i = 0; i < N_LETTER_SETS; i++)
        if (members->values[choices_letters[i][0]] && members->values[choices_letters[i][1]])
            return choices_letters[i];
    return NULL;
}

static bool has_choices_list(const struct members *members)
{
    for (const enum member *name = choices_lists; *name; name++) {
        const enum json_type type = json_type(members->values[*name]);

        if ((type == JSON_ARRAY || type == JSON_OBJECT) &&
            json_count(members->values[*name]) > 0)
            return true;
    }
    return false;
}

static bool choices_match(const struct members *members)
{
    return members_have(members, choices_any_question) &&
           (has_choices_list(members) || choices_letter_set(members));
}

/* Add a choice; label with ptr NULL: the next letter. */
static void add_choice(struct draft *draft, struct choices *choices, struct slice label,
                       const struct json_value *value)
{
    const struct slice text = draft_text(draft, value, "a choice");

    if (choices->n == CHOICES_MAX || (label.ptr && label.len >= LABEL_BYTES))
        draft_reject(draft, DEFECT_BAD_TYPE, "it has more than %d choices, or a long label",
                     CHOICES_MAX);
    if (draft->state != DRAFT_GOOD || !text.ptr)
        return;
    struct choice *choice = &choices->items[choices->n];
    if (label.ptr)
        snprintf(choice->label, sizeof choice->label, "%.*s", (int)label.len, label.ptr);
    else
        snprintf(choice->label, sizeof choice->label, "%c", (char)('A' + (int)choices->n));
    choice->text = text;
    choices->n++;
}

/* Read {"A": "tin", "B": "oak"}, or {"text": ["tin", "oak"], "label": ["A", "B"]}. */
static void read_choices_object(struct draft *draft, const struct json_value *object,
                                struct choices *choices)
{
    const struct json_value *texts = json_get(object, "text");
    const struct json_value *labels = json_get(object, "label");
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    if (json_type(texts) == JSON_ARRAY)
        for (size_t i = 0; i < json_count(texts); i++)
            add_choice(draft, choices, json_text(json_at(labels, i)), json_at(texts, i));
    else
        while (json_member_next(object, &pos, &name, &value) == 1)
            add_choice(draft, choices, name, value);
}

static void read_choices(struct draft *draft, struct choices *choices)
{
    const enum member *letters = choices_letter_set(draft->members);
    const struct slice none = { NULL, 0 };

    choices->n = 0;
    if (has_choices_list(draft->members)) {
        const struct json_value *list =
            draft->members->values[draft_claim_first(draft, choices_lists)];

        if (json_type(list) == JSON_OBJECT)
            read_choices_object(draft, list, choices);
        for (size_t i = 0; json_type(list) == JSON_ARRAY && i < json_count(list); i++)
            add_choice(draft, choices, none, json_at(list, i));
    } else if (letters) {
        for (size_t i = 0; i < N_LETTERS; i++)
            add_choice(draft, choices, none, draft_claim(draft, letters[i]));
    }
    if (choices->n == 0)
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no choices");
}

/* The text of the question with a line for each choice. */
static struct slice join_choices(struct draft *draft, struct slice question,
                                 const struct choices *choices)
{
    struct slice text = { NULL, 0 };
    struct buf buf;
    int rc;

    buf_init(&buf, SIZE_MAX / 4); /* hardly longer than the record, whose length is bounded */
    rc = buf_add_slice(&buf, question, draft->err);
    for (size_t i = 0; rc == 0 && i < choices->n; i++)
        if (buf_add_text(&buf, "\n", draft->err) < 0 ||
            buf_add_text(&buf, choices->items[i].label, draft->err) < 0 ||
            buf_add_text(&buf, ". ", draft->err) < 0 ||
            buf_add_slice(&buf, choices->items[i].text, draft->err) < 0)
            rc = -1;
    if (rc < 0)
        draft->state = DRAFT_FAILED;
    else
        text = draft_copy(draft, buf_slice(&buf));
    buf_release(&buf);
    return text;
}

/* The choice that an answer names by its text, its label or its number from 0. */
static const struct choice *find_choice(const struct choices *choices,
                                        const struct json_value *answer, struct slice text)
{
    int64_t number;

    for (size_t i = 0; i < choices->n; i++)
        if (slice_equal(choices->items[i].text, text))
            return &choices->items[i];
    for (size_t i = 0; i < choices->n; i++)
        if (text.len == strlen(choices->items[i].label) &&
            strncasecmp(choices->items[i].label, text.ptr, text.len) == 0)
            return &choices->items[i];
    if (json_type(answer) == JSON_NUMBER && json_int(answer, &number) && number >= 0 &&
        (uint64_t)number < choices->n)
        return &choices->items[number];
    if (text.len == 1 && text.ptr[0] >= '0' && (size_t)(text.ptr[0] - '0') < choices->n)
        return &choices->items[text.ptr[0] - '0'];
    return NULL;
}

static void add_answer(struct draft *draft, const struct choices *choices)
{
    const enum member member = draft_claim_first(draft, choices_answers);
    const struct json_value *value = draft->members->values[member];
    const uint64_t before = draft->defects;
    const struct slice text = draft_text(draft, value, member_name(member));

    if (!text.ptr)
        return;
    const struct choice *choice = find_choice(choices, value, text);
    if (!choice) { /* a sentence, perhaps with reasons */
        if (text.len <= 1)
            draft_reject(draft, DEFECT_BAD_TYPE, "%s is \"%.*s\", and none of its %zu choices",
                         member_name(member), (int)text.len, text.ptr, choices->n);
        draft_add_response(draft, text);
        return;
    }
    const struct choices right = { .n = 1, .items = { *choice } };
    const struct slice line = join_choices(draft, slice_of("", 0), &right);
    draft->defects = before; /* a number is not type_drift here */
    if (line.ptr)
        draft_add_response(draft, slice_of(line.ptr + 1, line.len - 1));
}

static void choices_read(struct draft *draft)
{
    struct choices choices;

    draft_read_system(draft);
    draft_read_context(draft);
    const struct slice instruction = draft_claim_text(draft, MEMBER_INSTRUCTION);
    const struct slice question = draft_claim_first_text(draft, choices_questions);
    if (!instruction.ptr && !question.ptr)
        draft_reject(draft, DEFECT_MISSING_CONTENT, "it has no question");
    read_choices(draft, &choices);
    if (draft->state != DRAFT_GOOD)
        return;
    const struct slice text = question.ptr ? question : instruction;
    const struct slice whole = join_choices(draft, text, &choices);
    if (instruction.len > 0 && question.len > 0)
        draft_add_instruction(draft, instruction, whole);
    else
        draft_add_user(draft, whole);
    add_answer(draft, &choices);
}

const struct format format_choices = {
    .name = "choices",
    .summary = "question, choices or options, answer: multiple choice",
    .needs = { choices_any_question, choices_lists },
    .match = choices_match,
    .read = choices_read,
};
