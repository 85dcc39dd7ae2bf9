/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/old_database.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/io/file.h"
#include "store/migrate_private.h"
#include "store/store.h"
#include "tests/support/store_fixture.h"
#include "tests/support/test.h"

enum { SQL_MAX_BYTES = 1 << 20 };

void old_database_add_file(struct buf *out, const char *path)
{
    struct error err;

    assert_ok(file_read(path, out, &err));
}

const char *old_database_source(void)
{
    const char *folder = getenv("CURATE_SOURCE");

    assert_non_null(folder);
    return folder;
}

void old_database_make(const char *path, size_t n)
{
    char pattern[500];
    struct buf sql;
    struct error err;
    glob_t found;

    snprintf(pattern, sizeof pattern, "%s/schemas/[0-9][0-9][0-9][0-9]_*.sql",
             old_database_source());
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, (size_t)store_version());
    buf_init(&sql, SQL_MAX_BYTES);
    for (size_t i = 0; i < n; i++)
        old_database_add_file(&sql, found.gl_pathv[i]);
    assert_ok(buf_printf(&sql, &err, "PRAGMA application_id = %d; PRAGMA user_version = %zu;",
                         STORE_APPLICATION_ID, n));
    cli_run(path, sql.data);
    buf_release(&sql);
    globfree(&found);
}

/* Append a text as SQL: as hexadecimal digits, or NULL. */
static void add_text(struct buf *sql, struct slice text)
{
    struct error err;

    if (!text.ptr) {
        assert_ok(buf_add_text(sql, "NULL", &err));
        return;
    }
    assert_ok(buf_add_text(sql, "CAST(x'", &err));
    for (size_t i = 0; i < text.len; i++)
        assert_ok(buf_printf(sql, &err, "%02x", (unsigned char)text.ptr[i]));
    assert_ok(buf_add_text(sql, "' AS TEXT)", &err));
}

static void add_index(struct buf *sql, int index)
{
    struct error err;

    assert_ok(index < 0 ? buf_add_text(sql, ", NULL", &err)
                        : buf_printf(sql, &err, ", %d", index));
}

static void add_turns(struct buf *sql, int64_t id, const struct sample *sample)
{
    struct error err;

    for (size_t i = 0; i < sample->n_turns; i++) {
        const struct turn *turn = &sample->turns[i];

        assert_ok(buf_printf(sql, &err,
                             "INSERT INTO turn (sample_id, turn, role, content, extra) VALUES"
                             " (%lld, %zu, ",
                             (long long)id, i));
        add_text(sql, turn->role);
        assert_ok(buf_add_text(sql, ", ", &err));
        add_text(sql, turn->content);
        assert_ok(buf_add_text(sql, ", ", &err));
        add_text(sql, turn->extra);
        assert_ok(buf_add_text(sql, ");", &err));
    }
}

void old_database_add_sample(const char *path, int64_t id, const struct sample *sample)
{
    struct identifier *identifier = NULL;
    struct sample copy = *sample;
    struct error err;
    struct buf sql;

    assert_null(sample->context.ptr);
    assert_ok(identifier_new(&identifier, &err));
    assert_ok(sample_identify_v1(identifier, sample, &copy.hash, &err));
    identifier_free(identifier);
    buf_init(&sql, SQL_MAX_BYTES);
    assert_ok(buf_printf(&sql, &err,
                         "INSERT INTO sample (sample_id, kind, file_id, line, byte_offset,"
                         " run_id, n_turns, hash, ext_id, meta, instruction_turn,"
                         " response_turn) VALUES (%lld, '%s', 1, %lld, 0, 1, %zu, x'",
                         (long long)id, sample_kind_name(sample->kind), (long long)id,
                         sample->n_turns));
    for (size_t i = 0; i < HASH_BYTES; i++)
        assert_ok(buf_printf(&sql, &err, "%02x", copy.hash.bytes[i]));
    assert_ok(buf_add_text(&sql, "', ", &err));
    add_text(&sql, sample->ext_id);
    assert_ok(buf_add_text(&sql, ", ", &err));
    add_text(&sql, sample->meta);
    add_index(&sql, sample->instruction_turn);
    add_index(&sql, sample->response_turn);
    assert_ok(buf_add_text(&sql, ");", &err));
    add_turns(&sql, id, sample);
    cli_run(path, sql.data);
    buf_release(&sql);
}
