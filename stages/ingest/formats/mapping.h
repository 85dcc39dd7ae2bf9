/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mapping.h - read records by paths that the user gives: --map response=answers[0].
 *
 * The values at the paths become a record with the names of our fields, which is read by its
 * shape like any other. So whatever the shapes can read can be mapped: texts, lists of
 * messages, pairs, tools. What no path leads to goes to meta.
 */
#ifndef CURATE_MAPPING_H
#define CURATE_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json/path.h"

struct draft;
struct error;
struct format;
struct json;
struct json_value;
struct text_list;

enum { MAPPING_MAX = 12 };

struct mapping {
    size_t n;
    struct mapping_entry {
        const struct mapping_field *field;
        const char *text; /* FIELD=PATH, borrowed */
        bool is_optional; /* FIELD?=PATH: records may lack it */
        struct json_path path;
    } entries[MAPPING_MAX];
};

/* The shape that messages name for mapped records. No registry lists it; it has no reader. */
extern const struct format format_mapped;

/* Parse a list of FIELD=PATH; its texts are borrowed. Returns 0, or -1 with ERR_USAGE. */
int mapping_make(const struct text_list *list, struct mapping *out, struct error *err);
/*
 * Read a record. The draft is as for format_read(), with the members of the record itself. json
 * parses the new record; its values are valid until the next call. *missing becomes
 * the set of the entries that lead to no value: bit i stands for entry i. If one of them is not
 * optional, the record is rejected. Returns as format_read().
 */
int mapping_read(const struct mapping *mapping, struct json *json, struct draft *draft,
                 uint32_t *missing);

#endif
