/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_file.h - read a policy from a YAML file, which is not trusted.
 *
 * A policy has few and fixed levels: everything else, aliases and a second document included,
 * is an error with its line. Returns 0, or -1 with err set.
 */
#ifndef CURATE_POLICY_FILE_H
#define CURATE_POLICY_FILE_H

struct arena;
struct error;
struct policy;

/* Read the file. Texts are in the arena. ERR_CONFIG with the path and the line. */
int policy_file_read(const char *path, struct arena *arena, struct policy *out,
                     struct error *err);

#endif
