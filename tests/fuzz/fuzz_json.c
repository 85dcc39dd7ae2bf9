/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/json.h"

static void require(bool holds, const char *invariant)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", invariant);
    abort();
}

/* True if the text is valid JSON; append the output of json_write() to out. */
static bool rewrite(struct json *json, struct slice text, struct buf *out)
{
    const struct json_value *value = NULL;
    enum json_issue issue = JSON_OK;
    const char *detail = NULL;
    size_t at = 0;
    struct error err;

    if (json_parse(json, text, &value, &issue, &at, &detail, &err) < 0)
        return false;
    require((issue == JSON_OK) == (detail == NULL), "an issue has a detail");
    require(at <= text.len || issue == JSON_OK, "an issue lies within the text");
    require(issue == JSON_OK || value == NULL, "bad text has no value");
    return issue == JSON_OK && json_write(value, out, &err) == 0;
}

/* Written JSON is valid, and writing it again changes nothing. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct json *json = NULL;
    struct buf once, twice;
    struct error err;

    buf_init(&once, 16 * len + 64);
    buf_init(&twice, 16 * len + 64);
    if (json_new(&json, &err) == 0 && rewrite(json, slice_of((const char *)data, len), &once)) {
        require(rewrite(json, buf_slice(&once), &twice), "what was written can be read");
        require(slice_equal(buf_slice(&once), buf_slice(&twice)), "writing is stable");
    }
    json_free(json);
    buf_release(&once);
    buf_release(&twice);
    return 0;
}
