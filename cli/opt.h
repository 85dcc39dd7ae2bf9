/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opt.h - parse a command line by option tables.
 *
 * The syntax is that of GNU: --name value, --name=value, -x value, -xvalue, and flags bundled
 * as in -qn. "--" ends the options; "-" is an argument. An unknown option is ERR_USAGE with the
 * nearest name.
 */
#ifndef CURATE_OPT_H
#define CURATE_OPT_H

#include <stddef.h>
#include <stdint.h>

#include "base/option.h"

struct error;

/* A table and the struct it fills. */
struct opt_target {
    const struct option *table; /* may be NULL; at most 64 options */
    void *args;
    uint64_t given; /* bits: options that had a value so far; 0 at the start */
};

/* Set the options of the targets from argv[0 .. n-1]. Append the other arguments to rest,
 * borrowed from argv. ERR_USAGE, also for an option that holds one value and is given twice. */
int opt_parse(char **argv, size_t n, struct opt_target *targets, size_t n_targets,
              struct text_list *rest, struct error *err);
/* Parse the options before the first other argument. *n_parsed counts the arguments they use.
 */
int opt_parse_leading(char **argv, size_t n, struct opt_target *targets, size_t n_targets,
                      size_t *n_parsed, struct error *err);

#endif
