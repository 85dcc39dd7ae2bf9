/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_fixture.h - a store in memory with one run and one corpus file, and ways to look into
 * stores. Whatever goes wrong here fails the test.
 */
#ifndef CURATE_STORE_FIXTURE_H
#define CURATE_STORE_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "store/sample.h"

struct store;

struct store_fixture {
    struct store *store;
    struct identifier *identifier;
    int64_t run_id;
    int64_t file_id; /* "a.jsonl" of source "novels" */
};

/* For cmocka_unit_test_setup_teardown(): *state is the fixture. */
int store_fixture_setup(void **state);
int store_fixture_teardown(void **state);

/* The same over an open store that the caller keeps. */
void store_fixture_init(struct store_fixture *f, struct store *store);
void store_fixture_release(struct store_fixture *f);

/* Identify and add a sample of one question and one answer; context may be NULL. Its id. */
int64_t store_fixture_add(struct store_fixture *f, const char *context, const char *instruction,
                          const char *response);
/* The same with a sample of the caller's, identified. */
int64_t store_fixture_add_sample(struct store_fixture *f, struct sample *sample);

/* Make a database file with n samples of about 1 kB in source "novels". */
void store_fixture_make(const char *path, size_t n);

/* A model called NAME, told from others by one byte; a score set of it. */
int64_t store_fixture_model(struct store *store, const char *name, uint8_t byte);
int64_t store_fixture_set(struct store *store, const char *metric, int64_t model_id,
                          const char *params, const char *better);

/* The rows of a query are these: columns parted by '|', rows by newlines, NULL nothing, and
 * doubles in their shortest form. */
void assert_rows(struct store *store, const char *sql, const char *want);
/* The same through the sqlite3 program; the database is a file. */
void assert_cli_rows(const char *path, const char *sql, const char *want);
/* Run SQL through the sqlite3 program. */
void cli_run(const char *path, const char *sql);

#endif
