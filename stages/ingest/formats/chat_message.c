/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read one message of a list.
 */
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/chat/trained.h"
#include "base/json/json.h"
#include "stages/ingest/formats/chat.h"
#include "stages/ingest/formats/draft.h"
#include "stages/record/chat_style.h"
#include "stages/record/roles.h"

/* A member of a message. value is NULL when there is none. */
struct message_member {
    struct slice name;
    const struct json_value *value;
};

/* What the members of a message are. Members that are null do not count. */
struct message_members {
    struct message_member role;
    struct message_member text;
    size_t n_texts;
    unsigned role_rank;    /* of the name of role; 0: none yet */
    struct slice null_key; /* a name of the text whose member is null; ptr NULL for none */
    bool has_more;         /* text, a list or an object under a name that is not known */
    bool is_trained, is_untrained; /* a member says so (base/chat/trained.h) */
    bool has_media;
};

/* Members that say whose a message is, the best one last. */
static unsigned rank_of_role_key(struct slice name, const struct chat_style *style)
{
    static const char *const words[] = { "sender", "from", "role" };

    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        if (name.len == strlen(words[i]) && strncasecmp(name.ptr, words[i], name.len) == 0)
            return strcmp(words[i], style->role_key) == 0 ? 4 : i + 1;
    return 0;
}

/* Does a message without text have a reason to have none in this member? */
static bool says_little(struct slice name)
{
    static const char *const words[] = { "id",           "name",
                                         "tool_call_id", "reasoning_content",
                                         "refusal",      "thinking",
                                         "reasoning",    "tool_calls" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (slice_equal(name, slice_text(words[i])))
            return true;
    return false;
}

static void look_at_member(struct message_members *out, const struct message_member *member,
                           const struct chat_style *style)
{
    const enum json_type type = json_type(member->value);
    const unsigned rank = rank_of_role_key(member->name, style);
    const int trained = trained_of(member->name, member->value);

    out->is_trained = out->is_trained || trained == 1;
    out->is_untrained = out->is_untrained || trained == 0;
    if (chat_is_text_key(member->name)) {
        if (type == JSON_NULL) {
            if (!out->null_key.ptr || slice_equal(member->name, slice_text(style->text_key)))
                out->null_key = member->name;
            return;
        }
        out->n_texts++;
        out->text = *member;
    } else if (rank > out->role_rank && type != JSON_NULL) {
        out->role = *member;
        out->role_rank = rank;
    } else if (rank == 0 && chat_is_media_key(member->name)) {
        out->has_media = type != JSON_NULL;
    } else if (rank == 0 && !says_little(member->name)) {
        out->has_more =
            out->has_more || type == JSON_STRING || type == JSON_ARRAY || type == JSON_OBJECT;
    }
}

static void find_members(const struct json_value *message, const struct chat_style *style,
                         struct message_members *out)
{
    struct message_member member;
    size_t pos = 0;

    *out = (struct message_members){ .n_texts = 0 };
    while (json_member_next(message, &pos, &member.name, &member.value) == 1)
        look_at_member(out, &member, style);
}

/* The text of a list of content parts. */
static struct slice read_parts(struct draft *draft, const struct json_value *parts, size_t i)
{
    struct slice text = { NULL, 0 };
    struct buf buf;

    for (size_t n = 0; n < json_count(parts); n++) {
        const char *fault = chat_part_fault(json_at(parts, n));

        if (!fault)
            continue;
        draft_reject(draft, DEFECT_MISSING_CONTENT, "message %zu: its part %zu is %s", i + 1,
                     n + 1, fault);
        return text;
    }
    buf_init(&buf, SIZE_MAX / 4); /* shorter than the record, whose length is bounded */
    if (chat_join_parts(parts, &buf, draft->err) == 0)
        text = arena_copy(draft->arena, buf_slice(&buf));
    if (!text.ptr)
        draft_fail_nomem(draft);
    buf_release(&buf);
    return text;
}

/* Is the next message the system prompt? */
static bool is_system_prompt(const struct draft *draft, struct slice role, struct slice extra)
{
    return draft->out->n_turns == 0 && !draft->out->system.ptr && !extra.ptr &&
           slice_equal(role, role_system);
}

void chat_add_message(struct draft *draft, struct slice role, struct slice text,
                      struct slice extra)
{
    if (draft->state != DRAFT_GOOD)
        return;
    if (!is_system_prompt(draft, role, extra))
        draft_add_turn(draft, role, text, extra);
    else if (text.len > 0)
        draft->out->system = text;
}

/* Which members of a message are no other ones: they have a place of their own. */
struct placed {
    struct slice role_key, text_key; /* ptr NULL: none */
    bool is_system;
};

/* That a system message is trained on has no other place than extra. */
static bool is_other_of_message(const void *arg, struct slice name,
                                const struct json_value *value)
{
    const struct placed *placed = arg;
    const int trained = trained_of(name, value);

    return !(placed->role_key.ptr && slice_equal(name, placed->role_key)) &&
           !(placed->text_key.ptr && slice_equal(name, placed->text_key)) && trained != 0 &&
           !(trained == 1 && !placed->is_system);
}

/* Say of the last turn whether it is trained on. Only an answer can be kept from training:
 * other turns are not learned from anyway. */
void chat_set_trained(struct draft *draft, bool is_trained, bool is_untrained)
{
    struct turn *turn = &draft->out->turns[draft->out->n_turns - 1];

    if (is_untrained)
        turn->trained =
            turn_has_role(turn, role_assistant) ? TURN_TRAINED_NO : TURN_TRAINED_UNSAID;
    else if (is_trained && !turn_has_role(turn, role_system))
        turn->trained = TURN_TRAINED_YES;
}

/* Reject a message whose text is nowhere, or in two places. A message whose text is null and
 * that holds nothing else is kept. */
static void check_text(struct draft *draft, const struct json_value *message, size_t i,
                       const struct message_members *members)
{
    if (members->n_texts > 1)
        draft_reject(draft, DEFECT_MISSING_CONTENT,
                     "message %zu has two texts, and only one can be meant: leave one of "
                     "content, value, text, message and parts",
                     i + 1);
    if (members->n_texts > 0 || members->has_media || chat_has_calls(message))
        return;
    if (!members->null_key.ptr || members->has_more)
        draft_reject(draft, DEFECT_MISSING_CONTENT,
                     "message %zu has no text: none of content, value, text, message and "
                     "parts",
                     i + 1);
    draft_add_defect(draft, DEFECT_NULL_CONTENT);
}

void chat_read_message(struct draft *draft, const struct json_value *message, size_t i,
                       const struct chat_style *style)
{
    const struct slice none = { NULL, 0 };
    struct message_members members;

    find_members(message, style, &members);
    const struct slice word = json_text(members.role.value);
    const enum json_type type = json_type(members.text.value);
    const bool is_list = type == JSON_ARRAY;
    if (word.len == 0) {
        draft_reject(draft, DEFECT_MISSING_CONTENT, "message %zu does not say whose it is",
                     i + 1);
        return;
    }
    check_text(draft, message, i, &members);
    if (type == JSON_OBJECT)
        draft_reject(draft, DEFECT_BAD_TYPE, "message %zu: its %.*s is an object", i + 1,
                     (int)members.text.name.len, members.text.name.ptr);
    if (draft->state != DRAFT_GOOD)
        return;
    const struct slice text =
        is_list ? read_parts(draft, members.text.value, i)
                : draft_text(draft, members.text.value, "the text of a message");
    const struct slice text_key = members.text.value ? members.text.name : members.null_key;
    const bool keep_list = is_list && json_count(members.text.value) > 0;
    const struct slice role = draft_role_of(draft, word);
    const struct placed placed = { .role_key = chat_is_call(word) ? none : members.role.name,
                                   .text_key = keep_list ? none : text_key,
                                   .is_system = slice_equal(role, role_system) };
    const struct slice extra =
        draft_members_where(draft, message, is_other_of_message, &placed);
    const size_t n_before = draft->out->n_turns;
    chat_add_message(draft, role, text, extra);
    if (draft->out->n_turns > n_before)
        chat_set_trained(draft, members.is_trained, members.is_untrained);
}
