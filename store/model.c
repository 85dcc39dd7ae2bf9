/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "store/db_private.h"
#include "store/score.h"

static const char FIND_BY_STAMP[] =
    "SELECT sha256 FROM model WHERE path = :path AND size_bytes = :size_bytes"
    " AND mtime_ns = :mtime_ns AND ctime_ns = :ctime_ns AND inode = :inode";

static const char UPDATE_FILE[] =
    "UPDATE model SET path = :path, size_bytes = :size_bytes, mtime_ns = :mtime_ns,"
    " ctime_ns = :ctime_ns, inode = :inode WHERE sha256 = :sha256 RETURNING model_id";

static const char COUNT_NAME[] = "SELECT count(*) FROM model WHERE name = :name";

static const char ADD_MODEL[] =
    "INSERT INTO model (sha256, name, arch, n_params, context_length, tokenizer_hash, path,"
    " size_bytes, mtime_ns, ctime_ns, inode) VALUES (:sha256, :name, :arch, :n_params, "
    ":context_length,"
    " :tokenizer_hash, :path, :size_bytes, :mtime_ns, :ctime_ns, :inode)";

static void bind_model_file(struct stmt *stmt, const char *path, const struct file_stamp *stamp)
{
    stmt_bind_text(stmt, ":path", slice_text(path));
    stmt_bind_int(stmt, ":size_bytes", stamp->size_bytes);
    stmt_bind_int(stmt, ":mtime_ns", stamp->mtime_ns);
    stmt_bind_int(stmt, ":ctime_ns", stamp->ctime_ns);
    stmt_bind_int(stmt, ":inode", stamp->inode);
}

int model_find_sha256(struct store *store, const char *path, const struct file_stamp *stamp,
                      uint8_t out[DIGEST_BYTES], struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, FIND_BY_STAMP, &stmt, err) < 0)
        return -1;
    bind_model_file(stmt, path, stamp);
    int rc = stmt_next(stmt, err);
    if (rc == 1) {
        const struct slice sha256 = stmt_bytes(stmt, 0);
        rc = sha256.len == DIGEST_BYTES;
        if (rc == 1)
            memcpy(out, sha256.ptr, DIGEST_BYTES);
    }
    stmt_reset(stmt);
    return rc;
}

/* Update path and stamp of the model with this digest. Returns 1, 0 if it is not stored, or -1.
 */
static int update_model_file(struct store *store, const struct model_row *row, int64_t *id,
                             struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, UPDATE_FILE, &stmt, err) < 0)
        return -1;
    bind_model_file(stmt, row->path, &row->stamp);
    stmt_bind_blob(stmt, ":sha256", row->sha256, sizeof row->sha256);
    const int rc = stmt_next(stmt, err);
    if (rc == 1) {
        *id = stmt_int(stmt, 0);
        stmt_reset(stmt);
    }
    return rc;
}

static int count_model_name(struct store *store, const char *name, int64_t *n,
                            struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, COUNT_NAME, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":name", slice_text(name));
    return stmt_get_int(stmt, n, err);
}

/* Append as much of the digest to the name as makes it unique. */
static int choose_model_name(struct store *store, const struct model_row *row, char *out,
                             size_t size, struct error *err)
{
    static const int digits[] = { 8, 16, 2 * DIGEST_BYTES };
    char hex[2 * DIGEST_BYTES + 1];
    int64_t n_same;

    digest_hex(row->sha256, DIGEST_BYTES, hex);
    snprintf(out, size, "%.300s", row->name);
    if (count_model_name(store, out, &n_same, err) < 0)
        return -1;
    for (size_t i = 0; n_same && i < sizeof digits / sizeof digits[0]; i++) {
        snprintf(out, size, "%.300s@%.*s", row->name, digits[i], hex);
        if (count_model_name(store, out, &n_same, err) < 0)
            return -1;
    }
    return 0;
}

int model_put(struct store *store, const struct model_row *row, int64_t *model_id,
              struct error *err)
{
    char name[400];
    struct stmt *stmt = NULL;
    const int updated = update_model_file(store, row, model_id, err);

    if (updated != 0)
        return updated < 0 ? -1 : 0;
    if (choose_model_name(store, row, name, sizeof name, err) < 0 ||
        stmt_use(store, ADD_MODEL, &stmt, err) < 0)
        return -1;
    stmt_bind_blob(stmt, ":sha256", row->sha256, sizeof row->sha256);
    stmt_bind_text(stmt, ":name", slice_text(name));
    stmt_bind_text(stmt, ":arch", slice_text(row->arch));
    stmt_bind_count(stmt, ":n_params", row->n_params);
    stmt_bind_count(stmt, ":context_length", row->context_length);
    stmt_bind_blob(stmt, ":tokenizer_hash", row->tokenizer_hash.bytes,
                   sizeof row->tokenizer_hash.bytes);
    bind_model_file(stmt, row->path, &row->stamp);
    if (stmt_run(stmt, err) < 0)
        return -1;
    *model_id = db_last_id(store);
    return 0;
}
