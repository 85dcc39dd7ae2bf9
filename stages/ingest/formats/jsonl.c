/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonl: the program's own shape. stages/export/layouts/jsonl.c writes and describes it.
 */
#include <stdint.h>

#include "base/buf.h"
#include "base/chat/calls.h"
#include "base/chat/media.h"
#include "base/json/json.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/ingest/formats/format.h"

static bool is_sample_kind(struct slice word)
{
    return slice_equal(word, slice_text("sft")) ||
           slice_equal(word, slice_text("prompt_only")) ||
           slice_equal(word, slice_text("pair")) || slice_equal(word, slice_text("text"));
}

static const enum member jsonl_kind[] = { MEMBER_KIND, MEMBER_NONE };
static const enum member jsonl_texts[] = { MEMBER_INSTRUCTION, MEMBER_CONTEXT, MEMBER_TURNS,
                                           MEMBER_NONE };

static bool jsonl_match(const struct members *members)
{
    const struct slice kind = json_text(members->values[MEMBER_KIND]);

    return kind.ptr && is_sample_kind(kind) && members_have(members, jsonl_texts);
}

/* Set what a turn says about itself besides its text. */
static void jsonl_read_facts(struct draft *draft, const struct json_value *from,
                             struct turn *turn)
{
    const struct slice side = json_text(json_get(from, "side"));
    bool trained = false;

    if (slice_equal(side, slice_text("chosen")))
        turn->side = TURN_SIDE_CHOSEN;
    else if (slice_equal(side, slice_text("rejected")))
        turn->side = TURN_SIDE_REJECTED;
    if (json_bool(json_get(from, "trained"), &trained))
        turn->trained = trained ? TURN_TRAINED_YES : TURN_TRAINED_NO;
    if (turn != draft->out->turns && turn[-1].side > turn->side)
        draft_reject(draft, DEFECT_BAD_TYPE,
                     "its turns are not in the order prompt, chosen, rejected");
}

static void jsonl_read_calls(struct draft *draft, const struct json_value *calls,
                             struct turn *turn)
{
    struct buf buf;

    if (!calls)
        return;
    if (!calls_are_internal(calls)) {
        draft_reject(draft, DEFECT_BAD_TYPE, "turn %zu: calls is not a list of calls",
                     draft->out->n_turns);
        return;
    }
    buf_init(&buf, SIZE_MAX / 4); /* hardly longer than the record, whose length is bounded */
    if (json_write(calls, &buf, draft->err) < 0)
        draft->state = DRAFT_FAILED;
    else
        turn->calls = draft_copy(draft, buf_slice(&buf));
    buf_release(&buf);
}

/* Append a medium of a turn, which stands at *at or later. Returns 1, 0 if it is none, -1. */
static int jsonl_add_medium(const struct json_value *medium, struct slice content, int64_t *at,
                            struct buf *buf, struct error *err)
{
    const struct slice type = json_text(json_get(medium, "type"));
    const int64_t least = *at;

    if (type.len == 0 || json_type(json_get(medium, "part")) != JSON_OBJECT ||
        json_type(json_get(medium, "at")) != JSON_NUMBER ||
        !json_int(json_get(medium, "at"), at) || *at < least || (uint64_t)*at > content.len ||
        ((size_t)*at < content.len && ((unsigned char)content.ptr[*at] & 0xc0) == 0x80))
        return 0;
    return media_add_part(type.ptr, (size_t)*at, json_get(medium, "part"), buf, err) < 0 ? -1
                                                                                         : 1;
}

static void jsonl_read_media(struct draft *draft, const struct json_value *media,
                             struct turn *turn)
{
    int rc = json_count(media) > 0;
    struct buf buf;
    int64_t at = 0;

    if (!media)
        return;
    buf_init(&buf, SIZE_MAX / 4);
    for (size_t i = 0; rc == 1 && i < json_count(media); i++)
        rc = jsonl_add_medium(json_at(media, i), turn->content, &at, &buf, draft->err);
    if (rc < 0 || (rc == 1 && media_end(&buf, draft->err) < 0))
        draft->state = DRAFT_FAILED;
    else if (rc == 0)
        draft_reject(draft, DEFECT_BAD_TYPE,
                     "turn %zu: media is not a list of media in the order of their places",
                     draft->out->n_turns);
    else
        turn->media = draft_copy(draft, buf_slice(&buf));
    buf_release(&buf);
}

static void jsonl_read_turn(struct draft *draft, const struct json_value *turn, size_t i)
{
    const struct json_value *extra = json_get(turn, "extra");
    const struct slice word = json_text(json_get(turn, "role"));

    if (word.len == 0) {
        draft_reject(draft, DEFECT_MISSING_CONTENT, "turn %zu has no role", i + 1);
        return;
    }
    if (!json_text(json_get(turn, "content")).ptr) {
        draft_reject(draft, DEFECT_MISSING_CONTENT, "turn %zu has no content", i + 1);
        return;
    }
    const struct slice role = draft_role_of(draft, word);
    draft_add_turn(draft, role, draft_text(draft, json_get(turn, "content"), "content"),
                   draft_other_members(draft, extra, slice_of(NULL, 0), slice_of(NULL, 0)));
    if (draft->state != DRAFT_GOOD)
        return;
    struct turn *added = &draft->out->turns[draft->out->n_turns - 1];
    added->thought = draft_text(draft, json_get(turn, "thought"), "thought");
    jsonl_read_calls(draft, json_get(turn, "calls"), added);
    jsonl_read_media(draft, json_get(turn, "media"), added);
    jsonl_read_facts(draft, turn, added);
}

static void jsonl_read_turns(struct draft *draft, const struct json_value *turns)
{
    if (json_type(turns) != JSON_ARRAY) {
        draft_reject(draft, DEFECT_BAD_TYPE, "turns is not a list");
        return;
    }
    for (size_t i = 0; draft->state == DRAFT_GOOD && i < json_count(turns); i++)
        jsonl_read_turn(draft, json_at(turns, i), i);
}

static void jsonl_read_flat(struct draft *draft, struct slice instruction,
                            struct slice response)
{
    if (instruction.ptr)
        draft_add_user(draft, instruction);
    draft_add_response(draft, response);
}

static void jsonl_read(struct draft *draft)
{
    draft->unwrap = MEMBER_META;
    draft->says_context = true;
    draft_read_system(draft);
    draft_claim(draft, MEMBER_KIND); /* the turns decide it */
    draft->out->context = draft_claim_text(draft, MEMBER_CONTEXT);
    draft->out->split = draft_claim_text(draft, MEMBER_SPLIT);
    const struct slice instruction = draft_claim_text(draft, MEMBER_INSTRUCTION);
    const struct slice response = draft_claim_text(draft, MEMBER_RESPONSE);
    const struct json_value *turns = draft_claim(draft, MEMBER_TURNS);
    if (turns)
        jsonl_read_turns(draft, turns);
    else
        jsonl_read_flat(draft, instruction, response);
}

const struct format format_jsonl = {
    .name = "jsonl",
    .summary = "this program's own: kind, context, instruction, response, turns, meta",
    .needs = { jsonl_kind, jsonl_texts },
    .match = jsonl_match,
    .read = jsonl_read,
};
