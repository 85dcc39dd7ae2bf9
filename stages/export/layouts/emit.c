/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/export/layouts/emit.h"

#include <stdint.h>

#include "base/buf.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "stages/record/roles.h"
#include "store/sample.h"

static bool has_assistant_turn(const struct sample *sample)
{
    for (size_t i = 0; i < sample->n_turns; i++)
        if (turn_has_role(&sample->turns[i], role_assistant))
            return true;
    return false;
}

bool emit_check(const struct sample *sample, const char **why)
{
    const enum sample_kind kind = has_assistant_turn(sample) ? SAMPLE_SFT : SAMPLE_PROMPT_ONLY;
    const char *detail = NULL;

    if (sample->kind == SAMPLE_PAIR)
        detail = "it is a pair, whose rejected answer the layout cannot hold";
    else if (sample->kind == SAMPLE_TEXT || sample->n_turns == 0)
        detail = "plain text has no turns";
    else if (sample->kind != kind)
        detail = "its turns contradict its kind";
    else if (sample->system.ptr && sample->system.len == 0)
        detail = "its system prompt is empty";
    else if (sample->context.ptr && sample->context.len == 0)
        detail = "its context is empty";
    if (detail)
        *why = detail;
    return !detail;
}

void emit_id(struct jsonout *json, const struct sample *sample)
{
    if (!sample->ext_id.ptr)
        return;
    jsonout_key(json, "id");
    jsonout_text(json, sample->ext_id);
}

static int emit_member(struct jsonout *json, const char *key, const struct json_value *value,
                       struct error *err)
{
    struct buf text;
    int rc = 1;

    buf_init(&text, SIZE_MAX / 4);
    if (json_write(value, &text, err) < 0) {
        rc = -1;
    } else {
        jsonout_key(json, key);
        jsonout_raw(json, buf_slice(&text));
    }
    buf_release(&text);
    return rc;
}

int emit_tools(struct jsonout *json, const struct sample *sample, struct error *err)
{
    static const char name[] = "\"tools\"";
    const struct json_value *meta;
    struct json *parser = NULL;
    enum json_issue issue;
    const char *detail;
    size_t at;
    int rc = 1;

    /* Most samples have no tools, and a search for the word is cheaper than parsing. */
    if (!sample->meta.ptr || !memmem(sample->meta.ptr, sample->meta.len, name, sizeof name - 1))
        return 1;
    if (json_new(&parser, err) < 0)
        return -1;
    if (json_parse(parser, sample->meta, &meta, &issue, &at, &detail, err) < 0)
        rc = -1;
    else if (json_get(meta, "tools"))
        rc = emit_member(json, "tools", json_get(meta, "tools"), err);
    json_free(parser);
    return rc;
}

void emit_context_bytes(struct jsonout *json, const struct sample *sample)
{
    if (!sample->context.ptr)
        return;
    jsonout_key(json, "context_bytes");
    jsonout_int(json, (int64_t)sample->context.len);
}
