/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/formats/draft.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/chat_style.h"
#include "stages/record/roles.h"

enum { FIRST_TURNS = 4 };

/* The JSON text of some members cannot be much longer than the record, which is bounded
 * already; this only keeps the sum of two sizes from overflowing. */
static const size_t members_max_bytes = SIZE_MAX / 4;

void draft_begin(struct draft *draft)
{
    *draft->out = (struct sample){ .instruction_turn = -1, .response_turn = -1 };
    draft->nocase = false;
    draft->unwrap = NULL;
    draft->rejected_for = DEFECT_NONE;
    draft->detail = NULL;
    draft->state = 1;
    draft->defects = 0;
    draft->turns_cap = 0;
    draft->n_taken = 0;
}

void draft_fail_nomem(struct draft *draft)
{
    if (draft->state == 1) {
        error_nomem(draft->err);
        draft->state = -1;
    }
}

void draft_reject(struct draft *draft, enum defect defect, const char *fmt, ...)
{
    char text[256];
    va_list args;

    if (draft->state != 1)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const struct slice detail = arena_copy(draft->arena, slice_text(text));
    if (!detail.ptr) {
        draft_fail_nomem(draft);
        return;
    }
    draft->rejected_for = defect;
    draft->detail = detail.ptr;
    draft->state = 0;
}

void draft_note(struct draft *draft, enum defect defect)
{
    draft->defects |= defect_bit(defect);
}

static struct slice copy(struct draft *draft, struct slice text)
{
    const struct slice result = arena_copy(draft->arena, text);

    if (!result.ptr)
        draft_fail_nomem(draft);
    return result;
}

static const struct json_value *find(const struct draft *draft, const char *key)
{
    return draft->nocase ? json_get_nocase(draft->record, key) : json_get(draft->record, key);
}

static void remember(struct draft *draft, const char *key, const struct json_value *value)
{
    if (draft->n_taken < DRAFT_TAKEN_MAX)
        draft->taken[draft->n_taken++] = (struct draft_taken){ key, value };
}

const struct json_value *draft_take(struct draft *draft, const char *key)
{
    const struct json_value *value = find(draft, key);

    remember(draft, key, value);
    return value;
}

struct slice draft_take_text(struct draft *draft, const char *key)
{
    return draft_text_of(draft, draft_take(draft, key), key);
}

struct slice draft_take_either(struct draft *draft, const char *key, const char *other)
{
    const struct json_value *value = draft_take(draft, key);

    return value ? draft_text_of(draft, value, key) : draft_take_text(draft, other);
}

void draft_take_system(struct draft *draft)
{
    const struct slice text = draft_take_either(draft, "system", "system_prompt");

    if (text.len > 0)
        draft->out->system = text;
}

void draft_set_context(struct draft *draft, struct slice text, const char *split)
{
    if (draft->state != 1 || text.len == 0)
        return;
    draft->out->context = text;
    draft->out->split = slice_text(split);
}

static bool make_room_for_turn(struct draft *draft)
{
    struct sample *out = draft->out;

    if (out->n_turns < draft->turns_cap)
        return true;
    const size_t cap = draft->turns_cap ? draft->turns_cap * 2 : FIRST_TURNS;
    struct turn *turns = arena_alloc(draft->arena, cap, sizeof *turns);
    if (!turns) {
        draft_fail_nomem(draft);
        return false;
    }
    if (out->n_turns > 0)
        memcpy(turns, out->turns, out->n_turns * sizeof *turns);
    out->turns = turns;
    draft->turns_cap = cap;
    return true;
}

struct slice draft_role(struct draft *draft, struct slice word)
{
    const struct slice role = chat_role_of(word);

    if (role.ptr)
        return role;
    draft_note(draft, DEFECT_BAD_ROLE);
    return copy(draft, word);
}

void draft_add_turn(struct draft *draft, const char *role, struct slice content,
                    struct slice extra)
{
    draft_add_turn_of(draft, slice_text(role), content, extra);
}

void draft_add_turn_of(struct draft *draft, struct slice role, struct slice content,
                       struct slice extra)
{
    if (draft->state != 1 || !make_room_for_turn(draft))
        return;
    if (!content.ptr)
        content = slice_text("");
    draft->out->turns[draft->out->n_turns++] =
        (struct turn){ .role = role, .content = content, .extra = extra };
}

void draft_take_history(struct draft *draft)
{
    const struct json_value *history = draft_take(draft, "history");
    const struct slice no_extra = { NULL, 0 };

    if (json_type(history) == JSON_NULL)
        return;
    if (json_type(history) != JSON_ARRAY) {
        draft_reject(draft, DEFECT_BAD_TYPE, "history is not a list of pairs");
        return;
    }
    for (size_t i = 0; draft->state == 1 && i < json_count(history); i++) {
        const struct json_value *pair = json_at(history, i);

        if (json_type(pair) != JSON_ARRAY || json_count(pair) != 2) {
            draft_reject(draft, DEFECT_BAD_TYPE, "history[%zu] is not a pair of texts", i);
            return;
        }
        draft_add_turn(draft, "user",
                       draft_text_of(draft, json_at(pair, 0), "a history question"), no_extra);
        draft_add_turn(draft, "assistant",
                       draft_text_of(draft, json_at(pair, 1), "a history answer"), no_extra);
    }
}

/* How long a context the record claims to have; 0 for no word about it. */
static size_t marked_bytes(const struct draft *draft)
{
    int64_t n = 0;

    if (!json_int(find(draft, "context_bytes"), &n) || n < 0)
        return 0;
    return (size_t)n;
}

static struct slice join_lines(struct draft *draft, struct slice a, struct slice b)
{
    char *text = arena_alloc(draft->arena, a.len + b.len + 2, 1);

    if (!text) {
        draft_fail_nomem(draft);
        return slice_of(NULL, 0);
    }
    memcpy(text, a.ptr, a.len);
    text[a.len] = '\n';
    memcpy(text + a.len + 1, b.ptr, b.len);
    text[a.len + 1 + b.len] = '\0';
    return slice_of(text, a.len + 1 + b.len);
}

void draft_ask(struct draft *draft, struct slice instruction, struct slice input)
{
    const struct slice no_extra = { NULL, 0 };

    if (draft->state != 1)
        return;
    if (input.len > 0 && input.len == marked_bytes(draft)) {
        draft_take(draft, "context_bytes");
        draft_set_context(draft, input, "marked");
    } else if (input.len == 0 || slice_equal(input, slice_text("<noinput>"))) {
        input = slice_text("");
    } else if (input.len >= draft->options->input_context_bytes) {
        draft_set_context(draft, input, "field");
    } else {
        instruction = instruction.len > 0 ? join_lines(draft, instruction, input) : input;
        draft->out->split = slice_text("input-joined");
    }
    draft_add_turn(draft, "user", instruction, no_extra);
}

void draft_answer(struct draft *draft, struct slice text)
{
    if (text.ptr)
        draft_add_turn(draft, "assistant", text, slice_of(NULL, 0));
}

static struct turn *first_user_turn(struct draft *draft)
{
    for (size_t i = 0; draft->state == 1 && i < draft->out->n_turns; i++)
        if (turn_has_role(&draft->out->turns[i], role_user))
            return &draft->out->turns[i];
    return NULL;
}

/* The message's first n bytes become the context, what is from `rest` on, behind the blank
 * line, stays. */
static void split_at(struct draft *draft, struct turn *turn, size_t n, size_t rest,
                     const char *split)
{
    const struct slice text = turn->content;

    draft_set_context(draft, slice_of(text.ptr, n), split);
    turn->content = slice_of(text.ptr + rest, text.len - rest);
}

bool draft_split_marked(struct draft *draft)
{
    const size_t n = marked_bytes(draft);
    struct turn *turn = n > 0 ? first_user_turn(draft) : NULL;

    if (!turn || turn->content.len < 2 || n > turn->content.len - 2 ||
        memcmp(turn->content.ptr + n, "\n\n", 2) != 0)
        return false;
    draft_take(draft, "context_bytes");
    split_at(draft, turn, n, n + 2, "marked");
    return true;
}

/* The length without the white space at the end. */
static size_t trimmed_len(struct slice text)
{
    static const char blanks[] = " \t\r\n\f\v";
    size_t n = text.len;

    while (n > 0 && memchr(blanks, text.ptr[n - 1], sizeof blanks - 1))
        n--;
    return n;
}

/* Where the line end (LF or CR LF) before byte `end` begins; `end` when there is none. */
static size_t line_end_before(struct slice text, size_t end)
{
    if (end == 0 || text.ptr[end - 1] != '\n')
        return end;
    return end > 1 && text.ptr[end - 2] == '\r' ? end - 2 : end - 1;
}

void draft_split_last_paragraph(struct draft *draft)
{
    struct turn *turn = first_user_turn(draft);
    const struct slice text = turn ? turn->content : slice_of("", 0);

    for (size_t i = trimmed_len(text); i-- > 2;) {
        const size_t blank = line_end_before(text, i);
        const size_t n = line_end_before(text, blank);

        if (n == blank || blank == i)
            continue;
        if (trimmed_len(slice_of(text.ptr, n)) > 0)
            split_at(draft, turn, n, i, "last-paragraph");
        return;
    }
}

/* Append to the text of an object whose closing bracket is still to come. */
static int add_member(struct buf *buf, struct slice key, const struct json_value *value,
                      struct error *err)
{
    struct jsonout json;

    if (buf_add_text(buf, buf->len == 0 ? "{" : ",", err) < 0)
        return -1;
    jsonout_init(&json, buf);
    jsonout_text(&json, key);
    if (jsonout_end(&json, err) < 0 || buf_add_text(buf, ":", err) < 0)
        return -1;
    return json_write(value, buf, err);
}

/* Close the object, if there is one, and move it to the arena. */
static struct slice end_members(struct draft *draft, struct buf *buf)
{
    if (buf->len == 0 || draft->state != 1)
        return slice_of(NULL, 0);
    if (buf_add_text(buf, "}", draft->err) < 0) {
        draft->state = -1;
        return slice_of(NULL, 0);
    }
    return copy(draft, buf_slice(buf));
}

static bool is_key(struct slice key, const char *name)
{
    return name && slice_equal(key, slice_text(name));
}

struct slice draft_others(struct draft *draft, const struct json_value *object, const char *key,
                          const char *other)
{
    const struct json_value *value;
    struct slice name;
    struct buf buf;
    size_t pos = 0;

    buf_init(&buf, members_max_bytes);
    while (draft->state == 1 && json_member_next(object, &pos, &name, &value) == 1) {
        if (is_key(name, key) || is_key(name, other))
            continue;
        if (add_member(&buf, name, value, draft->err) < 0)
            draft->state = -1;
    }
    const struct slice text = end_members(draft, &buf);
    buf_release(&buf);
    return text;
}

static bool is_taken(const struct draft *draft, struct slice name,
                     const struct json_value *value)
{
    for (size_t i = 0; i < draft->n_taken; i++) {
        const struct draft_taken *taken = &draft->taken[i];

        if (value != taken->value || name.len != strlen(taken->key))
            continue;
        if (draft->nocase ? strncasecmp(name.ptr, taken->key, name.len) == 0
                          : memcmp(name.ptr, taken->key, name.len) == 0)
            return true;
    }
    return false;
}

static void add_untaken(struct draft *draft, const struct json_value *object, struct buf *buf)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    while (draft->state == 1 && json_member_next(object, &pos, &name, &value) == 1) {
        if (object == draft->record && is_taken(draft, name, value))
            continue;
        if (add_member(buf, name, value, draft->err) < 0)
            draft->state = -1;
    }
}

/* What nobody took is kept byte for byte. */
static void fill_meta(struct draft *draft)
{
    const struct json_value *wrapped = draft->unwrap ? find(draft, draft->unwrap) : NULL;
    struct buf buf;

    buf_init(&buf, members_max_bytes);
    if (json_type(wrapped) == JSON_OBJECT || (draft->unwrap && !wrapped)) {
        draft_take(draft, draft->unwrap);
        add_untaken(draft, wrapped, &buf);
    }
    add_untaken(draft, draft->record, &buf);
    draft->out->meta = end_members(draft, &buf);
    buf_release(&buf);
}

/* The producer's own id: the first of the usual names that holds text or a number. */
static void fill_ext_id(struct draft *draft)
{
    static const char *const names[] = { "id",  "_id",  "conversation_id", "prompt_id",
                                         "idx", "uuid", "question_id",     "uid" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct json_value *value = find(draft, names[i]);
        const bool is_id = json_text(value).len > 0 || json_type(value) == JSON_NUMBER;

        if (value && !is_id)
            continue;
        remember(draft, names[i], value); /* a null, too: it is not worth keeping */
        if (is_id) {
            const uint64_t before = draft->defects;

            draft->out->ext_id = draft_text_of(draft, value, names[i]);
            draft->defects = before; /* a number is as good an id as a text */
            return;
        }
    }
}

/* What is odd about the sample as a whole, and is kept. */
static void note_oddities(struct draft *draft)
{
    const struct sample *sample = draft->out;
    const struct turn *answer =
        sample->response_turn >= 0 ? &sample->turns[sample->response_turn] : NULL;

    if (answer && !answer->extra.ptr && trimmed_len(answer->content) == 0)
        draft_note(draft, DEFECT_EMPTY_RESPONSE);
    if (!roles_alternate(sample))
        draft_note(draft, DEFECT_ROLE_ORDER);
    for (size_t i = 0; i < sample->n_turns; i++)
        if (turn_has_role(&sample->turns[i], role_system) && (i > 0 || sample->system.ptr))
            draft_note(draft, DEFECT_LATE_SYSTEM);
}

static bool says_something(const struct sample *sample)
{
    if (trimmed_len(sample->context) > 0)
        return true;
    for (size_t i = 0; i < sample->n_turns; i++)
        if (sample->turns[i].extra.ptr || trimmed_len(sample->turns[i].content) > 0)
            return true;
    return false;
}

int draft_finish(struct draft *draft)
{
    draft_repair(draft);
    if (draft->state == 1 && !says_something(draft->out))
        draft_reject(draft, DEFECT_EMPTY_RECORD, "it holds no text");
    if (draft->state == 1 && draft->out->n_turns > INT32_MAX)
        draft_reject(draft, DEFECT_TOO_LONG, "it holds %zu turns", draft->out->n_turns);
    if (draft->state == 1) {
        roles_find_turns(draft->out);
        note_oddities(draft);
        fill_ext_id(draft);
        fill_meta(draft);
    }
    draft->out->defects = draft->defects;
    return draft->state;
}
