/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our corpora, damaged at random, go through the whole of ingest. Whatever a file holds, each
 * record is inserted, a duplicate or rejected, its row exists, and reading the file again
 * changes nothing. CURATE_MUTANTS is the number of mutants (300), CURATE_SEED replays a run;
 * `make soak` runs 10,000 with the sanitizers on. A mutant that takes longer than a minute
 * counts as hung.
 */
#include "tests/support/test.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "base/report.h"
#include "store/fsck.h"
#include "store/run.h"
#include "store/store.h"
#include "tests/support/archive_writer.h"
#include "tests/support/rng.h"
#include "tests/support/stage_run.h"
#include "tests/support/tmp.h"

enum {
    USUAL_MUTANTS = 300,
    HANG_SECONDS = 60,
    STORE_MUTANTS = 40, /* mutants that are ingested into the same database */
    SEEDS_MAX = 200,
    FILE_MAX_BYTES = 8 << 20,
    SEEDS_EACH = 6,
    CHANGES_MAX = 8,
};

struct world {
    struct rng rng;
    struct tmp tmp;
    const char *paths[3]; /* of files that hold JSON, CSV and text by their names */
    const char *path;     /* the file of the mutant: one of them */
    struct buf seeds[SEEDS_MAX];
    size_t n_seeds;
    struct buf mutant;
    struct buf other; /* scratch space */
    struct stage_run run;
    uint64_t n_read, n_inserted, n_duplicate, n_rejected, n_refused;
};

static void add_folder(struct world *w, const char *folder)
{
    struct dirent **entries = NULL;
    const int n = scandir(folder, &entries, NULL, alphasort);

    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        char path[4096];
        struct stat st;
        struct error err;

        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= FILE_MAX_BYTES / 16) {
            assert_true(w->n_seeds < SEEDS_MAX);
            buf_init(&w->seeds[w->n_seeds], FILE_MAX_BYTES);
            assert_ok(file_read(path, &w->seeds[w->n_seeds++], &err));
        }
        free(entries[i]);
    }
    free(entries);
}

/* Replace [at, at + gone) of the mutant by other bytes, unless it would become too long. */
static void replace(struct world *w, size_t at, size_t gone, struct slice by)
{
    struct error err;
    struct buf *m = &w->mutant;

    if (m->len - gone + by.len > FILE_MAX_BYTES / 2)
        return;
    buf_clear(&w->other);
    assert_ok(buf_add_slice(&w->other, buf_slice(m), &err));
    buf_clear(m);
    assert_ok(buf_add(m, w->other.data, at, &err));
    assert_ok(buf_add_slice(m, by, &err));
    assert_ok(buf_add(m, w->other.data + at + gone, w->other.len - at - gone, &err));
}

static struct slice odd_text(struct rng *rng)
{
    static const struct slice texts[] = {
        { "\"", 1 },
        { "\\", 1 },
        { "{", 1 },
        { "}", 1 },
        { "[", 1 },
        { "]", 1 },
        { "\n", 1 },
        { "\r", 1 },
        { "\r\n", 2 },
        { ",", 1 },
        { ":", 1 },
        { "\0", 1 },
        { "\xff", 1 },
        { "\xef\xbb\xbf", 3 },
        { "\xff\xfe", 2 },
        { "\\ud800", 6 },
        { "\\u0000", 6 },
        { "NaN", 3 },
        { "-Infinity", 9 },
        { "1e999", 5 },
        { "null", 4 },
        { "{}", 2 },
        { "[[[[[[[[", 8 },
        { "\xf0\x9f\x98", 3 },
        { "\xed\xa0\x80", 3 },
        { "\"role\":\"system\",", 16 },
        { "\"context_bytes\":9,", 18 },
    };

    return texts[rng_below(rng, sizeof texts / sizeof texts[0])];
}

/* Make one random change. */
static void change(struct world *w)
{
    struct rng *rng = &w->rng;
    struct buf *m = &w->mutant;
    const size_t at = rng_below(rng, m->len + 1);
    const size_t left = m->len - at;
    const size_t n = rng_below(rng, (left < 200 ? left : 200) + 1);
    const struct buf *seed = &w->seeds[rng_below(rng, w->n_seeds)];
    const size_t from = rng_below(rng, seed->len + 1);
    char copy[200];

    switch (rng_below(rng, 8)) {
    case 0:
        if (left > 0)
            m->data[at] ^= (char)(1 << rng_below(rng, 8));
        break;
    case 1:
        if (left > 0)
            m->data[at] = (char)rng_below(rng, 256);
        break;
    case 2:
        replace(w, at, n, slice_of("", 0));
        break;
    case 3:
        if (n > 0)
            memcpy(copy, m->data + at, n);
        replace(w, at, 0, slice_of(copy, n));
        break;
    case 4:
        replace(w, at, 0, odd_text(rng));
        break;
    case 5:
        replace(w, at, n, odd_text(rng));
        break;
    case 6:
        replace(w, at, rng_below(rng, 4) == 0 ? left : 0, slice_of("", 0));
        break;
    default:
        replace(w, at, n, slice_of(seed->data + from, rng_below(rng, seed->len - from + 1)));
        break;
    }
}

static void gzip(struct world *w)
{
    z_stream z = { .next_in = (Bytef *)w->mutant.data, .avail_in = (uInt)w->mutant.len };
    struct error err;

    buf_clear(&w->other);
    assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_ok(buf_reserve(&w->other, deflateBound(&z, (uLong)w->mutant.len) + 64, &err));
    z.next_out = (Bytef *)w->other.data;
    z.avail_out = (uInt)w->other.cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    w->other.len = z.total_out;
    deflateEnd(&z);
}

static void zstd(struct world *w)
{
    struct error err;

    buf_clear(&w->other);
    assert_ok(buf_reserve(&w->other, ZSTD_compressBound(w->mutant.len) + 64, &err));
    w->other.len =
        ZSTD_compress(w->other.data, w->other.cap - 1, w->mutant.data, w->mutant.len, 1);
    assert_false(ZSTD_isError(w->other.len));
}

static void xz(struct world *w)
{
    struct error err;
    size_t len = 0;

    buf_clear(&w->other);
    assert_ok(buf_reserve(&w->other, lzma_stream_buffer_bound(w->mutant.len), &err));
    assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, NULL,
                                             (const uint8_t *)w->mutant.data, w->mutant.len,
                                             (uint8_t *)w->other.data, &len, w->other.cap),
                     LZMA_OK);
    w->other.len = len;
}

static void bzip2(struct world *w)
{
    unsigned len = (unsigned)(w->mutant.len + w->mutant.len / 100 + 600);
    struct error err;

    buf_clear(&w->other);
    assert_ok(buf_reserve(&w->other, len, &err));
    assert_int_equal(BZ2_bzBuffToBuffCompress(w->other.data, &len, w->mutant.data,
                                              (unsigned)w->mutant.len, 1, 0, 0),
                     BZ_OK);
    w->other.len = len;
}

static void archive(struct world *w, const char *format, const char *filter)
{
    const struct archive_options options = { .format = format, .filter = filter };
    const struct packed_member members[] = {
        { .name = "a.jsonl", .text = buf_slice(&w->mutant) },
        { .name = "b.txt", .text = { "text", 4 } },
        { .name = "sub/c.csv", .text = buf_slice(&w->mutant) },
    };
    struct error err;

    archive_write(w->path, &options, members, 1 + rng_below(&w->rng, 3));
    buf_clear(&w->other);
    assert_ok(file_read(w->path, &w->other, &err));
}

static void zip(struct world *w)
{
    archive(w, "zip", NULL);
}

static void tar(struct world *w)
{
    archive(w, "ustar", NULL);
}

static void tar_gzip(struct world *w)
{
    archive(w, "ustar", "gzip");
}

/* Pack the mutant as one member, frame or archive, or as two. */
static void pack(struct world *w, void (*how)(struct world *))
{
    struct error err;
    const size_t times = 1 + rng_below(&w->rng, 2);

    how(w);
    buf_clear(&w->mutant);
    for (size_t i = 0; i < times; i++)
        assert_ok(buf_add_slice(&w->mutant, buf_slice(&w->other), &err));
}

static void add_table(struct world *w)
{
    static const char *const rows[] = {
        "7,\"Who, \"\"you\"\"?\",Me.\r\n",
        "8,\"Two\nlines\",\"\"\n",
        "9,How?,caf\xc3\xa9\n",
        "10,too few\n",
        "\n",
    };
    struct error err;

    assert_ok(buf_add_text(&w->mutant, "id,question,answer\n", &err));
    for (size_t n = 1 + rng_below(&w->rng, 20); n > 0; n--)
        assert_ok(buf_add_text(&w->mutant,
                               rows[rng_below(&w->rng, sizeof rows / sizeof rows[0])], &err));
}

/* Join some seeds and change them here and there. Pack half of the mutants, and perhaps
 * change those once more. */
static void make_mutant(struct world *w)
{
    struct error err;

    buf_clear(&w->mutant);
    const bool table = rng_below(&w->rng, 6) == 0;
    w->path = w->paths[table ? rng_below(&w->rng, 2) : rng_below(&w->rng, 8) == 0 ? 2 : 0];
    if (table)
        add_table(w);
    for (size_t n = 1 + rng_below(&w->rng, SEEDS_EACH); n > 0 && !table; n--) {
        assert_ok(buf_add_slice(&w->mutant,
                                buf_slice(&w->seeds[rng_below(&w->rng, w->n_seeds)]), &err));
        assert_ok(buf_add_text(&w->mutant, "\n", &err));
    }
    for (size_t n = 1 + rng_below(&w->rng, CHANGES_MAX); n > 0; n--)
        change(w);
    static void (*const packers[])(
        struct world *) = { gzip, zstd, xz, bzip2, zip, tar_gzip, tar };
    const size_t packing = rng_below(&w->rng, 14);
    if (packing >= sizeof packers / sizeof packers[0])
        return;
    pack(w, packers[packing]);
    for (size_t n = rng_below(&w->rng, 3); n > 0; n--)
        change(w);
}

/* Ingest the mutant and check that the counts in its run row add up. Returns the number of
 * inserted samples. */
static uint64_t ingest(struct world *w, const char *max_record)
{
    struct run_counts counts;
    struct error err = { 0 };
    const int rc =
        stage_run(&w->run, &err, "ingest", "files", w->path, "source", "mutants", "max-rejects",
                  "100", "max-record", max_record, "allow-empty", "true", NULL);

    if (rc < 0 && err.code != ERR_INPUT)
        fail_msg("code %d: %s", (int)err.code, err.msg);
    assert_true(rc == 0 || err.msg[0]);
    assert_ok(run_counts(w->run.store, w->run.run_id, &counts, &err));
    assert_int_equal(counts.n_read, counts.n_inserted + counts.n_duplicate + counts.n_rejected);
    w->n_read += counts.n_read;
    w->n_inserted += counts.n_inserted;
    w->n_duplicate += counts.n_duplicate;
    w->n_rejected += counts.n_rejected;
    w->n_refused += rc < 0;
    return counts.n_inserted;
}

static void note(void *arg, const struct fsck_problem *problem)
{
    (void)arg;
    fail_msg("%s: %s: %s", problem->check, problem->where, problem->detail);
}

static void check_store(struct world *w)
{
    struct report report = { .phase = NULL };
    struct fsck_result result;
    struct error err;

    assert_ok(fsck_run(w->run.store, &report, note, NULL, &result, &err));
}

static void write_mutant(const struct world *w)
{
    FILE *file = fopen(w->path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(w->mutant.data, 1, w->mutant.len, file), w->mutant.len);
    assert_int_equal(fclose(file), 0);
}

static void one_mutant(struct world *w)
{
    static const char *const limits[] = { "1", "300", "1000", "268435456" };
    const size_t which = rng_below(&w->rng, 20);
    const char *max_record = limits[which < 3 ? which : 3];

    make_mutant(w);
    write_mutant(w);
    alarm(HANG_SECONDS);
    ingest(w, max_record);
    const uint64_t again = ingest(w, max_record);
    alarm(0);
    assert_int_equal(again, 0);
}

static void some_mutants(struct world *w, size_t n)
{
    struct store *store = NULL;
    struct error err;

    assert_ok(store_open(":memory:", STORE_CREATE, &store, &err));
    stage_run_init(&w->run, store);
    w->run.n_threads = 1 + rng_below(&w->rng, 3);
    for (size_t i = 0; i < n; i++)
        one_mutant(w);
    check_store(w);
    store_close(store);
}

/* Each database has a seed of its own, which is printed: that seed alone replays a failure. */
static void every_record_of_a_damaged_file_is_accounted_for(void **state)
{
    struct world *w = *state;
    const char *given = getenv("CURATE_MUTANTS");
    size_t left = given ? strtoul(given, NULL, 10) : USUAL_MUTANTS;
    struct rng seeds = rng_from_env("CURATE_SEED");

    assert_true(left > 0);
    const size_t n_mutants = left;
    while (left > 0) {
        const size_t n = left < STORE_MUTANTS ? left : STORE_MUTANTS;

        w->rng = rng_from_seed(seeds.state);
        printf("# from seed %" PRIu64 "\n", seeds.state);
        some_mutants(w, n);
        left -= n;
        rng_next(&seeds);
    }
    printf("# %zu mutants, each read twice: %" PRIu64 " read = %" PRIu64 " inserted + %" PRIu64
           " duplicate + %" PRIu64 " rejected; %" PRIu64 " runs ended in an error\n",
           n_mutants, w->n_read, w->n_inserted, w->n_duplicate, w->n_rejected, w->n_refused);
    assert_true(w->n_inserted > 0 && w->n_duplicate > 0 && w->n_rejected > 0);
}

static int setup(void **state)
{
    struct world *w = test_calloc(1, sizeof *w);
    const char *source = getenv("CURATE_SOURCE");
    char folder[4096];

    assert_non_null(source);
    tmp_open(&w->tmp);
    w->paths[0] = tmp_path(&w->tmp, "mutant.jsonl");
    w->paths[1] = tmp_path(&w->tmp, "mutant.csv");
    w->paths[2] = tmp_path(&w->tmp, "mutant.txt");
    buf_init(&w->mutant, FILE_MAX_BYTES);
    buf_init(&w->other, FILE_MAX_BYTES);
    snprintf(folder, sizeof folder, "%s/tests/data/corpora", source);
    add_folder(w, folder);
    snprintf(folder, sizeof folder, "%s/tests/data/records", source);
    add_folder(w, folder);
    snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/format", source);
    add_folder(w, folder);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < w->n_seeds; i++)
        buf_release(&w->seeds[i]);
    buf_release(&w->mutant);
    buf_release(&w->other);
    tmp_close(&w->tmp);
    test_free(w);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_record_of_a_damaged_file_is_accounted_for, setup,
                                        teardown),
    };

    return cmocka_run_group_tests_name("mutants", tests, NULL, NULL);
}
