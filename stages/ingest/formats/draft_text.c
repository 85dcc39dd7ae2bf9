/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of JSON values, and its repair.
 */
#include "base/buf.h"
#include "base/chat/media.h"
#include "base/error.h"
#include "base/json/json.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/repair.h"
#include "store/sample.h"

/* The text of a value is no longer than the record, whose length is bounded. */
static const size_t text_max_bytes = SIZE_MAX / 4;

enum { NAMES_BYTES = 96 };

/* The text that a producer who quoted the value would have written. */
static struct slice text_of_scalar(struct draft *draft, const struct json_value *value)
{
    struct slice text = { NULL, 0 };
    struct buf buf;

    buf_init(&buf, text_max_bytes);
    if (json_write(value, &buf, draft->err) < 0)
        draft->state = DRAFT_FAILED;
    else
        text = draft_copy(draft, buf_slice(&buf));
    buf_release(&buf);
    return text;
}

/* Append ["a", 2] as "a" and "2" on two lines. Returns 1; 0 when a value is an object, a list
 * or null; -1 for ERR_NOMEM. */
static int join_list(const struct json_value *list, struct buf *out, struct error *err)
{
    for (size_t i = 0; i < json_count(list); i++) {
        const struct json_value *value = json_at(list, i);
        const enum json_type type = json_type(value);

        if (type != JSON_STRING && type != JSON_NUMBER && type != JSON_BOOL)
            return 0;
        if (i > 0 && buf_add_text(out, "\n", err) < 0)
            return -1;
        if (type == JSON_STRING ? buf_add_slice(out, json_text(value), err) < 0
                                : json_write(value, out, err) < 0)
            return -1;
    }
    return 1;
}

/* Is the member a list of as many values as this one, and a question or an answer? */
static bool is_column(const void *arg, struct slice name, const struct json_value *value)
{
    const struct json_value *list = arg;
    const enum member_use use = member_use_of(name);

    return (use == USE_QUESTION || use == USE_ANSWER) && json_type(value) == JSON_ARRAY &&
           json_count(value) == json_count(list);
}

/* Reject a list of several texts where the shape has one text. It is unknown which of them is
 * meant, and joining them would make a text that nobody wrote. */
static void reject_list(struct draft *draft, const struct json_value *list, const char *what)
{
    char names[NAMES_BYTES];

    if (draft_name_members(draft->members->record, names, sizeof names, is_column, list) > 1)
        draft_reject(draft, DEFECT_BAD_TYPE,
                     "its members %s are columns of %zu rows: write a record for each row",
                     names, json_count(list));
    draft_reject(draft, DEFECT_BAD_TYPE,
                 "%s is a list of %zu values and must be one text; --on type_drift=repair "
                 "joins them with newlines",
                 what, json_count(list));
}

/* Did the user ask to join lists? */
static bool joins_lists(const struct draft *draft)
{
    const struct defect_policy *policy = draft->options->policy;

    return policy && policy->actions[DEFECT_TYPE_DRIFT] == ACTION_REPAIR &&
           (policy->chosen & defect_bit(DEFECT_TYPE_DRIFT));
}

static struct slice text_of_list(struct draft *draft, const struct json_value *list,
                                 const char *what)
{
    struct slice text = { NULL, 0 };
    struct buf buf;

    if (json_count(list) > 1 && !joins_lists(draft)) {
        reject_list(draft, list, what);
        return text;
    }
    buf_init(&buf, text_max_bytes);
    const int rc = join_list(list, &buf, draft->err);
    if (rc < 0)
        draft->state = DRAFT_FAILED;
    else if (rc == 0)
        draft_reject(draft, DEFECT_BAD_TYPE, "%s is a list and must be text", what);
    else
        text = draft_copy(draft, buf_slice(&buf));
    buf_release(&buf);
    draft_add_defect(draft, DEFECT_TYPE_DRIFT);
    return text;
}

struct slice draft_text(struct draft *draft, const struct json_value *value, const char *what)
{
    const struct slice none = { NULL, 0 };

    if (draft->state != DRAFT_GOOD)
        return none;
    switch (json_type(value)) {
    case JSON_STRING:
        return draft_copy(draft, json_text(value));
    case JSON_NUMBER:
    case JSON_BOOL:
        draft_add_defect(draft, DEFECT_TYPE_DRIFT);
        return text_of_scalar(draft, value);
    case JSON_NULL:
        return none;
    case JSON_ARRAY:
        return text_of_list(draft, value, what);
    case JSON_OBJECT:
        draft_reject(draft, DEFECT_BAD_TYPE, "%s is an object and must be text", what);
        return none;
    }
    return none;
}

static void repair_in_place(struct draft *draft, struct slice *text, uint64_t defects)
{
    if (draft->state == DRAFT_GOOD &&
        repair_text(text, defects, draft->arena, &draft->defects, draft->err) < 0)
        draft->state = DRAFT_FAILED;
}

/* Append a piece of a text with its repairs. */
static void add_repaired(struct draft *draft, struct slice piece, uint64_t defects,
                         struct buf *out)
{
    repair_in_place(draft, &piece, defects);
    if (draft->state == DRAFT_GOOD && buf_add_slice(out, piece, draft->err) < 0)
        draft->state = DRAFT_FAILED;
}

/* Repair the text before and after each of these media, and append both texts of the turn. */
static void repair_around(struct draft *draft, const struct turn *turn,
                          const struct json_value *list, uint64_t defects, struct buf *content,
                          struct buf *media)
{
    const struct slice text = turn->content;
    size_t done = 0;

    for (size_t i = 0; draft->state == DRAFT_GOOD && i < json_count(list); i++) {
        const struct json_value *medium = json_at(list, i);
        int64_t at = 0;

        (void)json_int(json_get(medium, "at"), &at);
        add_repaired(draft, slice_of(text.ptr + done, (size_t)at - done), defects, content);
        done = (size_t)at;
        if (draft->state == DRAFT_GOOD &&
            media_add_part(json_text(json_get(medium, "type")).ptr, content->len,
                           json_get(medium, "part"), media, draft->err) < 0)
            draft->state = DRAFT_FAILED;
    }
    add_repaired(draft, slice_of(text.ptr + done, text.len - done), defects, content);
}

/* Repair the content of a turn whose media refer to bytes of it. */
static void repair_with_media(struct draft *draft, struct turn *turn, uint64_t defects)
{
    const struct json_value *list = NULL;
    struct json *json = NULL;
    enum json_issue issue;
    const char *detail;
    size_t at;
    struct buf content, media;

    buf_init(&content, text_max_bytes);
    buf_init(&media, text_max_bytes);
    if (json_new(&json, draft->err) < 0 ||
        json_parse(json, turn->media, &list, &issue, &at, &detail, draft->err) < 0)
        draft->state = DRAFT_FAILED;
    repair_around(draft, turn, list, defects, &content, &media);
    if (draft->state == DRAFT_GOOD && media_end(&media, draft->err) < 0)
        draft->state = DRAFT_FAILED;
    if (draft->state == DRAFT_GOOD) {
        turn->content =
            draft_copy(draft, content.len > 0 ? buf_slice(&content) : slice_text(""));
        turn->media = draft_copy(draft, buf_slice(&media));
    }
    json_free(json);
    buf_release(&content);
    buf_release(&media);
}

/* An optional text that is empty after its repair counts as missing. */
static void repair_optional(struct draft *draft, struct slice *text, uint64_t defects)
{
    repair_in_place(draft, text, defects);
    if (text->len == 0)
        *text = slice_of(NULL, 0);
}

void draft_repair(struct draft *draft)
{
    const struct defect_policy *policy = draft->options->policy;
    const uint64_t defects = policy ? repair_known() & defect_repaired(policy) : 0;
    struct sample *out = draft->out;

    if (defects == 0)
        return;
    repair_optional(draft, &out->system, defects);
    repair_optional(draft, &out->context, defects);
    if (!out->context.ptr)
        out->split = slice_of(NULL, 0);
    for (size_t i = 0; i < out->n_turns; i++) {
        repair_in_place(draft, &out->turns[i].thought, defects);
        if (out->turns[i].media.ptr)
            repair_with_media(draft, &out->turns[i], defects);
        else
            repair_in_place(draft, &out->turns[i].content, defects);
    }
}
