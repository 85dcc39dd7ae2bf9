/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recipe_yaml.h - check that a text is YAML as recipes use it, before libcyaml fills structs.
 *
 * libcyaml reads the first document and ignores the others, ends texts at a NUL character, and
 * calls what it does not expect an internal error. So these are found here, with their lines.
 */
#ifndef CURATE_RECIPE_YAML_H
#define CURATE_RECIPE_YAML_H

#include "base/slice.h"

struct error;

/* Check that the text is valid YAML with at most one document, that its keys are texts, that no
 * text holds a NUL character, and that it has no aliases. Returns 0, or -1 with err set:
 * ERR_CONFIG with the line, or ERR_NOMEM. */
int recipe_yaml_check(struct slice text, struct error *err);

#endif
