/* SPDX-License-Identifier: Apache-2.0 */
#include "base/chat/embedded.h"

#include "base/json/json.h"

/* Recursive, at most JSON_MAX_DEPTH deep. */
size_t embedded_depth(const struct json_value *value)
{
    const struct json_value *inner;
    struct slice name;
    size_t most = 0;
    size_t pos = 0;
    size_t n;

    if (json_type(value) == JSON_ARRAY)
        for (size_t i = 0; i < json_count(value); i++) {
            n = embedded_depth(json_at(value, i));
            most = n > most ? n : most;
        }
    else if (json_type(value) != JSON_OBJECT)
        return 0;
    else
        while (json_member_next(value, &pos, &name, &inner) == 1) {
            n = embedded_depth(inner);
            most = n > most ? n : most;
        }
    return most + 1;
}

int embedded_parse(struct slice text, struct json **json, const struct json_value **value,
                   struct error *err)
{
    const unsigned losses = JSON_NOTED_DUPLICATE_KEY | JSON_NOTED_NAN | JSON_NOTED_SURROGATE;
    enum json_issue issue;
    const char *detail;
    size_t at;
    int rc = 0;

    *json = NULL;
    *value = NULL;
    if (slice_is_blank(text))
        return 0;
    if (json_new(json, err) < 0)
        return -1;
    if (json_parse(*json, text, value, &issue, &at, &detail, err) < 0)
        rc = -1;
    else if (issue == JSON_OK && !(json_noted(*json) & losses))
        rc = embedded_depth(*value) <= EMBEDDED_MAX_DEPTH;
    if (rc != 1) {
        json_free(*json);
        *json = NULL;
        *value = NULL;
    }
    return rc;
}
