/* SPDX-License-Identifier: Apache-2.0 */
/* recipe_env.h - values of a recipe that begin with a variable of the environment. */
#ifndef CURATE_RECIPE_ENV_H
#define CURATE_RECIPE_ENV_H

struct error;

/*
 * Replace ${NAME} at the beginning of *text, which is a malloc'd string, by the value that
 * `variable` returns for the name (NULL: not set). "$${" at the beginning becomes "${". Other
 * texts stay unchanged. Returns 0, or -1 with err set: ERR_CONFIG for a name that is none, and
 * for a variable that is not set or empty, because a path would then begin at the root folder.
 */
int recipe_env_expand(char **text, const char *(*variable)(const char *name),
                      struct error *err);

#endif
