/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "store/store.h"
#include "tests/support/archive_writer.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_digest.h"
#include "tests/support/store_fixture.h"
#include "tests/support/tmp.h"

enum { ROWS = 700 };

static const struct archive_options zip = { .format = "zip" };
static const struct archive_options tar_xz = { .format = "ustar", .filter = "xz" };

struct fixture {
    struct tmp tmp;
    struct store *store;
    struct stage_run run;
    struct buf lines;
    struct buf table;
};

static void new_store(struct fixture *f)
{
    struct error err;

    store_close(f->store);
    f->store = NULL;
    assert_ok(store_open(":memory:", STORE_CREATE, &f->store, &err));
    stage_run_init(&f->run, f->store);
}

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    struct error err;

    tmp_open(&f->tmp);
    new_store(f);
    buf_init(&f->lines, 1 << 20);
    buf_init(&f->table, 1 << 20);
    assert_ok(buf_add_text(&f->table, "question,answer\n", &err));
    for (int i = 0; i < ROWS; i++) {
        assert_ok(buf_printf(&f->lines, &err,
                             "{\"prompt\": \"line %d\", \"completion\": \"x\"}\n", i));
        assert_ok(buf_printf(&f->table, &err, "\"How,\n%d?\",%d\n", i, i));
    }
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    buf_release(&f->lines);
    buf_release(&f->table);
    store_close(f->store);
    tmp_close(&f->tmp);
    test_free(f);
    return 0;
}

static const char *write_archive(struct fixture *f, const char *name,
                                 const struct archive_options *options)
{
    const char *path = tmp_path(&f->tmp, name);
    const struct packed_member members[] = {
        { .name = "data", .type = S_IFDIR },
        { .name = "data/lines.jsonl", .text = buf_slice(&f->lines) },
        { .name = "README.md", .text = { "# About\n", 8 } },
        { .name = "data/.hidden.json", .text = { "{\"text\": \"hidden\"}", 18 } },
        { .name = "../table.csv", .text = buf_slice(&f->table) },
        { .name = "data/link.json", .type = S_IFLNK },
    };

    archive_write(path, options, members, sizeof members / sizeof members[0]);
    return path;
}

static void members_are_files_with_a_lineage(void **state)
{
    struct fixture *f = *state;
    const char *path = write_archive(f, "corpus.zip", &zip);
    struct error err;

    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, NULL));
    assert_int_equal(stage_run_int(&f->run, "inserted"), 2 * ROWS);
    assert_rows(f->store,
                "SELECT substr(path, -23), line FROM sample JOIN file USING (file_id)"
                " JOIN turn USING (sample_id) WHERE content LIKE 'How,_5?'",
                "corpus.zip!../table.csv|12");
    assert_rows(f->store,
                "SELECT substr(path, -27), line FROM sample JOIN file USING (file_id)"
                " JOIN turn USING (sample_id) WHERE content = 'line 5'",
                "corpus.zip!data/lines.jsonl|6");
    assert_non_null(strstr(f->run.notes, "corpus.zip: passed over 1 file: 1 .md"));
}

static void an_archive_is_known_by_its_bytes_and_gives_the_same_samples(void **state)
{
    struct fixture *f = *state;
    const char *path = write_archive(f, "corpus.json", &tar_xz);
    struct error err;

    assert_ok(
        stage_run(&f->run, &err, "ingest", "files", write_archive(f, "a.zip", &zip), NULL));
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, NULL));
    assert_int_equal(stage_run_int(&f->run, "dup"), 2 * ROWS);
}

static void resume_at_a_member(struct fixture *f, const char *path)
{
    struct error err;

    new_store(f);
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, NULL));
    const struct hash whole = store_digest(f->store);

    static const int stops[] = { 1, 2, 4, 5 };

    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        new_store(f);
        f->run.stop_after = stops[i];
        assert_fails(stage_run(&f->run, &err, "ingest", "files", path, NULL), ERR_CANCELLED,
                     "same command again");
        f->run.stop_after = 0;
        assert_ok(stage_run(&f->run, &err, "ingest", "files", path, NULL));
        assert_non_null(strstr(f->run.notes, "continuing after record"));
        const struct hash parts = store_digest(f->store);
        assert_memory_equal(&parts, &whole, sizeof whole);
    }
}

static void a_stopped_ingest_continues_within_the_member(void **state)
{
    struct fixture *f = *state;

    resume_at_a_member(f, write_archive(f, "corpus.zip", &zip));
    resume_at_a_member(f, write_archive(f, "corpus.tar.xz", &tar_xz));
}

static void members_of_one_name_are_told_apart(void **state)
{
    const struct packed_member members[] = {
        { .name = "a.json", .text = { "{\"question\": \"first\", \"answer\": \"1\"}", 36 } },
        { .name = "a.json", .text = { "{\"question\": \"later\", \"answer\": \"2\"}", 36 } },
    };
    struct fixture *f = *state;
    const char *path = tmp_path(&f->tmp, "twice.tar");
    struct error err;

    archive_write(path, &(struct archive_options){ .format = "ustar" }, members, 2);
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, NULL));
    assert_rows(f->store,
                "SELECT content FROM turn JOIN sample USING (sample_id) JOIN file"
                " USING (file_id) WHERE path LIKE '%twice.tar#1!a.json' AND role = 'user'",
                "later");
}

static void what_comes_before_damage_is_stored(void **state)
{
    struct fixture *f = *state;
    const char *path =
        write_archive(f, "a.tar", &(struct archive_options){ .format = "ustar" });
    struct error err;

    assert_int_equal(truncate(path, 512 + 512 + (off_t)f->lines.len / 2), 0);
    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, NULL), ERR_INPUT,
                 "Truncated tar archive");
    assert_in_range(stage_run_int(&f->run, "inserted"), ROWS / 3, ROWS / 2 + 1);
    const int64_t n_read = stage_run_int(&f->run, "read");
    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, NULL), ERR_INPUT,
                 "Truncated tar archive");
    assert_in_range(stage_run_int(&f->run, "read"), 0, n_read);
}

/* An archive that claims that its member has nearly 4 GiB. */
static const char *write_bomb(struct fixture *f)
{
    static const char zip_bytes[] = "PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\0"
                                    "\xf0\xff\xff\xff\x06\0\0\0"
                                    "a.json{}"
                                    "PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\0"
                                    "\xf0\xff\xff\xff\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                    "a.json"
                                    "PK\x05\x06\0\0\0\0\x01\0\x01\0\x34\0\0\0\x26\0\0\0\0\0";

    return tmp_write(&f->tmp, "bomb.zip", zip_bytes, sizeof zip_bytes - 1);
}

static void archives_that_cannot_be_read_are_named(void **state)
{
    const struct archive_options locked = { .format = "zip", .password = "secret" };
    const struct packed_member picture = { .name = "a.png", .text = { "x", 1 } };
    struct fixture *f = *state;
    const char *path = write_archive(f, "locked.zip", &locked);
    struct error err;

    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, NULL), ERR_INPUT,
                 "data/lines.jsonl: is encrypted");
    path = tmp_path(&f->tmp, "pictures.zip");
    archive_write(path, &zip, &picture, 1);
    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, NULL), ERR_NOT_FOUND,
                 "no member of this archive");
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "allow-empty", "true", NULL));

    path = write_bomb(f);
    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, NULL), ERR_INPUT,
                 "decompression bomb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(members_are_files_with_a_lineage, setup, teardown),
        cmocka_unit_test_setup_teardown(
            an_archive_is_known_by_its_bytes_and_gives_the_same_samples, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stopped_ingest_continues_within_the_member, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(members_of_one_name_are_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(what_comes_before_damage_is_stored, setup, teardown),
        cmocka_unit_test_setup_teardown(archives_that_cannot_be_read_are_named, setup,
                                        teardown),
    };

    return cmocka_run_group_tests_name("ingest/archive", tests, NULL, NULL);
}
