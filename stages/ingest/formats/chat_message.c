/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read one message of a list.
 */
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/chat/calls.h"
#include "base/chat/chat_part.h"
#include "base/chat/media.h"
#include "base/chat/thought.h"
#include "base/chat/trained.h"
#include "base/json/json.h"
#include "base/json/prune.h"
#include "stages/ingest/formats/chat.h"
#include "stages/ingest/formats/chat_content.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/record/chat_style.h"
#include "stages/record/roles.h"

enum { MESSAGE_CLAIMS_MAX = 16 };

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
    size_t n_others;    /* neither empty, nor the role or a text */
    unsigned role_rank; /* of the name of role; 0: none yet */
    bool has_null_text;
    bool has_more; /* text, a list or an object under a name that is not known */
    bool is_trained, is_untrained; /* a member says so (base/chat/trained.h) */
    bool has_media;
};

/* A message while it is read. */
struct message {
    const struct json_value *value;
    struct message_members members;
    struct turn turn;
    struct chat_content content;
    bool keeps_role; /* the word for the role says more than the role */
    size_t n_claimed;
    const struct json_value *claimed[MESSAGE_CLAIMS_MAX]; /* members that the turn holds */
};

static bool is_message_word(struct slice name, const char *const *words)
{
    for (; *words; words++)
        if (slice_equal(name, slice_text(*words)))
            return true;
    return false;
}

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
    static const char *const words[] = { "id", "name", "tool_call_id", "refusal", NULL };

    return is_message_word(name, words) || thought_is_key(name) || calls_is_key(name);
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
            out->has_null_text = true;
            return;
        }
        out->n_texts++;
        out->text = *member;
    } else if (rank > 0 && type != JSON_NULL) {
        out->n_others += out->role_rank > 0;
        if (rank > out->role_rank) {
            out->role = *member;
            out->role_rank = rank;
        }
    } else if (!prune_is_empty(member->value)) {
        out->n_others++;
        if (media_type_of(member->name))
            out->has_media = true;
        else if (!says_little(member->name))
            out->has_more = out->has_more || type == JSON_STRING || type == JSON_ARRAY ||
                            type == JSON_OBJECT;
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

/* Is the next turn the system prompt? */
static bool is_system_prompt(const struct draft *draft, const struct turn *turn)
{
    return draft->out->n_turns == 0 && !draft->out->system.ptr && !turn->extra.ptr &&
           !turn->media.ptr && turn_has_role(turn, role_system);
}

static void add_message_turn(struct draft *draft, const struct turn *turn)
{
    if (draft->state != DRAFT_GOOD)
        return;
    if (!is_system_prompt(draft, turn))
        draft_add(draft, turn);
    else if (turn->content.len > 0)
        draft->out->system = turn->content;
}

void chat_add_message(struct draft *draft, struct slice role, struct slice text,
                      struct slice extra)
{
    add_message_turn(draft, &(struct turn){ .role = role, .content = text, .extra = extra });
}

/* Set whether the last turn is trained on. Only an answer can be excluded from training: other
 * turns are never trained on. */
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
    if (!members->has_null_text || members->has_more)
        draft_reject(draft, DEFECT_MISSING_CONTENT,
                     "message %zu has no text: none of content, value, text, message and "
                     "parts",
                     i + 1);
    draft_add_defect(draft, DEFECT_NULL_CONTENT);
}

/* Note that the turn holds the value of this member. */
static void claim_message_member(struct message *m, const struct json_value *value)
{
    if (m->n_claimed < MESSAGE_CLAIMS_MAX)
        m->claimed[m->n_claimed++] = value;
}

/* Set the calls of the turn, if the value is calls, or a text that ends with marked calls.
 * *rest becomes the text before these. */
static bool set_calls(struct draft *draft, struct message *m, const struct json_value *value,
                      struct slice text, struct slice *rest)
{
    struct buf buf;
    int rc;

    *rest = slice_text("");
    if (m->turn.calls.ptr || draft->state != DRAFT_GOOD)
        return false;
    buf_init(&buf, SIZE_MAX / 4); /* hardly longer than the record, whose length is bounded */
    rc = value ? calls_add(value, &buf, draft->err) : calls_add_text(text, &buf, draft->err);
    if (rc == 0 && !value)
        rc = calls_add_marked(text, rest, &buf, draft->err);
    if (rc == 1)
        rc = calls_end(&buf, draft->err) < 0 ? -1 : 1;
    if (rc == 1)
        m->turn.calls = draft_copy(draft, buf_slice(&buf));
    if (rc < 0)
        draft->state = DRAFT_FAILED;
    buf_release(&buf);
    return rc == 1;
}

static bool set_calls_of(struct draft *draft, struct message *m, const struct json_value *value)
{
    struct slice rest;

    return set_calls(draft, m, value, slice_of(NULL, 0), &rest);
}

/* The text of a "function_call" turn: a call, and perhaps a thought before it. */
static void read_call_text(struct draft *draft, struct message *m)
{
    struct slice text = m->turn.content;
    struct slice thought = { NULL, 0 };
    struct slice rest;

    if (!text.ptr || m->turn.media.ptr)
        return;
    thought_split(m->turn.content, &thought, &text);
    if (!set_calls(draft, m, NULL, text, &rest))
        return;
    m->turn.content = rest;
    m->turn.thought = thought;
    m->keeps_role = false;
}

/* Append a thought of the assistant to the one that the turn has, unless both are the same. */
static void read_thought(struct draft *draft, struct message *m, const struct json_value *value)
{
    const struct slice text = thought_trim(json_text(value));
    struct slice *thought = &m->turn.thought;
    struct buf buf;

    if (!json_text(value).ptr || draft->state != DRAFT_GOOD)
        return;
    claim_message_member(m, value);
    if (thought->len > 0 && (text.len == 0 || slice_equal(*thought, text)))
        return;
    buf_init(&buf, SIZE_MAX / 4); /* shorter than the record, whose length is bounded */
    if ((thought->len > 0 && (buf_add_slice(&buf, *thought, draft->err) < 0 ||
                              buf_add_text(&buf, "\n", draft->err) < 0)) ||
        buf_add_slice(&buf, text, draft->err) < 0)
        draft->state = DRAFT_FAILED;
    else
        *thought = draft_copy(draft, buf.len > 0 ? buf_slice(&buf) : slice_text(""));
    buf_release(&buf);
}

/* Read the members that have a form of their own in a turn. */
static void read_forms(struct draft *draft, struct message *m)
{
    const bool is_answer = turn_has_role(&m->turn, role_assistant);
    struct message_member member;
    size_t pos = 0;

    while (json_member_next(m->value, &pos, &member.name, &member.value) == 1) {
        if (prune_is_empty(member.value))
            continue;
        if (is_answer && thought_is_key(member.name))
            read_thought(draft, m, member.value);
        else if (is_answer && calls_is_key(member.name) && set_calls_of(draft, m, member.value))
            claim_message_member(m, member.value);
        else if (media_type_of(member.name) &&
                 draft_place_media(draft, &m->turn, media_type_of(member.name), member.value))
            claim_message_member(m, member.value);
    }
}

static void read_text(struct draft *draft, struct message *m, size_t i)
{
    const struct json_value *text = m->members.text.value;
    const enum json_type type = json_type(text);

    if (m->keeps_role && type != JSON_STRING && set_calls_of(draft, m, text))
        m->keeps_role = false;
    else if (type == JSON_OBJECT)
        draft_reject(draft, DEFECT_BAD_TYPE, "message %zu: its %.*s is an object", i + 1,
                     (int)m->members.text.name.len, m->members.text.name.ptr);
    else if (type != JSON_ARRAY)
        m->turn.content = draft_text(draft, text, "the text of a message");
}

/* A member that says that a system message is trained on stays in extra. */
static bool is_extra_of_message(const void *arg, struct slice *name,
                                const struct json_value *value)
{
    const struct message *m = arg;
    const int trained = trained_of(*name, value);

    if (value == m->members.text.value || chat_is_text_key(*name) ||
        (value == m->members.role.value && !m->keeps_role) || trained == 0 ||
        (trained == 1 && !turn_has_role(&m->turn, role_system)))
        return false;
    for (size_t i = 0; i < m->n_claimed; i++)
        if (m->claimed[i] == value)
            return false;
    return true;
}

/* Members of the message that the turn does not hold, and parts that hold more than it does. */
static void read_extra(struct draft *draft, struct message *m)
{
    struct draft_member added[] = { { "content", m->content.kept },
                                    { "signature", { NULL, 0 } } };
    struct buf buf;

    buf_init(&buf, SIZE_MAX / 4); /* shorter than the record, whose length is bounded */
    if (m->content.signature && json_write(m->content.signature, &buf, draft->err) < 0)
        draft->state = DRAFT_FAILED;
    if (buf.len > 0)
        added[1].json = buf_slice(&buf);
    m->turn.extra = draft_extra(draft, m->value, is_extra_of_message, m, added, 2);
    buf_release(&buf);
}

/* Read the content that is a list of parts. Results of tools become turns before the message's
 * own. Returns false if nothing is left of the message. */
static bool read_content_list(struct draft *draft, struct message *m, size_t i)
{
    const struct json_value *parts = m->members.text.value;
    const size_t n = turn_has_role(&m->turn, role_assistant) ? 0 : chat_count_results(parts);

    if (n > 0)
        chat_read_results(draft, parts, i);
    if (n > 0 && n == json_count(parts) && m->members.n_others == 0)
        return false;
    chat_read_content(draft, parts, n > 0, i, &m->turn, &m->content);
    return true;
}

void chat_read_message(struct draft *draft, const struct json_value *message, size_t i,
                       const struct chat_style *style)
{
    struct message m = { .value = message };

    find_members(message, style, &m.members);
    const struct slice word = json_text(m.members.role.value);
    if (word.len == 0) {
        draft_reject(draft, DEFECT_MISSING_CONTENT, "message %zu does not say whose it is",
                     i + 1);
        return;
    }
    check_text(draft, message, i, &m.members);
    if (draft->state != DRAFT_GOOD)
        return;
    m.turn.role = draft_role_of(draft, word);
    m.keeps_role = chat_is_call(word);
    read_text(draft, &m, i);
    if (json_type(m.members.text.value) == JSON_ARRAY && !m.turn.calls.ptr &&
        !read_content_list(draft, &m, i))
        return;
    if (m.keeps_role)
        read_call_text(draft, &m);
    if (m.members.n_others > 0)
        read_forms(draft, &m);
    m.keeps_role = m.keeps_role && !m.turn.calls.ptr; /* the calls say as much */
    if (m.members.n_others > 0 || m.keeps_role || m.content.kept.ptr || m.content.signature)
        read_extra(draft, &m);
    const size_t n_before = draft->out->n_turns;
    add_message_turn(draft, &m.turn);
    if (draft->out->n_turns > n_before)
        chat_set_trained(draft, m.members.is_trained, m.members.is_untrained);
}
