/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opt.h - parse a command line by option tables.
 *
 * GNU habits: --name value, --name=value, -x value, -xvalue, flags bundled (-qn), "--" ends
 * options, "-" is an argument. An unknown option is ERR_USAGE with the nearest name.
 */
#ifndef CURATE_OPT_H
#define CURATE_OPT_H

#include <stddef.h>

#include "base/option.h"

struct error;

/* A table and the struct it fills. */
struct opt_target {
    const struct option *table; /* may be NULL */
    void *args;
};

/* Fill the targets from argv[0 .. n-1]; what is no option is appended to rest, borrowed from
 * argv. */
int opt_parse(char **argv, size_t n, const struct opt_target *targets, size_t n_targets,
              struct text_list *rest, struct error *err);

#endif
