/* SPDX-License-Identifier: Apache-2.0 */
#include "store/embedding.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/db_private.h"

static const char PUT_VECTOR[] =
    "INSERT INTO embedding (score_set_id, sample_id, vector)"
    " VALUES (:score_set_id, :sample_id, :vector)"
    " ON CONFLICT (score_set_id, sample_id) DO UPDATE SET vector = excluded.vector";

static const char GET_VECTOR[] =
    "SELECT vector FROM embedding"
    " WHERE score_set_id = :score_set_id AND sample_id = :sample_id";

enum { FLOAT_BYTES = 4 };

/* Convert to the stored form: 32-bit floats, lowest byte first. */
static int encode_vector(const double *vector, size_t n, int64_t sample_id, uint8_t *out,
                         struct error *err)
{
    for (size_t i = 0; i < n; i++) {
        const float value = (float)vector[i];
        uint32_t bits;

        if (!isfinite(value))
            return error_set(err, ERR_INVARIANT,
                             "number %zu of the vector of sample %" PRId64 " is %g", i,
                             sample_id, vector[i]);
        memcpy(&bits, &value, sizeof bits);
        for (size_t b = 0; b < FLOAT_BYTES; b++)
            out[i * FLOAT_BYTES + b] = (uint8_t)(bits >> 8 * b);
    }
    return 0;
}

int embedding_put(struct store *store, int64_t score_set_id, int64_t sample_id,
                  const double *vector, size_t n, struct error *err)
{
    uint8_t *bytes = calloc(n, FLOAT_BYTES);
    struct stmt *stmt = NULL;
    int rc = -1;

    if (!bytes)
        return error_nomem(err);
    if (encode_vector(vector, n, sample_id, bytes, err) < 0 ||
        stmt_use(store, PUT_VECTOR, &stmt, err) < 0)
        goto done;
    stmt_bind_int(stmt, ":score_set_id", score_set_id);
    stmt_bind_int(stmt, ":sample_id", sample_id);
    stmt_bind_blob(stmt, ":vector", bytes, n * FLOAT_BYTES);
    rc = stmt_run(stmt, err);
done:
    free(bytes);
    return rc;
}

/* Step to the row of a vector. The caller resets the statement. Returns 1, 0 if there is no
 * row, or -1. */
static int find_vector(struct store *store, int64_t score_set_id, int64_t sample_id,
                       struct stmt **stmt, struct error *err)
{
    if (stmt_use(store, GET_VECTOR, stmt, err) < 0)
        return -1;
    stmt_bind_int(*stmt, ":score_set_id", score_set_id);
    stmt_bind_int(*stmt, ":sample_id", sample_id);
    return stmt_next(*stmt, err);
}

static int raise_damaged_vector(const struct store *store, int64_t sample_id, const char *what,
                                struct error *err)
{
    return error_set(err, ERR_INPUT,
                     "%s: the embedding of sample %" PRId64 " is damaged: %s: delete the row "
                     "and its score, and score it again",
                     db_path(store), sample_id, what);
}

int embedding_width(struct store *store, int64_t score_set_id, int64_t sample_id, size_t *n,
                    struct error *err)
{
    struct stmt *stmt = NULL;
    const int found = find_vector(store, score_set_id, sample_id, &stmt, err);
    int rc = found;

    if (found < 0)
        return -1;
    const size_t n_bytes = found == 1 ? stmt_bytes(stmt, 0).len : 0;
    stmt_reset(stmt);
    *n = n_bytes / FLOAT_BYTES;
    if (found == 1 && (n_bytes == 0 || n_bytes % FLOAT_BYTES != 0))
        rc = raise_damaged_vector(store, sample_id, "it is empty or cut in a number", err);
    return rc;
}

int embedding_get(struct store *store, int64_t score_set_id, int64_t sample_id, float *out,
                  size_t n, struct error *err)
{
    struct stmt *stmt = NULL;
    const int found = find_vector(store, score_set_id, sample_id, &stmt, err);
    int rc = found < 0 ? -1 : 0;

    if (found < 0)
        return -1;
    const struct slice bytes = found == 1 ? stmt_bytes(stmt, 0) : (struct slice){ 0 };
    if (found == 0 || bytes.len != n * FLOAT_BYTES)
        rc = raise_damaged_vector(store, sample_id,
                                  "it is missing, or not as long as the others", err);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        uint32_t bits = 0;

        for (size_t b = 0; b < FLOAT_BYTES; b++)
            bits |= (uint32_t)(uint8_t)bytes.ptr[i * FLOAT_BYTES + b] << 8 * b;
        memcpy(&out[i], &bits, sizeof bits);
        if (!isfinite(out[i]))
            rc = raise_damaged_vector(store, sample_id, "a number is not finite", err);
    }
    stmt_reset(stmt);
    return rc;
}
