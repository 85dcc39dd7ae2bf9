/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of the store fails once. The call returns ERR_NOMEM and leaks nothing (the
 * address sanitizer checks that), and works when it is called again. */
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/report.h"
#include "stages/select/making.h"
#include "store/content.h"
#include "store/fact.h"
#include "store/fsck.h"
#include "store/migrate_private.h"
#include "store/policy.h"
#include "store/query.h"
#include "store/run.h"
#include "store/sample.h"
#include "store/score.h"
#include "store/selection.h"
#include "store/source.h"
#include "store/store.h"
#include "tests/support/oom.h"
#include "tests/support/store_fixture.h"

enum { MAX_ALLOCATIONS = 10000, N_SAMPLES = 1500 };

/* Do something that allocates, and undo it. */
typedef int scenario(struct store_fixture *f, struct error *err);

struct call {
    scenario *run;
    struct store_fixture *f;
};

static int run_in_fixture(const void *input, struct error *err)
{
    const struct call *call = input;

    return call->run(call->f, err);
}

static void survives_each_failure(scenario *run, void **state)
{
    const struct call call = { run, *state };

    assert_in_range(oom_survive(run_in_fixture, &call), 1, MAX_ALLOCATIONS - 1);
}

static int open_and_close(struct store_fixture *f, struct error *err)
{
    struct store *store = NULL;
    const int rc = store_open(":memory:", STORE_CREATE, &store, err);

    (void)f;
    store_close(store);
    return rc;
}

static void opening_a_store_survives_each_failed_allocation(void **state)
{
    survives_each_failure(open_and_close, state);
}

static int identify_and_add(struct store_fixture *f, struct error *err)
{
    struct identifier *identifier = NULL;
    struct turn turn = {
        .role = slice_text("user"),
        .content = slice_text("e\xcc\x81"),
        .thought = slice_text("e\xcc\x81"),
        .calls = slice_text("[{\"name\":\"f\",\"arguments\":{\"b\":1,\"a\":\"e\xcc\x81\"}}]"),
        .media = slice_text("[{\"type\":\"image\",\"at\":3,\"part\":{\"url\":\"u\"}}]"),
        .extra = slice_text("{\"b\":null,\"a\":2}"),
    };
    struct sample sample = { .kind = SAMPLE_PROMPT_ONLY,
                             .context = slice_text("a\r\nb"),
                             .tools = slice_text("[{\"name\":\"f\"}]"),
                             .meta = slice_text("{\"page\":2}"),
                             .turns = &turn,
                             .n_turns = 1,
                             .response_turn = -1,
                             .file_id = f->file_id };
    int64_t id;
    int rc = identifier_new(&identifier, err);

    if (rc == 0)
        rc = sample_identify(identifier, &sample, err);
    if (rc == 0 && sample_add(f->store, &sample, f->run_id, &id, err) < 0)
        rc = -1;
    sample.meta = slice_text("{\"page\":3}"); /* a duplicate that says more */
    if (rc == 0 && sample_add_dup_meta(f->store, &sample, id, f->run_id, err) != 1)
        rc = -1;
    identifier_free(identifier);
    return rc;
}

static void adding_a_sample_survives_each_failed_allocation(void **state)
{
    survives_each_failure(identify_and_add, state);
}

static int read_back(struct store_fixture *f, struct error *err)
{
    struct sample_reader *reader = NULL;
    struct sample sample;
    int rc = sample_reader_new(f->store, &reader, err);

    if (rc == 0 && sample_read(reader, 1, &sample, err) != 1)
        rc = -1;
    sample_reader_free(reader);
    return rc;
}

static void reading_a_sample_survives_each_failed_allocation(void **state)
{
    store_fixture_add(*state, "context", "ask", "answer");

    survives_each_failure(read_back, state);
}

static int walk_rejects(struct store_fixture *f, struct error *err)
{
    struct reject_scan *scan = NULL;
    struct reject_row row;
    int rc = reject_scan_open(f->store, &(struct reject_filter){ 0 }, &scan, err);

    while (rc == 0 && (rc = reject_scan_next(scan, &row, err)) == 1)
        rc = 0;
    reject_scan_close(scan);
    return rc;
}

static void reading_rejects_survives_each_failed_allocation(void **state)
{
    survives_each_failure(walk_rejects, state);
}

static int select_and_load(struct store_fixture *f, struct error *err)
{
    const struct selection_spec spec = { .name = "best",
                                         .score_set_id = 1,
                                         .condition = "sample_id > 0",
                                         .top = "100%",
                                         .top_per_10000 = 10000 };
    struct selection_result result;
    struct id_list list = { 0 };
    double *scores = NULL;
    int rc = selection_make(f->store, &spec, f->run_id, false, &result, err);

    if (rc == 0)
        rc = selection_load(f->store, "best", &list, &scores, err);
    id_list_release(&list);
    free(scores);
    return rc;
}

/* Enough samples for the lists to grow more than once. */
static void selecting_survives_each_failed_allocation(void **state)
{
    struct store_fixture *f = *state;
    struct error err;
    const int64_t set = store_fixture_set(
        f->store, "nll", store_fixture_model(f->store, "tiny", 1), "{}", "lower");

    assert_int_equal(set, 1);
    assert_ok(store_begin(f->store, &err));
    for (int i = 0; i < N_SAMPLES; i++) {
        char ask[20];

        snprintf(ask, sizeof ask, "%d", i);
        const struct score_row row = { .score_set_id = set,
                                       .sample_id = store_fixture_add(f, NULL, ask, "answer"),
                                       .value = i,
                                       .status = "ok" };
        assert_ok(score_put(f->store, &row, f->run_id, &err));
    }
    assert_ok(store_commit(f->store, &err));

    survives_each_failure(select_and_load, state);
}

/* Select by a fact, with a policy over a fact and the scores of one of two models. */
static int select_by_fact(struct store_fixture *f, struct error *err)
{
    static const struct fact_column words = { "words", CELL_INTEGER, "words" };
    static const struct fact_group group = {
        .name = "length", .version = 1, .columns = &words, .n_columns = 1
    };
    struct policy policy = {
        .name = "p",
        .text = slice_text("policy: p"),
        .n = 2,
        .conditions = { { .kind = POLICY_FACT,
                          .name = "words",
                          .min = 1,
                          .max = NAN,
                          .keep_missing = true },
                        { .kind = POLICY_METRIC,
                          .name = "nll",
                          .min = 0,
                          .max = NAN,
                          .model = "tiny",
                          .keep_missing = true } },
    };
    struct selection_spec spec = { .name = "s",
                                   .ordering = ORDERED_BY_FACT,
                                   .fact = "words",
                                   .top = "1",
                                   .top_n = 1,
                                   .policy = &policy,
                                   .may_empty = true };
    struct selection_result result;
    const char *fact, *order;
    struct arena arena;
    int rc;

    arena_init(&arena);
    rc = fact_group_put(f->store, &group, err);
    if (rc == 0)
        rc = policy_prepare(f->store, &policy, &arena, err);
    if (rc == 0)
        rc = policy_join(&policy, NULL, &arena, &spec.policy_sql, err);
    if (rc == 0)
        rc = selection_make(f->store, &spec, f->run_id, false, &result, err);
    if (rc == 0 && selection_fact(f->store, "s", &arena, &fact, &order, err) != 1)
        rc = -1;
    arena_release(&arena);
    return rc;
}

static void selecting_by_a_fact_survives_each_failed_allocation(void **state)
{
    struct store_fixture *f = *state;
    struct error err;

    for (uint8_t i = 0; i < 2; i++) {
        const int64_t model = store_fixture_model(f->store, i ? "huge" : "tiny", i + 1);
        const struct score_row row = {
            .score_set_id = store_fixture_set(f->store, "nll", model, "{}", "lower"),
            .sample_id = store_fixture_add(f, NULL, i ? "who?" : "where?", "there"),
            .value = i,
            .status = "ok",
        };

        assert_ok(score_put(f->store, &row, f->run_id, &err));
    }
    survives_each_failure(select_by_fact, state);
}

static int ask_what_is_there(struct store_fixture *f, struct error *err)
{
    struct query *query = NULL;
    struct id_list list = { 0 };
    int rc = query_open(f->store, "SELECT * FROM v_sample", &query, err);

    if (rc == 0 && query_next(query, err) < 0)
        rc = -1;
    query_close(query);
    if (rc == 0)
        rc = condition_select(f->store, NULL, &list, err);
    id_list_release(&list);
    return rc;
}

static void querying_survives_each_failed_allocation(void **state)
{
    store_fixture_add(*state, "context", "ask", "answer");

    survives_each_failure(ask_what_is_there, state);
}

static int sum_up(struct store_fixture *f, struct error *err)
{
    struct content_database database;
    struct content *content = NULL;
    int rc = content_new(NULL, &content, err);

    if (rc == 0)
        rc = content_of_database(content, f->store, &database, err);
    content_free(content);
    return rc;
}

static void content_digests_survive_each_failed_allocation(void **state)
{
    store_fixture_add(*state, "context", "ask", "answer");

    survives_each_failure(sum_up, state);
}

static void ignore(void *arg, const struct fsck_problem *problem)
{
    (void)arg;
    (void)problem;
}

static int look_through(struct store_fixture *f, struct error *err)
{
    struct report report = { .phase = NULL };
    struct fsck_result result;

    return fsck_run(f->store, &report, ignore, NULL, &result, err);
}

static void fsck_survives_each_failed_allocation(void **state)
{
    store_fixture_add(*state, "e\xcc\x81", "ask", "answer");

    survives_each_failure(look_through, state);
}

/* Add a sample as releases before identity version 2 did. */
static void add_old_sample(struct store_fixture *f, const char *extra, const char *meta)
{
    struct turn turn = { .role = slice_text("assistant"),
                         .content = slice_text("<think>hm</think>yes<tool_call>{\"name\":\"f\"}"
                                               "</tool_call>"),
                         .extra = slice_text(extra) };
    struct sample sample = { .kind = SAMPLE_SFT,
                             .turns = &turn,
                             .n_turns = 1,
                             .instruction_turn = -1,
                             .meta = slice_text(meta),
                             .file_id = f->file_id };
    struct error err;
    int64_t id;

    assert_ok(sample_identify_v1(f->identifier, &sample, &sample.hash, &err));
    assert_int_equal(sample_add(f->store, &sample, f->run_id, &id, &err), 1);
}

static int migrate_and_roll_back(struct store_fixture *f, struct error *err)
{
    int rc = store_begin(f->store, err);

    if (rc == 0)
        rc = migrate_samples(f->store, err);
    store_rollback(f->store);
    return rc;
}

static void migrating_survives_each_failed_allocation(void **state)
{
    struct store_fixture *f = *state;
    const char *tools = "{\"tools\":[{\"name\":\"f\"}],\"page\":1}";

    add_old_sample(f, "{\"b\":1,\"a\":2}", tools);
    add_old_sample(f, "{\"a\":2,\"b\":1}", tools);
    add_old_sample(f, "{\"reasoning\":\"e\xcc\x81\",\"weight\":0}",
                   "{\"page\":2,\"images\":[\"i\"]}");

    survives_each_failure(migrate_and_roll_back, state);
    assert_int_equal(store_migration(f->store)->n_merged, 1);
    assert_int_equal(store_migration(f->store)->n_damaged, 0);
}

#define TEST(name)                                                                             \
    cmocka_unit_test_setup_teardown(name, store_fixture_setup, store_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(opening_a_store_survives_each_failed_allocation),
        TEST(adding_a_sample_survives_each_failed_allocation),
        TEST(reading_a_sample_survives_each_failed_allocation),
        TEST(reading_rejects_survives_each_failed_allocation),
        TEST(selecting_survives_each_failed_allocation),
        TEST(selecting_by_a_fact_survives_each_failed_allocation),
        TEST(querying_survives_each_failed_allocation),
        TEST(content_digests_survive_each_failed_allocation),
        TEST(fsck_survives_each_failed_allocation),
        TEST(migrating_survives_each_failed_allocation),
    };

    return cmocka_run_group_tests_name("store out of memory", tests, NULL, NULL);
}
