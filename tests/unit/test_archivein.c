/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/io/archivein.h"
#include "base/io/file.h"
#include "tests/support/archive_writer.h"
#include "tests/support/tmp.h"

enum { OUT_MAX_BYTES = 1 << 22, LONG_BYTES = 300000 };

static const struct archive_options kinds[] = {
    { .format = "zip" },
    { .format = "ustar" },
    { .format = "ustar", .filter = "gzip" },
    { .format = "ustar", .filter = "xz" },
};

static struct packed_member members[] = {
    { .name = "a.jsonl", .text = { "{}\n", 3 } },
    { .name = "folder/", .type = S_IFDIR },
    { .name = "folder/empty.json" },
    { .name = "../../etc/long.txt" },
    { .name = "link.json", .type = S_IFLNK },
};

enum { N_MEMBERS = sizeof members / sizeof members[0] };

/* Read all members as "name size text", for folders and links "name -". Returns the result of
 * the last call. */
static int read_all(const char *path, struct buf *out, struct error *failure)
{
    struct archive_reader *reader = NULL;
    struct archive_member member;
    char bytes[1000];
    struct error err;
    ssize_t n = 0;
    int rc;

    rc = archive_reader_open(path, &reader, failure);
    assert_int_not_equal(rc, 0);
    if (rc < 0)
        return -1;
    while ((rc = archive_reader_next(reader, &member, failure)) == 1) {
        assert_ok(buf_printf(out, &err, "%s %s%zu ", member.name, member.is_file ? "" : "-",
                             (size_t)member.size_bytes));
        while ((n = archive_reader_read(reader, bytes, sizeof bytes, failure)) > 0)
            assert_ok(buf_add(out, bytes, (size_t)n, &err));
        assert_ok(buf_add_text(out, "\n", &err));
        if (n < 0) {
            rc = -1;
            break;
        }
    }
    archive_reader_close(reader);
    return rc;
}

static const char *write_archive(struct tmp *tmp, const struct archive_options *options)
{
    static char text[LONG_BYTES];
    const char *path = tmp_path(tmp, "archive");

    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < sizeof text; i += 7)
        text[i] = (char)('a' + i * i % 26);
    members[3].text = slice_of(text, sizeof text);
    archive_write(path, options, members, N_MEMBERS);
    return path;
}

static void each_kind_of_archive_gives_its_members(void **state)
{
    struct tmp tmp;
    struct buf out;
    struct error err;

    (void)state;
    tmp_open(&tmp);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *path = write_archive(&tmp, &kinds[i]);

        buf_init(&out, OUT_MAX_BYTES);
        assert_ok(read_all(path, &out, &err));
        assert_non_null(strstr(out.data, "a.jsonl 3 {}\n"));
        assert_non_null(strstr(out.data, "folder/ -0 "));
        assert_non_null(strstr(out.data, "folder/empty.json 0 \n"));
        assert_non_null(strstr(out.data, "../../etc/long.txt 300000 "));
        assert_non_null(memmem(out.data, out.len, members[3].text.ptr, LONG_BYTES));
        assert_non_null(strstr(out.data, "link.json -"));
        buf_release(&out);
    }
    tmp_close(&tmp);
}

static void a_damaged_archive_is_an_error_after_what_is_before_it(void **state)
{
    static const char *const phrases[] = { "its directory", "Truncated",
                                           "gzip data is truncated", "xz data is truncated" };
    struct tmp tmp;
    struct buf bytes, out;
    struct error err;

    (void)state;
    tmp_open(&tmp);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        buf_init(&bytes, OUT_MAX_BYTES);
        buf_init(&out, OUT_MAX_BYTES);
        assert_ok(file_read(write_archive(&tmp, &kinds[i]), &bytes, &err));
        const char *cut = tmp_write(&tmp, "cut", bytes.data, bytes.len / 2);
        assert_fails(read_all(cut, &out, &err), ERR_INPUT, phrases[i]);
        assert_true(i == 0 || strncmp(out.data, "a.jsonl 3 {}\n", 13) == 0);
        buf_release(&out);
        buf_release(&bytes);
    }
    tmp_close(&tmp);
}

static void encrypted_members_say_so(void **state)
{
    const struct archive_options options = { .format = "zip", .password = "secret" };
    struct archive_reader *reader = NULL;
    struct archive_member member;
    struct tmp tmp;
    struct error err;

    (void)state;
    tmp_open(&tmp);
    assert_int_equal(archive_reader_open(write_archive(&tmp, &options), &reader, &err), 1);
    assert_int_equal(archive_reader_next(reader, &member, &err), 1);
    assert_true(member.encrypted);
    archive_reader_close(reader);
    tmp_close(&tmp);
}

/* A ZIP archive of one stored member, "{}", with this method and checksum. */
static const char *write_stored(struct tmp *tmp, char method, const char *checksum)
{
    char zip_bytes[] = "PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\0\x02\0\0\0\x06\0\0\0"
                       "a.json{}"
                       "PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\0\0\0\x02\0\0\0"
                       "\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                       "a.json"
                       "PK\x05\x06\0\0\0\0\x01\0\x01\0\x34\0\0\0\x26\0\0\0\0\0";

    zip_bytes[8] = zip_bytes[38 + 10] = method;
    memcpy(zip_bytes + 14, checksum, 4);
    memcpy(zip_bytes + 38 + 16, checksum, 4);
    return tmp_write(tmp, "stored.zip", zip_bytes, sizeof zip_bytes - 1);
}

static void a_wrong_checksum_is_an_error_behind_the_member(void **state)
{
    static const char right[] = "\x43\xbf\xa6\xa3";
    struct archive_reader *reader = NULL;
    struct archive_member member;
    struct tmp tmp;
    struct buf out;
    struct error err;

    (void)state;
    tmp_open(&tmp);
    buf_init(&out, OUT_MAX_BYTES);
    assert_ok(read_all(write_stored(&tmp, 0, right), &out, &err));
    assert_fails(read_all(write_stored(&tmp, 0, "\1\2\3\4"), &out, &err), ERR_INPUT, "CRC");
    assert_string_equal(out.data, "a.json 2 {}\na.json 2 {}\n");
    buf_release(&out);

    assert_int_equal(archive_reader_open(write_stored(&tmp, 14, right), &reader, &err), 1);
    assert_int_equal(archive_reader_next(reader, &member, &err), 1);
    assert_true(member.no_memory_limit);
    archive_reader_close(reader);
    tmp_close(&tmp);
}

static void another_file_is_no_archive(void **state)
{
    struct archive_reader *reader = NULL;
    struct tmp tmp;
    struct error err;

    (void)state;
    tmp_open(&tmp);
    assert_int_equal(archive_reader_open(tmp_write(&tmp, "a", "{}", 2), &reader, &err), 0);
    assert_int_equal(
        archive_reader_open(tmp_write(&tmp, "b", "\x1f\x8b\x08", 3), &reader, &err), 0);
    assert_fails(archive_reader_open(tmp_path(&tmp, "none"), &reader, &err), ERR_NOT_FOUND,
                 "none");
    assert_null(reader);
    archive_reader_close(NULL);
    tmp_close(&tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_archive_gives_its_members),
        cmocka_unit_test(a_damaged_archive_is_an_error_after_what_is_before_it),
        cmocka_unit_test(encrypted_members_say_so),
        cmocka_unit_test(a_wrong_checksum_is_an_error_behind_the_member),
        cmocka_unit_test(another_file_is_no_archive),
    };

    return cmocka_run_group_tests_name("base/archivein", tests, NULL, NULL);
}
