/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>

#include "base/error.h"
#include "store/db_private.h"
#include "store/sample.h"

static const char LIST_EXT_IDS[] =
    "SELECT s.sample_id, s.ext_id FROM sample s JOIN file f ON f.file_id = s.file_id"
    " JOIN source o ON o.source_id = f.source_id"
    " WHERE s.ext_id IS NOT NULL AND (:source IS NULL OR o.name = :source)";

static const char GET_EXT_ID[] = "SELECT ext_id FROM sample WHERE sample_id = :sample_id";

static const char FIND_BY_HASH[] = "SELECT sample_id FROM sample WHERE hash = :key";

/* The database has no index over ext_id, which would make every ingest dearer: this one is made
 * when many are asked for. */
struct entry {
    uint64_t hash; /* of the ext_id */
    int64_t sample_id;
};
struct sample_index {
    struct store *store;
    struct entry *entries; /* ascending */
    size_t n;
    size_t cap;
};

static int compare(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;

    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return (a->sample_id > b->sample_id) - (a->sample_id < b->sample_id);
}

static int add_entry(struct sample_index *index, const struct stmt *row, struct error *err)
{
    if (index->n == index->cap) {
        const size_t cap = index->cap ? 2 * index->cap : 1024;
        struct entry *entries = reallocarray(index->entries, cap, sizeof *entries);

        if (!entries)
            return error_nomem(err);
        index->entries = entries;
        index->cap = cap;
    }
    index->entries[index->n++] =
        (struct entry){ .hash = hash_u64(stmt_bytes(row, 1)), .sample_id = stmt_int(row, 0) };
    return 0;
}

int sample_index_new(struct store *store, const char *source, struct sample_index **out,
                     struct error *err)
{
    struct sample_index *index = calloc(1, sizeof *index);
    struct stmt *stmt = NULL;
    int rc;

    if (!index)
        return error_nomem(err);
    index->store = store;
    if (stmt_use(store, LIST_EXT_IDS, &stmt, err) < 0)
        goto fail;
    if (source)
        stmt_bind_text(stmt, ":source", slice_text(source));
    while ((rc = stmt_next(stmt, err)) == 1) {
        if (add_entry(index, stmt, err) < 0) {
            stmt_reset(stmt);
            goto fail;
        }
    }
    if (rc < 0)
        goto fail;
    if (index->n > 0)
        qsort(index->entries, index->n, sizeof *index->entries, compare);
    *out = index;
    return 0;
fail:
    sample_index_free(index);
    return -1;
}

void sample_index_free(struct sample_index *index)
{
    if (!index)
        return;
    free(index->entries);
    free(index);
}

/* 1 when the sample has this ext_id, and not only its hash; 0, -1. */
static int has_ext_id(struct store *store, int64_t sample_id, struct slice ext_id,
                      struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, GET_EXT_ID, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":sample_id", sample_id);
    int rc = stmt_next(stmt, err);
    if (rc == 1)
        rc = slice_equal(stmt_bytes(stmt, 0), ext_id);
    stmt_reset(stmt);
    return rc;
}

int sample_index_find(const struct sample_index *index, struct slice ext_id, int64_t ids[2],
                      struct error *err)
{
    const uint64_t hash = hash_u64(ext_id);
    size_t low = 0, high = index->n;
    int n = 0;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (index->entries[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < index->n && index->entries[low].hash == hash && n < 2; low++) {
        ids[n] = index->entries[low].sample_id;
        const int rc = has_ext_id(index->store, ids[n], ext_id, err);
        if (rc < 0)
            return -1;
        n += rc;
    }
    return n;
}

/* The ids that a statement gives, two at most: how many, -1. */
static int read_ids(struct stmt *stmt, int64_t ids[2], struct error *err)
{
    int n = 0, rc;

    while ((rc = stmt_next(stmt, err)) == 1 && n < 2)
        ids[n++] = stmt_int(stmt, 0);
    stmt_reset(stmt);
    return rc < 0 ? -1 : n;
}

static int digit(char c)
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
        const int high = digit(hex.ptr[2 * i]);
        const int low = digit(hex.ptr[2 * i + 1]);

        if (high < 0 || low < 0)
            return 0;
        bytes[i] = (uint8_t)(high * 16 + low);
    }
    if (stmt_use(store, FIND_BY_HASH, &stmt, err) < 0)
        return -1;
    stmt_bind_blob(stmt, ":key", bytes, sizeof bytes);
    return read_ids(stmt, ids, err);
}
