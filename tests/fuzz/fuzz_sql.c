/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/content.h"
#include "store/db_private.h"
#include "store/query.h"
#include "store/sample.h"
#include "store/selection.h"
#include "store/source.h"
#include "store/store.h"
#include "tests/support/heap_limit.h"
#include "tests/support/store_fixture.h"

enum { MAX_STEPS = 200000, MAX_ROWS = 200, MAX_HEAP_BYTES = 64 << 20 };

static void require(bool holds, const char *invariant)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", invariant);
    abort();
}

/* A user's SQL may fail as a usage error, or because the database has no memory left for it. */
static void check_error(const struct error *err)
{
    require(err->code == ERR_USAGE || err->code == ERR_NOMEM || err->code == ERR_INPUT,
            "SQL of a user is his own mistake");
    require(err->msg[0] != '\0', "an error of SQL has a message");
}

/* Returns whether the text is a query. */
static bool run_query(struct store *store, const char *sql)
{
    struct query *query = NULL;
    struct error err;
    int rc = query_open(store, sql, &query, &err);
    const bool opened = rc == 0;

    for (int i = 0; rc == 0 && i < MAX_ROWS; i++) {
        rc = query_next(query, &err);
        for (size_t c = 0; rc == 1 && c < query_columns(query); c++)
            (void)query_value(query, c);
        if (rc != 1)
            break;
        rc = 0;
    }
    if (rc < 0)
        check_error(&err);
    query_close(query);
    return opened;
}

static bool run_condition(struct store *store, const char *sql)
{
    struct id_list ids = { 0 };
    struct error err;

    if (condition_select(store, sql, &ids, &err) < 0) {
        check_error(&err);
        return err.code == ERR_NOMEM;
    }
    require(ids.n <= 2, "a condition selects existing samples");
    for (size_t i = 0; i < ids.n; i++)
        require(ids.ids[i] == 1 || ids.ids[i] == 2, "a condition selects existing samples");
    id_list_release(&ids);
    return true;
}

/* The content of the database, and what its digest does not include. */
struct look {
    struct content_database content;
    int64_t n_runs, n_objects;
};

static void look(struct store *store, struct look *out)
{
    static const char OBJECTS[] = "SELECT (SELECT count(*) FROM sqlite_schema) +"
                                  " (SELECT count(*) FROM temp.sqlite_schema)";
    struct content *content = NULL;
    struct error err;

    require(content_new(NULL, &content, &err) == 0 &&
                content_of_database(content, store, &out->content, &err) == 0 &&
                db_int(store, "SELECT count(*) FROM run", &out->n_runs, &err) == 0 &&
                db_int(store, OBJECTS, &out->n_objects, &err) == 0,
            "the database can be read");
    content_free(content);
}

/* One store serves all inputs, since nothing in it may change: making one takes longer than
 * everything else here. */
static struct store *the_store(struct look *first)
{
    static struct store_fixture *fixture;
    static struct look begun;
    void *state = NULL;

    if (!fixture) {
        store_fixture_setup(&state);
        fixture = state;
        store_fixture_add(fixture, "a context", "ask", "answer");
        store_fixture_add(fixture, NULL, "say", "so");
        store_limit_steps(fixture->store, MAX_STEPS);
        look(fixture->store, &begun);
    }
    *first = begun;
    return fixture->store;
}

/* Run the text as a query and as a condition: it must not change the database. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *sql = malloc(len + 1);
    struct look before, after;
    struct store *store = the_store(&before);

    if (!sql)
        abort();
    memcpy(sql, data, len);
    sql[len] = '\0';
    heap_limit(MAX_HEAP_BYTES);
    const bool answered = run_query(store, sql);
    const bool chosen = run_condition(store, sql);
    heap_limit(0);
    if (answered || chosen) {
        look(store, &after);
        require(memcmp(before.content.digest, after.content.digest, DIGEST_BYTES) == 0 &&
                    before.n_runs == after.n_runs && before.n_objects == after.n_objects,
                "nothing changes");
    }
    free(sql);
    return 0;
}
