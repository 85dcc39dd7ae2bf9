/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

#include "base/error.h"
#include "store/db_private.h"
#include "store/sample.h"

static const char FIND_BY_EXT_ID[] =
    "SELECT s.sample_id FROM sample s JOIN file f ON f.file_id = s.file_id"
    " JOIN source o ON o.source_id = f.source_id"
    " WHERE s.ext_id = :ext_id AND (:source IS NULL OR o.name = :source)"
    " ORDER BY s.sample_id LIMIT 2";

static const char FIND_BY_HASH[] = "SELECT sample_id FROM sample WHERE hash = :key";

/* Read the ids that the statement returns, at most two. Returns their number or -1. */
static int read_two_ids(struct stmt *stmt, int64_t ids[2], struct error *err)
{
    int n = 0, rc;

    while ((rc = stmt_next(stmt, err)) == 1 && n < 2)
        ids[n++] = stmt_int(stmt, 0);
    stmt_reset(stmt);
    return rc < 0 ? -1 : n;
}

int sample_find_ext_id(struct store *store, const char *source, struct slice ext_id,
                       int64_t ids[2], struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, FIND_BY_EXT_ID, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":ext_id", ext_id);
    if (source)
        stmt_bind_text(stmt, ":source", slice_text(source));
    return read_two_ids(stmt, ids, err);
}

static int parse_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int sample_find_hash(struct store *store, struct slice hex, int64_t ids[2], struct error *err)
{
    uint8_t bytes[HASH_BYTES];
    struct stmt *stmt = NULL;

    if (hex.len != 2 * sizeof bytes)
        return 0;
    for (size_t i = 0; i < sizeof bytes; i++) {
        const int high = parse_hex_digit(hex.ptr[2 * i]);
        const int low = parse_hex_digit(hex.ptr[2 * i + 1]);

        if (high < 0 || low < 0)
            return 0;
        bytes[i] = (uint8_t)(high * 16 + low);
    }
    if (stmt_use(store, FIND_BY_HASH, &stmt, err) < 0)
        return -1;
    stmt_bind_blob(stmt, ":key", bytes, sizeof bytes);
    return read_two_ids(stmt, ids, err);
}
