/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fts.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/io/archivein.h"
#include "base/report.h"
#include "stages/ingest/container.h"
#include "stages/ingest/ingest_private.h"
#include "stages/ingest/repository_private.h"

enum {
    ENDINGS_MAX = 16,
    ENDING_BYTES = 16,
    MEMBERS_MAX = 100000,
    /* Deflate makes a byte of at most 1,032. An archive that claims more has members that
     * overlap. */
    RATIO_MAX = 1100,
    RATIO_FROM_BYTES = 1 << 30, /* smaller sums are no danger */
};

/* The files of a folder that are not read, by the endings of their names. */
struct passed_over {
    uint64_t n;
    uint64_t n_other; /* with other endings, or with none */
    size_t n_endings;
    struct ending {
        char name[ENDING_BYTES]; /* ".parquet" */
        uint64_t n;
    } endings[ENDINGS_MAX];
};

/* An archive: its path as stored, and where it is opened. */
struct archive_place {
    const char *path;
    const char *local_path;
};

/* A folder or an archive. */
struct folder {
    struct ingest_files *files;
    const struct ingest_query *query;
    FTS *walk; /* of a folder */
    struct passed_over passed_over;
};

/* Count a file that is not read by the ending of its name: ".md", ".tar.gz". */
static void pass_over(struct passed_over *passed, const char *name)
{
    size_t at = container_unpacked_len(name);

    while (at > 0 && name[at - 1] != '.')
        at--;
    const char *ending = at > 1 ? name + at - 1 : "";
    passed->n++;
    for (size_t i = 0; i < passed->n_endings; i++) {
        if (strcasecmp(passed->endings[i].name, ending) == 0) {
            passed->endings[i].n++;
            return;
        }
    }
    if (!ending[0] || strlen(ending) >= ENDING_BYTES || passed->n_endings == ENDINGS_MAX) {
        passed->n_other++;
        return;
    }
    struct ending *added = &passed->endings[passed->n_endings++];
    snprintf(added->name, sizeof added->name, "%s", ending);
    added->n = 1;
}

/* Report "corpus: passed over 6 files: 3 .parquet, 2 .md, 1 other", the most common first. */
static void report_passed_over(const char *path, struct passed_over *passed,
                               struct report *report)
{
    char text[ENDINGS_MAX * (ENDING_BYTES + 24) + 40];
    int len = 0;

    if (passed->n == 0)
        return;
    for (size_t left = passed->n_endings; left > 0; left--) {
        struct ending *most = &passed->endings[0];

        for (size_t i = 1; i < passed->n_endings; i++)
            if (passed->endings[i].n > most->n)
                most = &passed->endings[i];
        len += snprintf(text + len, sizeof text - (size_t)len, "%s%" PRIu64 " %s",
                        len > 0 ? ", " : "", most->n, most->name);
        most->n = 0;
    }
    if (passed->n_other > 0)
        snprintf(text + len, sizeof text - (size_t)len, "%s%" PRIu64 " other",
                 len > 0 ? ", " : "", passed->n_other);
    report_note(report, "%s: passed over %" PRIu64 " file%s: %s", path, passed->n,
                passed->n == 1 ? "" : "s", text);
}

static int compare_fts_names(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Add an entry of a folder if it is a corpus file. */
static int add_entry(struct folder *folder, FTSENT *entry, struct error *err)
{
    const bool hidden = entry->fts_level > FTS_ROOTLEVEL && entry->fts_name[0] == '.';

    switch (entry->fts_info) {
    case FTS_D:
        if (hidden)
            fts_set(folder->walk, entry, FTS_SKIP);
        return 0;
    case FTS_F:
        if (hidden)
            return 0;
        if (container_of_name(entry->fts_name) != CONTAINER_NONE)
            return ingest_files_add(folder->files, entry->fts_path, folder->query->source,
                                    entry->fts_statp, err);
        pass_over(&folder->passed_over, entry->fts_name);
        return 0;
    case FTS_SLNONE:
        report_note(folder->query->report,
                    "%s: passed over: the link leads to a file that does not exist",
                    entry->fts_path);
        return 0;
    case FTS_DC:
        report_note(folder->query->report,
                    "%s: passed over: the link leads back to a folder above it",
                    entry->fts_path);
        return 0;
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        return error_errno(err, entry->fts_errno, entry->fts_path);
    default: /* sockets, folders after their entries */
        return 0;
    }
}

/* Returns 1 and the next entry, 0 at the end, -1. */
static int next_entry(FTS *walk, const char *path, FTSENT **entry, struct error *err)
{
    errno = 0; /* the end of the walk and a failure both give NULL */
    *entry = fts_read(walk);
    if (*entry)
        return 1;
    return errno == 0 ? 0 : error_errno(err, errno, path);
}

static int walk_folder(struct folder *folder, const char *path, struct error *err)
{
    FTSENT *entry;
    int rc;

    while ((rc = next_entry(folder->walk, path, &entry, err)) == 1)
        if (add_entry(folder, entry, err) < 0)
            return -1;
    return rc;
}

static bool is_document(const struct ingest_file *file)
{
    return container_of_name(file->path) == CONTAINER_TEXT;
}

/* Texts are documents where a folder has nothing else. Beside records they are about them: a
 * README, a licence. */
static void pass_over_documents(struct folder *folder, size_t first)
{
    struct ingest_files *files = folder->files;
    size_t n_documents = 0;
    size_t n = first;

    for (size_t i = first; i < files->n; i++)
        n_documents += is_document(&files->items[i]);
    if (n_documents == files->n - first)
        return;
    for (size_t i = first; i < files->n; i++) {
        if (is_document(&files->items[i]))
            pass_over(&folder->passed_over, files->items[i].path);
        else
            files->items[n++] = files->items[i];
    }
    files->n = n;
}

/* Keep the files of the configs and splits that are asked for. */
static int choose_files(struct folder *folder, size_t first, const char *path,
                        struct error *err)
{
    struct ingest_files *files = folder->files;
    const struct ingest_query *query = folder->query;
    const int is_saved = ingest_split_saved(files, first, path, query, err);

    if (is_saved != 0)
        return is_saved < 0 ? -1 : 0;
    const int is_plain = ingest_folder_is_plain(files, first, path, err);
    if (is_plain < 0)
        return -1;
    if (is_plain)
        pass_over_documents(folder, first);
    else
        for (size_t i = first; i < files->n; i++)
            if (repository_kind(slice_text(files->items[i].path)) == KIND_NONE)
                pass_over(&folder->passed_over, files->items[i].path);
    if (ingest_split_folder(files, first, path, is_plain, query, err) == 0)
        return 0;
    if (err->code != ERR_NOT_FOUND || !query->allow_empty || query->config || query->split)
        return -1;
    files->n = first;
    return 0;
}

int ingest_folder_add(struct ingest_files *files, const char *path,
                      const struct ingest_query *query, struct error *err)
{
    char *const roots[] = { (char *)path, NULL };
    const size_t before = files->n;
    struct folder folder = { .files = files, .query = query };

    folder.walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, compare_fts_names);
    if (!folder.walk)
        return error_errno(err, errno, path);
    const int rc = walk_folder(&folder, path, err);
    fts_close(folder.walk);
    if (rc < 0 || (files->n > before && choose_files(&folder, before, path, err) < 0))
        return -1;
    report_passed_over(path, &folder.passed_over, query->report);
    if (files->n == before && !query->allow_empty)
        return error_set(
            err, ERR_NOT_FOUND,
            "%s: no file in this folder ends in .parquet, .arrow, .ipc or .feather, or in "
            ".json, .jsonl, .ndjson, .csv, .tsv, .txt or .md, perhaps followed by .gz, .zst, "
            ".xz or .bz2: name other files one by one",
            path);
    return 0;
}

/* Is the member hidden, by its name or that of a folder that it is in? macOS adds __MACOSX. */
static bool is_hidden_member(const char *name)
{
    for (const char *part = name; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
        if (part[0] == '.' && part[1] != '.' && part[1] != '/' && part[1] != '\0')
            return true;
    return strncmp(name, "__MACOSX/", 9) == 0;
}

/* Add a file of an archive. Its source is its path without the folder of the archive. */
static int add_archive_file(struct folder *folder, const struct archive_place *archive,
                            const char *path, uint64_t number, uint64_t size_bytes,
                            struct error *err)
{
    struct ingest_files *files = folder->files;
    const char *slash = strrchr(archive->path, '/');

    if (ingest_files_add(files, path, folder->query->source, NULL, err) < 0)
        return -1;
    struct ingest_file *added = &files->items[files->n - 1];
    if (!folder->query->source)
        added->source = added->path + (slash ? slash + 1 - archive->path : 0);
    added->local_path = archive->local_path;
    added->archive = archive->path;
    added->member = number;
    added->has_size = true;
    added->size_bytes = size_bytes;
    return 0;
}

static int add_archive_member(struct folder *folder, const struct archive_place *archive,
                              uint64_t number, const struct archive_member *member,
                              struct error *err)
{
    const size_t len = strlen(archive->path) + strlen(member->name) + 2;
    char *path = arena_alloc(&folder->files->arena, len, 1);

    if (!path)
        return error_nomem(err);
    snprintf(path, len, "%s!%s", archive->path, member->name);
    return add_archive_file(folder, archive, path, number, member->size_bytes, err);
}

/* Refuse an archive that may be a decompression bomb. */
static int check_archive_size(const char *archive, uint64_t n_members, uint64_t total_bytes,
                              uint64_t archive_bytes, struct error *err)
{
    if (n_members >= MEMBERS_MAX)
        return error_set(err, ERR_INPUT,
                         "%s: has more than %d members: extract it and ingest the folder",
                         archive, (int)MEMBERS_MAX);
    if (total_bytes > RATIO_FROM_BYTES && total_bytes / RATIO_MAX > archive_bytes)
        return error_set(err, ERR_INPUT,
                         "%s: claims to hold more than %d times its size: it may be a "
                         "decompression bomb; extract it with care and ingest the files",
                         archive, (int)RATIO_MAX);
    return 0;
}

/* Refuse a member that cannot be read. A table is read at many places, not from its beginning
 * to its end. */
static int check_member(const char *archive, const struct archive_member *member,
                        struct error *err)
{
    if (member->encrypted)
        return error_set(err, ERR_INPUT,
                         "%s!%s: is encrypted: extract the archive with its password and "
                         "ingest the files",
                         archive, member->name);
    if (member->no_memory_limit)
        return error_set(
            err, ERR_INPUT,
            "%s!%s: is compressed with LZMA, xz or PPMd, which may need any amount "
            "of memory: extract the archive and ingest the files",
            archive, member->name);
    if (container_of_name(member->name) == CONTAINER_TABLE)
        return error_set(err, ERR_INPUT,
                         "%s!%s: is a Parquet or Arrow file in an archive: extract the archive "
                         "and ingest its files",
                         archive, member->name);
    return 0;
}

static int list_members(struct folder *folder, struct archive_reader *members,
                        const struct archive_place *archive, uint64_t archive_bytes,
                        struct error *err)
{
    const size_t before = folder->files->n;
    uint64_t total_bytes = 0;
    struct archive_member member;
    uint64_t number = 0;
    int rc;

    for (; (rc = archive_reader_next(members, &member, err)) == 1; number++) {
        if (check_archive_size(archive->path, number, total_bytes, archive_bytes, err) < 0)
            return -1;
        if (!member.is_file || is_hidden_member(member.name))
            continue;
        total_bytes += member.size_bytes < UINT64_MAX / 2 ? member.size_bytes : UINT64_MAX / 2;
        if (container_of_name(member.name) == CONTAINER_NONE)
            pass_over(&folder->passed_over, member.name);
        else if (check_member(archive->path, &member, err) < 0 ||
                 add_archive_member(folder, archive, number, &member, err) < 0)
            return -1;
    }
    if (rc == 0 &&
        check_archive_size(archive->path, number, total_bytes, archive_bytes, err) < 0)
        return -1;
    if (rc == 0 || err->code != ERR_INPUT || folder->files->n == before)
        return rc;
    /* Damage behind some members: these are read, and then the reader finds it again. */
    return add_archive_file(folder, archive, archive->path, number, 0, err);
}

static int compare_member_paths(const void *a, const void *b)
{
    const struct ingest_file *const *left = a, *const *right = b;
    const int order = strcmp((*left)->path, (*right)->path);

    return order != 0 ? order : ((*left)->member > (*right)->member ? 1 : -1);
}

/* Two members may have one name, but positions and lineage go by name: the later one becomes
 * "archive.zip#7!name". */
static int number_equal_names(struct ingest_files *files, size_t first, bool is_named,
                              struct error *err)
{
    const size_t n = files->n - first;
    struct ingest_file **sorted = n > 0 ? calloc(n, sizeof *sorted) : NULL;
    int rc = 0;

    if (n > 0 && !sorted)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++)
        sorted[i] = &files->items[first + i];
    if (n > 1)
        qsort(sorted, n, sizeof *sorted, compare_member_paths);
    for (size_t i = n; i-- > 1 && rc == 0;) {
        if (strcmp(sorted[i]->path, sorted[i - 1]->path) != 0)
            continue;
        const size_t len = strlen(sorted[i]->path) + 24;
        char *path = arena_alloc(&files->arena, len, 1);

        if (!path)
            rc = error_nomem(err);
        else
            snprintf(path, len, "%s#%" PRIu64 "%s", sorted[i]->archive, sorted[i]->member,
                     sorted[i]->path + strlen(sorted[i]->archive));
        if (!is_named && path)
            sorted[i]->source = path + (sorted[i]->source - sorted[i]->path);
        sorted[i]->path = path;
    }
    free(sorted);
    return rc;
}

int ingest_archive_add(struct ingest_files *files, const char *path, const char *local_path,
                       const struct ingest_query *query, struct error *err)
{
    struct folder folder = { .files = files, .query = query };
    const struct archive_place archive = {
        .path = arena_copy(&files->arena, slice_text(path)).ptr,
        .local_path = arena_copy(&files->arena, slice_text(local_path)).ptr,
    };
    const size_t before = files->n;
    struct archive_reader *members = NULL;
    struct stat st;

    if (!archive.path || !archive.local_path)
        return error_nomem(err);
    if (stat(local_path, &st) < 0)
        return error_errno(err, errno, local_path);
    int rc = archive_reader_open(local_path, &members, err);
    if (rc < 1)
        return rc;
    rc = list_members(&folder, members, &archive, (uint64_t)st.st_size, err);
    archive_reader_close(members);
    if (rc < 0)
        return -1;
    pass_over_documents(&folder, before);
    report_passed_over(path, &folder.passed_over, query->report);
    if (files->n == before && !query->allow_empty)
        return error_set(err, ERR_NOT_FOUND,
                         "%s: no member of this archive ends in .json, .jsonl, .ndjson, .csv, "
                         ".tsv, .txt or .md, perhaps followed by .gz, .zst, .xz or .bz2",
                         path);
    return number_equal_names(files, before, query->source != NULL, err) < 0 ? -1 : 1;
}
