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
#include "store/sample.h"

struct arena;
struct error;
struct format;
struct format_options;
struct frame_record;
struct parser;

/* What came of a record. All text is in the arena, in the record's own bytes, or static. */
struct parsed {
    const char *class;   /* of the refusal; NULL when there is a sample */
    struct slice detail; /* of the refusal */
    uint64_t defects;    /* that were repaired or kept, as bits of defect.h; of a sample */
    const struct format *format; /* whose shape it has; NULL when that was not found out */
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

/* What frame.h notes, as bits of defect.h. */
uint64_t parse_frame_defects(unsigned noted);

/* The format of a record by its keys; NULL when it has none, or is no JSON object. */
int parse_detect(struct parser *parser, const struct frame_record *record,
                 const struct format **out, struct error *err);

#endif
