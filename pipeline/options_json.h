/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options_json.h - a stage's arguments as JSON, for the run row.
 */
#ifndef CURATE_OPTIONS_JSON_H
#define CURATE_OPTIONS_JSON_H

struct buf;
struct error;
struct stage;

/* Append one object with every option that has a value, in table order. */
int options_json(const struct stage *stage, const void *args, struct buf *out,
                 struct error *err);

#endif
