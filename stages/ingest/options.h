/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - the options that decide what becomes of a record.
 */
#ifndef CURATE_INGEST_OPTIONS_H
#define CURATE_INGEST_OPTIONS_H

#include <stdbool.h>

#include "stages/ingest/formats/format.h"
#include "stages/record/defect.h"

struct error;
struct text_list;

/* Names of enum format_split, NULL-terminated. */
extern const char *const split_names[];
/* Make a policy from the options --strict and --on, which is a list of CLASS=ACTION and
 * overrides
 * --strict. ERR_USAGE. */
int ingest_make_policy(const struct text_list *on, bool strict, struct defect_policy *out,
                       struct error *err);

#endif
