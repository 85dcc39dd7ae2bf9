/* SPDX-License-Identifier: Apache-2.0 */
/*
 * summary.h - the closing line of a command, or its JSON object.
 */
#ifndef CURATE_SUMMARY_H
#define CURATE_SUMMARY_H

#include <stdint.h>

struct cli;
struct jsonout;
struct stage_fact;
struct stage_result;

/*
 * On standard error "curate NAME: ok key=value ... run=17 db=x.db", nothing with --quiet; with
 * --json instead one object on standard output, "schema":"curate.NAME/1". status is "ok",
 * "failed", "interrupted", "skipped" or "dry-run"; run_id 0 is left out.
 */
void summary_print(const struct cli *cli, const char *name, const char *status, int64_t run_id,
                   const struct stage_result *result);

/* A member of a JSON object. */
void summary_add_fact(struct jsonout *json, const struct stage_fact *fact);

#endif
