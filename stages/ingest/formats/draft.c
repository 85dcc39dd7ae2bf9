/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/formats/draft.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json/json.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/chat_style.h"
#include "stages/record/passage.h"
#include "stages/record/role_words.h"
#include "stages/record/roles.h"

enum { FIRST_TURNS = 4 };

void draft_begin(struct draft *draft, const struct format *format)
{
    *draft->out = (struct sample){ .instruction_turn = -1, .response_turn = -1 };
    draft->format = format;
    draft->says_context = false;
    draft->unwrap = MEMBER_NONE;
    draft->rejected_for = DEFECT_NONE;
    draft->detail = NULL;
    draft->accepted = NULL;
    draft->state = DRAFT_GOOD;
    draft->defects = 0;
    draft->turns_cap = 0;
    draft->n_claims = 0;
    memset(draft->null_claims, 0, sizeof draft->null_claims);
}

void draft_fail_nomem(struct draft *draft)
{
    if (draft->state == DRAFT_GOOD) {
        error_nomem(draft->err);
        draft->state = DRAFT_FAILED;
    }
}

void draft_reject(struct draft *draft, enum defect defect, const char *fmt, ...)
{
    char text[256];
    va_list args;

    if (draft->state != DRAFT_GOOD)
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
    draft->state = DRAFT_REJECTED;
}

void draft_add_defect(struct draft *draft, enum defect defect)
{
    draft->defects |= defect_bit(defect);
}

struct slice draft_copy(struct draft *draft, struct slice text)
{
    const struct slice result = arena_copy(draft->arena, text);

    if (!result.ptr)
        draft_fail_nomem(draft);
    return result;
}

const struct json_value *draft_claim(struct draft *draft, enum member member)
{
    const struct json_value *value = draft->members->values[member];

    if (!value) {
        draft->null_claims[member / 64] |= (uint64_t)1 << member % 64;
        return NULL;
    }
    draft_claim_value(draft, value);
    return value;
}

void draft_claim_value(struct draft *draft, const struct json_value *value)
{
    assert(draft->n_claims < DRAFT_CLAIMS_MAX);
    draft->claims[draft->n_claims++] = value;
}

struct slice draft_claim_text(struct draft *draft, enum member member)
{
    return draft_text(draft, draft_claim(draft, member), member_name(member));
}

enum member draft_claim_first(struct draft *draft, const enum member *list)
{
    for (; *list; list++)
        if (draft_claim(draft, *list))
            return *list;
    return MEMBER_NONE;
}

struct slice draft_claim_first_text(struct draft *draft, const enum member *list)
{
    const enum member member = draft_claim_first(draft, list);

    return draft_text(draft, draft->members->values[member], member_name(member));
}

void draft_read_system(struct draft *draft)
{
    static const enum member names[] = { MEMBER_SYSTEM, MEMBER_SYSTEM_PROMPT, MEMBER_NONE };
    const struct slice text = draft_claim_first_text(draft, names);

    if (text.len > 0)
        draft->out->system = text;
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

struct slice draft_role_of(struct draft *draft, struct slice word)
{
    const struct role_words *given = draft->options->roles;
    struct slice role = given ? role_words_find(given, word) : slice_of(NULL, 0);

    if (!role.ptr)
        role = chat_role_of(word);
    if (role.ptr)
        return role;
    draft_add_defect(draft, DEFECT_BAD_ROLE);
    return draft_copy(draft, word);
}

void draft_add(struct draft *draft, const struct turn *turn)
{
    if (draft->state != DRAFT_GOOD || !make_room_for_turn(draft))
        return;
    struct turn *added = &draft->out->turns[draft->out->n_turns++];
    *added = *turn;
    if (!added->content.ptr)
        added->content = slice_text("");
}

void draft_add_turn(struct draft *draft, struct slice role, struct slice content,
                    struct slice extra)
{
    draft_add(draft, &(struct turn){ .role = role, .content = content, .extra = extra });
}

void draft_add_user(struct draft *draft, struct slice text)
{
    draft_add_turn(draft, role_user, text, slice_of(NULL, 0));
}

void draft_add_response(struct draft *draft, struct slice text)
{
    if (text.ptr)
        draft_add_turn(draft, role_assistant, text, slice_of(NULL, 0));
}

void draft_read_history(struct draft *draft)
{
    const struct json_value *history = draft_claim(draft, MEMBER_HISTORY);

    if (json_type(history) == JSON_NULL)
        return;
    if (json_type(history) != JSON_ARRAY) {
        draft_reject(draft, DEFECT_BAD_TYPE, "history is not a list of pairs");
        return;
    }
    for (size_t i = 0; draft->state == DRAFT_GOOD && i < json_count(history); i++) {
        const struct json_value *pair = json_at(history, i);

        if (json_type(pair) != JSON_ARRAY || json_count(pair) != 2) {
            draft_reject(draft, DEFECT_BAD_TYPE, "history[%zu] is not a pair of texts", i);
            return;
        }
        draft_add_user(draft, draft_text(draft, json_at(pair, 0), "a history question"));
        draft_add_turn(draft, role_assistant,
                       draft_text(draft, json_at(pair, 1), "a history answer"),
                       slice_of(NULL, 0));
    }
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

/* Append a short input to an instruction, as a line of its own. The split says where it begins,
 * so that a layout can write the two apart. */
static struct slice join_input(struct draft *draft, struct slice instruction,
                               struct slice input)
{
    char split[40] = INPUT_JOINED;

    if (instruction.len > 0) {
        snprintf(split, sizeof split, INPUT_JOINED " %zu", instruction.len);
        input = join_lines(draft, instruction, input);
    }
    draft->out->split = arena_copy(draft->arena, slice_text(split));
    if (!draft->out->split.ptr)
        draft_fail_nomem(draft);
    return input;
}

void draft_add_instruction(struct draft *draft, struct slice instruction, struct slice input)
{
    if (draft->state != DRAFT_GOOD)
        return;
    if (input.len > 0 && (int64_t)input.len == draft_context_bytes(draft)) {
        draft_claim(draft, MEMBER_CONTEXT_BYTES);
        draft_set_context(draft, input, "marked");
    } else if (input.len == 0 || slice_equal(input, slice_text("<noinput>"))) {
        input = slice_text("");
    } else if (input.len >= draft->options->input_context_bytes) {
        draft_set_context(draft, input, "field");
    } else {
        instruction = join_input(draft, instruction, input);
    }
    draft_add_user(draft, instruction);
}

/* Does the turn at this index answer nothing? -1: there is no such turn. */
static bool is_empty_turn(const struct sample *sample, int index)
{
    const struct turn *turn = index >= 0 ? &sample->turns[index] : NULL;

    return turn && !turn->calls.ptr && !turn->media.ptr && !turn->extra.ptr &&
           slice_is_blank(turn->content);
}

/* Defects of the sample as a whole, which are kept. */
static void add_sample_defects(struct draft *draft)
{
    const struct sample *sample = draft->out;

    if (is_empty_turn(sample, sample->response_turn) ||
        is_empty_turn(sample, roles_find_rejected(sample)))
        draft_add_defect(draft, DEFECT_EMPTY_RESPONSE);
    if (sample->response_turn >= 0 &&
        sample->turns[sample->response_turn].trained == TURN_TRAINED_NO)
        draft_add_defect(draft, DEFECT_DISLIKED);
    if (!roles_alternate(sample))
        draft_add_defect(draft, DEFECT_ROLE_ORDER);
    for (size_t i = 0; i < sample->n_turns; i++)
        if (turn_has_role(&sample->turns[i], role_system) && (i > 0 || sample->system.ptr))
            draft_add_defect(draft, DEFECT_LATE_SYSTEM);
}

static bool has_text(const struct sample *sample)
{
    if (!slice_is_blank(sample->context))
        return true;
    for (size_t i = 0; i < sample->n_turns; i++) {
        const struct turn *turn = &sample->turns[i];

        if (turn->calls.ptr || turn->media.ptr || turn->extra.ptr ||
            !slice_is_blank(turn->thought) || !slice_is_blank(turn->content))
            return true;
    }
    return false;
}

enum draft_state draft_finish(struct draft *draft)
{
    draft_check_unclaimed(draft);
    draft_read_forms(draft);
    draft_split_passage(draft);
    draft_repair(draft);
    draft_read_media(draft);
    if (draft->state == DRAFT_GOOD && !has_text(draft->out))
        draft_reject(draft, DEFECT_EMPTY_RECORD, "it holds no text");
    if (draft->state == DRAFT_GOOD && draft->out->n_turns > INT32_MAX)
        draft_reject(draft, DEFECT_TOO_LONG, "it holds %zu turns", draft->out->n_turns);
    if (draft->state == DRAFT_GOOD) {
        sample_find_turns(draft->out);
        draft_check_pair(draft);
    }
    if (draft->state == DRAFT_GOOD) {
        add_sample_defects(draft);
        draft_fill_ext_id(draft);
        draft_fill_meta(draft);
    }
    draft->out->defects = draft->defects;
    return draft->state;
}
