/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open_bytes.h - open bytes in memory as inflate.h, stream.h and archivein.h open a file.
 *
 * The bytes are written to a temporary file, which is unlinked at once. Aborts if that fails.
 */
#ifndef CURATE_OPEN_BYTES_H
#define CURATE_OPEN_BYTES_H

#include <stdbool.h>
#include <stddef.h>

struct archive_reader;
struct error;
struct inflate;
struct stream;

int inflate_open_bytes(const void *bytes, size_t n, struct inflate **out, struct error *err);
int stream_open_bytes(const void *bytes, size_t n, bool transcode, struct stream **out,
                      struct error *err);

int archive_reader_open_bytes(const void *bytes, size_t n, struct archive_reader **out,
                              struct error *err);

#endif
