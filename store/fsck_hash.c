/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text/utf8.h"
#include "store/db_private.h"
#include "store/fsck_private.h"
#include "store/sample.h"

enum { CANONICAL_MAX_BYTES = 1 << 30 };

static const char ALL_SAMPLES[] = "SELECT sample_id FROM sample ORDER BY sample_id";
static const char ALL_CONTEXTS[] = "SELECT context_id, hash, text FROM context";
static const char ALL_REJECTS[] = "SELECT reject_id, hash, raw FROM reject";
static const char ALL_PARAMS[] = "SELECT score_set_id, params_hash, params FROM score_set";

/* Report a failure that damage causes as a problem and return 0. Other failures return -1. */
static int report_damaged_row(struct fsck *fsck, const char *table, int64_t id,
                              const struct error *err)
{
    if (err->code != ERR_INPUT)
        return -1;
    fsck_report_row(fsck, table, id, err->msg);
    return 0;
}

/* Read a sample as other code does, and recompute its hash. */
static int check_sample_hash(struct fsck *fsck, struct sample_reader *reader,
                             struct identifier *identifier, int64_t id, struct error *err)
{
    struct sample sample;
    const int rc = sample_read(reader, id, &sample, err);

    if (rc < 0)
        return report_damaged_row(fsck, "sample", id, err);
    if (rc == 0)
        return 0;
    const struct hash stored = sample.hash;
    if (sample_identify(identifier, &sample, err) < 0)
        return report_damaged_row(fsck, "sample", id, err);
    if (memcmp(&stored, &sample.hash, sizeof stored) != 0)
        fsck_report_row(fsck, "sample", id, "content does not match its hash");
    return 0;
}

static int check_sample_hashes(struct fsck *fsck, struct error *err)
{
    struct sample_reader *reader = NULL;
    struct identifier *identifier = NULL;
    struct stmt *ids = NULL;
    int rc = -1;

    if (sample_reader_new(fsck->store, &reader, err) < 0 ||
        identifier_new(&identifier, err) < 0 ||
        stmt_open(fsck->store, ALL_SAMPLES, &ids, err) < 0)
        goto done;
    while ((rc = stmt_next(ids, err)) == 1) {
        fsck->result.n_samples++;
        rc = fsck_step(fsck, err);
        if (rc == 0)
            rc = check_sample_hash(fsck, reader, identifier, stmt_int(ids, 0), err);
        if (rc < 0)
            break;
    }
done:
    stmt_close(ids);
    identifier_free(identifier);
    sample_reader_free(reader);
    return rc;
}

/* Check a row with columns id, hash, bytes. The hash is of the bytes, or of their canonical
 * form if canonical is not NULL. */
static int check_row_hash(struct fsck *fsck, const char *table, const struct stmt *row,
                          struct buf *canonical, struct error *err)
{
    const int64_t id = stmt_int(row, 0);
    struct slice bytes = stmt_bytes(row, 2);

    if (canonical && !utf8_is_canonical(bytes)) {
        buf_clear(canonical);
        if (utf8_canonical(bytes, canonical, err) < 0)
            return report_damaged_row(fsck, table, id, err);
        bytes = buf_slice(canonical);
    }
    const struct hash hash = hash_bytes(bytes);
    const struct slice want = slice_of((const char *)hash.bytes, sizeof hash.bytes);
    if (!slice_equal(stmt_bytes(row, 1), want))
        fsck_report_row(fsck, table, id, "content does not match its hash");
    return 0;
}

static int check_row_hashes(struct fsck *fsck, const char *table, const char *sql,
                            struct buf *canonical, uint64_t *n, struct error *err)
{
    struct stmt *rows = NULL;
    int rc;

    if (stmt_open(fsck->store, sql, &rows, err) < 0)
        return -1;
    while ((rc = stmt_next(rows, err)) == 1) {
        ++*n;
        rc = fsck_step(fsck, err);
        if (rc == 0)
            rc = check_row_hash(fsck, table, rows, canonical, err);
        if (rc < 0)
            break;
    }
    stmt_close(rows);
    return rc;
}

int fsck_hashes(struct fsck *fsck, struct error *err)
{
    struct buf canonical;
    uint64_t n_sets = 0;
    int rc = -1;

    buf_init(&canonical, CANONICAL_MAX_BYTES);
    if (check_sample_hashes(fsck, err) == 0 &&
        check_row_hashes(fsck, "context", ALL_CONTEXTS, &canonical, &fsck->result.n_contexts,
                         err) == 0 &&
        check_row_hashes(fsck, "reject", ALL_REJECTS, NULL, &fsck->result.n_rejects, err) == 0)
        rc = check_row_hashes(fsck, "score_set", ALL_PARAMS, NULL, &n_sets, err);
    buf_release(&canonical);
    return rc;
}
