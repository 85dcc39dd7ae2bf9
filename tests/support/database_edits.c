/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/database_edits.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/io/file.h"
#include "store/db_private.h"
#include "store/store.h"

enum { FILE_MAX_BYTES = 64 << 20 };

enum edit { EDIT_BYTE, EDIT_VALUE, EDIT_DELETE, EDIT_DROP, EDIT_VERSION, EDIT_LOOSE, N_EDITS };

/* The values that an edit may set. */
static const char *const values[] = {
    "NULL",
    "0",
    "1",
    "-1",
    "2",
    "1000000",
    "9223372036854775807",
    "-9223372036854775807 - 1",
    "9e999",
    "-9e999",
    "0.5",
    "''",
    "'ok'",
    "'model'",
    "'user'",
    "'assistant'",
    "'sft'",
    "'prompt_only'",
    "'text'",
    "'running'",
    "'outside_top'",
    "'no_response'",
    "'{}'",
    "'{not json'",
    "'[1]'",
    "'{\"a\":' || char(10) || '1}'",
    "'{\"tools\":[1]}'",
    "'{\"role\":\"x\",\"content\":[1]}'",
    "CAST(x'c3' AS TEXT)",
    "CAST(x'eda080' AS TEXT)",
    "char(27) || '[2J' || char(0) || 'x'",
    "x''",
    "x'00'",
    "zeroblob(16)",
    "zeroblob(6)",
    "x'0000807F0000C07F'",
    "hex(zeroblob(3000))",
    "'%s%n'",
};
enum { N_VALUES = sizeof values / sizeof values[0] };

static const char *const tables[] = {
    "sample",
    "turn",
    "context",
    "file",
    "source",
    "run",
    "reject",
    "ingest_position",
    "score",
    "score_set",
    "metric",
    "model",
    "turn_score",
    "segment_score",
    "embedding",
    "selection",
    "selection_sample",
    "export",
    "cohort",
    "cohort_score",
    "dup_meta",
    "migrated_sample",
    "split",
    "split_part",
    "split_sample",
    "v_sample",
    "v_turn",
    "v_pair",
    "v_scores",
    "v_selection",
    "v_runs",
    "v_dup_meta",
    "v_migrated",
};
enum { N_TABLES = sizeof tables / sizeof tables[0], N_VIEWS = 8 };

/* The tests of fuzz.h run without cmocka. */
static void must(bool holds, const char *path)
{
    if (holds)
        return;
    fprintf(stderr, "%s: cannot be written or read\n", path);
    abort();
}

static void write_bytes(const char *path, const struct buf *bytes)
{
    FILE *file = fopen(path, "wb");

    must(file && fwrite(bytes->data, 1, bytes->len, file) == bytes->len && fclose(file) == 0,
         path);
}

static void ignore_failure(struct store *store, const char *sql)
{
    struct error ignored;

    (void)db_exec(store, sql, &ignored);
}

/* Name a column of a table. */
static bool find_column(struct store *store, const char *table, size_t which, char *out,
                        size_t size)
{
    struct stmt *stmt = NULL;
    struct error ignored;
    char sql[200];
    bool found = false;

    snprintf(sql, sizeof sql, "SELECT * FROM %s", table);
    if (stmt_open(store, sql, &stmt, &ignored) < 0)
        return false;
    if (stmt_columns(stmt) > 0) {
        snprintf(out, size, "%s", stmt_column_name(stmt, which % stmt_columns(stmt)));
        found = true;
    }
    stmt_close(stmt);
    return found;
}

/* Change a value in a row, or in all rows. The tables without row ids all have sample_id. */
static void edit_row(struct store *store, const uint8_t edit[EDIT_BYTES], bool deletes)
{
    const char *table = tables[edit[1] % (N_TABLES - N_VIEWS)];
    const unsigned row = edit[2] & 7;
    static const char *const ids[] = { "rowid", "sample_id" };
    char column[100];
    char what[200];
    char sql[500];

    if (!find_column(store, table, edit[2] >> 3, column, sizeof column))
        return;
    if (deletes)
        snprintf(what, sizeof what, "DELETE FROM %s", table);
    else
        snprintf(what, sizeof what, "UPDATE OR REPLACE %s SET %s = %s", table, column,
                 values[edit[3] % N_VALUES]);
    if (row == 7) {
        ignore_failure(store, what);
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        snprintf(sql, sizeof sql, "%s WHERE %s = %u", what, ids[i], row + 1);
        ignore_failure(store, sql);
        if (db_changes(store) > 0)
            break;
    }
}

static void edit_by_sql(struct store *store, const uint8_t edit[EDIT_BYTES])
{
    const size_t table = edit[1] % N_TABLES;
    char sql[200];

    switch ((enum edit)(edit[0] % N_EDITS)) {
    case EDIT_VALUE:
    case EDIT_DELETE:
        edit_row(store, edit, edit[0] % N_EDITS == EDIT_DELETE);
        return;
    case EDIT_DROP:
        snprintf(sql, sizeof sql, "DROP %s %s", table < N_TABLES - N_VIEWS ? "TABLE" : "VIEW",
                 tables[table]);
        break;
    case EDIT_VERSION:
        snprintf(sql, sizeof sql, "PRAGMA user_version = %d", edit[3]);
        break;
    case EDIT_BYTE:
    case EDIT_LOOSE:
    case N_EDITS:
        return;
    }
    ignore_failure(store, sql);
}

/* Blank the words STRICT in the schema, as long as they are whole. */
static void loosen(struct buf *bytes)
{
    static const char *const words[] = { ") STRICT, WITHOUT", ") STRICT" };
    static const char *const blanks[] = { ")         WITHOUT", ")       " };

    for (size_t w = 0; w < 2; w++) {
        char *at = bytes->data;
        const size_t len = strlen(words[w]);

        while ((at = memmem(at, bytes->len - (size_t)(at - bytes->data), words[w], len)))
            memcpy(at, blanks[w], len);
    }
}

static void edit_bytes(struct buf *bytes, const uint8_t *edits, size_t n, enum edit which)
{
    for (size_t i = 0; i < n; i++, edits += EDIT_BYTES) {
        const size_t at = (size_t)edits[1] << 8 | edits[2];

        if (edits[0] % N_EDITS != which)
            continue;
        if (which == EDIT_LOOSE)
            loosen(bytes);
        else /* the upper bits of the operation choose the part of the file */
            bytes->data[(at + edits[0] / N_EDITS * 65536UL) % bytes->len] = (char)edits[3];
    }
}

void database_edit(const struct buf *database, const uint8_t *edits, size_t n, const char *path)
{
    struct store *store = NULL;
    struct buf bytes;
    struct error err;

    buf_init(&bytes, FILE_MAX_BYTES);
    must(buf_add(&bytes, database->data, database->len, &err) == 0, path);
    edit_bytes(&bytes, edits, n, EDIT_LOOSE);
    write_bytes(path, &bytes);
    if (db_open(path, DB_NORMAL, &(const struct store_wait){ .ms = 0 }, &store, &err) == 0) {
        ignore_failure(store, "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;"
                              " PRAGMA synchronous = OFF");
        for (size_t i = 0; i < n; i++)
            edit_by_sql(store, edits + i * EDIT_BYTES);
        store_close(store);
    }
    buf_clear(&bytes);
    must(file_read(path, &bytes, &err) == 0, path);
    edit_bytes(&bytes, edits, n, EDIT_BYTE);
    write_bytes(path, &bytes);
    buf_release(&bytes);
}
