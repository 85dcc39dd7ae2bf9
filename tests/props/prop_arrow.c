/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of Arrow, damaged at random. Whatever a file holds, each of its rows is read or lost or
 * reading ends with an error, and reading that continues behind a row returns what the first
 * reading returned behind it. CURATE_MUTANTS is the number of mutants (2,000), CURATE_SEED
 * replays a run.
 */
#include "tests/support/test.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/io/file.h"
#include "base/table/table.h"
#include "tests/support/rng.h"
#include "tests/support/table_bytes.h"

enum { USUAL_MUTANTS = 2000, SEEDS_MAX = 200, CHANGES_MAX = 3, ROWS_MAX = 400 };

/* What a call of table_next() returned. */
struct seen {
    uint64_t row;
    uint64_t n_rows;
    enum table_issue issue;
    uint64_t byte_len;
    struct hash hash;
};

static bool is_equal(const struct seen *a, const struct seen *b)
{
    return a->row == b->row && a->n_rows == b->n_rows && a->issue == b->issue &&
           a->byte_len == b->byte_len && memcmp(&a->hash, &b->hash, sizeof a->hash) == 0;
}

struct reading {
    struct seen seen[ROWS_MAX];
    size_t n;
    enum error_code end; /* ERR_NONE: the end of the file, or of the room for rows */
};

struct arrow_world {
    struct rng rng;
    struct buf seeds[SEEDS_MAX];
    size_t n_seeds;
    size_t n_sound; /* the first of them; the others are damaged already */
    struct buf mutant;
    struct reading whole, rest;
    size_t n_read, n_lost, n_refused;
};

static void add_seeds(struct arrow_world *w, const char *folder, const char *ending)
{
    struct dirent **entries = NULL;
    char path[1024];
    struct error err;

    snprintf(path, sizeof path, "%s/tests/data/%s", getenv("CURATE_SOURCE"), folder);
    const int n = scandir(path, &entries, NULL, alphasort);
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        const size_t len = strlen(name), end = strlen(ending);

        if (name[0] != '.' && len > end && strcmp(name + len - end, ending) == 0) {
            assert_true(w->n_seeds < SEEDS_MAX);
            struct buf *seed = &w->seeds[w->n_seeds++];
            buf_init(seed, SIZE_MAX);
            snprintf(path, sizeof path, "%s/tests/data/%s/%s", getenv("CURATE_SOURCE"), folder,
                     name);
            assert_ok(file_read(path, seed, &err));
        }
        free(entries[i]);
    }
    free(entries);
}

static int open_world(void **state)
{
    struct arrow_world *w = test_calloc(1, sizeof *w);

    w->rng = rng_from_env("CURATE_SEED");
    buf_init(&w->mutant, SIZE_MAX);
    add_seeds(w, "arrow", ".arrow");
    w->n_sound = w->n_seeds;
    add_seeds(w, "arrow/hostile", "");
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct arrow_world *w = *state;

    for (size_t i = 0; i < w->n_seeds; i++)
        buf_release(&w->seeds[i]);
    buf_release(&w->mutant);
    test_free(w);
    return 0;
}

/* Numbers that lengths and offsets must not be trusted with. */
static void put_number(struct arrow_world *w, size_t at)
{
    static const int64_t numbers[] = { 0, 1, -1, 7, 0x7fffffff, INT64_MAX, INT64_MIN, 1 << 20 };
    const int64_t number = numbers[rng_below(&w->rng, sizeof numbers / sizeof numbers[0])];
    const size_t n = rng_below(&w->rng, 2) ? 4 : 8;

    at &= ~(size_t)3;
    if (at + n <= w->mutant.len)
        memcpy(w->mutant.data + at, &number, n);
}

/* Copy bytes of the file over others. */
static void copy_bytes(struct arrow_world *w, size_t at)
{
    const size_t from = rng_below(&w->rng, w->mutant.len) & ~(size_t)3;
    const size_t n = 4 * (1 + rng_below(&w->rng, 8));

    at &= ~(size_t)3;
    if (at + n <= w->mutant.len && from + n <= w->mutant.len)
        memmove(w->mutant.data + at, w->mutant.data + from, n);
}

static void change(struct arrow_world *w)
{
    const size_t at = rng_below(&w->rng, w->mutant.len);

    switch (rng_below(&w->rng, 16)) {
    case 0:
        w->mutant.len = at + 1;
        break;
    case 1:
    case 2:
    case 3:
        put_number(w, at);
        break;
    case 4:
        copy_bytes(w, at);
        break;
    case 5:
        w->mutant.data[at] = (char)rng_below(&w->rng, 256);
        break;
    default:
        w->mutant.data[at] ^= (char)(1 << rng_below(&w->rng, 8));
        break;
    }
}

static void make_mutant(struct arrow_world *w)
{
    const size_t n = rng_below(&w->rng, 4) > 0 ? w->n_sound : w->n_seeds;
    const struct buf *seed = &w->seeds[rng_below(&w->rng, n)];
    struct error err;

    buf_clear(&w->mutant);
    assert_ok(buf_add_slice(&w->mutant, buf_slice(seed), &err));
    for (size_t left = 1 + rng_below(&w->rng, CHANGES_MAX); left > 0; left--)
        change(w);
}

static void read_rows(struct arrow_world *w, uint64_t after, struct reading *out)
{
    const struct table_options options = { .max_bytes = 16 << 20, .max_row_bytes = 1 << 16 };
    const int fd = table_bytes_fd(w->mutant.data, w->mutant.len);
    struct table *table = NULL;
    struct table_row row;
    struct error err;
    int rc = -1;

    out->n = 0;
    if (table_open(fd, "x", &options, &table, &err) == 0 &&
        (after == 0 || table_resume(table, after, &err) == 0))
        while (out->n < ROWS_MAX && (rc = table_next(table, &row, &err)) == 1)
            out->seen[out->n++] = (struct seen){ row.row, row.n_rows, row.issue, row.byte_len,
                                                 hash_bytes(row.text) };
    out->end = rc < 0 ? err.code : ERR_NONE;
    table_close(table);
    close(fd);
}

/* Reading behind the k-th row gives the rows behind it. */
static void check_rest(struct arrow_world *w, size_t k)
{
    const struct seen *last = &w->whole.seen[k - 1];

    read_rows(w, last->row + last->n_rows - 1, &w->rest);
    const size_t n = w->whole.n - k < w->rest.n ? w->whole.n - k : w->rest.n;
    for (size_t i = 0; i < n; i++)
        if (!is_equal(&w->whole.seen[k + i], &w->rest.seen[i]))
            fail_msg("row %d is another one behind row %d", (int)w->rest.seen[i].row,
                     (int)last->row);
    if (w->whole.n < ROWS_MAX && (w->rest.n != w->whole.n - k || w->rest.end != w->whole.end))
        fail_msg("behind row %d there are %zu rows, not %zu", (int)last->row, w->rest.n,
                 w->whole.n - k);
}

static void check_mutant(struct arrow_world *w)
{
    struct error err = { .code = ERR_NONE };
    const int64_t n = table_bytes_check(w->mutant.data, w->mutant.len, ROWS_MAX, &err);

    read_rows(w, 0, &w->whole);
    assert_true(n >= 0 || w->whole.end != ERR_NONE);
    w->n_refused += w->whole.end != ERR_NONE;
    for (size_t i = 0; i < w->whole.n; i++) {
        w->n_read += w->whole.seen[i].issue != TABLE_BAD_PAGE;
        w->n_lost += w->whole.seen[i].issue == TABLE_BAD_PAGE;
    }
    if (w->whole.n > 0)
        check_rest(w, 1 + rng_below(&w->rng, w->whole.n));
}

static void a_damaged_file_gives_each_row_once_or_an_error(void **state)
{
    struct arrow_world *w = *state;
    const char *asked = getenv("CURATE_MUTANTS");
    const long n = asked ? strtol(asked, NULL, 10) : USUAL_MUTANTS;

    for (long i = 0; i < n; i++) {
        make_mutant(w);
        check_mutant(w);
    }
    printf("# %ld mutants: %zu rows read, %zu places lost, %zu files refused\n", n, w->n_read,
           w->n_lost, w->n_refused);
    assert_true(w->n_read > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_damaged_file_gives_each_row_once_or_an_error,
                                        open_world, close_world),
    };

    if (!getenv("CURATE_SOURCE"))
        return SKIP_ALL("CURATE_SOURCE names no source tree");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
