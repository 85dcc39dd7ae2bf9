/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a record has no shape.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/json/json.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/ingest/formats/format.h"

enum { SEEN_BYTES = 96, LACKS_BYTES = 64, NAME_BYTES = 32 };

static bool is_any_member(const void *arg, struct slice name, const struct json_value *value)
{
    (void)arg;
    (void)name;
    return json_type(value) != JSON_NULL;
}

/* How near is the record to a shape? Nearer shapes have more of their lists met, then fewer
 * missing. 0: no list is met. *missing becomes the first missing list. */
static int measure_nearness(const struct format *format, const struct members *members,
                            const enum member **missing)
{
    int n_met = 0;
    int n_missing = 0;

    *missing = NULL;
    for (size_t i = 0; i < FORMAT_NEEDS_MAX && format->needs[i]; i++) {
        if (members_have(members, format->needs[i]))
            n_met++;
        else if (n_missing++ == 0)
            *missing = format->needs[i];
    }
    return n_met > 0 ? n_met * FORMAT_NEEDS_MAX - n_missing : 0;
}

/* The nearest shape; the first of the list if several are equally near. NULL: none is near. */
static const struct format *find_nearest(const struct members *members,
                                         const enum member **missing)
{
    const struct format *nearest = NULL;
    const enum member *lacks;
    int most = 0;

    for (size_t i = 0; formats[i]; i++) {
        const int n = measure_nearness(formats[i], members, &lacks);

        if (n <= most)
            continue;
        nearest = formats[i];
        *missing = lacks;
        most = n;
    }
    return nearest;
}

/* The first names of a list: "output, response or completion". */
static void list_names(const enum member *list, char *out, size_t size)
{
    enum { NAMES_MOST = 3 };
    size_t n = 0;

    out[0] = '\0';
    for (; *list && n < NAMES_MOST; list++, n++) {
        const size_t len = strlen(out);
        const bool ends = n + 1 == NAMES_MOST || !list[1];

        snprintf(out + len, size - len, "%s%s",
                 n == 0 ? ""
                 : ends ? " or "
                        : ", ",
                 member_name(*list));
    }
}

static void explain_members(const struct members *members, char *out, size_t size)
{
    const enum member *missing = NULL;
    const struct format *nearest = find_nearest(members, &missing);
    char seen[SEEN_BYTES];
    char lacks[LACKS_BYTES];

    draft_name_members(members->record, seen, sizeof seen, is_any_member, NULL);
    if (members_have(members, members_of_message) && json_get(members->record, "message_id")) {
        snprintf(
            out, size,
            "its members (%s) are those of one message of a tree: read the file that holds "
            "whole trees, which has prompt and replies",
            seen);
    } else if (members_have(members, members_of_message)) {
        snprintf(
            out, size,
            "its members (%s) are those of a message, and no list of messages is around it",
            seen);
    } else if (!nearest) {
        snprintf(out, size, "no shape has its members: %s", seen[0] ? seen : "all are null");
    } else if (missing) {
        list_names(missing, lacks, sizeof lacks);
        snprintf(out, size, "its members (%s) fit no shape; the nearest is %s, which needs %s",
                 seen, nearest->name, lacks);
    } else {
        snprintf(out, size,
                 "its members (%s) fit no shape; the nearest is %s, and a type is wrong", seen,
                 nearest->name);
    }
}

/* Does the value, or the first element of a list, have a known shape? An object that is only a
 * text is more likely a part of the record. */
static bool holds_record(const struct json_value *value)
{
    const struct json_value *first = json_type(value) == JSON_ARRAY ? json_at(value, 0) : value;
    struct members members;

    if (json_type(first) != JSON_OBJECT)
        return false;
    members_find(first, &members);
    const struct format *format = format_detect(&members);
    return format && (first != value || strcmp(format->name, "text") != 0);
}

/* Can a path name the member as it is? */
static bool is_plain_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!isalnum((unsigned char)name.ptr[i]) && name.ptr[i] != '_')
            return false;
    return name.len > 0 && name.len <= NAME_BYTES;
}

void format_explain_unknown(const struct members *members, char *out, size_t size)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    explain_members(members, out, size);
    while (json_member_next(members->record, &pos, &name, &value) == 1) {
        const size_t len = strlen(out);

        if (!holds_record(value) || !is_plain_name(name))
            continue;
        snprintf(out + len, size - len,
                 "; if '%.*s' holds the records, --records %.*s reads them", (int)name.len,
                 name.ptr, (int)name.len, name.ptr);
        return;
    }
}
