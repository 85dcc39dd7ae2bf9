/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images, audio and video of a chat: as content parts, or as marks in the text with lists of
 * references in the record. The record that a sample came from decides: marks stay marks.
 */
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/chat/chat_part.h"
#include "base/chat/media_marks.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "stages/export/layouts/chat_private.h"
#include "stages/record/chat_style.h"
#include "store/sample.h"

static const char bad_media[] = "the media of a turn are not in the program's form";

struct medium {
    size_t kind; /* of media_kinds[]; N_MEDIA_KINDS for another type */
    size_t at;
    const struct json_value *part;
    bool has_mark; /* it came from a mark and a list */
};

/* Read an element of a turn's media. False if it is not in the program's form. */
static bool read_medium(const struct json_value *value, struct medium *out)
{
    const struct slice type = json_text(json_get(value, "type"));
    int64_t at = -1;

    *out = (struct medium){ .part = json_get(value, "part") };
    while (out->kind < N_MEDIA_KINDS &&
           !slice_equal(type, slice_text(media_kinds[out->kind].type)))
        out->kind++;
    json_bool(json_get(out->part, "placeholder"), &out->has_mark);
    if (json_type(out->part) != JSON_OBJECT || !json_int(json_get(value, "at"), &at) || at < 0)
        return false;
    out->at = (size_t)at;
    return true;
}

/* Is a part {"type": TYPE, TYPE: REFERENCE, "placeholder": true}, which a list of the record
 * refers to? */
static bool is_reference(const struct medium *medium)
{
    return medium->kind < N_MEDIA_KINDS && json_count(medium->part) == 3 &&
           json_get(medium->part, media_kinds[medium->kind].type);
}

static bool holds_any_mark(struct slice text)
{
    for (size_t i = 0; text.len > 0 && i < N_MEDIA_KINDS; i++)
        if (memmem(text.ptr, text.len, media_kinds[i].mark, strlen(media_kinds[i].mark)))
            return true;
    return false;
}

/* Will a reader find the medium in its content part? */
static bool is_part_of_type(const struct medium *medium, struct slice type)
{
    struct chat_part part;

    chat_part_read(medium->part, &part);
    return part.kind == CHAT_PART_MEDIA && slice_equal(slice_text(part.media_type), type);
}

/* Count the media of a turn with and without marks. */
static int count_media(struct chat_writer *writer, const struct turn *turn, size_t *n_marked,
                       size_t *n_others)
{
    const struct json_value *list;
    struct medium medium;
    int rc = chat_parse_list(writer, turn->media, bad_media, &list);

    for (size_t i = 0; rc == 1 && i < json_count(list); i++) {
        if (!read_medium(json_at(list, i), &medium) || medium.at > turn->content.len)
            return chat_cannot_hold(writer, bad_media);
        if (medium.has_mark
                ? !is_reference(&medium)
                : !is_part_of_type(&medium, json_text(json_get(json_at(list, i), "type"))))
            return chat_cannot_hold(writer, bad_media);
        *(medium.has_mark ? n_marked : n_others) += 1;
    }
    return rc;
}

int chat_check_media(struct chat_writer *writer)
{
    const struct sample *sample = writer->sample;
    size_t n_marked = 0, n_others = 0;
    int rc = 1;

    for (size_t i = 0; rc == 1 && i < sample->n_turns; i++)
        if (sample->turns[i].media.ptr)
            rc = count_media(writer, &sample->turns[i], &n_marked, &n_others);
    if (rc != 1)
        return rc;
    if (n_others > 0 && !writer->style->has_parts)
        return chat_cannot_hold(writer, "its media are content parts, which this shape lacks");
    if (n_others > 0 && n_marked > 0)
        return chat_cannot_hold(writer,
                                "some of its media are marks in the text, others parts");
    writer->has_marks = n_marked > 0;
    for (size_t i = 0; n_marked > 0 && i < sample->n_turns; i++)
        if (holds_any_mark(sample->turns[i].content))
            return chat_cannot_hold(writer, "its text holds a mark of media, such as <image>");
    return 1;
}

/* Write a text part. */
static void write_text_part(struct chat_writer *writer, struct slice text)
{
    jsonout_object_begin(&writer->json);
    jsonout_key(&writer->json, "type");
    jsonout_text(&writer->json, slice_text("text"));
    jsonout_key(&writer->json, "text");
    jsonout_text(&writer->json, text.len > 0 ? text : slice_text(""));
    jsonout_object_end(&writer->json);
}

/* Write a value that is an element of a list. */
static int write_element(struct chat_writer *writer, const struct json_value *value)
{
    struct buf text;
    int rc = -1;

    buf_init(&text, SIZE_MAX / 4);
    if (json_write(value, &text, writer->err) == 0) {
        jsonout_raw(&writer->json, buf_slice(&text));
        rc = 1;
    }
    buf_release(&text);
    return rc;
}

/* Write the text of a turn cut at its media. A newline at the place of a medium between two
 * texts joins them, and is in neither. */
static int write_cut_text(struct chat_writer *writer, const struct turn *turn,
                          const struct json_value *media)
{
    const struct slice text = turn->content;
    bool is_joined = false; /* a newline before `from` was left out, so a text must follow */
    size_t from = 0;
    int rc = 1;

    for (size_t i = 0; rc == 1 && i < json_count(media); i++) {
        struct medium medium;

        if (!read_medium(json_at(media, i), &medium))
            return chat_cannot_hold(writer, bad_media);
        if (medium.at > from || (medium.at == from && is_joined)) {
            write_text_part(writer, slice_of(text.ptr + from, medium.at - from));
            from = medium.at;
            is_joined = from > 0 && from < text.len;
            if (is_joined && text.ptr[from++] != '\n')
                return chat_cannot_hold(writer, "a medium stands within a line of the text");
        }
        rc = write_element(writer, medium.part);
    }
    if (rc == 1 && (from < text.len || is_joined))
        write_text_part(writer, slice_of(text.ptr + from, text.len - from));
    return rc;
}

/* Write the media from *next on that stand before the text part that begins behind `end` bytes
 * of the content. */
static int write_media_up_to(struct chat_writer *writer, const struct json_value *media,
                             size_t end, size_t *next)
{
    struct medium medium;
    int rc = 1;

    for (; rc == 1 && *next < json_count(media); (*next)++) {
        if (!read_medium(json_at(media, *next), &medium))
            return chat_cannot_hold(writer, bad_media);
        if (medium.at > end)
            break;
        rc = write_element(writer, medium.part);
    }
    return rc;
}

/* The text of a content part; ptr NULL for a part without text. */
static struct slice text_of_kept_part(const struct json_value *part)
{
    return json_type(part) == JSON_STRING ? json_text(part) : json_text(json_get(part, "text"));
}

/* Write the parts that the extra holds, with the media between them. */
static int write_kept_parts(struct chat_writer *writer, struct slice content,
                            const struct json_value *kept, const struct json_value *media)
{
    size_t n_texts = 0, end = 0, next = 0;
    int rc = 1;

    for (size_t i = 0; rc == 1 && i < json_count(kept); i++) {
        const struct json_value *part = json_at(kept, i);
        const struct slice text = text_of_kept_part(part);

        if (text.ptr) {
            rc = write_media_up_to(writer, media, end, &next);
            end += (n_texts++ > 0) + text.len;
        }
        if (rc == 1)
            rc = write_element(writer, part);
    }
    if (rc == 1 && end != content.len)
        return chat_cannot_hold(writer, "a turn's text differs from its content parts");
    return rc == 1 ? write_media_up_to(writer, media, SIZE_MAX, &next) : rc;
}

int chat_write_parts(struct chat_writer *writer, const struct turn *turn,
                     const struct json_value *kept)
{
    const struct json_value *media = NULL;
    int rc = 1;

    if (turn->media.ptr)
        rc = chat_parse_list(writer, turn->media, bad_media, &media);
    if (rc != 1)
        return rc;
    jsonout_array_begin(&writer->json);
    rc = kept ? write_kept_parts(writer, turn->content, kept, media)
              : write_cut_text(writer, turn, media);
    jsonout_array_end(&writer->json);
    return rc;
}

int chat_add_marked_text(struct chat_writer *writer, const struct turn *turn, struct buf *out)
{
    const struct slice text = turn->content;
    const struct json_value *media;
    size_t from = 0;
    int rc = chat_parse_list(writer, turn->media, bad_media, &media);

    for (size_t i = 0; rc == 1 && i < json_count(media); i++) {
        struct medium medium;

        if (!read_medium(json_at(media, i), &medium) || medium.at < from)
            return chat_cannot_hold(writer, bad_media);
        if (buf_add(out, text.ptr + from, medium.at - from, writer->err) < 0 ||
            buf_add_text(out, media_kinds[medium.kind].mark, writer->err) < 0)
            return -1;
        from = medium.at;
    }
    if (rc == 1 && buf_add(out, text.ptr + from, text.len - from, writer->err) < 0)
        return -1;
    return rc;
}

/* Write the references of one kind that a turn has. */
static int write_turn_references(struct chat_writer *writer, const struct turn *turn,
                                 size_t kind, size_t *n)
{
    const struct json_value *media;
    int rc = chat_parse_list(writer, turn->media, bad_media, &media);

    for (size_t i = 0; rc == 1 && i < json_count(media); i++) {
        struct medium medium;

        if (!read_medium(json_at(media, i), &medium))
            return chat_cannot_hold(writer, bad_media);
        if (medium.kind != kind)
            continue;
        if ((*n)++ == 0) {
            jsonout_key(&writer->json, media_kinds[kind].list);
            jsonout_array_begin(&writer->json);
        }
        rc = write_element(writer, json_get(medium.part, media_kinds[kind].type));
    }
    return rc;
}

int chat_write_references(struct chat_writer *writer)
{
    const struct sample *sample = writer->sample;
    int rc = 1;

    for (size_t kind = 0; writer->has_marks && kind < N_MEDIA_KINDS; kind++) {
        size_t n = 0;

        for (size_t i = 0; rc == 1 && i < sample->n_turns; i++)
            if (sample->turns[i].media.ptr)
                rc = write_turn_references(writer, &sample->turns[i], kind, &n);
        if (n > 0)
            jsonout_array_end(&writer->json);
    }
    return rc;
}
