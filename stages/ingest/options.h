/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ingest_options.h - the options that decide what becomes of a record.
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
/* on: CLASS=ACTION each, on top of strict. */
int ingest_choose_policy(const struct text_list *on, bool strict, struct defect_policy *out,
                         struct error *err);

#endif
