/* SPDX-License-Identifier: Apache-2.0 */
/*
 * format.h - a shape of records that are read: a JSON object as a sample.
 *
 * Each shape is one file with a const struct format. What is written is a layout: see
 * stages/export/layouts/.
 *
 * To add a shape: write NAME.c with `const struct format format_NAME`, and put NAME into the
 * list of stages/ingest/formats/meson.build. Shapes are tried in the order of the list, so a
 * particular shape stands before a general one.
 */
#ifndef CURATE_FORMAT_H
#define CURATE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "stages/ingest/formats/members.h"

struct defect_policy;
struct draft;
struct error;
struct mapping;
struct role_words;

/* Where to separate the context of a message or an instruction from the question about it. */
enum format_split {
    SPLIT_AUTO,           /* a longalign message at its last blank line; others by passage.h */
    SPLIT_LAST_PARAGRAPH, /* longalign messages only */
    SPLIT_NONE,           /* nowhere */
};

/* Which paths of a tree of messages become samples. */
enum format_paths { PATHS_BEST, PATHS_ALL };

/* Names of enum format_paths, NULL-terminated. */
extern const char *const format_paths_names[];
/* Names of enum format_split, NULL-terminated. */
extern const char *const format_split_names[];
/* The value with this name, or OPTION_NO_CHOICE. */
int format_split_find(const char *name);

/* PASSAGE_LEAST_BYTES of stages/record/passage.h, for inputs. */
enum { FORMAT_INPUT_CONTEXT_BYTES = 2000 }; /* the default of input_context_bytes */

struct format_options {
    enum format_split split;
    bool all_paths;                     /* of a tree of messages; false: the best-ranked one */
    size_t input_context_bytes;         /* an alpaca input of at least this size is a context */
    const struct defect_policy *policy; /* NULL: the default actions */
    const struct mapping *mapping;      /* by --map; NULL: records are read by their shapes */
    const struct role_words *roles;     /* by --role; NULL: none */
    size_t max_tree_bytes; /* of a record's JSON (base/json/json.h); 0: the default */
};

enum { FORMAT_NEEDS_MAX = 4 };

struct format {
    const char *name;    /* of --format */
    const char *summary; /* the keys, for help */
    /* What the shape needs at least: lists of members, one of each list. A list ends with
     * MEMBER_NONE, all of them with NULL. For the reason of unknown_shape. */
    const enum member *needs[FORMAT_NEEDS_MAX];
    /* Does the record have this shape? Looks at keys and types only. */
    bool (*match)(const struct members *members);
    /* Fill the sample of the draft from its record (draft.h). */
    void (*read)(struct draft *draft);
};

/* All shapes, NULL-terminated, in the order in which they are tried. */
extern const struct format *const formats[];
/* NULL when there is no shape of this name. */
const struct format *format_find(const char *name);
/* The choices of --format: "auto" for 0, then the name of formats[i - 1]; NULL after the last.
 */
const char *format_choice(int i);
/* The shape of a choice; NULL for "auto". */
const struct format *format_chosen(int i);
/* The first shape that the record matches; NULL for none. */
const struct format *format_detect(const struct members *members);
/* Why no shape matches: the members, and the nearest shape with what it needs. Writes at most
 * size bytes. */
void format_explain_unknown(const struct members *members, char *out, size_t size);
/*
 * Read a record by a shape. The caller sets the first members of the draft (draft.h). Returns 1
 * and the sample, without its hash and its place in a file; 0 when the record is rejected, with
 * draft->rejected_for and draft->detail; -1 for ERR_NOMEM.
 */
int format_read(const struct format *format, struct draft *draft);

#endif
