/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/record/media_form.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/chat/media.h"
#include "base/error.h"
#include "base/json/json.h"
#include "store/sample.h"

const char *const media_form_names[] = {
    [MEDIA_KEEP] = "keep", [MEDIA_MARKS] = "marks", [MEDIA_PARTS] = "parts", NULL
};

static bool is_mark(const struct json_value *part)
{
    bool has_mark = false;

    return json_bool(json_get(part, "placeholder"), &has_mark) && has_mark;
}

/* The reference of a mark: {"type": TYPE, TYPE: REFERENCE, "placeholder": true}. NULL for
 * another part. */
static const struct json_value *reference_of_mark(const struct json_value *part,
                                                  const char *type)
{
    return is_mark(part) ? json_get(part, type) : NULL;
}

/* The reference of a part that holds nothing else: {"type": TYPE, TYPE: REFERENCE}, or
 * {"type": TYPE_url, TYPE_url: {"url": REFERENCE}}. NULL for another part. */
static const struct json_value *reference_of_part(const struct json_value *part,
                                                  const char *type)
{
    const struct slice own = json_text(json_get(part, "type"));
    char url[32];

    snprintf(url, sizeof url, "%s_url", type);
    if (json_count(part) != 2)
        return NULL;
    if (slice_equal(own, slice_text(type)))
        return json_get(part, type);
    if (!slice_equal(own, slice_text(url)))
        return NULL;
    const struct json_value *value = json_get(part, url);
    if (json_type(value) == JSON_STRING)
        return value;
    return json_count(value) == 1 ? json_get(value, "url") : NULL;
}

/* Append a medium in the form. Returns 1 when it changed, 0 when not, -1. */
static int add_in_form(const struct json_value *medium, enum media_form form, struct buf *out,
                       struct error *err)
{
    const struct json_value *part = json_get(medium, "part");
    const struct slice type = json_text(json_get(medium, "type"));
    const bool has_list = type.ptr && !slice_equal(type, slice_text("file"));
    const struct json_value *reference = NULL;
    int64_t at = 0;

    (void)json_int(json_get(medium, "at"), &at);
    if (has_list)
        reference = form == MEDIA_MARKS ? reference_of_part(part, type.ptr)
                                        : reference_of_mark(part, type.ptr);
    if (!reference)
        return media_add_part(type.ptr, (size_t)at, part, out, err);
    return media_add_reference(type.ptr, (size_t)at, reference, form == MEDIA_MARKS, out, err) <
                   0
               ? -1
               : 1;
}

/* Build the turn's media in the form. Returns 1 when one changed, 0 when not, -1. */
static int convert_media(const struct json_value *list, enum media_form form, struct buf *out,
                         struct error *err)
{
    int changed = 0;

    for (size_t i = 0; i < json_count(list); i++) {
        const int rc = add_in_form(json_at(list, i), form, out, err);

        if (rc < 0)
            return -1;
        changed |= rc;
    }
    return changed && media_end(out, err) < 0 ? -1 : changed;
}

static int convert_turn(struct turn *turn, enum media_form form, struct json *parser,
                        struct arena *arena, struct error *err)
{
    const struct json_value *list;
    enum json_issue issue;
    const char *detail;
    struct buf text;
    size_t at;

    if (json_parse(parser, turn->media, &list, &issue, &at, &detail, err) < 0)
        return -1;
    buf_init(&text, SIZE_MAX / 4);
    int rc = convert_media(list, form, &text, err);
    if (rc == 1) {
        turn->media = arena_copy(arena, buf_slice(&text));
        rc = turn->media.ptr ? 1 : error_nomem(err);
    }
    buf_release(&text);
    return rc;
}

int media_form_apply(struct sample *sample, enum media_form form, struct arena *arena,
                     struct error *err)
{
    struct json *parser = NULL;
    int changed = 0;

    for (size_t i = 0; form != MEDIA_KEEP && changed >= 0 && i < sample->n_turns; i++) {
        if (!sample->turns[i].media.ptr)
            continue;
        if (!parser && json_new(&parser, err) < 0)
            return -1;
        const int rc = convert_turn(&sample->turns[i], form, parser, arena, err);
        changed = rc < 0 ? -1 : changed | rc;
    }
    json_free(parser);
    return changed;
}
