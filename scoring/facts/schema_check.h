/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_check.h - does a JSON value fit a JSON schema?
 *
 * Checked: type, enum, const, required, properties, additionalProperties (false, where there
 * are no patternProperties), items (one schema), anyOf, oneOf (as anyOf), allOf and OpenAPI's
 * nullable, at any depth. All other keywords are ignored, $ref, formats, lengths and ranges
 * among them. A schema that is not an object fits all values.
 *
 * Names of types are read in any case, with the aliases that tool definitions have: str, int,
 * float, double, bool, list, tuple, dict; what follows a comma is ignored ("int, optional").
 * An unknown name fits all values.
 */
#ifndef CURATE_SCHEMA_CHECK_H
#define CURATE_SCHEMA_CHECK_H

#include <stdbool.h>

#include "base/slice.h"

struct json_value;

struct schema_failure {
    const char *kind;  /* static: "argument_missing", "argument_undefined", "argument_type",
                        * "argument_enum" */
    struct slice name; /* of the innermost member that fails; of the schema or the value */
};

/* Does the value fit? If not, *out is the first failure. */
bool schema_fits(const struct json_value *schema, const struct json_value *value,
                 struct schema_failure *out);

/* The same for the arguments of a call. parameters is a schema, or the list of parameters that
 * xLAM has: {"city": {"type": "str", "required"?: true}, ...}. */
bool schema_fits_arguments(const struct json_value *parameters,
                           const struct json_value *arguments, struct schema_failure *out);

/* Get a member by its name, or NULL. */
const struct json_value *schema_member(const struct json_value *object, struct slice name);

#endif
