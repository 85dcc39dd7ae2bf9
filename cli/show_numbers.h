/* SPDX-License-Identifier: Apache-2.0 */
/*
 * show_numbers.h - the numbers of a sample as `curate show` prints them.
 *
 * With an object they are members of it, else lines of text. Functions return 0, or -1 with err
 * set.
 */
#ifndef CURATE_SHOW_NUMBERS_H
#define CURATE_SHOW_NUMBERS_H

struct buf;
struct error;
struct jsonout;
struct query;

/* Add the score of the row: its metric, model and value. */
int show_score(struct query *query, struct buf *out, struct jsonout *object, struct error *err);
/* Add the terms of a formula, all rows: text and value. No rows: nothing. */
int show_terms(struct query *query, struct buf *out, struct jsonout *object, struct error *err);

#endif
