/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse.h - the bytes of one record become a sample, or a reason why not.
 *
 * JSON, then the shape, then the identity. Nothing here touches the store, so that any number
 * of threads can parse, each with a parser of its own.
 */
#ifndef CURATE_PARSE_H
#define CURATE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "stages/record/defect.h"
#include "store/sample.h"

struct arena;
struct error;
struct format;
struct format_options;
struct frame_record;
struct parser;

/* What came of a record. All text is in the arena, in the record's own bytes, or static. */
struct parsed {
    enum defect rejected_for;    /* DEFECT_NONE: the record is a sample */
    struct slice detail;         /* of a rejected record: what is wrong, and where */
    uint64_t defects;            /* of a sample: the set that was repaired or kept */
    const struct format *format; /* shape of the record; NULL when none was found */
    struct sample sample;        /* identified, with line and offset; file_id is not set */
};

/* options are borrowed. */
int parser_new(const struct format_options *options, struct parser **out, struct error *err);
void parser_free(struct parser *parser);

/*
 * The file's format is tried first, NULL for none; then all of them, unless it was forced by
 * the user. -1 only for ERR_NOMEM: whatever is wrong with a record is in *out.
 */
int parse_record(struct parser *parser, const struct frame_record *record,
                 const struct format *format, bool forced, struct arena *arena,
                 struct parsed *out, struct error *err);

/* The set of defects that a frame_record's notes (base/io/frame.h) stand for. */
uint64_t parse_frame_defects(unsigned notes);

/* The format of a record by its keys; NULL when it has none, or is no JSON object. */
int parse_detect(struct parser *parser, const struct frame_record *record,
                 const struct format **out, struct error *err);

#endif
