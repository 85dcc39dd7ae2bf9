/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parquet/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/parquet/footer.h"
#include "base/parquet/load.h"
#include "base/parquet/parquet_private.h"
#include "base/parquet/thrift.h"

enum { FOOTER_BYTES_MAX = 64 << 20 };

/* Read n bytes at this place of the file. */
static int read_at(const struct parquet_file *file, uint64_t offset, void *out, size_t n,
                   struct error *err)
{
    size_t done = 0;

    while (done < n) {
        const ssize_t got =
            pread(file->fd, (uint8_t *)out + done, n - done, (off_t)(offset + done));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, errno, file->name);
        if (got == 0)
            return error_set(err, ERR_INPUT,
                             "%s: truncated at byte %" PRIu64 " while it is read", file->name,
                             offset + done);
        done += (size_t)got;
    }
    return 0;
}

static int raise_truncated(const struct parquet_file *file, struct error *err)
{
    return error_set(err, ERR_INPUT, "%s: truncated at byte %" PRIu64 ": the footer is missing",
                     file->name, file->n_bytes);
}

/* The first and the last four bytes of the file. */
static int check_magic(const struct parquet_file *file, const uint8_t *first,
                       const uint8_t *last, struct error *err)
{
    if (memcmp(first, "PARE", PARQUET_MAGIC_BYTES) == 0 ||
        memcmp(last, "PARE", PARQUET_MAGIC_BYTES) == 0)
        return error_set(err, ERR_UNSUPPORTED,
                         "%s: the footer is encrypted: decrypt the file with the program that "
                         "wrote it",
                         file->name);
    if (memcmp(first, "PAR1", PARQUET_MAGIC_BYTES) != 0)
        return error_set(err, ERR_INPUT, "%s: no Parquet file: it does not begin with PAR1",
                         file->name);
    if (memcmp(last, "PAR1", PARQUET_MAGIC_BYTES) != 0)
        return raise_truncated(file, err);
    return 0;
}

/* Find the footer and read it to memory. Its length is a claim until it was compared with the
 * bytes of the file. */
static int read_footer(struct parquet_file *file, struct error *err)
{
    const uint64_t around = PARQUET_MAGIC_BYTES + PARQUET_TAIL_BYTES;
    uint8_t head[PARQUET_MAGIC_BYTES], tail[PARQUET_TAIL_BYTES];
    struct stat st;

    if (fstat(file->fd, &st) < 0)
        return error_errno(err, errno, file->name);
    file->n_bytes = st.st_size < 0 ? 0 : (uint64_t)st.st_size;
    if (file->n_bytes < around)
        return raise_truncated(file, err);
    if (read_at(file, 0, head, sizeof head, err) < 0 ||
        read_at(file, file->n_bytes - sizeof tail, tail, sizeof tail, err) < 0 ||
        check_magic(file, head, tail + sizeof tail - PARQUET_MAGIC_BYTES, err) < 0)
        return -1;
    const uint64_t len = load_u32(tail);
    if (len > file->n_bytes - around || len > FOOTER_BYTES_MAX)
        return error_set(err, ERR_INPUT,
                         "%s: the length of the footer, %" PRIu64
                         " bytes, is invalid: the file has %" PRIu64 " bytes, a footer at most "
                         "64 MiB",
                         file->name, len, file->n_bytes);
    if (block_grow(&file->footer, (size_t)len, file->budget, "the footer", err) < 0)
        return error_prefix(err, "%s", file->name);
    file->footer_len = (size_t)len;
    file->footer_offset = file->n_bytes - PARQUET_TAIL_BYTES - len;
    return read_at(file, file->footer_offset, file->footer.data, (size_t)len, err);
}

int parquet_file_open(int fd, const char *name, uint64_t max_bytes, struct parquet_file **out,
                      struct error *err)
{
    struct parquet_file *file = calloc(1, sizeof *file);

    if (!file)
        return error_nomem(err);
    file->fd = fd;
    file->name = strdup(name);
    file->budget = calloc(1, sizeof *file->budget);
    if (!file->name || !file->budget) {
        parquet_file_close(file);
        return error_nomem(err);
    }
    file->budget->max_bytes = max_bytes;
    if (read_footer(file, err) < 0 || footer_parse(file, err) < 0) {
        parquet_file_close(file);
        return -1;
    }
    *out = file;
    return 0;
}

void parquet_file_close(struct parquet_file *file)
{
    if (!file)
        return;
    struct block *const blocks[] = { &file->footer, &file->elements, &file->leaves,
                                     &file->groups, &file->chunks };
    if (file->budget)
        for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
            block_release(blocks[i], file->budget);
    free(file->budget);
    free(file->name);
    free(file);
}

size_t parquet_n_elements(const struct parquet_file *file)
{
    return file->n_elements;
}

const struct parquet_element *parquet_element(const struct parquet_file *file, size_t i)
{
    return &((const struct parquet_element *)file->elements.data)[i];
}

size_t parquet_n_leaves(const struct parquet_file *file)
{
    return file->n_leaves;
}

size_t parquet_n_groups(const struct parquet_file *file)
{
    return file->n_groups;
}

uint64_t parquet_n_rows(const struct parquet_file *file)
{
    return file->n_rows;
}

static const struct parquet_group *group_at(const struct parquet_file *file, size_t group)
{
    return &((const struct parquet_group *)file->groups.data)[group];
}

uint64_t parquet_group_rows(const struct parquet_file *file, size_t group)
{
    return group_at(file, group)->n_rows;
}

uint64_t parquet_group_offset(const struct parquet_file *file, size_t group)
{
    return group_at(file, group)->begin;
}

uint64_t parquet_group_end(const struct parquet_file *file, size_t group)
{
    return group_at(file, group)->end;
}

/* The list was read once already, so reading does not fail. */
struct slice parquet_key_value(const struct parquet_file *file, const char *key)
{
    const struct slice wanted = slice_text(key);
    struct slice found = { NULL, 0 };
    struct thrift thrift;

    if (file->keys_at == 0)
        return found;
    thrift_init(&thrift, slice_of((const char *)file->footer.data + file->keys_at,
                                  file->footer_len - file->keys_at));
    const size_t n = thrift_list(&thrift, THRIFT_LIST, THRIFT_STRUCT);
    for (size_t i = 0; i < n && !found.ptr; i++) {
        struct thrift_field field = { 0 };
        struct slice name = { NULL, 0 }, value = { NULL, 0 };

        while (thrift_next(&thrift, &field))
            if (field.id == 1)
                name = thrift_binary(&thrift, field.type);
            else if (field.id == 2)
                value = thrift_binary(&thrift, field.type);
            else
                thrift_skip(&thrift, field.type);
        if (name.ptr && slice_equal(name, wanted))
            found = value;
    }
    return thrift.issue ? (struct slice){ NULL, 0 } : found;
}
