/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/frame_invariant.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/io/frame.h"

/* A frame that is fed pieces of `step` bytes whenever it needs more. */
struct feeder {
    struct frame *frame;
    struct slice stream;
    size_t at;
    size_t step;
    bool finished;
    const struct json_path *path; /* to the records of documents; NULL: none */
};

/* Returns 1 and a record, 0 at the end, -1 when memory runs out. */
static int next_record(struct feeder *f, struct frame_record *out)
{
    struct error err;

    while (!frame_next(f->frame, out)) {
        const size_t left = f->stream.len - f->at;
        const size_t n = left < f->step ? left : f->step;

        if (f->finished)
            return 0;
        if (frame_feed(f->frame, f->stream.ptr + f->at, n, &err) < 0)
            return -1;
        f->at += n;
        f->finished = f->at == f->stream.len;
        if (f->finished)
            frame_finish(f->frame);
    }
    return 1;
}

static bool may_lie_between(struct slice gap)
{
    for (size_t i = 0; i < gap.len; i++)
        if (gap.ptr[i] == '\0' || !strchr(" \t\r\n,[]\xef\xbb\xbf\xe2\x80\xa8\xa9", gap.ptr[i]))
            return false;
    return true;
}

static uint64_t line_of(struct slice stream, uint64_t at)
{
    uint64_t line = 1;

    for (size_t i = 0; i < at; i++)
        line += stream.ptr[i] == '\n';
    return line;
}

static const char *check_record(const struct feeder *feeder, size_t limit, uint64_t end_before,
                                const struct frame_record *record)
{
    const struct slice stream = feeder->stream;
    const uint64_t at = record->byte_offset;
    const uint64_t len = record->byte_len;

    if (at < end_before)
        return "a record begins before the end of the previous one";
    if (at > stream.len || len > stream.len - at)
        return "a record ends after the end of the stream";
    if (!feeder->path && !may_lie_between(slice_of(stream.ptr + end_before, at - end_before)))
        return "bytes before a record are lost";
    if (record->text.len > len ||
        memcmp(record->text.ptr, stream.ptr + at, record->text.len) != 0)
        return "a text differs from the stream at its place";
    if (record->text.len > limit)
        return "a text is longer than the limit";
    if (record->text.len < len && len <= limit && record->issue == FRAME_OK)
        return "a text lacks bytes";
    if (record->line != line_of(stream, at))
        return "a line number is wrong";
    return NULL;
}

static bool same_record(const struct frame_record *a, const struct frame_record *b)
{
    return a->issue == b->issue && a->byte_offset == b->byte_offset &&
           a->byte_len == b->byte_len && a->line == b->line && a->noted == b->noted &&
           slice_equal(a->text, b->text);
}

/* The first record of a new frame that resumes at the place is `want`, or there is none if rc
 * is 0. */
static const char *check_resumed(const struct feeder *pieces, const struct frame_place *place,
                                 size_t limit, int rc, const struct frame_record *want)
{
    struct feeder resumed = { .stream = pieces->stream,
                              .at = (size_t)place->byte_offset,
                              .step = pieces->step,
                              .path = pieces->path };
    struct frame_record got;
    struct error err;

    if (frame_new(limit, &resumed.frame, &err) < 0)
        return NULL;
    if (resumed.path)
        frame_set_path(resumed.frame, resumed.path);
    frame_resume(resumed.frame, place);
    const int found = next_record(&resumed, &got);
    const bool same = found == rc && (rc != 1 || same_record(want, &got));
    frame_free(resumed.frame);
    return same ? NULL : "a resumed frame gives another record";
}

static const char *compare(struct feeder *whole, struct feeder *pieces, size_t limit)
{
    struct frame_place place;
    struct frame_record one, two;
    uint64_t end = 0;

    frame_place(pieces->frame, &place);
    for (;;) {
        const int rc = next_record(whole, &one);
        const char *broken = check_resumed(pieces, &place, limit, rc, &one);

        if (broken)
            return broken;
        if (rc != next_record(pieces, &two))
            return "the number of records depends on how the stream is fed";
        if (rc != 1)
            break;
        frame_place(pieces->frame, &place);
        if (!same_record(&one, &two))
            return "a record depends on how the stream is fed";
        broken = check_record(whole, limit, end, &one);
        if (broken)
            return broken;
        end = one.byte_offset + one.byte_len;
    }
    if (!whole->path &&
        !may_lie_between(slice_of(whole->stream.ptr + end, whole->stream.len - end)))
        return "bytes after the last record are lost";
    return NULL;
}

const char *frame_invariant_broken(struct slice stream, const struct json_path *path,
                                   size_t limit, size_t step)
{
    struct feeder whole = { .stream = stream, .step = stream.len + 1, .path = path };
    struct feeder pieces = { .stream = stream, .step = step, .path = path };
    const char *broken = NULL;
    struct error err;

    if (frame_new(limit, &whole.frame, &err) == 0 &&
        frame_new(limit, &pieces.frame, &err) == 0) {
        if (path) {
            frame_set_path(whole.frame, path);
            frame_set_path(pieces.frame, path);
        }
        broken = compare(&whole, &pieces, limit);
    }
    frame_free(pieces.frame);
    frame_free(whole.frame);
    return broken;
}
