/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "stages/select/making.h"
#include "store/content.h"
#include "store/db_private.h"
#include "store/run.h"
#include "store/score.h"
#include "store/selection.h"
#include "store/store.h"
#include "tests/support/store_fixture.h"

static struct content_database digest_of(struct store *store)
{
    struct content_database database;
    struct content *content = NULL;
    struct error err;

    assert_ok(content_new(NULL, &content, &err));
    assert_ok(content_of_database(content, store, &database, &err));
    content_free(content);
    return database;
}

static bool same(const struct content_database *a, const struct content_database *b)
{
    return memcmp(a->digest, b->digest, DIGEST_BYTES) == 0;
}

static void put_score(struct store_fixture *f, int64_t set, int64_t sample, double value)
{
    const struct score_row row = {
        .score_set_id = set, .sample_id = sample, .value = value, .status = "ok"
    };
    struct error err;

    assert_ok(score_put(f->store, &row, f->run_id, &err));
}

static void select_all(struct store_fixture *f, int64_t set, const char *name)
{
    const struct selection_spec spec = { .name = name,
                                         .score_set_id = set,
                                         .higher_is_better = true,
                                         .top = "100%",
                                         .top_per_10000 = 10000 };
    struct selection_result result;
    struct error err;

    assert_ok(selection_make(f->store, &spec, f->run_id, false, &result, &err));
}

/* Add three samples with scores, and a selection of them. The samples are added in turn,
 * starting with number `first`. */
static void fill(struct store_fixture *f, int first)
{
    static const char *const asks[] = { "one", "two", "three" };
    const int64_t other = store_fixture_model(f->store, "other", (uint8_t)(7 + first));
    const int64_t model = store_fixture_model(f->store, "tiny", 1);
    const int64_t set = store_fixture_set(f->store, "ifd", model, "{}", "higher");
    struct error err;

    assert_ok(db_exec(f->store, "DELETE FROM model WHERE name = 'other'", &err));
    assert_true(other != model);
    for (int i = 0; i < 3; i++) {
        const int which = (first + i) % 3;
        const int64_t id =
            store_fixture_add(f, which == 1 ? "context" : NULL, asks[which], "x");

        put_score(f, set, id, which);
    }
    select_all(f, set, "best");
}

static void content_digest_does_not_depend_on_row_order_or_ids(void **state)
{
    struct store_fixture *f = *state;
    void *turned = NULL;

    store_fixture_setup(&turned);
    fill(f, 0);
    fill(turned, 2);
    const struct content_database a = digest_of(f->store);
    const struct content_database b = digest_of(((struct store_fixture *)turned)->store);
    store_fixture_teardown(&turned);

    assert_true(same(&a, &b));
    assert_int_equal(a.n_parts, b.n_parts);
    for (size_t p = 0; p < a.n_parts; p++)
        assert_memory_equal(&a.parts[p], &b.parts[p], sizeof a.parts[p]);
}

static void content_digest_does_not_depend_on_runs_or_times(void **state)
{
    struct store_fixture *f = *state;
    struct error err;
    int64_t run_id;

    fill(f, 0);
    const struct content_database before = digest_of(f->store);
    assert_ok(run_begin(f->store, 0, "score", slice_text("{}"), &run_id, &err));
    assert_ok(db_exec(f->store,
                      "UPDATE sample SET run_id = 2; UPDATE score SET run_id = 2;"
                      "UPDATE score_set SET asked_run_id = 2; UPDATE selection SET run_id = 2;"
                      "UPDATE model SET path = '/elsewhere', mtime_ns = 5, inode = 6",
                      &err));

    const struct content_database after = digest_of(f->store);
    assert_true(same(&before, &after));
}

static void content_digest_changes_with_every_change_of_content(void **state)
{
    static const char *const changes[] = {
        "UPDATE source SET name = 'essays'",
        "UPDATE file SET path = 'b.jsonl'",
        "UPDATE context SET text = text || '.'",
        "UPDATE turn SET content = 'y' WHERE turn_id = 1",
        "UPDATE turn SET role = 'tool' WHERE turn_id = 1",
        "UPDATE turn SET extra = '{}' WHERE turn_id = 1",
        "UPDATE sample SET line = line + 1 WHERE sample_id = 1",
        "UPDATE sample SET ext_id = '' WHERE sample_id = 1",
        "UPDATE sample SET context_id = 1 WHERE context_id IS NULL",
        "UPDATE score SET value = value + 1e-15 WHERE sample_id = 2",
        "UPDATE score SET value = NULL, status = 'no_response' WHERE sample_id = 1",
        "UPDATE metric SET version = version + 1",
        "UPDATE model SET sha256 = zeroblob(32)",
        "UPDATE score_set SET params = '{\"a\":1}'",
        "UPDATE selection SET top = '3'",
        "UPDATE selection_sample SET sample_id = 3 WHERE rank = 2",
        "DELETE FROM selection_sample WHERE rank = 3",
        "DELETE FROM score WHERE sample_id = 3",
    };
    struct store_fixture *f = *state;
    struct error err;

    fill(f, 0);
    const struct content_database before = digest_of(f->store);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        assert_ok(store_begin(f->store, &err));
        assert_ok(db_exec(f->store, changes[i], &err));
        const struct content_database after = digest_of(f->store);
        store_rollback(f->store);
        if (same(&before, &after))
            fail_msg("the digest does not see: %s", changes[i]);
    }
    const struct content_database again = digest_of(f->store);
    assert_true(same(&before, &again));
}

/* A table of a later migration is content, and its references are followed. */
static void content_digest_includes_unknown_tables(void **state)
{
    static const char CREATE[] =
        "CREATE TABLE \"odd \"\"name\" (id INTEGER PRIMARY KEY, \"a \"\"b\" TEXT,"
        " selection_id INTEGER REFERENCES selection, run_id INTEGER REFERENCES run);"
        "INSERT INTO \"odd \"\"name\" VALUES (1, 'x', 1, 1)";
    struct store_fixture *f = *state;
    struct error err;

    fill(f, 0);
    assert_ok(store_begin(f->store, &err));
    assert_ok(db_exec(f->store, CREATE, &err));
    const struct content_database first = digest_of(f->store);
    assert_ok(db_exec(f->store, "UPDATE \"odd \"\"name\" SET id = 9, run_id = NULL", &err));
    const struct content_database moved = digest_of(f->store);
    assert_ok(db_exec(f->store, "UPDATE \"odd \"\"name\" SET selection_id = NULL", &err));
    const struct content_database changed = digest_of(f->store);
    store_rollback(f->store);

    assert_true(same(&first, &moved));
    assert_false(same(&first, &changed));
}

static void digest_of_a_selection_is_the_sum_over_its_samples(void **state)
{
    struct store_fixture *f = *state;
    struct content_sum selected = { .n = 0 }, added = { .n = 0 };
    struct sample_reader *reader = NULL;
    struct content *content = NULL;
    struct sample sample;
    struct error err;

    fill(f, 0);
    assert_ok(content_new(NULL, &content, &err));
    assert_ok(content_of_selection(content, f->store, "best", &selected, &err));
    assert_ok(sample_reader_new(f->store, &reader, &err));
    for (int64_t id = 1; id <= 3; id++) {
        assert_int_equal(sample_read(reader, id, &sample, &err), 1);
        assert_ok(content_add_sample(content, &sample.hash, &added, &err));
    }
    sample_reader_free(reader);

    assert_memory_equal(&selected, &added, sizeof selected);
    assert_fails(content_of_selection(content, f->store, "worst", &selected, &err),
                 ERR_NOT_FOUND, "best");
    content_free(content);
}

static void content_digest_stops_on_a_signal(void **state)
{
    struct store_fixture *f = *state;
    const volatile int signal = 15;
    struct content_sum sum = { .n = 0 };
    struct content *content = NULL;
    struct error err;

    fill(f, 0);
    assert_ok(content_new(&signal, &content, &err));
    assert_fails(content_of_selection(content, f->store, "best", &sum, &err), ERR_CANCELLED,
                 "signal 15");
    content_free(content);
}

#define TEST(name)                                                                             \
    cmocka_unit_test_setup_teardown(name, store_fixture_setup, store_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(content_digest_does_not_depend_on_row_order_or_ids),
        TEST(content_digest_does_not_depend_on_runs_or_times),
        TEST(content_digest_changes_with_every_change_of_content),
        TEST(content_digest_includes_unknown_tables),
        TEST(digest_of_a_selection_is_the_sum_over_its_samples),
        TEST(content_digest_stops_on_a_signal),
    };

    return cmocka_run_group_tests_name("content", tests, NULL, NULL);
}
