/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fts.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/report.h"
#include "stages/ingest/container.h"
#include "stages/ingest/ingest_private.h"

enum { ENDINGS_MAX = 16, ENDING_BYTES = 16 };

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

struct folder {
    struct ingest_files *files;
    const struct ingest_query *query;
    FTS *walk;
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
    if (rc < 0)
        return -1;
    pass_over_documents(&folder, before);
    report_passed_over(path, &folder.passed_over, query->report);
    if (files->n == before && !query->allow_empty)
        return error_set(
            err, ERR_NOT_FOUND,
            "%s: no file in this folder ends in .json, .jsonl, .ndjson, .csv, .tsv, "
            ".txt or .md, perhaps followed by .gz, .zst, .xz or .bz2: name other "
            "files one by one",
            path);
    return 0;
}
