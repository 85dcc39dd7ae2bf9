/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/db_private.h"
#include "store/score.h"
#include "store/selection.h"

static const char READ_COLUMN[] =
    "SELECT sample_id, value, status FROM score WHERE score_set_id = :score_set_id"
    " AND sample_id BETWEEN :first AND :last ORDER BY sample_id";

static const char FIND_MODEL[] =
    "SELECT model_id FROM score_set WHERE score_set_id = :score_set_id";

/* A column repeats a few status texts: store each once. */
enum { TEXTS_MAX = 64 };
struct texts {
    const char *items[TEXTS_MAX];
    size_t n;
};

static const char *intern_status(struct texts *texts, struct slice text, struct arena *arena)
{
    for (size_t i = 0; i < texts->n; i++)
        if (slice_equal(slice_text(texts->items[i]), text))
            return texts->items[i];

    const char *copy = arena_copy(arena, text).ptr;
    if (copy && texts->n < TEXTS_MAX)
        texts->items[texts->n++] = copy;
    return copy;
}

static int fill_column(const struct store *store, struct stmt *stmt,
                       const struct id_list *samples, struct score_column *column,
                       struct error *err)
{
    struct texts texts = { .n = 0 };
    size_t at = 0;
    int rc;

    while ((rc = stmt_next(stmt, err)) == 1) {
        const int64_t id = stmt_int(stmt, 0);

        while (at < samples->n && samples->ids[at] < id)
            at++;
        if (at == samples->n || samples->ids[at] != id)
            continue;
        column->values[at] = stmt_real(stmt, 1);
        column->status[at] = intern_status(&texts, stmt_bytes(stmt, 2), &column->texts);
        if (!column->status[at]) {
            stmt_reset(stmt);
            return error_nomem(err);
        }
        if (score_check_stored(store, id, column->status[at], column->values[at],
                               stmt_column_type(stmt, 1) == STMT_NULL, err) < 0) {
            stmt_reset(stmt);
            return -1;
        }
    }
    return rc;
}

int score_column_read(struct store *store, int64_t score_set_id, const struct id_list *samples,
                      struct score_column *out, struct error *err)
{
    const size_t n = samples->n;
    struct score_column column = { .values = calloc(n + 1, sizeof *column.values),
                                   .status = calloc(n + 1, sizeof *column.status) };
    struct stmt *stmt = NULL;

    arena_init(&column.texts);
    if (!column.values || !column.status) {
        error_nomem(err);
        goto fail;
    }
    if (n > 0) {
        if (stmt_use(store, READ_COLUMN, &stmt, err) < 0)
            goto fail;
        stmt_bind_int(stmt, ":score_set_id", score_set_id);
        stmt_bind_int(stmt, ":first", samples->ids[0]);
        stmt_bind_int(stmt, ":last", samples->ids[n - 1]);
        if (fill_column(store, stmt, samples, &column, err) < 0)
            goto fail;
    }
    *out = column;
    return 0;
fail:
    score_column_release(&column);
    return -1;
}

void score_column_release(struct score_column *column)
{
    free(column->values);
    free(column->status);
    arena_release(&column->texts);
    *column = (struct score_column){ 0 };
}

int score_set_model(struct store *store, int64_t score_set_id, int64_t *model_id,
                    struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, FIND_MODEL, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":score_set_id", score_set_id);
    return stmt_get_int(stmt, model_id, err);
}
