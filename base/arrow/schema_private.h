/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_private.h - the types of fields.
 */
#ifndef CURATE_ARROW_SCHEMA_PRIVATE_H
#define CURATE_ARROW_SCHEMA_PRIVATE_H

#include <stdint.h>

#include "base/arrow/flatbuf.h"
#include "base/arrow/schema.h"

/* Set what a member `type` of the kind `number` says. Returns 0, or -1 with err set. */
int arrow_type_parse(int64_t number, const struct flat_table *type, struct arrow_field *field,
                     struct error *err);
/* Set the extension type by its name. One that is not known leaves the field plain. */
void arrow_type_extend(struct arrow_field *field, struct slice name);

#endif
