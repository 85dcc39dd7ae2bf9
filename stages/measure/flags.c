/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "scoring/facts/flag_list.h"
#include "stages/measure/measure_private.h"

static int check_flags_memory(const struct flag_list *list, uint64_t max_memory,
                              struct error *err)
{
    const uint64_t held = flag_list_bytes(list);

    if (max_memory == 0 || held < max_memory / 2)
        return 0;
    return error_set(err, ERR_NOMEM,
                     "its %zu phrases need %" PRIu64 " MiB, which is more than half of "
                     "--max-memory: allow more memory, or shorten the list",
                     flag_list_count(list), held >> 20);
}

int measure_flags_read(const char *path, uint64_t max_memory, struct flag_list **out,
                       struct error *err)
{
    struct flag_list *list = NULL;
    struct buf text;
    int rc;

    buf_init(&text, FLAG_LIST_MAX_BYTES);
    rc = file_read(path, &text, err); /* its errors name the path */
    if (rc < 0 && err->code == ERR_INPUT)
        error_set(err, ERR_INPUT, "%s: the list has more than 16 MiB: shorten it", path);
    if (rc == 0 && (flag_list_parse(buf_slice(&text), &list, err) < 0 ||
                    check_flags_memory(list, max_memory, err) < 0))
        rc = error_prefix(err, "%s", path);
    buf_release(&text);
    if (rc < 0) {
        flag_list_free(list);
        return -1;
    }
    *out = list;
    return 0;
}
