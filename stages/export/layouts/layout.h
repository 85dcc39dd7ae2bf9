/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layout.h - a layout of records that are written: a sample as one JSON object.
 *
 * Each layout is one file with a const struct layout. The shapes of records that are read are
 * in stages/ingest/formats/. A layout that is also such a shape has the same name there, and
 * reading what was written gives the same sample (tests/props/prop_roundtrip.c).
 *
 * To add a layout: write NAME.c with `const struct layout layout_NAME`, and put NAME into the
 * list of stages/export/layouts/meson.build.
 */
#ifndef CURATE_LAYOUT_H
#define CURATE_LAYOUT_H

struct buf;
struct error;
struct sample;

struct layout {
    const char *name;    /* of --to */
    const char *summary; /* the keys, for help */
    /* Append the sample as one JSON object without a newline. Returns 1; 0 when the layout
     * cannot hold the sample, with the reason in *why (static) and nothing appended; -1 for
     * ERR_NOMEM. */
    int (*write)(const struct sample *sample, struct buf *out, const char **why,
                 struct error *err);
};

/* All layouts, NULL-terminated, in the order that help prints. */
extern const struct layout *const layouts[];
/* The name of layouts[i]; NULL after the last. The choices of --to. */
const char *layout_name(int i);

#endif
