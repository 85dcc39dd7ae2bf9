/* SPDX-License-Identifier: Apache-2.0 */
/* Files of tests/data/parquet with some bytes changed, cut out or repeated: rows are read or
 * lost as the footer counts them, or there is an error with a message. table_bytes_check()
 * aborts otherwise. */
#include "tests/support/test.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "tests/support/rng.h"
#include "tests/support/table_bytes.h"

enum { MAX_FILES = 512, MAX_BYTES = 1 << 15, MAX_ROWS = 5000 };

struct file {
    char name[64];
    size_t n;
    char bytes[MAX_BYTES];
};

struct files {
    size_t n;
    struct file files[MAX_FILES];
};

static void read_file(struct files *files, const char *folder, const char *name)
{
    struct file *file = &files->files[files->n];
    char path[4096];

    assert_true(files->n < MAX_FILES);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    assert_true(strlen(name) < sizeof file->name);
    memcpy(file->name, name, strlen(name) + 1);
    file->n = fread(file->bytes, 1, MAX_BYTES, in);
    fclose(in);
    files->n++;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->name, ((const struct file *)b)->name);
}

/* In the order of their names, so that a seed gives the same mutations on every machine. */
static int read_files(void **state)
{
    struct files *files = calloc(1, sizeof *files);
    char folder[2048];

    assert_non_null(files);
    snprintf(folder, sizeof folder, "%s/tests/data/parquet", getenv("CURATE_SOURCE"));
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (strstr(entry->d_name, ".parquet"))
            read_file(files, folder, entry->d_name);
    closedir(dir);
    qsort(files->files, files->n, sizeof *files->files, by_name);
    *state = files;
    return 0;
}

static int free_files(void **state)
{
    free(*state);
    return 0;
}

/* Bytes that matter more than random ones: levels, lengths, headers of the compact protocol. */
static char odd_byte(struct rng *rng)
{
    static const unsigned char odd[] = { 0, 1, 2, 3, 0x15, 0x7f, 0x80, 0xfe, 0xff };

    return (char)(rng_below(rng, 2) ? odd[rng_below(rng, sizeof odd)] : rng_below(rng, 256));
}

static size_t mutate(struct rng *rng, char *bytes, size_t n)
{
    const size_t at = rng_below(rng, n);
    const size_t len = 1 + rng_below(rng, 8);

    switch (rng_below(rng, 5)) {
    case 0: /* cut bytes out */
        if (n <= at + len)
            return at > 0 ? at : 1;
        memmove(bytes + at, bytes + at + len, n - at - len);
        return n - len;
    case 1: /* repeat bytes */
        if (n + len > MAX_BYTES || at + len > n)
            return n;
        memmove(bytes + at + len, bytes + at, n - at);
        return n + len;
    case 2: /* change one bit */
        bytes[at] = (char)(bytes[at] ^ 1 << rng_below(rng, 8));
        return n;
    default:
        bytes[at] = odd_byte(rng);
        return n;
    }
}

static void rows_of_changed_files_are_read_or_lost(void **state)
{
    const struct files *files = *state;
    struct rng rng = rng_from_env("CURATE_SEED");
    const char *rounds = getenv("CURATE_ROUNDS");
    const long n_rounds = rounds ? strtol(rounds, NULL, 10) : 2000;
    char *bytes = malloc(MAX_BYTES);
    long n_read = 0;

    assert_non_null(bytes);
    for (long i = 0; i < n_rounds; i++) {
        const struct file *file = &files->files[rng_below(&rng, files->n)];
        struct error err = { 0 };
        size_t n = file->n;

        memcpy(bytes, file->bytes, n);
        for (size_t k = 1 + rng_below(&rng, 3); k > 0; k--)
            n = mutate(&rng, bytes, n);
        n_read += table_bytes_check(bytes, n, MAX_ROWS, &err) > 0;
    }
    free(bytes);
    /* Most changes hit pages, of which one is lost and the rest is read. */
    printf("# rows were read from %ld of %ld changed files\n", n_read, n_rounds);
    assert_true(n_read > n_rounds / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_changed_files_are_read_or_lost),
    };

    return cmocka_run_group_tests_name("changed Parquet files", tests, read_files, free_files);
}
