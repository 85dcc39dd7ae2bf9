/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse.h - turn the bytes of one record into a sample, or find the defect to reject it for.
 *
 * The steps: JSON, shape, identity, policy. Nothing here uses the store, so any number of
 * threads can parse, each with its own parser.
 */
#ifndef CURATE_PARSE_H
#define CURATE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "stages/ingest/unfold.h"
#include "stages/record/defect.h"
#include "store/sample.h"

struct arena;
struct error;
struct format;
struct format_options;
struct frame_record;
struct parser;

/* The outcome for one record. Text is in the arena, in the bytes of the record, or static. */
struct parsed {
    enum defect rejected_for;    /* DEFECT_NONE: the record is a sample */
    struct slice detail;         /* of a rejected record: what is wrong, and where */
    uint64_t n_more_rows;        /* of bad_page: rows of a table that are lost with this one */
    uint64_t defects;            /* of a sample: the set that was repaired or kept */
    const struct format *format; /* shape of the record; NULL when none was found */
    uint32_t map_missing;        /* the paths of --map that lead to nothing, as a set of bits */
    struct sample sample;        /* identified, with line and offset; file_id is not set */

    enum unfold several; /* how to unfold several samples; UNFOLD_NONE: at most one sample */
    struct slice text;   /* of such a record: its JSON, for parse_several() */
};

/* Receives each sample and each reject of a record. If the record holds several samples,
 * `record` has the text of an item, and line and offset of the whole record. parsed is valid
 * until each() returns. each() returns 0, or -1 with err set. */
struct parse_sink {
    int (*each)(void *arg, const struct frame_record *record, struct parsed *parsed,
                struct error *err);
    void *arg;
};

/* options are borrowed. ERR_NOMEM. */
int parser_new(const struct format_options *options, struct parser **out, struct error *err);
void parser_free(struct parser *parser);

/*
 * Parse one record. The format of its file (NULL for none) is tried first, then all others,
 * unless the format is forced. Returns 0 for a sample, for a rejected record, and for a record
 * that holds several samples; -1 only for ERR_NOMEM.
 */
int parse_record(struct parser *parser, const struct frame_record *record,
                 const struct format *format, bool forced, struct arena *arena,
                 struct parsed *out, struct error *err);

/* Parse the items of a record that holds several samples, as parse_record() has found. A bad
 * item is a reject, and the others are samples. The arguments are those of parse_record().
 * ERR_NOMEM, or the error of the sink. */
int parse_several(struct parser *parser, const struct frame_record *record,
                  const struct parsed *several, const struct format *format, bool forced,
                  const struct parse_sink *sink, struct error *err);
/* Parse a record, whether it holds one sample or several. */
int parse_each(struct parser *parser, const struct frame_record *record,
               const struct format *format, bool forced, struct arena *arena,
               const struct parse_sink *sink, struct error *err);

/* The set of defects that a frame_record's notes (base/io/frame.h) stand for. */
uint64_t parse_frame_defects(unsigned notes);

/* Find the format of a record by its keys, or of the first item if it holds several; *out is
 * NULL when no format matches or the record is not a JSON object. ERR_NOMEM. */
int parse_detect(struct parser *parser, const struct frame_record *record,
                 const struct format **out, struct error *err);

#endif
