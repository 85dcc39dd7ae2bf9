/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain.h - print what becomes of a record: its shape, where each member goes, its defects.
 *
 * Where a member goes is found by its text in the sample, not by the reader that put it there.
 * So what is printed is what would be stored.
 */
#ifndef CURATE_INGEST_EXPLAIN_H
#define CURATE_INGEST_EXPLAIN_H

#include <stdbool.h>

struct defect_policy;
struct error;
struct explain;
struct format;
struct frame_record;
struct parsed;

enum { EXPLAIN_RECORDS = 5 }; /* of each file; the others are skipped */

/* as_json: print one JSON object per record. The policy is borrowed. */
int explain_new(bool as_json, const struct defect_policy *policy, struct explain **out,
                struct error *err);
void explain_free(struct explain *explain);
/* Print a record, unless EXPLAIN_RECORDS records of its file were printed. `shape` is the shape
 * of the file; NULL: none. The path is borrowed until the next call. */
int explain_record(struct explain *explain, const char *path, const struct format *shape,
                   const struct frame_record *record, const struct parsed *parsed,
                   struct error *err);
/* Flush standard output. Returns 0, or -1 with err set: ERR_IO. */
int explain_end(struct explain *explain, struct error *err);

#endif
