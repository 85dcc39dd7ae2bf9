/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/export/layouts/chat_write.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/chat/chat_part.h"
#include "base/error.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "stages/export/layouts/chat_private.h"
#include "stages/export/layouts/emit.h"
#include "stages/record/chat_style.h"
#include "stages/record/roles.h"
#include "store/sample.h"

int chat_cannot_hold(struct chat_writer *writer, const char *detail)
{
    *writer->why = detail;
    return 0;
}

int chat_parse(struct chat_writer *writer, struct json **parser, struct slice text,
               const struct json_value **out)
{
    enum json_issue issue;
    const char *detail;
    size_t at;

    if (!*parser && json_new(parser, writer->err) < 0)
        return -1;
    return json_parse(*parser, text, out, &issue, &at, &detail, writer->err);
}

int chat_parse_list(struct chat_writer *writer, struct slice text, const char *detail,
                    const struct json_value **out)
{
    if (chat_parse(writer, &writer->list_parser, text, out) < 0)
        return -1;
    return *out ? 1 : chat_cannot_hold(writer, detail);
}

/* Append a list of messages. The first list has the system prompt and the context. */
static int write_list(struct chat_writer *writer, const struct chat_list *list)
{
    const struct sample *sample = writer->sample;
    const struct turn prompt = { .role = role_system, .content = sample->system };
    const struct slice none = { NULL, 0 };
    const bool is_first = list == writer->lists;
    struct slice context = is_first ? sample->context : none;
    int rc = 1;

    jsonout_key(&writer->json, list->key);
    jsonout_array_begin(&writer->json);
    if (is_first && sample->system.ptr && writer->style->system_is_message)
        rc = chat_write_message(writer, &prompt, none);
    for (size_t i = list->first; rc == 1 && i < list->end; i++) {
        const bool carries = context.ptr && turn_has_role(&sample->turns[i], role_user);

        rc = chat_write_message(writer, &sample->turns[i], carries ? context : none);
        if (carries)
            context = none;
    }
    jsonout_array_end(&writer->json);
    if (rc == 1 && context.ptr)
        rc = chat_cannot_hold(writer, "no user turn carries the context");
    return rc;
}

static int write_chat_record(struct chat_writer *writer)
{
    const struct sample *sample = writer->sample;
    struct jsonout *json = &writer->json;

    jsonout_object_begin(json);
    emit_id(json, sample);
    if (sample->system.ptr && !writer->style->system_is_message) {
        jsonout_key(json, "system");
        jsonout_text(json, sample->system);
    }
    int rc = 1;
    for (size_t i = 0; rc == 1 && i < writer->n_lists; i++)
        rc = write_list(writer, &writer->lists[i]);
    if (rc == 1 && writer->label) {
        jsonout_key(json, "label");
        jsonout_bool(json, *writer->label);
    }
    if (rc == 1)
        rc = chat_write_references(writer);
    if (rc == 1)
        rc = chat_write_tools(writer);
    if (rc == 1)
        emit_context_bytes(json, sample, true);
    jsonout_object_end(json);
    if (rc >= 0 && jsonout_end(json, writer->err) < 0)
        rc = -1;
    return rc;
}

static int write_checked(struct chat_writer *writer, struct buf *out)
{
    const struct sample *sample = writer->sample;
    const size_t before = out->len;
    int rc = 1;

    if (!sample->system.ptr && !sample->turns[0].extra.ptr &&
        turn_has_role(&sample->turns[0], role_system))
        rc = chat_cannot_hold(writer, "its first turn would be read as the system prompt");
    if (rc == 1) {
        jsonout_init(&writer->json, out);
        rc = chat_check_media(writer);
    }
    if (rc == 1 && writer->has_marks && writer->n_lists > 1)
        rc = chat_cannot_hold(writer, "its media are marks in the text of several lists");
    if (rc == 1)
        rc = write_chat_record(writer);
    if (rc == 0)
        emit_undo(out, before);
    json_free(writer->parser);
    json_free(writer->list_parser);
    return rc;
}

int chat_write(const struct sample *sample, const struct chat_style *style, struct buf *out,
               const char **why, struct error *err)
{
    const struct chat_list all = { style->list_key, 0, sample->n_turns };
    struct chat_writer writer = {
        .sample = sample, .style = style, .lists = &all, .n_lists = 1, .why = why, .err = err
    };

    return emit_check(sample, why) ? write_checked(&writer, out) : 0;
}

int chat_write_lists(const struct sample *sample, const struct chat_list *lists, size_t n_lists,
                     const bool *label, struct buf *out, const char **why, struct error *err)
{
    struct chat_writer writer = { .sample = sample,
                                  .style = &chat_openai,
                                  .lists = lists,
                                  .n_lists = n_lists,
                                  .label = label,
                                  .why = why,
                                  .err = err };

    return emit_check_texts(sample, why) ? write_checked(&writer, out) : 0;
}
