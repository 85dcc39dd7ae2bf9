/* SPDX-License-Identifier: Apache-2.0 */
#include "base/chat/media_marks.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/chat/media.h"
#include "base/json/json.h"
#include "base/json/prune.h"

const struct media_kind media_kinds[N_MEDIA_KINDS] = {
    { "image", "<image>", "\"part\":{\"type\":\"image\"}}", "images", "image" },
    { "video", "<video>", "\"part\":{\"type\":\"video\"}}", "videos", "video" },
    { "audio", "<audio>", "\"part\":{\"type\":\"audio\"}}", "audios", "audio" },
};

const struct media_kind *media_kind_of(const char *type)
{
    for (size_t i = 0; i < N_MEDIA_KINDS; i++)
        if (strcmp(media_kinds[i].type, type) == 0)
            return &media_kinds[i];
    return NULL;
}

size_t media_count(const struct json_value *value)
{
    if (json_type(value) == JSON_ARRAY)
        return json_count(value);
    return json_text(value).len > 0 ||
           (json_type(value) == JSON_OBJECT && json_count(value) > 0);
}

static const struct json_value *next_reference(struct media_list *list)
{
    const size_t i = list->next++;

    return json_type(list->value) == JSON_ARRAY ? json_at(list->value, i) : list->value;
}

/* Searches for the first byte, which is rare: memmem() is slower. */
static size_t count_text(struct slice text, const char *what)
{
    const size_t len = strlen(what);
    const char *at;
    size_t n = 0;

    while (text.len >= len && (at = memchr(text.ptr, what[0], text.len - len + 1))) {
        const bool is_found = memcmp(at, what, len) == 0;
        const size_t skipped = (size_t)(at - text.ptr) + (is_found ? len : 1);

        text = slice_of(text.ptr + skipped, text.len - skipped);
        n += is_found;
    }
    return n;
}

size_t media_count_marks(const struct media_kind *kind, struct slice text)
{
    return count_text(text, kind->mark);
}

size_t media_count_bare(const struct media_kind *kind, struct slice media)
{
    return count_text(media, kind->bare);
}

size_t media_count_type(const struct media_kind *kind, struct slice media)
{
    char start[40];

    snprintf(start, sizeof start, "{\"type\":\"%s\",\"at\":", kind->type);
    return count_text(media, start);
}

/* The list whose mark comes first in the text, with the place of the mark; NULL for none. */
static struct media_list *find_next_mark(struct media_list *lists, struct slice text,
                                         const char **at)
{
    struct media_list *first = NULL;

    for (size_t i = 0; text.len > 0 && i < N_MEDIA_KINDS; i++) {
        const char *mark = lists[i].value ? lists[i].kind->mark : NULL;
        const char *found = mark ? memmem(text.ptr, text.len, mark, strlen(mark)) : NULL;

        if (found && (!first || found < *at)) {
            first = &lists[i];
            *at = found;
        }
    }
    return first;
}

int media_place_marks(struct media_list lists[N_MEDIA_KINDS], struct slice text,
                      struct buf *content, struct buf *media, struct error *err)
{
    struct media_list *list;
    const char *at = NULL;

    while ((list = find_next_mark(lists, text, &at))) {
        const char *rest = at + strlen(list->kind->mark);

        if (buf_add(content, text.ptr, (size_t)(at - text.ptr), err) < 0 ||
            media_add_reference(list->kind->type, content->len, next_reference(list), true,
                                media, err) < 0)
            return -1;
        text = slice_of(rest, (size_t)(text.ptr + text.len - rest));
    }
    if (media->len > 0 && media_end(media, err) < 0)
        return -1;
    return buf_add_slice(content, text, err);
}

int media_fill_bare(struct media_list *list, struct slice media, struct buf *out,
                    struct error *err)
{
    const char *bare = list->kind->bare;
    const size_t len = strlen(bare);
    const char *at;

    while (media.len > 0 && (at = memmem(media.ptr, media.len, bare, len))) {
        const size_t before = (size_t)(at - media.ptr);

        if (buf_add(out, media.ptr, before + len - 2, err) < 0 ||
            buf_printf(out, err, ",\"%s\":", list->kind->type) < 0 ||
            prune_write(next_reference(list), out, err) < 0 || buf_add_text(out, "}}", err) < 0)
            return -1;
        media = slice_of(at + len, media.len - before - len);
    }
    return buf_add_slice(out, media, err);
}

int media_add_list(struct media_list *list, bool is_placeholder, struct buf *media,
                   struct error *err)
{
    for (size_t n = media_count(list->value); n > 0; n--)
        if (media_add_reference(list->kind->type, 0, next_reference(list), is_placeholder,
                                media, err) < 0)
            return -1;
    return 0;
}

static int place_at_start(struct media_list *list, struct buf *media, struct error *err)
{
    return media_add_list(list, false, media, err) < 0 ? -1 : media_end(media, err);
}

int media_place_in_text(const struct media_kind *kind, const struct json_value *value,
                        struct slice text, struct buf *content, struct buf *media,
                        struct error *err)
{
    struct media_list lists[N_MEDIA_KINDS] = { { .kind = kind, .value = value } };
    const size_t n_marks = media_count_marks(kind, text);
    const bool fits = n_marks == media_count(value);
    int rc;

    if (n_marks > 0 && fits)
        rc = media_place_marks(lists, text, content, media, err);
    else
        rc = place_at_start(&lists[0], media, err) < 0 ? -1 : buf_add_slice(content, text, err);
    return rc < 0 ? -1 : n_marks == 0 || fits;
}
