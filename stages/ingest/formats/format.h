/* SPDX-License-Identifier: Apache-2.0 */
/*
 * format.h - the shape of a record: JSON object to sample, and back.
 *
 * Each shape is one file with a const struct format. Reading: match() looks at keys and types
 * only; read() fills a sample whose text lives in the arena. Writing is NULL where a shape is
 * only read. To add one: NAME.c with `const struct format format_NAME`, NAME in the list of
 * stages/ingest/formats/meson.build; the list's order is the order of trial: particular before
 * general.
 */
#ifndef CURATE_FORMAT_H
#define CURATE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "store/sample.h"

struct arena;
struct buf;
struct defect_policy;
struct draft;
struct error;
struct json_value;

enum format_split {
    SPLIT_LAST_PARAGRAPH, /* a long user message is context, blank line, instruction */
    SPLIT_NONE,
};

enum { FORMAT_INPUT_CONTEXT_BYTES = 2000 }; /* the usual input_context_bytes */

struct format_options {
    enum format_split split;
    size_t input_context_bytes; /* an alpaca input of at least this size is a context */
    /* Shapes do not ask for these, draft_finish() does for what is to be mended: */
    const struct defect_policy *policy; /* NULL: the usual one */
    size_t max_tree_bytes; /* of a record's JSON, see base/json/json.h; 0: the usual */
};

struct format {
    const char *name;    /* of --format and --to */
    const char *summary; /* the keys, for help */
    bool (*match)(const struct json_value *record);
    /* Fill the sample of the draft from its record (draft.h). */
    void (*read)(struct draft *draft);
    /* Append one JSON object without a newline: 1; 0 when the shape cannot hold this sample
     * (*why, static); -1 on failure. NULL: this shape is not written. */
    int (*write)(const struct sample *sample, struct buf *out, const char **why,
                 struct error *err);
};

/* NULL-terminated, in the order of trial. */
extern const struct format *const formats[];
const struct format *format_find(const char *name);
/* The first whose match() says yes, or NULL. */
const struct format *format_detect(const struct json_value *record);
/*
 * Read a record by a shape. The caller sets the first members of the draft (draft.h). Returns 1
 * and the sample without hash and place; 0 when the record is rejected, with
 * draft->rejected_for and draft->detail; -1 for ERR_NOMEM.
 */
int format_read(const struct format *format, struct draft *draft);

#endif
