/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/open_bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io/archivein.h"
#include "base/io/inflate.h"
#include "base/io/stream.h"

enum { PATH_BYTES = 256 };

static void write_temp(const char *bytes, size_t n, char path[PATH_BYTES])
{
    const char *folder = getenv("TMPDIR");

    snprintf(path, PATH_BYTES, "%s/curate-bytes-XXXXXX", folder ? folder : "/tmp");
    const int fd = mkstemp(path);
    if (fd < 0) {
        perror(path);
        abort();
    }
    while (n > 0) {
        const ssize_t done = write(fd, bytes, n);

        if (done <= 0) {
            perror(path);
            abort();
        }
        bytes += done;
        n -= (size_t)done;
    }
    close(fd);
}

int inflate_open_bytes(const void *bytes, size_t n, struct inflate **out, struct error *err)
{
    char path[PATH_BYTES];

    write_temp(bytes, n, path);
    const int rc = inflate_open(path, out, err);
    unlink(path);
    return rc;
}

int stream_open_bytes(const void *bytes, size_t n, bool transcode, struct stream **out,
                      struct error *err)
{
    char path[PATH_BYTES];

    write_temp(bytes, n, path);
    const int rc = stream_open(path, transcode, out, err);
    unlink(path);
    return rc;
}

int archive_reader_open_bytes(const void *bytes, size_t n, struct archive_reader **out,
                              struct error *err)
{
    char path[PATH_BYTES];

    write_temp(bytes, n, path);
    const int rc = archive_reader_open(path, out, err);
    unlink(path);
    return rc;
}
