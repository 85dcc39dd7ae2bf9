/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands/model.h"

#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/jsonout.h"

const struct option model_positional = {
    OPTION_TEXT, 0,
    "file",      offsetof(struct model_args, path),
    "FILE",      .help = "model in GGUF: a file, the first of its parts, or a URL",
};

int model_read_stdin(struct buf *out, struct error *err)
{
    char block[1 << 16];
    ssize_t n;

    while ((n = read(STDIN_FILENO, block, sizeof block)) > 0)
        if (buf_add(out, block, (size_t)n, err) < 0)
            return error_prefix(err, "standard input");
    return n < 0 ? error_set(err, ERR_IO, "standard input: cannot be read") : 0;
}

int model_print_array(const char *schema, const char *key, const int32_t *ids,
                      const double *values, size_t n, struct error *err)
{
    struct buf buf;
    struct jsonout json;

    buf_init(&buf, STDIN_MAX_BYTES);
    jsonout_init(&json, &buf);
    jsonout_object_begin(&json);
    jsonout_key(&json, "schema");
    jsonout_text(&json, slice_text(schema));
    jsonout_key(&json, key);
    jsonout_array_begin(&json);
    for (size_t i = 0; i < n; i++) {
        if (ids)
            jsonout_int(&json, ids[i]);
        else
            jsonout_double(&json, values[i]);
    }
    jsonout_array_end(&json);
    jsonout_object_end(&json);
    const int rc = jsonout_end(&json, err);
    if (rc == 0)
        puts(buf.data);
    buf_release(&buf);
    return rc;
}
