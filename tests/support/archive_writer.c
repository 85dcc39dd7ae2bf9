/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/archive_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <archive.h>
#include <archive_entry.h>

static void require_written(struct archive *archive, la_ssize_t rc)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "%s\n", archive_error_string(archive));
    abort();
}

static void add_packed_member(struct archive *archive, const struct packed_member *member)
{
    struct archive_entry *entry = archive_entry_new();

    archive_entry_set_pathname(entry, member->name);
    archive_entry_set_filetype(entry, member->type ? member->type : S_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (la_int64_t)member->text.len);
    if (member->type == S_IFLNK)
        archive_entry_set_symlink(entry, "/etc/passwd");
    require_written(archive, archive_write_header(archive, entry));
    if (member->text.len > 0)
        require_written(archive,
                        archive_write_data(archive, member->text.ptr, member->text.len));
    archive_entry_free(entry);
}

void archive_write(const char *path, const struct archive_options *options,
                   const struct packed_member *members, size_t n)
{
    struct archive *archive = archive_write_new();

    require_written(archive, archive_write_set_format_by_name(archive, options->format));
    if (options->filter)
        require_written(archive, archive_write_add_filter_by_name(archive, options->filter));
    if (options->password) {
        require_written(archive, archive_write_set_options(archive, "zip:encryption=zipcrypt"));
        require_written(archive, archive_write_set_passphrase(archive, options->password));
    }
    require_written(archive, archive_write_open_filename(archive, path));
    for (size_t i = 0; i < n; i++)
        add_packed_member(archive, &members[i]);
    require_written(archive, archive_write_close(archive));
    archive_write_free(archive);
}
