/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/json/path.h"
#include "tests/support/frame_invariant.h"

/* The first two bytes choose the limit, the size of the pieces and the path to the records, the
 * rest is the stream. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 2)
        return 0;
    const size_t limit = (size_t)(data[0] % 32) * (data[0] % 32);
    const size_t step = 1 + data[1] % 64;
    static const char *const paths[] = { NULL, "a", "[*]", "a[*].b" };
    const char *way = paths[data[1] / 64];
    struct json_path path;
    struct error err;

    if (way && json_path_parse(way, &path, &err) < 0)
        abort();
    const char *broken = frame_invariant_broken(slice_of((const char *)data + 2, len - 2),
                                                way ? &path : NULL, limit, step);

    if (broken) {
        fprintf(stderr, "%s\n", broken);
        abort();
    }
    return 0;
}
