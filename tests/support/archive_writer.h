/* SPDX-License-Identifier: Apache-2.0 */
/*
 * archive_writer.h - write ZIP and tar archives for tests.
 */
#ifndef CURATE_TESTS_ARCHIVE_WRITER_H
#define CURATE_TESTS_ARCHIVE_WRITER_H

#include <stddef.h>

#include "base/slice.h"

struct packed_member {
    const char *name;
    struct slice text;
    unsigned type; /* S_IFREG if 0 */
};

/* format is "zip" or "ustar"; filter compresses the archive: "gzip", "xz", or NULL. With a
 * password the members are encrypted. */
struct archive_options {
    const char *format;
    const char *filter;
    const char *password;
};

void archive_write(const char *path, const struct archive_options *options,
                   const struct packed_member *members, size_t n);

#endif
