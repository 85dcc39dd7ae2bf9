/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse_private.h - what the files of the parser share.
 */
#ifndef CURATE_PARSE_PRIVATE_H
#define CURATE_PARSE_PRIVATE_H

#include <stdbool.h>

#include "base/json/json.h"
#include "stages/ingest/parse.h"

struct members;

struct parser {
    const struct format_options *options;
    struct defect_policy policy;
    struct json *json;
    struct json *inner;  /* for JSON inside a JSON string; made for the first such record */
    struct json *mapped; /* for the new record that --map makes; NULL without --map */
    struct identifier *identifier;
    bool is_padded; /* the record is one of a table (base/io/frame.h) */
};

/* A record as JSON. value is NULL when issue is not JSON_OK. */
struct decoded {
    struct slice
        text; /* decoded text; differs from the record if it was repaired or a string */
    const struct json_value *value;
    enum json_issue issue;
    size_t at;
    const char *detail;
    uint64_t defects;
};

/* parse_decode.c: parse the text of a record as JSON: repaired if the policy repairs bad_utf8,
 * and decoded if it is a string that holds an object. Without an arena nothing is repaired.
 * ERR_NOMEM. */
int parse_decode(struct parser *parser, const struct frame_record *record, struct arena *arena,
                 struct decoded *out, struct error *err);
/* The set of defects of the last value of a JSON parser. */
uint64_t parse_json_defects(const struct json *json);
/* Find the members of a record. A list of messages is the only member of its record. */
void parse_find_members(const struct json_value *value, struct members *out);

#endif
