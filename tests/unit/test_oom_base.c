/* SPDX-License-Identifier: Apache-2.0 */
/* As test_oom.c, for what base/ opens, reads and compiles. */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/io/csvin.h"
#include "base/io/file.h"
#include "base/io/frame.h"
#include "base/io/inflate.h"
#include "base/io/lock.h"
#include "base/text/regex.h"
#include "base/text/utf8.h"
#include "base/threads/pool.h"
#include "tests/support/oom.h"
#include "tests/support/tmp.h"

enum { MAX_ALLOCATIONS = 1000 };

/* Do something that allocates, undo it, and return 0 or an error. */
typedef int scenario(struct tmp *tmp, struct error *err);

struct call {
    scenario *run;
    struct tmp *tmp;
};

static int run_in_tmp(const void *input, struct error *err)
{
    const struct call *call = input;

    return call->run(call->tmp, err);
}

static void assert_survives(scenario *run)
{
    struct tmp tmp = { 0 };
    const struct call call = { run, &tmp };

    tmp_open(&tmp);
    assert_in_range(oom_survive(run_in_tmp, &call), 1, MAX_ALLOCATIONS - 1);
    tmp_close(&tmp);
}

static int frame_some(struct tmp *tmp, struct error *err)
{
    static const char blanks[5000];
    struct frame *frame = NULL;
    int rc = -1;

    (void)tmp;
    if (frame_new(100, &frame, err) == 0 && frame_feed(frame, "{", 1, err) == 0 &&
        frame_feed(frame, blanks, sizeof blanks, err) == 0)
        rc = 0;
    frame_free(frame);
    return rc;
}

static void framing_records_survives_each_failed_allocation(void **state)
{
    (void)state;
    assert_survives(frame_some);
}

/* Two pieces of one row, with quotes to remove, more fields than most rows, and a long
 * field. */
static int cut_rows(struct tmp *tmp, struct error *err)
{
    static const char blanks[5000];
    struct csv_row row;
    struct csv *csv = NULL;
    int rows = 0, rc = -1;

    (void)tmp;
    if (csv_reader_new(sizeof blanks * 2, &csv, err) < 0)
        return -1;
    const struct slice pieces[] = { slice_text("\"say \"\"no\"\"\",2,3,4,5,6,7,8,9,10,11,12,"),
                                    slice_of(blanks, sizeof blanks),
                                    slice_text(",14,15,16,17,18\n1,2") };
    for (size_t i = 0; i <= 3; i++) {
        if (i < 3)
            csv_feed(csv, pieces[i].ptr, pieces[i].len);
        else
            csv_finish(csv);
        while ((rc = csv_next(csv, &row, err)) == 1) {
            assert_int_equal(row.n_fields, rows++ ? 2 : 18);
            assert_null(row.issue);
        }
        if (rc < 0)
            break;
    }
    csv_reader_free(csv);
    if (rc == 0)
        assert_int_equal(rows, 2);
    return rc;
}

static void reading_csv_survives_each_failed_allocation(void **state)
{
    (void)state;
    assert_survives(cut_rows);
}

static int read_file(struct tmp *tmp, struct error *err)
{
    struct inflate *in = NULL;
    struct buf buf;
    char bytes[8];
    int rc = -1;

    (void)tmp;
    buf_init(&buf, 100);
    if (inflate_open("/dev/null", &in, err) == 0 &&
        inflate_read(in, bytes, sizeof bytes, err) == 0 &&
        file_read("/dev/null", &buf, err) == 0)
        rc = 0;
    buf_release(&buf);
    inflate_close(in);
    return rc;
}

static void decompressing_survives_each_failed_allocation(void **state)
{
    (void)state;
    assert_survives(read_file);
}

static int write_file(struct tmp *tmp, struct error *err)
{
    char path[128];
    struct file_out *file = NULL;
    uint8_t digest[DIGEST_BYTES];
    int rc = -1;

    snprintf(path, sizeof path, "%s/out", tmp->root);
    if (file_out_open(path, &file, err) == 0 &&
        file_out_add(file, slice_text("text"), err) == 0 && file_out_commit(file, err) == 0 &&
        digest_file(path, digest, err) == 0)
        rc = 0;
    file_out_close(file);
    remove(path); /* an existing file is opened by other code */
    return rc;
}

static void writing_a_file_survives_each_failed_allocation(void **state)
{
    (void)state;
    assert_survives(write_file);
}

static int take_lock(struct tmp *tmp, struct error *err)
{
    char path[128];
    struct lock *lock = NULL;

    snprintf(path, sizeof path, "%s/lock", tmp->root);
    const int rc =
        lock_acquire(path, &(struct lock_wait){ LOCK_FAIL, 0, NULL }, "test", &lock, err);
    lock_release(lock);
    remove(path);
    return rc;
}

static void locking_survives_each_failed_allocation(void **state)
{
    (void)state;
    assert_survives(take_lock);
}

static int compile_pattern(struct tmp *tmp, struct error *err)
{
    struct regex *regex = NULL;
    struct regex_match *match = NULL;
    int rc = -1;

    (void)tmp;
    if (regex_new("a+", &regex, err) == 0 && regex_match_new(&match, err) == 0)
        rc = 0;
    regex_match_free(match);
    regex_free(regex);
    return rc;
}

static void compiling_a_pattern_survives_each_failed_allocation(void **state)
{
    (void)state;
    assert_survives(compile_pattern);
}

static int normalise(struct tmp *tmp, struct error *err)
{
    char marks[1000];
    struct buf out;

    (void)tmp;
    for (size_t i = 0; i < sizeof marks; i += 2)
        memcpy(marks + i, "\xcc\x81", 2);
    buf_init(&out, 2 * sizeof marks);
    const int rc = utf8_canonical(slice_of(marks, sizeof marks), &out, err);
    buf_release(&out);
    return rc;
}

static void normalising_text_survives_each_failed_allocation(void **state)
{
    (void)state;
    assert_survives(normalise);
}

static void count_item(void *arg, size_t item, size_t thread)
{
    (void)thread;
    ((unsigned char *)arg)[item]++;
}

static int work_together(struct tmp *tmp, struct error *err)
{
    unsigned char seen[50] = { 0 };
    struct pool *pool = NULL;

    (void)tmp;
    if (pool_new(3, &pool, err) < 0)
        return -1;
    pool_run(pool, sizeof seen, count_item, seen);
    pool_free(pool);
    for (size_t i = 0; i < sizeof seen; i++)
        assert_int_equal(seen[i], 1);
    return 0;
}

static void starting_threads_survives_each_failed_allocation(void **state)
{
    (void)state;
    assert_survives(work_together);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(framing_records_survives_each_failed_allocation),
        cmocka_unit_test(reading_csv_survives_each_failed_allocation),
        cmocka_unit_test(decompressing_survives_each_failed_allocation),
        cmocka_unit_test(writing_a_file_survives_each_failed_allocation),
        cmocka_unit_test(locking_survives_each_failed_allocation),
        cmocka_unit_test(compiling_a_pattern_survives_each_failed_allocation),
        cmocka_unit_test(normalising_text_survives_each_failed_allocation),
        cmocka_unit_test(starting_threads_survives_each_failed_allocation),
    };

    return cmocka_run_group_tests_name("base without memory", tests, NULL, NULL);
}
