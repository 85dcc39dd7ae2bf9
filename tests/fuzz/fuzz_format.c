/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/io/frame.h"
#include "stages/export/layouts/layout.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/parse.h"

enum { RECORD_MAX = 1 << 16, WRITTEN_MAX = 1 << 24 };

struct target {
    struct parser *parser;
    struct frame *frame;
    struct arena arena;
    struct arena again; /* for the sample that is read back */
    struct buf written;
    size_t n_samples, n_refusals;
};

static void require(bool holds, const char *invariant)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", invariant);
    abort();
}

/* A layout cannot hold a sample, or the written sample is read as the same one. */
static void check_written(struct target *t, const struct layout *layout,
                          const struct sample *sample)
{
    const char *why = NULL;
    struct parsed parsed;
    struct error err;

    buf_clear(&t->written);
    arena_clear(&t->again);
    const int rc = layout->write(sample, &t->written, &why, &err);
    require(rc >= 0, "memory suffices");
    if (rc == 0) {
        require(why && t->written.len == 0, "a refusal has a reason");
        return;
    }
    const struct frame_record record = { .text = buf_slice(&t->written) };
    require(parse_record(t->parser, &record, NULL, false, &t->again, &parsed, &err) == 0,
            "memory suffices");
    const bool is_read = !parsed.rejected_for && !parsed.several;
    const bool is_same =
        is_read && memcmp(&parsed.sample.hash, &sample->hash, sizeof sample->hash) == 0;
    if (!is_same)
        fprintf(stderr, "%s: %s\n", layout->name, t->written.data);
    require(is_read, "what is written can be read");
    require(is_same, "what is written is the same sample");
}

static void check_sample(struct target *t, const struct sample *sample)
{
    const int n = (int)sample->n_turns;

    require(sample->instruction_turn >= -1 && sample->instruction_turn < n, "the turn exists");
    require(sample->response_turn >= -1 && sample->response_turn < n, "the turn exists");
    require((sample->kind == SAMPLE_SFT || sample->kind == SAMPLE_PAIR) ==
                (sample->response_turn >= 0),
            "samples to learn an answer from have a response");
    require((sample->kind == SAMPLE_TEXT) == (n == 0), "plain text has no turns");
    for (size_t i = 0; layouts[i]; i++)
        check_written(t, layouts[i], sample);
}

/* Check what a record, or an item of it, has become. */
static int check_parsed(void *arg, const struct frame_record *record, struct parsed *parsed,
                        struct error *err)
{
    struct target *t = arg;

    (void)err;
    require(!parsed->several, "an item is one sample or none");
    require(record->text.ptr || record->byte_len == 0, "what is refused has its bytes");
    if (parsed->rejected_for)
        require(parsed->detail.ptr, "a refusal has a reason");
    else
        check_sample(t, &parsed->sample);
    t->n_refusals += parsed->rejected_for != DEFECT_NONE;
    t->n_samples += parsed->rejected_for == DEFECT_NONE;
    return 0;
}

static void check_record(struct target *t, const struct frame_record *record,
                         const struct format *forced)
{
    const struct parse_sink sink = { .each = check_parsed, .arg = t };
    const size_t before = t->n_samples + t->n_refusals;
    struct error err;

    require(parse_each(t->parser, record, forced, forced, &t->arena, &sink, &err) == 0,
            "memory suffices");
    require(t->n_samples + t->n_refusals > before, "every record is a sample or refused");
}

static void check_stream(struct target *t)
{
    struct frame_record record;

    while (frame_next(t->frame, &record) == 1) {
        arena_clear(&t->arena);
        check_record(t, &record, NULL);
        for (size_t i = 0; formats[i]; i++)
            check_record(t, &record, formats[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct format_options options = { .input_context_bytes = 40 };
    struct target target = { .n_samples = 0 };
    struct error err;

    arena_init(&target.arena);
    arena_init(&target.again);
    buf_init(&target.written, WRITTEN_MAX);
    if (parser_new(&options, &target.parser, &err) == 0 &&
        frame_new(RECORD_MAX, &target.frame, &err) == 0 &&
        frame_feed(target.frame, data, len, &err) == 0) {
        frame_finish(target.frame);
        check_stream(&target);
    }
    buf_release(&target.written);
    arena_release(&target.again);
    arena_release(&target.arena);
    frame_free(target.frame);
    parser_free(target.parser);
    return 0;
}
