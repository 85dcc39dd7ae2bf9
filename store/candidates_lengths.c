/* SPDX-License-Identifier: Apache-2.0 */
#include "store/candidates.h"

#include "base/error.h"
#include "store/db_private.h"
#include "store/profile.h"

/* The tokens of a part that was not measured are NULL, and so is their sum. */
static const char READ_LENGTHS[] =
    "SELECT s.sample_id, s.kind = 'pair', f.tokens,"
    "       CASE WHEN s.kind = 'text' THEN f.tokens ELSE"
    "       (SELECT CASE WHEN count(*) = count(k.tokens) THEN coalesce(sum(k.tokens), 0) END"
    "          FROM turn t LEFT JOIN turn_fact k"
    "            ON k.sample_id = t.sample_id AND k.turn = t.turn"
    "         WHERE t.sample_id = s.sample_id AND t.role = 'assistant'"
    "           AND coalesce(t.trained, 1) = 1) END"
    "  FROM sample s JOIN fact f ON f.sample_id = s.sample_id"
    " ORDER BY s.sample_id";

/* Read a number of tokens of the row; -1: missing. */
static int read_tokens(const struct stmt *stmt, size_t column, int64_t *out, struct error *err)
{
    *out = -1;
    if (stmt_column_type(stmt, column) == STMT_NULL)
        return 0;
    *out = stmt_int(stmt, column);
    if (*out >= 0 && *out <= UINT32_MAX)
        return 0;
    return error_set(err, ERR_INPUT,
                     "sample %lld: the stored number of tokens is %lld: run 'curate fsck'",
                     (long long)stmt_int(stmt, 0), (long long)*out);
}

static int read_lengths(struct stmt *stmt, const struct candidates *candidates,
                        struct candidate_length *out, struct error *err)
{
    size_t at = 0;
    int rc;

    while ((rc = stmt_next(stmt, err)) == 1) {
        while (at < candidates->n && candidates->ids[candidates->by_id[at]] < stmt_int(stmt, 0))
            at++;
        if (at == candidates->n || candidates->ids[candidates->by_id[at]] != stmt_int(stmt, 0))
            continue;
        struct candidate_length *length = &out[candidates->by_id[at]];
        length->is_pair = stmt_int(stmt, 1) != 0;
        if (read_tokens(stmt, 2, &length->n_tokens, err) < 0 ||
            read_tokens(stmt, 3, &length->n_targets, err) < 0)
            return -1;
    }
    return rc;
}

int candidates_read_lengths(struct store *store, const struct candidates *candidates,
                            struct candidate_length *out, struct error *err)
{
    struct stmt *stmt = NULL;
    bool is_text = false;
    const int found = profile_find_column(store, "tokens", &is_text, err);

    if (found < 0)
        return -1;
    if (found == 0 || is_text)
        return error_set(err, ERR_NOT_FOUND,
                         "no tokens were measured: run 'curate measure tokens --tokenizer "
                         "FILE' with the vocabulary of the trainer first");
    for (size_t i = 0; i < candidates->n; i++)
        out[i] = (struct candidate_length){ .n_tokens = -1, .n_targets = -1 };
    if (stmt_open(store, READ_LENGTHS, &stmt, err) < 0)
        return -1;
    const int rc = read_lengths(stmt, candidates, out, err);
    stmt_close(stmt);
    return rc;
}
