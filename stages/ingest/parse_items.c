/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records that hold several samples. Their items are parsed one after the other, each as a
 * record of its own, so memory does not grow with their number.
 */
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/io/frame.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/formats/members.h"
#include "stages/ingest/parse_private.h"
#include "stages/ingest/unfold.h"

/* Of the items of one record together. A context is a part of each of them, so they can be much
 * longer than the record. */
static const uint64_t items_max_bytes = (uint64_t)1 << 30;

/* The items of a record. */
struct items {
    struct parser *parser;
    const struct frame_record *record;
    const struct format *format;
    bool forced;
    const struct parse_sink *sink;
    struct arena arena; /* of the current item */
    uint64_t n;
    uint64_t n_bytes;
};

/* The items of an item. */
struct items_level {
    struct items *items;
    int depth;
    uint64_t defects; /* of the unfolded record; its items have them, too */
};

static int unfold_level(struct items *items, const struct parsed *several, int depth,
                        struct error *err);

/* Put the number of the item in front of the reason of its reject. */
static int name_item(struct items *items, struct parsed *parsed, struct error *err)
{
    char number[48];
    struct buf buf;
    int rc = -1;

    snprintf(number, sizeof number,
             "item %llu of the record: ", (unsigned long long)(items->n + 1));
    buf_init(&buf, SIZE_MAX / 4);
    if (buf_add_text(&buf, number, err) == 0 && buf_add_slice(&buf, parsed->detail, err) == 0) {
        parsed->detail = arena_copy(&items->arena, buf_slice(&buf));
        rc = parsed->detail.ptr ? 0 : error_nomem(err);
    }
    buf_release(&buf);
    return rc;
}

static int reject_item(struct items *items, const struct frame_record *item, enum defect defect,
                       const char *detail, struct error *err)
{
    struct parsed parsed = { .rejected_for = defect,
                             .detail = slice_text(detail),
                             .sample = { .item = items->n } };

    if (name_item(items, &parsed, err) < 0)
        return -1;
    items->n++;
    return items->sink->each(items->sink->arg, item, &parsed, err);
}

static int parse_item(void *arg, struct slice text, struct error *err)
{
    const struct items_level *level = arg;
    struct items *items = level->items;
    struct frame_record item = *items->record;
    struct parsed parsed;

    items->n_bytes += text.len;
    if (items->n_bytes > items_max_bytes)
        return reject_item(items, items->record, DEFECT_TOO_LONG,
                           "the items so far have 1 GiB, so this one and those after it are "
                           "not read: write a record for each sample",
                           err) < 0
                   ? -1
                   : 1;
    item.text = text;
    item.byte_len = text.len;
    item.noted = items->n == 0 ? item.noted : 0; /* what is noted stands before the record */
    arena_clear(&items->arena);
    if (parse_record(items->parser, &item, items->format, items->forced, &items->arena, &parsed,
                     err) < 0)
        return -1;
    if (parsed.several && level->depth + 1 < UNFOLD_DEPTH_MAX)
        return unfold_level(items, &parsed, level->depth + 1, err);
    if (parsed.several)
        return reject_item(items, &item, DEFECT_UNKNOWN_SHAPE,
                           "it holds records inside records, too deep to unfold", err);
    if (parsed.rejected_for && name_item(items, &parsed, err) < 0)
        return -1;
    parsed.defects |= level->defects;
    parsed.sample.item = items->n++;
    return items->sink->each(items->sink->arg, &item, &parsed, err);
}

/* Unfold the text of a record or of an item. The text of an item is in the arena or a buffer,
 * which the next item replaces: copy it. */
static int unfold_level(struct items *items, const struct parsed *several, int depth,
                        struct error *err)
{
    struct items_level level = { .items = items, .depth = depth, .defects = several->defects };
    const struct unfold_sink sink = { .each = parse_item, .arg = &level };
    struct buf text;
    int rc;

    if (depth == 0)
        return unfold_each(several->several, several->text, &sink, err);
    buf_init(&text, SIZE_MAX / 4);
    rc = buf_add_slice(&text, several->text, err);
    if (rc == 0)
        rc = unfold_each(several->several, buf_slice(&text), &sink, err);
    buf_release(&text);
    return rc;
}

int parse_several(struct parser *parser, const struct frame_record *record,
                  const struct parsed *several, const struct format *format, bool forced,
                  const struct parse_sink *sink, struct error *err)
{
    struct items items = {
        .parser = parser, .record = record, .format = format, .forced = forced, .sink = sink
    };

    arena_init(&items.arena);
    int rc = unfold_level(&items, several, 0, err);
    if (rc == 0 && items.n == 0) { /* its names have escapes, which the walk does not decode */
        struct parsed none = { .rejected_for = DEFECT_UNKNOWN_SHAPE,
                               .detail = slice_text("its lists of records cannot be read: "
                                                    "write a record for each sample") };
        rc = sink->each(sink->arg, record, &none, err);
    }
    arena_release(&items.arena);
    return rc < 0 ? -1 : 0;
}

int parse_each(struct parser *parser, const struct frame_record *record,
               const struct format *format, bool forced, struct arena *arena,
               const struct parse_sink *sink, struct error *err)
{
    struct parsed parsed;

    if (parse_record(parser, record, format, forced, arena, &parsed, err) < 0)
        return -1;
    if (parsed.several)
        return parse_several(parser, record, &parsed, format, forced, sink, err);
    return sink->each(sink->arg, record, &parsed, err) < 0 ? -1 : 0;
}

/* The search for the format of a record. */
struct detection {
    struct parser *parser;
    const struct format *format;
    int depth;
};

static int detect_text(struct detection *detection, const struct frame_record *record,
                       struct error *err);

/* Look at the first item only. */
static int detect_item(void *arg, struct slice item, struct error *err)
{
    struct detection *detection = arg;
    const struct frame_record record = { .text = item };

    detection->depth++;
    return detect_text(detection, &record, err) < 0 ? -1 : 1;
}

static int detect_text(struct detection *detection, const struct frame_record *record,
                       struct error *err)
{
    const struct unfold_sink sink = { .each = detect_item, .arg = detection };
    struct decoded decoded = { .issue = JSON_BAD_SYNTAX };
    struct members members;

    if (record->issue == FRAME_OK &&
        parse_decode(detection->parser, record, NULL, &decoded, err) < 0)
        return -1;
    if (decoded.issue != JSON_OK && decoded.issue != JSON_TOO_LARGE)
        return 0;
    const bool is_large = decoded.issue == JSON_TOO_LARGE;
    parse_find_members(decoded.value, &members);
    enum unfold how = is_large ? unfold_find_large(decoded.text) : unfold_find_rows(&members);
    if (!how)
        detection->format = format_detect(&members);
    if (!how && !detection->format)
        how = unfold_find_wrapped(&members);
    /* A text that was decoded from a string belongs to the parser: it is not unfolded here. */
    if (!how || detection->depth == UNFOLD_DEPTH_MAX || decoded.text.ptr != record->text.ptr)
        return 0;
    return unfold_each(how, record->text, &sink, err);
}

int parse_detect(struct parser *parser, const struct frame_record *record,
                 const struct format **out, struct error *err)
{
    struct detection detection = { .parser = parser };

    if (detect_text(&detection, record, err) < 0)
        return -1;
    *out = detection.format;
    return 0;
}
