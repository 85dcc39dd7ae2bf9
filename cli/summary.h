/* SPDX-License-Identifier: Apache-2.0 */
/*
 * summary.h - print the closing line of a command, or its JSON object.
 */
#ifndef CURATE_SUMMARY_H
#define CURATE_SUMMARY_H

#include <stdint.h>

struct cli;
struct jsonout;
struct stage_fact;
struct stage_result;

/*
 * Print "curate NAME: ok key=value ... run=17 db=x.db" on standard error, or nothing with
 * --quiet. With --json print one object on standard output instead, "schema":"curate.NAME/1".
 * status is "ok", "failed", "interrupted", "skipped" or "dry-run". A run_id of 0 is left out.
 */
void summary_print(const struct cli *cli, const char *name, const char *status, int64_t run_id,
                   const struct stage_result *result);

/* Add the fact as a member of a JSON object. */
void summary_add_fact(struct jsonout *json, const struct stage_fact *fact);

#endif
