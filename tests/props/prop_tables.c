/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our Parquet and Arrow files, damaged at random, go through the whole of ingest. Whatever a
 * file holds, each of its rows is inserted, a duplicate or rejected, or the file is an error;
 * reading the file again changes nothing, and neither does the number of threads.
 * CURATE_MUTANTS is the number of mutants (300), CURATE_SEED replays a run; `make soak` runs
 * 10,000 with the sanitizers on. A mutant that takes longer than a minute counts as hung.
 */
#include "tests/support/test.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "base/report.h"
#include "base/table/table.h"
#include "store/fsck.h"
#include "store/run.h"
#include "store/store.h"
#include "tests/support/rng.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_digest.h"
#include "tests/support/tmp.h"

enum {
    USUAL_MUTANTS = 300,
    HANG_SECONDS = 60,
    STORE_MUTANTS = 40, /* mutants that are ingested into the same database */
    SEEDS_MAX = 400,
    FILE_MAX_BYTES = 1 << 20,
    CHANGES_MAX = 4,
};

struct world {
    struct rng rng;
    struct tmp tmp;
    const char *path;
    struct buf seeds[SEEDS_MAX];
    size_t n_seeds;
    size_t n_corpora; /* of the seeds: the first ones, whose rows are samples */
    struct buf mutant;
    struct buf other; /* scratch space */
    uint64_t n_inserted, n_rejected, n_errors;
};

static bool is_table(const struct buf *file)
{
    return table_matches(buf_slice(file));
}

static void add_folder(struct world *w, const char *folder)
{
    struct dirent **entries = NULL;
    const int n = scandir(folder, &entries, NULL, alphasort);

    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        struct buf *seed = &w->seeds[w->n_seeds];
        const char *dot = strrchr(entries[i]->d_name, '.');
        char path[4096];
        struct error err;

        if (dot && (strcmp(dot, ".parquet") == 0 || strcmp(dot, ".arrow") == 0)) {
            assert_true(w->n_seeds < SEEDS_MAX);
            const int len = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
            assert_true(len > 0 && (size_t)len < sizeof path);
            buf_init(seed, FILE_MAX_BYTES);
            assert_ok(file_read(path, seed, &err));
            w->n_seeds++;
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

/* A place near the footer or the schema half of the time: most changes of a page are found by
 * its checksum. */
static size_t random_place(struct world *w)
{
    const size_t len = w->mutant.len;
    const size_t near = len < 400 ? len : 400;

    switch (rng_below(&w->rng, 4)) {
    case 0:
        return len - rng_below(&w->rng, near + 1);
    case 1:
        return rng_below(&w->rng, near + 1);
    default:
        return rng_below(&w->rng, len + 1);
    }
}

/* Make one random change. */
static void change(struct world *w)
{
    static const char numbers[][8] = { "\0\0\0\0\0\0\0", "\xff\xff\xff\xff\xff\xff\xff",
                                       "\xff\xff\xff\x7f\0\0\0", "\1\0\0\0\0\0\0",
                                       "\0\0\0\x80\0\0\0" };
    struct rng *rng = &w->rng;
    struct buf *m = &w->mutant;
    const size_t at = random_place(w);
    const size_t left = m->len - at;
    const size_t n = rng_below(rng, (left < 40 ? left : 40) + 1);
    const struct buf *seed = &w->seeds[rng_below(rng, w->n_seeds)];
    const size_t from = rng_below(rng, seed->len + 1);
    const size_t most = seed->len - from < 200 ? seed->len - from : 200;
    const size_t width = left < 8 ? left : 4 + 4 * rng_below(rng, 2);

    switch (rng_below(rng, 8)) {
    case 0:
    case 1:
        if (left > 0)
            m->data[at] ^= (char)(1 << rng_below(rng, 8));
        break;
    case 2:
        if (left > 0)
            m->data[at] = (char)rng_below(rng, 256);
        break;
    case 3:
    case 4:
        replace(w, at, width,
                slice_of(numbers[rng_below(rng, sizeof numbers / sizeof numbers[0])], width));
        break;
    case 5:
        replace(w, at, n, slice_of("", 0));
        break;
    case 6:
        replace(w, at, rng_below(rng, 4) == 0 ? left : 0, slice_of("", 0));
        break;
    default:
        replace(w, at, n, slice_of(seed->data + from, rng_below(rng, most + 1)));
        break;
    }
}

static void make_mutant(struct world *w)
{
    struct error err;

    do {
        const size_t n = rng_below(&w->rng, 2) == 0 ? w->n_corpora : w->n_seeds;

        buf_clear(&w->mutant);
        assert_ok(buf_add_slice(&w->mutant, buf_slice(&w->seeds[rng_below(&w->rng, n)]), &err));
        for (size_t left = 1 + rng_below(&w->rng, CHANGES_MAX); left > 0; left--)
            change(w);
    } while (!is_table(&w->mutant));
}

static void write_mutant(const struct world *w)
{
    FILE *file = fopen(w->path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(w->mutant.data, 1, w->mutant.len, file), w->mutant.len);
    assert_int_equal(fclose(file), 0);
}

/* Ingest the mutant and check that the counts in its run row add up. Returns the number of
 * inserted samples. */
static uint64_t ingest(struct world *w, struct stage_run *run, const char *max_record)
{
    struct run_counts counts;
    struct error err = { 0 };
    const int rc =
        stage_run(run, &err, "ingest", "files", w->path, "source", "mutants", "max-rejects",
                  "100", "max-record", max_record, "allow-empty", "true", NULL);

    if (rc < 0 && err.code != ERR_INPUT && err.code != ERR_UNSUPPORTED && err.code != ERR_NOMEM)
        fail_msg("code %d: %s", (int)err.code, err.msg);
    assert_true(rc == 0 || err.msg[0]);
    assert_ok(run_counts(run->store, run->run_id, &counts, &err));
    assert_int_equal(counts.n_read, counts.n_inserted + counts.n_duplicate + counts.n_rejected);
    w->n_inserted += counts.n_inserted;
    w->n_rejected += counts.n_rejected;
    w->n_errors += rc < 0;
    return counts.n_inserted;
}

static void note(void *arg, const struct fsck_problem *problem)
{
    (void)arg;
    fail_msg("%s: %s: %s", problem->check, problem->where, problem->detail);
}

static void check_store(struct stage_run *run)
{
    struct report report = { .phase = NULL };
    struct fsck_result result;
    struct error err;

    assert_ok(fsck_run(run->store, &report, note, NULL, &result, &err));
}

static void one_mutant(struct world *w, struct stage_run *alone, struct stage_run *together)
{
    static const char *const limits[] = { "1", "100", "268435456" };
    const size_t which = rng_below(&w->rng, 20);
    const char *max_record = limits[which < 2 ? which : 2];

    make_mutant(w);
    write_mutant(w);
    alarm(HANG_SECONDS);
    ingest(w, alone, max_record);
    ingest(w, together, max_record);
    const uint64_t again = ingest(w, alone, max_record);
    alarm(0);
    assert_int_equal(again, 0);
}

static void some_mutants(struct world *w, size_t n)
{
    struct stage_run runs[2];
    struct hash digests[2];
    struct error err;

    for (size_t i = 0; i < 2; i++) {
        struct store *store = NULL;

        assert_ok(store_open(":memory:", STORE_CREATE, &store, &err));
        stage_run_init(&runs[i], store);
    }
    runs[0].n_threads = 1;
    runs[1].n_threads = 2 + rng_below(&w->rng, 3);
    for (size_t i = 0; i < n; i++)
        one_mutant(w, &runs[0], &runs[1]);
    for (size_t i = 0; i < 2; i++) {
        check_store(&runs[i]);
        digests[i] = store_digest(runs[i].store);
        store_close(runs[i].store);
    }
    assert_memory_equal(&digests[0], &digests[1], sizeof digests[0]);
}

/* Each database has a seed of its own, which is printed: that seed alone replays a failure. */
static void every_row_of_a_damaged_table_is_accounted_for(void **state)
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
    printf("# %zu mutants: %" PRIu64 " inserted, %" PRIu64 " rejected; %" PRIu64
           " runs ended in an error\n",
           n_mutants, w->n_inserted, w->n_rejected, w->n_errors);
    assert_true(w->n_inserted > 0 && w->n_rejected > 0);
}

static int setup(void **state)
{
    static const char *const folders[] = { "tables", "parquet", "arrow" };
    struct world *w = test_calloc(1, sizeof *w);
    const char *source = getenv("CURATE_SOURCE");
    char folder[4096];

    assert_non_null(source);
    tmp_open(&w->tmp);
    w->path = tmp_path(&w->tmp, "mutant.parquet");
    buf_init(&w->mutant, FILE_MAX_BYTES);
    buf_init(&w->other, FILE_MAX_BYTES);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        snprintf(folder, sizeof folder, "%s/tests/data/%s", source, folders[i]);
        add_folder(w, folder);
        if (i == 0)
            w->n_corpora = w->n_seeds;
    }
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
        cmocka_unit_test_setup_teardown(every_row_of_a_damaged_table_is_accounted_for, setup,
                                        teardown),
    };

    return cmocka_run_group_tests_name("damaged tables", tests, NULL, NULL);
}
