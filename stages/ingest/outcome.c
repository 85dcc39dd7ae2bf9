/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The notes and errors at the end of an ingest run.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/report.h"
#include "stages/ingest/ingest_private.h"
#include "stages/stage.h"

/* Write "bad_json 3, truncated 1, 2 in the part read before". */
static void list_rejected(const struct ingest_tally *tally, uint64_t n_before, char *out,
                          size_t size)
{
    defect_tally_list(tally->defects.rejected, false, out, size);
    const size_t len = strlen(out);
    if (n_before > 0)
        snprintf(out + len, size - len, "%s%" PRIu64 " in the part read before",
                 len > 0 ? ", " : "", n_before);
}

/* The counts of earlier, interrupted runs of these files, because --max-rejects applies to
 * whole files. */
static struct run_counts counts_before(const struct ingest *ingest)
{
    struct run_counts counts = { .n_read = 0 };

    for (size_t i = 0; i < ingest->files.n; i++) {
        const struct position *from = ingest->files.items[i].from;

        counts.n_read += from ? from->n_read : 0;
        counts.n_rejected += from ? from->n_rejected : 0;
    }
    return counts;
}

/* Fail if a path of --map leads to nothing in every record: it is a mistake. An earlier run may
 * have found a value in the part that it read. */
static int check_mapped_paths(const struct ingest *ingest, const struct ingest_tally *tally,
                              uint64_t n_read_before, struct error *err)
{
    const struct mapping *mapping = &ingest->settings.mapping;

    if (tally->n_mapped == 0 || n_read_before > 0)
        return 0;
    for (size_t i = 0; i < mapping->n; i++) {
        if (tally->map_found >> i & 1)
            continue;
        if (!mapping->entries[i].is_optional)
            return error_set(err, ERR_INPUT,
                             "--map %s: no record has this path; the members of the first "
                             "record are %s",
                             mapping->entries[i].text, tally->map_members);
        report_note(ingest->context->report, "--map %s: no record has this path",
                    mapping->entries[i].text);
    }
    return 0;
}

/* Report mixed shapes, defects and duplicates that say more than their sample. */
static void report_notes(const struct ingest_tally *tally, struct report *report)
{
    char classes[300];

    if (tally->n_other_format > 0)
        report_note(report,
                    "%" PRIu64 " of %" PRIu64 " samples have another shape than most of "
                    "their file; each was read by its own shape",
                    tally->n_other_format, tally->n_parsed);
    if (tally->n_several > 0)
        report_note(
            report,
            "%" PRIu64 " record%s several samples, %" PRIu64 " together; each sample was "
            "read as a record of its own",
            tally->n_several, tally->n_several == 1 ? " holds" : "s hold", tally->n_items);
    if (tally->n_closed > 0)
        report_note(report,
                    "%" PRIu64 " rejects of earlier runs are closed: their records are in the "
                    "database now",
                    tally->n_closed);
    defect_tally_list(tally->defects.accepted, true, classes, sizeof classes);
    if (classes[0])
        report_note(report,
                    "accepted with defects: %s; 'curate explain reject CLASS' explains each",
                    classes);
    if (tally->counts.n_dup_meta > 0)
        report_note(report,
                    "%" PRIu64 " duplicates have other members than the stored sample; "
                    "'curate query \"SELECT * FROM v_dup_meta\"' lists them",
                    tally->counts.n_dup_meta);
    if (tally->n_documents > 0)
        report_note(report, "%" PRIu64 " file%s read as documents, each of them a sample",
                    tally->n_documents, tally->n_documents == 1 ? " was" : "s were");
}

/* Write which of several files have rejects: " in a/train.jsonl". */
static void name_reject_files(const struct ingest *ingest, const struct ingest_tally *tally,
                              char *out, size_t size)
{
    out[0] = '\0';
    if (ingest->files.n < 2 || tally->n_reject_files == 0)
        return;
    if (tally->n_reject_files == 1)
        snprintf(out, size, " in %s", tally->reject_path);
    else
        snprintf(out, size, " in %zu files, the first of them %s", tally->n_reject_files,
                 tally->reject_path);
}

int ingest_report_outcome(const struct ingest *ingest, const struct ingest_tally *tally,
                          struct error *err)
{
    const struct run_counts before = counts_before(ingest);
    const uint64_t n_read = before.n_read + tally->counts.n_read;
    const uint64_t n_rejected = before.n_rejected + tally->counts.n_rejected;
    const double limit = ingest->settings.max_reject_percent;
    const bool dry_run = ingest->context->dry_run;
    const char *where = dry_run ? "" : "; 'curate rejects' lists them";
    const char *what_next = dry_run ? "; 'curate explain reject CLASS' says what to do"
                                    : "; 'curate rejects' lists them, and 'curate explain "
                                      "reject CLASS' says what to do";
    const char *kept =
        dry_run ? "" : "; the others are in the database, and 'curate rejects' lists these";
    struct report *report = ingest->context->report;
    char classes[300];
    char files[300];

    report_notes(tally, report);
    if (n_read == 0 && !ingest->settings.allow_empty)
        return error_set(err, ERR_NOT_FOUND,
                         "the input has no record: give --allow-empty if it may be empty");
    if (check_mapped_paths(ingest, tally, before.n_read, err) < 0)
        return -1;
    if (n_rejected == 0)
        return 0;
    list_rejected(tally, before.n_rejected, classes, sizeof classes);
    name_reject_files(ingest, tally, files, sizeof files);
    if (n_rejected == n_read)
        return error_set(err, ERR_INPUT, "every record (%" PRIu64 ") was rejected (%s)%s",
                         n_read, classes, what_next);
    if ((double)n_rejected * 100 > limit * (double)n_read)
        return error_set(err, ERR_INPUT,
                         "%" PRIu64 " of %" PRIu64 " records were rejected (%s)%s, more than "
                         "--max-rejects %g %%%s",
                         n_rejected, n_read, classes, files, limit, kept);
    report_note(report, "%" PRIu64 " of %" PRIu64 " records were rejected (%s)%s%s", n_rejected,
                n_read, classes, files, where);
    return 0;
}
