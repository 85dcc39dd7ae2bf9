/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options_json.h - write the arguments of a stage as JSON, for the row of its run.
 */
#ifndef CURATE_OPTIONS_JSON_H
#define CURATE_OPTIONS_JSON_H

struct buf;
struct error;
struct stage;

/* Append one object with every option that has a value, in the order of the table. A choice or
 * a share is the text that gives it; sizes are bytes, durations seconds; several conditions are
 * an array, a single one is a text. */
int options_json(const struct stage *stage, const void *args, struct buf *out,
                 struct error *err);

#endif
