/* SPDX-License-Identifier: Apache-2.0 */
/*
 * archivein.h - read the members of a ZIP or tar archive one after another. Only archivein.c
 * uses libarchive.
 *
 * A tar archive may be compressed as a whole, as base/io/inflate.h reads it. Nothing is
 * extracted: names of members are texts, never paths that are opened. Corrupt or truncated data
 * is ERR_INPUT, after all bytes before it have been returned.
 *
 * Where libarchive runs out of memory for a name, it ends the program. Batches that were
 * committed stay, so the same command continues after them.
 */
#ifndef CURATE_ARCHIVEIN_H
#define CURATE_ARCHIVEIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct archive_reader;

struct archive_member {
    const char *name;    /* UTF-8; other bytes are replaced. Valid until the next member */
    uint64_t size_bytes; /* as the archive says, which may be wrong */
    bool is_file;        /* no folder, link or device */
    bool encrypted;
    bool no_memory_limit; /* its compression may need gigabytes: LZMA, xz or PPMd in a ZIP */
};

/* Open a file. Returns 1, 0 if its first bytes are not those of an archive, or -1 with err set.
 */
int archive_reader_open(const char *path, struct archive_reader **out, struct error *err);
void archive_reader_close(struct archive_reader *reader);
/* Go to the next member. Returns 1, 0 at the end, or -1 with err set: ERR_INPUT, ERR_NOMEM. */
int archive_reader_next(struct archive_reader *reader, struct archive_member *out,
                        struct error *err);
/* Read at most n bytes of the member. Returns their number, 0 at its end, or -1. */
ssize_t archive_reader_read(struct archive_reader *reader, void *out, size_t n,
                            struct error *err);

#endif
