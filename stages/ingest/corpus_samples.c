/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/corpus_samples.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/io/frame.h"
#include "base/io/inflate.h"
#include "base/report.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/parse.h"

enum { BLOCK_BYTES = 256 * 1024, MAX_RECORD_BYTES = 1000000000 };

struct sample_walk {
    const char *path;
    const struct report *report;
    int (*each)(void *arg, const struct sample *sample, struct error *err);
    void *arg;
    struct inflate *in;
    struct frame *frame;
    struct parser *parser;
    struct arena arena;
    char *block;
};

static int walk_parsed(void *arg, const struct frame_record *record, struct parsed *parsed,
                       struct error *err)
{
    struct sample_walk *walk = arg;

    if (parsed->rejected_for)
        return error_set(err, ERR_INPUT, "%s: line %" PRIu64 ": no sample (%s): %.*s",
                         walk->path, record->line, defect_classes[parsed->rejected_for].name,
                         (int)parsed->detail.len, parsed->detail.ptr);
    return walk->each(walk->arg, &parsed->sample, err);
}

static int walk_record(struct sample_walk *walk, const struct frame_record *record,
                       struct error *err)
{
    const struct parse_sink sink = { .each = walk_parsed, .arg = walk };

    arena_clear(&walk->arena);
    return parse_each(walk->parser, record, NULL, false, &walk->arena, &sink, err);
}

static int walk_records(struct sample_walk *walk, struct error *err)
{
    struct frame_record record;

    while (frame_next(walk->frame, &record) == 1)
        if (walk_record(walk, &record, err) < 0)
            return -1;
    return 0;
}

static int walk_file(struct sample_walk *walk, struct error *err)
{
    ssize_t got;

    do {
        const int signal = report_stop(walk->report);

        if (signal)
            return error_set_sys(err, ERR_CANCELLED, signal, "stopped by signal %d", signal);
        got = inflate_read(walk->in, walk->block, BLOCK_BYTES, err);
        if (got < 0 || (got > 0 && frame_feed(walk->frame, walk->block, (size_t)got, err) < 0))
            return -1;
        if (got == 0)
            frame_finish(walk->frame);
        if (walk_records(walk, err) < 0)
            return -1;
    } while (got > 0);
    return 0;
}

int corpus_samples(const char *path, const struct report *report,
                   int (*each)(void *arg, const struct sample *sample, struct error *err),
                   void *arg, struct error *err)
{
    const struct format_options options = { .input_context_bytes = FORMAT_INPUT_CONTEXT_BYTES };
    struct sample_walk walk = { .path = path, .report = report, .each = each, .arg = arg };
    int rc = -1;

    arena_init(&walk.arena);
    walk.block = malloc(BLOCK_BYTES);
    if (!walk.block)
        error_nomem(err);
    else if (inflate_open(path, &walk.in, err) == 0 &&
             frame_new(MAX_RECORD_BYTES, &walk.frame, err) == 0 &&
             parser_new(&options, &walk.parser, err) == 0)
        rc = walk_file(&walk, err);
    parser_free(walk.parser);
    frame_free(walk.frame);
    inflate_close(walk.in);
    free(walk.block);
    arena_release(&walk.arena);
    return rc;
}
