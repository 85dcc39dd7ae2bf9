/* SPDX-License-Identifier: Apache-2.0 */
#include "store/group.h"

#include <string.h>

#include "base/error.h"
#include "base/slice.h"
#include "store/db_private.h"

#define MEAN "SELECT avg(k.value), count(k.value) FROM score k"

static const char MEAN_OF_SOURCE[] =
    MEAN " JOIN sample s ON s.sample_id = k.sample_id JOIN file f ON f.file_id = s.file_id"
         " JOIN source o ON o.source_id = f.source_id"
         " WHERE k.score_set_id = :score_set_id AND o.name = :group";

static const char MEAN_OF_MEMBER[] =
    MEAN " JOIN sample s ON s.sample_id = k.sample_id WHERE k.score_set_id = :score_set_id"
         " AND EXISTS (SELECT 1 FROM json_each(s.meta) AS m WHERE m.key = :key"
         " AND m.type IN ('text', 'integer', 'real') AND CAST(m.value AS TEXT) = :group)";

int group_mean(struct store *store, int64_t score_set_id, const char *by, const char *group,
               double *mean, struct error *err)
{
    const bool by_source = strcmp(by, "source") == 0;
    struct stmt *stmt = NULL;

    if (stmt_use(store, by_source ? MEAN_OF_SOURCE : MEAN_OF_MEMBER, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":score_set_id", score_set_id);
    stmt_bind_text(stmt, ":group", slice_text(group));
    if (!by_source)
        stmt_bind_text(stmt, ":key", slice_text(by));
    int rc = stmt_next(stmt, err);
    if (rc == 1) {
        *mean = stmt_real(stmt, 0);
        rc = stmt_int(stmt, 1) > 0;
    }
    if (rc >= 0)
        stmt_reset(stmt);
    return rc;
}
