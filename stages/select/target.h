/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target.h - the option --target: put samples into the order of how much they are like others.
 *
 * Functions return 0, or -1 with err set.
 */
#ifndef CURATE_SELECT_TARGET_H
#define CURATE_SELECT_TARGET_H

#include <stddef.h>

struct error;
struct making;
struct report;

enum target_method { TARGET_RDS, TARGET_DSIR };
extern const char *const target_method_names[];

struct target_spec {
    enum target_method method;
    const char **selections; /* a task each */
    size_t n;
    const char **files; /* of TARGET_DSIR */
    size_t n_files;
};

/* What is reported of an order by a target. */
struct target_result {
    size_t n_target;  /* samples of the target */
    size_t n_queries; /* of them, those that are compared with: with a vector */
};

/* Compute the value of each candidate: with rds the largest cosine with a sample of the target,
 * with dsir the importance weight and a random number that makes it a sample. NAN: none. */
int target_read_values(struct making *making, struct error *err);
/* Choose as RDS+ does: the samples of the target, or with several targets the targets, take
 * turns, each with its best. */
int target_choose(struct making *making, struct error *err);
void target_note(const struct target_spec *spec, const struct target_result *result,
                 struct report *report);

#endif
