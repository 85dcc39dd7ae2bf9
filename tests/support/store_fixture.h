/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_fixture.h - a store in memory with one run and one corpus file, and functions that
 * check the rows of a store. Every error fails the test.
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

/* Make the fixture on an open store, which the caller closes. */
void store_fixture_init(struct store_fixture *f, struct store *store);
void store_fixture_release(struct store_fixture *f);

/* Identify and add a sample of one question and one response; context may be NULL. Returns its
 * id. */
int64_t store_fixture_add(struct store_fixture *f, const char *context, const char *instruction,
                          const char *response);
/* Identify the caller's sample and add it. */
int64_t store_fixture_add_sample(struct store_fixture *f, struct sample *sample);

/* Make a database file with n samples of about 1 kB each in source "novels". */
void store_fixture_make(const char *path, size_t n);

/* Add a model of this name, with a digest that depends on the byte. Add a score set. */
int64_t store_fixture_model(struct store *store, const char *name, uint8_t byte);
int64_t store_fixture_set(struct store *store, const char *metric, int64_t model_id,
                          const char *params, const char *better);

/* The rows of a query are `want`: columns separated by '|', rows by newlines, NULL as nothing,
 * and doubles in their shortest form. */
void assert_rows(struct store *store, const char *sql, const char *want);
/* The same through the sqlite3 program, for a database file. */
void assert_cli_rows(const char *path, const char *sql, const char *want);
/* Run SQL through the sqlite3 program. */
void cli_run(const char *path, const char *sql);

#endif
