/* SPDX-License-Identifier: Apache-2.0 */
/*
 * footer.h - parse the footer of a Parquet file.
 */
#ifndef CURATE_PARQUET_FOOTER_H
#define CURATE_PARQUET_FOOTER_H

struct error;
struct parquet_file;

/* Parse the bytes of the footer, which are in memory, and fill the schema, the groups and the
 * chunks. Returns 0, or -1 with err set: ERR_INPUT, ERR_UNSUPPORTED, ERR_NOMEM. */
int footer_parse(struct parquet_file *file, struct error *err);

#endif
