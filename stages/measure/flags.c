/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/io/file.h"
#include "scoring/facts/flag_list.h"
#include "stages/measure/measure_private.h"

int measure_flags_read(const char *path, struct flag_list **out, struct error *err)
{
    struct buf text;
    int rc;

    buf_init(&text, FLAG_LIST_MAX_BYTES);
    rc = file_read(path, &text, err); /* its errors name the path */
    if (rc < 0 && err->code == ERR_INPUT)
        error_set(err, ERR_INPUT, "%s: the list has more than 4 MiB: shorten it", path);
    if (rc == 0 && (rc = flag_list_parse(buf_slice(&text), out, err)) < 0)
        error_prefix(err, "%s", path);
    buf_release(&text);
    return rc;
}
