/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io/archivein.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/io/inflate.h"
#include "base/text/utf8.h"

enum { BLOCK_BYTES = 64 * 1024, HEAD_BYTES = 512, USTAR_AT = 257, NAME_MAX_BYTES = 4096 };

struct archive_reader {
    char *path;
    bool zip;
    struct archive *archive;
    struct inflate *in;   /* the bytes of a tar archive */
    struct error failure; /* of `in`, while libarchive reads */
    bool failed;
    uint64_t n; /* members so far */
    struct buf name;
    const char *data; /* data[0..n_data) was decompressed and not returned */
    size_t n_data;
    int64_t offset; /* in the member, after these bytes */
    bool damaged;   /* the member is damaged, which shows at its end */
    char block[BLOCK_BYTES];
};

/* Read the first bytes of the file. *len stays below HEAD_BYTES if it is shorter, or if its
 * data is invalid. */
static int read_member_head(struct inflate *in, char *head, size_t *len, struct error *err)
{
    ssize_t got = 1;

    *len = 0;
    while (*len < HEAD_BYTES && got > 0) {
        got = inflate_read(in, head + *len, HEAD_BYTES - *len, err);
        *len += got > 0 ? (size_t)got : 0;
    }
    return got < 0 && err->code != ERR_INPUT ? -1 : 0;
}

/* Find the kind of archive by the first bytes. Returns 1, 0 if it is none, or -1. */
static int detect_archive(const char *path, bool *zip, struct error *err)
{
    struct inflate *in = NULL;
    char head[HEAD_BYTES];
    size_t len;

    if (inflate_open(path, &in, err) < 0)
        return -1;
    const int rc = read_member_head(in, head, &len, err);
    inflate_close(in);
    if (rc < 0)
        return -1;
    *zip = len >= 4 && memcmp(head, "PK\x03\x04", 4) == 0;
    return *zip || (len >= USTAR_AT + 5 && memcmp(head + USTAR_AT, "ustar", 5) == 0);
}

/* For libarchive: the next bytes of a tar archive. */
static la_ssize_t read_tar(struct archive *archive, void *arg, const void **out)
{
    struct archive_reader *reader = arg;
    const ssize_t got = inflate_read(reader->in, reader->block, BLOCK_BYTES, &reader->failure);

    *out = reader->block;
    if (got < 0) {
        reader->failed = true;
        archive_set_error(archive, EIO, "%s", "the file cannot be read");
    }
    return got;
}

/* Raise what libarchive reports, or the failure of the file below. */
static int raise_archive(const struct archive_reader *reader, struct error *err)
{
    const char *why = archive_error_string(reader->archive);

    if (reader->failed) {
        *err = reader->failure;
        return -1;
    }
    if (archive_errno(reader->archive) == ENOMEM)
        return error_nomem(err);
    if (reader->zip && reader->n == 0)
        return error_set(err, ERR_INPUT,
                         "%s: the ZIP archive is truncated: its directory, which stands at the "
                         "end, is missing: download or copy the file again",
                         reader->path);
    return error_set(
        err, ERR_INPUT, "%s: the %s archive is corrupt after %" PRIu64 " members: %s",
        reader->path, reader->zip ? "ZIP" : "tar", reader->n, why ? why : "unknown reason");
}

static int open_archive(struct archive_reader *reader, struct error *err)
{
    struct archive *archive = archive_read_new();

    reader->archive = archive;
    if (!archive)
        return error_nomem(err);
    int rc;
    if (reader->zip) {
        rc = archive_read_support_format_zip_seekable(archive);
        if (rc == ARCHIVE_OK)
            rc = archive_read_open_filename(archive, reader->path, BLOCK_BYTES);
    } else {
        rc = archive_read_support_format_tar(archive);
        if (inflate_open(reader->path, &reader->in, err) < 0)
            return -1;
        if (rc == ARCHIVE_OK)
            rc = archive_read_open(archive, reader, NULL, read_tar, NULL);
    }
    return rc == ARCHIVE_OK ? 0 : raise_archive(reader, err);
}

int archive_reader_open(const char *path, struct archive_reader **out, struct error *err)
{
    bool zip = false;
    const int is_archive = detect_archive(path, &zip, err);

    if (is_archive < 1)
        return is_archive;
    struct archive_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return error_nomem(err);
    buf_init(&reader->name, 4 * NAME_MAX_BYTES);
    reader->zip = zip;
    reader->path = strdup(path);
    if (!reader->path)
        error_nomem(err);
    if (!reader->path || open_archive(reader, err) < 0) {
        archive_reader_close(reader);
        return -1;
    }
    *out = reader;
    return 1;
}

void archive_reader_close(struct archive_reader *reader)
{
    if (!reader)
        return;
    archive_read_free(reader->archive);
    inflate_close(reader->in);
    buf_release(&reader->name);
    free(reader->path);
    free(reader);
}

/* Copy the name of the member. One that is missing or too long is named by its number. */
static int copy_name(struct archive_reader *reader, struct archive_entry *entry,
                     struct error *err)
{
    const char *name = archive_entry_pathname_utf8(entry);

    if (!name)
        name = archive_entry_pathname(entry);
    buf_clear(&reader->name);
    if (!name || !name[0] || strlen(name) > NAME_MAX_BYTES)
        return buf_printf(&reader->name, err, "member %" PRIu64, reader->n);
    return utf8_repair(slice_text(name), &reader->name, err);
}

/* libarchive does not limit the windows of these methods. */
static bool has_no_memory_limit(struct archive_reader *reader)
{
    static const char *const methods[] = { "(lzma", "(xz", "(ppmd" };
    const char *name = reader->zip ? archive_format_name(reader->archive) : NULL;

    for (size_t i = 0; name && i < sizeof methods / sizeof methods[0]; i++)
        if (strstr(name, methods[i]))
            return true;
    return false;
}

int archive_reader_next(struct archive_reader *reader, struct archive_member *out,
                        struct error *err)
{
    struct archive_entry *entry;
    const int rc = archive_read_next_header(reader->archive, &entry);

    if (rc == ARCHIVE_EOF)
        return 0;
    if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
        return raise_archive(reader, err);
    reader->n++;
    reader->n_data = 0;
    reader->offset = 0;
    reader->damaged = false;
    if (copy_name(reader, entry, err) < 0)
        return -1;
    *out = (struct archive_member){
        .name = reader->name.data,
        .size_bytes = archive_entry_size_is_set(entry) && archive_entry_size(entry) > 0
                          ? (uint64_t)archive_entry_size(entry)
                          : 0,
        .is_file = archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry),
        .encrypted = archive_entry_is_encrypted(entry) == 1,
        .no_memory_limit = has_no_memory_limit(reader),
    };
    return 1;
}

/* Get the next bytes of the member. archive_read_data() would lose what it read before damage.
 * Returns 1, 0 at the end of the member, or -1. */
static int read_member_block(struct archive_reader *reader, struct error *err)
{
    const void *data = NULL;
    la_int64_t offset = 0;
    size_t n = 0;
    const int rc = archive_read_data_block(reader->archive, &data, &n, &offset);

    if (rc == ARCHIVE_EOF)
        return 0;
    if ((rc != ARCHIVE_OK && rc != ARCHIVE_WARN) || (rc == ARCHIVE_WARN && n == 0))
        return raise_archive(reader, err);
    reader->damaged = rc == ARCHIVE_WARN; /* with the last block: a wrong checksum or size */
    if (offset != reader->offset)
        return error_set(err, ERR_INPUT,
                         "%s: member %" PRIu64 " is a sparse file: extract it and ingest it",
                         reader->path, reader->n);
    reader->data = data;
    reader->n_data = n;
    reader->offset += (int64_t)n;
    return 1;
}

ssize_t archive_reader_read(struct archive_reader *reader, void *out, size_t n,
                            struct error *err)
{
    while (reader->n_data == 0) {
        const int rc =
            reader->damaged ? raise_archive(reader, err) : read_member_block(reader, err);

        if (rc < 1)
            return rc;
    }
    const size_t n_copied = n < reader->n_data ? n : reader->n_data;
    memcpy(out, reader->data, n_copied);
    reader->data += n_copied;
    reader->n_data -= n_copied;
    return (ssize_t)n_copied;
}
