/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/formats/chat.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"
#include "stages/record/chat_style.h"
#include "stages/record/roles.h"

/* Read {"human": ..., "assistant": ...}: two turns in one element. */
static void chat_read_pair(struct draft *draft, const struct json_value *pair)
{
    const struct slice others =
        draft_other_members(draft, pair, slice_text("human"), slice_text("assistant"));

    draft_add_turn(draft, role_user, draft_text(draft, json_get(pair, "human"), "human"),
                   others);
    draft_add_response(draft, draft_text(draft, json_get(pair, "assistant"), "assistant"));
}

static void chat_read_list(struct draft *draft, const struct json_value *list,
                           const struct chat_style *style)
{
    if (json_type(list) != JSON_ARRAY) {
        draft_reject(draft, DEFECT_BAD_TYPE, "the messages are not a list");
        return;
    }
    for (size_t i = 0; draft->state == DRAFT_GOOD && i < json_count(list); i++) {
        const struct json_value *message = json_at(list, i);

        if (json_type(message) != JSON_OBJECT)
            draft_reject(draft, DEFECT_BAD_TYPE, "message %zu is not an object", i + 1);
        else if (json_get(message, "human"))
            chat_read_pair(draft, message);
        else
            chat_read_message(draft, message, i, style);
    }
}

bool chat_is_encoded(const struct json_value *list)
{
    const struct slice text = json_text(list);
    size_t i = 0;

    while (i < text.len && strchr(" \t\r\n", text.ptr[i]) && text.ptr[i])
        i++;
    return i < text.len && text.ptr[i] == '[';
}

void chat_read(struct draft *draft, const struct json_value *list,
               const struct chat_style *style)
{
    const struct json_value *inner = NULL;
    struct json *json = NULL;
    enum json_issue issue;
    const char *detail;
    size_t at;

    if (draft->state != DRAFT_GOOD)
        return;
    if (!chat_is_encoded(list)) {
        chat_read_list(draft, list, style);
        return;
    }
    if (json_new(&json, draft->err) < 0 ||
        json_parse(json, json_text(list), &inner, &issue, &at, &detail, draft->err) < 0) {
        draft->state = DRAFT_FAILED;
    } else if (issue != JSON_OK) {
        draft_reject(draft, DEFECT_BAD_TYPE,
                     "the messages are text and no list: at byte %zu: %s", at, detail);
    } else {
        draft_add_defect(draft, DEFECT_DOUBLE_ENCODED);
        chat_read_list(draft, inner, style);
    }
    json_free(json);
}
