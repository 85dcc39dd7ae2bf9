/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/formats/chat.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/chat/media.h"
#include "base/chat/trained.h"
#include "base/error.h"
#include "base/json/json.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/chat_style.h"
#include "stages/record/roles.h"

static const enum member pair_questions[] = { MEMBER_HUMAN,       MEMBER_USER,   MEMBER_INPUT,
                                              MEMBER_QUESTION,    MEMBER_PROMPT, MEMBER_QUERY,
                                              MEMBER_INSTRUCTION, MEMBER_NONE };
static const enum member pair_answers[] = { MEMBER_ASSISTANT,  MEMBER_OUTPUT, MEMBER_ANSWER,
                                            MEMBER_RESPONSE,   MEMBER_GPT,    MEMBER_BOT,
                                            MEMBER_COMPLETION, MEMBER_NONE };

/* The first member of a list that is present. */
static enum member first_of(const struct members *members, const enum member *list)
{
    while (*list && !members->values[*list])
        list++;
    return *list;
}

/* Is the element two turns in one, as {"human": ..., "assistant": ...}? Or one of them, if it
 * has no other member. */
static bool is_pair(const struct members *pair)
{
    const bool asks = members_have(pair, pair_questions);
    const bool answers = members_have(pair, pair_answers);

    return !members_have(pair, members_of_message) &&
           (asks && answers ? true : (asks || answers) && json_count(pair->record) == 1);
}

static size_t count_of(const struct members *members, const enum member *list)
{
    size_t n = 0;

    for (; *list; list++)
        n += members->values[*list] != NULL;
    return n;
}

/* Members of a pair that are neither question nor answer nor system, and no verdict on the
 * answer. */
static bool is_other_of_pair(const void *arg, struct slice *name,
                             const struct json_value *value)
{
    const struct members *pair = arg;
    const enum member member = member_of(*name);

    return trained_of(*name, value) < 0 && member != first_of(pair, pair_questions) &&
           member != first_of(pair, pair_answers) && member != MEMBER_SYSTEM;
}

static bool pair_says_trained(const struct members *pair, int trained)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    while (json_member_next(pair->record, &pos, &name, &value) == 1)
        if (trained_of(name, value) == trained)
            return true;
    return false;
}

/* A pair, and the member of it that the media of its question are. */
struct pair_extra {
    const struct members *pair;
    const struct json_value *media; /* NULL: none */
};

static bool is_extra_of_pair(const void *arg, struct slice *name,
                             const struct json_value *value)
{
    const struct pair_extra *extra = arg;

    return value != extra->media && is_other_of_pair(extra->pair, name, value);
}

/* Append the question of a pair, with its media and the members that are neither. */
static void read_pair_question(struct draft *draft, const struct members *pair,
                               enum member question)
{
    struct turn turn = { .role = role_user };
    struct pair_extra extra = { .pair = pair };
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    turn.content = draft_text(draft, pair->values[question], member_name(question));
    if (!turn.content.ptr)
        turn.content = slice_text("");
    while (!turn.media.ptr && json_member_next(pair->record, &pos, &name, &value) == 1)
        if (media_type_of(name) && is_other_of_pair(pair, &name, value) &&
            draft_place_media(draft, &turn, media_type_of(name), value))
            extra.media = value;
    turn.extra = draft_extra(draft, pair->record, is_extra_of_pair, &extra, NULL, 0);
    draft_add(draft, &turn);
}

static void chat_read_pair(struct draft *draft, const struct members *pair)
{
    const enum member question = first_of(pair, pair_questions);
    const enum member answer = first_of(pair, pair_answers);
    const struct slice system = json_text(pair->values[MEMBER_SYSTEM]);
    const struct slice none = { NULL, 0 };

    if (count_of(pair, pair_questions) > 1 || count_of(pair, pair_answers) > 1)
        draft_reject(draft, DEFECT_UNCLAIMED_TEXT,
                     "a pair in its list has two questions or two answers");
    if (system.len > 0)
        chat_add_message(draft, role_system,
                         draft_text(draft, pair->values[MEMBER_SYSTEM], "system"), none);
    if (question)
        read_pair_question(draft, pair, question);
    if (!answer)
        return;
    draft_add_response(draft, draft_text(draft, pair->values[answer], member_name(answer)));
    if (draft->state == DRAFT_GOOD)
        chat_set_trained(draft, pair_says_trained(pair, 1), pair_says_trained(pair, 0));
}

static void chat_read_element(struct draft *draft, const struct json_value *message, size_t i,
                              const struct chat_style *style)
{
    struct members members;

    if (json_type(message) != JSON_OBJECT) {
        draft_reject(draft, DEFECT_BAD_TYPE, "message %zu is not an object", i + 1);
        return;
    }
    if (json_get(message, style->role_key)) { /* the usual case, without a look at the rest */
        chat_read_message(draft, message, i, style);
        return;
    }
    members_find(message, &members);
    if (is_pair(&members))
        chat_read_pair(draft, &members);
    else
        chat_read_message(draft, message, i, style);
}

/* Is it a list of texts, which user and assistant speak in turn? */
static bool is_list_of_texts(const struct json_value *list)
{
    for (size_t i = 0; i < json_count(list); i++)
        if (json_type(json_at(list, i)) != JSON_STRING)
            return false;
    return json_count(list) > 0;
}

static void chat_read_list(struct draft *draft, const struct json_value *list,
                           const struct chat_style *style)
{
    const struct slice none = { NULL, 0 };

    if (json_type(list) != JSON_ARRAY) {
        draft_reject(draft, DEFECT_BAD_TYPE, "the messages are not a list");
        return;
    }
    const bool is_texts = is_list_of_texts(list);
    for (size_t i = 0; draft->state == DRAFT_GOOD && i < json_count(list); i++)
        if (is_texts)
            draft_add_turn(draft, i % 2 == 0 ? role_user : role_assistant,
                           draft_text(draft, json_at(list, i), "a message"), none);
        else
            chat_read_element(draft, json_at(list, i), i, style);
}

bool chat_is_encoded(const struct json_value *list)
{
    const struct slice text = json_text(list);
    size_t i = 0;

    while (i < text.len && strchr(" \t\r\n", text.ptr[i]) && text.ptr[i])
        i++;
    return i < text.len && text.ptr[i] == '[';
}

/* Read messages that are JSON text. */
static void chat_read_text(struct draft *draft, struct slice text,
                           const struct chat_style *style)
{
    const struct json_value *inner = NULL;
    struct json *json = NULL;
    enum json_issue issue;
    const char *detail;
    size_t at;

    if (json_new(&json, draft->err) < 0 ||
        json_parse(json, text, &inner, &issue, &at, &detail, draft->err) < 0)
        draft->state = DRAFT_FAILED;
    else if (issue != JSON_OK)
        draft_reject(draft, DEFECT_BAD_TYPE,
                     "the messages are text and no list: at byte %zu: %s", at, detail);
    else
        chat_read_list(draft, inner, style);
    json_free(json);
}

/* Read {"role": ["user", "assistant"], "content": ["a", "b"]}: a list of messages by columns.
 */
static void chat_read_columns(struct draft *draft, const struct json_value *columns,
                              const struct chat_style *style)
{
    struct buf buf;

    buf_init(&buf, SIZE_MAX / 4); /* hardly longer than the record, whose length is bounded */
    const int rc = chat_join_columns(columns, &buf, draft->err);
    if (rc < 0)
        draft->state = DRAFT_FAILED;
    else if (rc == 0)
        draft_reject(draft, DEFECT_BAD_TYPE,
                     "the messages are an object, and its members are no lists of one length");
    else
        chat_read_text(draft, buf_slice(&buf), style);
    buf_release(&buf);
}

void chat_read(struct draft *draft, const struct json_value *list,
               const struct chat_style *style)
{
    if (draft->state != DRAFT_GOOD)
        return;
    if (chat_is_encoded(list)) {
        chat_read_text(draft, json_text(list), style);
        draft_add_defect(draft, DEFECT_DOUBLE_ENCODED);
    } else if (json_type(list) == JSON_OBJECT) {
        chat_read_columns(draft, list, style);
    } else {
        chat_read_list(draft, list, style);
    }
}
