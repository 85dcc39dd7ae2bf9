/* SPDX-License-Identifier: Apache-2.0 */
#include "store/content.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "store/content_private.h"
#include "store/db_private.h"
#include "store/selection.h"

enum { STOP_EVERY_ROWS = 256, SQL_MAX_BYTES = 1 << 20 };

struct content {
    struct digest *digest;
    struct buf sql;
    const volatile int *stop_signal;
};

int content_new(const volatile int *stop_signal, struct content **out, struct error *err)
{
    struct content *content = calloc(1, sizeof *content);

    if (!content)
        return error_nomem(err);
    buf_init(&content->sql, SQL_MAX_BYTES);
    content->stop_signal = stop_signal;
    if (digest_new(&content->digest, err) < 0) {
        free(content);
        return -1;
    }
    *out = content;
    return 0;
}

void content_free(struct content *content)
{
    if (!content)
        return;
    digest_free(content->digest);
    buf_release(&content->sql);
    free(content);
}

static int content_check_stop(const struct content *content, struct error *err)
{
    const int signal = content->stop_signal ? *content->stop_signal : 0;

    if (signal == 0)
        return 0;
    return error_set_sys(err, ERR_CANCELLED, signal, "stopped by signal %d", signal);
}

/* Hash eight bytes, lowest first. */
static int hash_u64le(struct content *content, uint64_t value, struct error *err)
{
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    return digest_add(content->digest, bytes, sizeof bytes, err);
}

static int hash_tagged_bytes(struct content *content, char tag, struct slice bytes,
                             struct error *err)
{
    if (digest_add(content->digest, &tag, 1, err) < 0 ||
        hash_u64le(content, bytes.len, err) < 0)
        return -1;
    return bytes.len > 0 ? digest_add(content->digest, bytes.ptr, bytes.len, err) : 0;
}

static int hash_tagged_u64(struct content *content, char tag, uint64_t bits, struct error *err)
{
    if (digest_add(content->digest, &tag, 1, err) < 0)
        return -1;
    return hash_u64le(content, bits, err);
}

/* Hash the name of the column, the type of the value and the value. NULL adds nothing. */
static int hash_column(struct content *content, const struct stmt *row, size_t column,
                       struct error *err)
{
    const enum stmt_type type = stmt_column_type(row, column);
    uint64_t bits;
    double real;

    if (type == STMT_NULL)
        return 0;
    if (hash_tagged_bytes(content, 'n', slice_text(stmt_column_name(row, column)), err) < 0)
        return -1;
    switch (type) {
    case STMT_NULL:
        break;
    case STMT_INT:
        return hash_tagged_u64(content, 'i', (uint64_t)stmt_int(row, column), err);
    case STMT_REAL:
        real = stmt_real(row, column);
        memcpy(&bits, &real, sizeof bits);
        return hash_tagged_u64(content, 'r', bits, err);
    case STMT_TEXT:
        return hash_tagged_bytes(content, 't', stmt_bytes(row, column), err);
    case STMT_BLOB:
        return hash_tagged_bytes(content, 'b', stmt_bytes(row, column), err);
    }
    return 0;
}

/* End the digest of one row and add it to the sum. */
static int add_row_digest(struct content *content, struct content_sum *sum, struct error *err)
{
    uint8_t row[DIGEST_BYTES];
    unsigned carry = 0;

    if (digest_end(content->digest, row, err) < 0)
        return -1;
    for (size_t i = DIGEST_BYTES; i-- > 0;) {
        carry += (unsigned)sum->bytes[i] + row[i];
        sum->bytes[i] = (uint8_t)carry;
        carry >>= 8;
    }
    sum->n++;
    return 0;
}

static int sum_rows(struct content *content, struct stmt *rows, struct content_sum *sum,
                    struct error *err)
{
    int rc;

    while ((rc = stmt_next(rows, err)) == 1) {
        if (digest_restart(content->digest, err) < 0)
            return -1;
        for (size_t c = 0; c < stmt_columns(rows); c++)
            if (hash_column(content, rows, c, err) < 0)
                return -1;
        if (add_row_digest(content, sum, err) < 0)
            return -1;
        if (sum->n % STOP_EVERY_ROWS == 0 && content_check_stop(content, err) < 0)
            return -1;
    }
    return rc;
}

static int sum_table(struct content *content, struct store *store,
                     const struct content_schema *schema, size_t table, struct content_sum *sum,
                     struct error *err)
{
    struct stmt *rows = NULL;
    int rc = -1;

    buf_clear(&content->sql);
    if (content_schema_rows(schema, table, &content->sql, err) < 0)
        return -1;
    if (stmt_open(store, content->sql.data, &rows, err) == 0)
        rc = sum_rows(content, rows, sum, err);
    stmt_close(rows);
    return rc;
}

static int sum_tables(struct content *content, struct store *store,
                      const struct content_schema *schema, struct content_database *out,
                      struct error *err)
{
    for (size_t t = 0; t < schema->n_tables; t++) {
        struct content_part *part = &out->parts[out->n_parts];
        const struct slice name = slice_text(schema->tables[t].name);

        if (schema->tables[t].left_out)
            continue;
        if (out->n_parts == CONTENT_PARTS_MAX || name.len >= sizeof part->name)
            return error_set(err, ERR_INPUT, "%s: has tables that curate did not create",
                             db_path(store));
        memcpy(part->name, name.ptr, name.len + 1);
        if (sum_table(content, store, schema, t, &part->sum, err) < 0)
            return -1;
        out->n_parts++;
    }
    return 0;
}

static int sum_parts(struct content *content, struct content_database *out, struct error *err)
{
    if (digest_restart(content->digest, err) < 0)
        return -1;
    for (size_t p = 0; p < out->n_parts; p++) {
        const struct content_part *part = &out->parts[p];

        if (part->sum.n == 0)
            continue;
        if (hash_tagged_bytes(content, 'n', slice_text(part->name), err) < 0 ||
            hash_tagged_u64(content, 'i', part->sum.n, err) < 0 ||
            digest_add(content->digest, part->sum.bytes, sizeof part->sum.bytes, err) < 0)
            return -1;
    }
    return digest_end(content->digest, out->digest, err);
}

int content_of_database(struct content *content, struct store *store,
                        struct content_database *out, struct error *err)
{
    const bool is_inside = db_in_transaction(store);
    struct content_schema schema;
    int rc = -1;

    *out = (struct content_database){ .n_parts = 0 };
    content_schema_init(&schema);
    if (!is_inside && db_exec(store, "BEGIN", err) < 0)
        return -1;
    if (content_schema_read(&schema, store, err) == 0 &&
        sum_tables(content, store, &schema, out, err) == 0)
        rc = sum_parts(content, out, err);
    if (!is_inside)
        store_rollback(store); /* nothing was written */
    content_schema_release(&schema);
    return rc;
}

int content_add_sample(struct content *content, const struct hash *hash,
                       struct content_sum *out, struct error *err)
{
    if (digest_restart(content->digest, err) < 0 ||
        digest_add(content->digest, hash->bytes, sizeof hash->bytes, err) < 0)
        return -1;
    return add_row_digest(content, out, err);
}

static const char SELECTED[] = "SELECT s.hash FROM selection e"
                               " JOIN selection_sample x ON x.selection_id = e.selection_id"
                               " JOIN sample s ON s.sample_id = x.sample_id"
                               " WHERE e.name = :name";

static const char ALL_SAMPLES[] = "SELECT hash FROM sample";

/* Sum the samples whose hashes the statement returns. */
static int sum_samples(struct content *content, struct stmt *rows, struct content_sum *out,
                       struct error *err)
{
    struct content_sum sum = { .n = 0 };
    struct hash hash;
    int rc;

    while ((rc = stmt_next(rows, err)) == 1) {
        const struct slice bytes = stmt_bytes(rows, 0);

        memset(&hash, 0, sizeof hash);
        if (bytes.len == sizeof hash)
            memcpy(&hash, bytes.ptr, sizeof hash);
        if (content_add_sample(content, &hash, &sum, err) < 0 ||
            content_check_stop(content, err) < 0) {
            rc = -1;
            break;
        }
    }
    stmt_reset(rows);
    if (rc == 0)
        *out = sum;
    return rc;
}

int content_of_samples(struct content *content, struct store *store, struct content_sum *out,
                       struct error *err)
{
    struct stmt *rows = NULL;

    return stmt_use(store, ALL_SAMPLES, &rows, err) < 0 ? -1
                                                        : sum_samples(content, rows, out, err);
}

int content_of_selection(struct content *content, struct store *store, const char *name,
                         struct content_sum *out, struct error *err)
{
    struct id_list unused = { 0 };
    struct stmt *rows = NULL;

    if (selection_load(store, name, &unused, NULL, err) < 0)
        return -1;
    id_list_release(&unused);
    if (stmt_use(store, SELECTED, &rows, err) < 0)
        return -1;
    stmt_bind_text(rows, ":name", slice_text(name));
    return sum_samples(content, rows, out, err);
}
