/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/option.h"
#include "stages/select/making.h"
#include "store/fact.h"
#include "store/run.h"
#include "store/score.h"
#include "store/selection.h"
#include "store/store.h"
#include "tests/support/store_fixture.h"

enum { N_SAMPLES = 6, LIST_MAX_BYTES = 1000 };

/* Samples 1 to 6 have the values 3, 1, 2, 2, and a missing score. The last one has no row. */
struct ranked {
    struct store_fixture f;
    int64_t set_id;
};

static int setup(void **state)
{
    static const double values[] = { 3, 1, 2, 2, 0 };
    struct ranked *r = test_calloc(1, sizeof *r);
    struct store *store = NULL;
    struct error err;

    assert_ok(store_open(":memory:", STORE_CREATE, &store, &err));
    store_fixture_init(&r->f, store);
    const int64_t model = store_fixture_model(store, "tiny", 1);
    r->set_id = store_fixture_set(store, "ifd", model, "{}", "higher");
    for (size_t i = 0; i < N_SAMPLES; i++) {
        char ask[20];

        snprintf(ask, sizeof ask, "ask %zu", i + 1);
        const int64_t id = store_fixture_add(&r->f, i < 2 ? "a context" : NULL, ask, "answer");
        const struct score_row row = { .score_set_id = r->set_id,
                                       .sample_id = id,
                                       .value = i < 5 ? values[i] : 0,
                                       .status = i < 4 ? "ok" : "no_response" };
        if (i < 5)
            assert_ok(score_put(store, &row, r->f.run_id, &err));
    }
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct ranked *r = *state;

    store_close(r->f.store);
    store_fixture_release(&r->f);
    test_free(r);
    return 0;
}

static void assert_ids(const struct id_list *list, const char *want)
{
    struct buf text;
    struct error err;

    buf_init(&text, LIST_MAX_BYTES);
    for (size_t i = 0; i < list->n; i++)
        assert_ok(buf_printf(&text, &err, i ? " %" PRId64 : "%" PRId64, list->ids[i]));
    assert_string_equal(buf_slice(&text).ptr, want);
    buf_release(&text);
}

static void assert_selects(struct store *store, const char *condition, const char *want)
{
    struct id_list list = { 0 };
    struct error err;

    assert_ok(condition_select(store, condition, &list, &err));
    assert_ids(&list, want);
    id_list_release(&list);
}

static void a_condition_is_one_expression_over_v_sample(void **state)
{
    struct store *store = ((struct ranked *)*state)->f.store;

    assert_selects(store, NULL, "1 2 3 4 5 6");
    assert_selects(store, "context IS NOT NULL", "1 2");
    assert_selects(store, "instruction LIKE '%3' OR sample_id = 5", "3 5");
    assert_selects(store, "source = 'novels' AND kind IN ('sft') AND n_turns > 1",
                   "1 2 3 4 5 6");
    assert_selects(store, "0", "");
    assert_selects(store, "sample_id IN (SELECT sample_id FROM v_scores WHERE value > 1)",
                   "1 3 4");
    assert_selects(store, "length(response) BETWEEN (1) AND (2*(3))", "1 2 3 4 5 6");
}

static void quotes_and_comments_in_a_condition_are_those_of_sql(void **state)
{
    struct store *store = ((struct ranked *)*state)->f.store;

    assert_selects(store, "instruction <> ') OR (1;--' AND sample_id < 3", "1 2");
    assert_selects(store, "instruction <> 'it''s (' AND [sample_id] < 2", "1");
    assert_selects(store, "\"sample_id\" = 2 AND `kind` = 'sft'", "2");
    assert_selects(store, "sample_id = 3 -- the third )", "3");
    assert_selects(store, "sample_id = /* not ( 3 */ 4", "4");
    assert_selects(store, "sample_id = 3 -- don't\n OR sample_id = 4", "3 4");
}

static void a_condition_cannot_leave_its_parentheses(void **state)
{
    static const struct {
        const char *condition;
        const char *phrase;
    } cases[] = {
        { "1) OR (1", "unmatched ')' at: ) OR (1" },
        { "1) UNION SELECT 1 FROM v_sample WHERE (1", "unmatched ')'" },
        { "0)) UNION SELECT 7 --", "unmatched ')'" },
        { "(1", "missing ')'" },
        { "1; DROP TABLE sample", "';' is not allowed" },
        { "1;", "';' is not allowed" },
        { "instruction = 'open", "unclosed" },
        { "1 /* open", "unclosed" },
        { "1 /*/", "unclosed" },
        { "[open", "unclosed" },
        { "sample_id = ?1", "parameters are not supported" },
        { "$a(()) UNION SELECT 1 WHERE ($b(", "parameters are not supported" },
        { "1 = :score_set_id", "parameters are not supported" },
        { "1 ORDER BY 1", "syntax error" },
        { "1 LIMIT 1", "syntax error" },
        { "", "incomplete at the end" },
        { "-- nothing", "incomplete at the end" },
        { "sample_id =", "incomplete at the end" },
    };
    struct store *store = ((struct ranked *)*state)->f.store;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct id_list list = { 0 };
        struct error err;

        assert_fails(condition_select(store, cases[i].condition, &list, &err), ERR_USAGE,
                     cases[i].phrase);
    }
}

static void a_malformed_condition_is_an_error_with_its_place(void **state)
{
    struct store *store = ((struct ranked *)*state)->f.store;
    struct id_list list = { 0 };
    struct error err;

    assert_fails(condition_select(store, "instrution IS NULL", &list, &err), ERR_USAGE,
                 "condition: no such column: instrution, at character 1");
    assert_fails(condition_select(store, "response <> 'ä' AND nope(1)", &list, &err), ERR_USAGE,
                 "no such function: nope, at character 21");
    assert_fails(condition_select(store, "source = \"novels\"", &list, &err), ERR_USAGE,
                 "no such column: novels");
    assert_fails(condition_select(store, "abs(-9223372036854775807 - 1) > 0", &list, &err),
                 ERR_USAGE, "integer overflow");
}

static void repeated_conditions_are_joined_by_and(void **state)
{
    struct text_list list = { 0 };
    struct error err;
    char *joined = NULL;

    (void)state;
    assert_ok(condition_join(&list, &joined, &err));
    assert_null(joined);
    assert_ok(option_list_add(&list, "a = 1 OR b = 2", &err));
    assert_ok(condition_join(&list, &joined, &err));
    assert_string_equal(joined, "a = 1 OR b = 2");
    free(joined);
    assert_ok(option_list_add(&list, "c", &err));
    assert_ok(condition_join(&list, &joined, &err));
    assert_string_equal(joined, "(a = 1 OR b = 2) AND (c)");
    free(joined);
    assert_ok(option_list_add(&list, "d -- e", &err));
    assert_ok(condition_join(&list, &joined, &err));
    assert_string_equal(joined, "(a = 1 OR b = 2) AND (c) AND (d -- e\n)");
    free(joined);
    option_list_free(&list);
}

/* Joined, the parentheses of these match, and the whole would hold for more samples. */
static void a_repeated_condition_cannot_open_or_end_another(void **state)
{
    static const char *const texts[][2] = {
        { "0", "1) OR (1" },  { "1) OR (1", "0" }, { "0) OR (1", "1) AND (1" },
        { "0", "1) OR ((1" }, { "(0", "1) OR 1" }, { "0 /*", "*/) OR (1" },
        { "'", "' OR 1" },
    };
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct text_list list = { 0 };
        char *joined = NULL;

        assert_ok(option_list_add(&list, texts[i][0], &err));
        assert_ok(option_list_add(&list, texts[i][1], &err));
        assert_fails(condition_join(&list, &joined, &err), ERR_USAGE, "condition: ");
        assert_null(joined);
        option_list_free(&list);
    }
}

static void a_condition_cannot_write(void **state)
{
    struct store *store = ((struct ranked *)*state)->f.store;
    struct id_list list = { 0 };
    struct error err;

    assert_fails(condition_select(store, "load_extension('x') IS NULL", &list, &err), ERR_USAGE,
                 "load_extension");
    assert_fails(
        condition_select(store, "1 IN (SELECT 1 FROM pragma_foreign_keys)", &list, &err),
        ERR_USAGE, "not authorized");
    assert_rows(store, "SELECT count(*) FROM sample", "6");
}

static void unscored_samples_are_those_without_a_row(void **state)
{
    struct ranked *r = *state;
    int64_t ids[] = { 1, 2, 5, 6 };
    const struct id_list some = { ids, 4 }, none = { NULL, 0 };
    struct id_list list = { 0 };
    struct error err;

    assert_ok(score_list_unscored(r->f.store, r->set_id, &some, false, &list, &err));
    assert_ids(&list, "6");
    id_list_release(&list);
    assert_ok(score_list_unscored(r->f.store, r->set_id + 1, &some, false, &list, &err));
    assert_ids(&list, "1 2 5 6");
    id_list_release(&list);
    assert_ok(score_list_unscored(r->f.store, r->set_id, &none, false, &list, &err));
    assert_ids(&list, "");
    id_list_release(&list);
}

static struct selection_spec top(const struct ranked *r, uint64_t n)
{
    return (struct selection_spec){ .name = "best",
                                    .score_set_id = r->set_id,
                                    .higher_is_better = true,
                                    .top = "n",
                                    .top_n = n,
                                    .may_empty = true };
}

static struct selection_result make(struct ranked *r, const struct selection_spec *spec)
{
    struct selection_result result = { 0 };
    struct error err;

    assert_ok(selection_make(r->f.store, spec, r->f.run_id, false, &result, &err));
    return result;
}

#define SELECTED "SELECT rank, sample_id, score FROM v_selection ORDER BY selection, rank"

static void selected_samples_are_in_order_of_score_and_then_of_content_hash(void **state)
{
    struct ranked *r = *state;
    struct selection_spec spec = top(r, 3);

    const struct selection_result result = make(r, &spec);

    assert_int_equal(result.n_selected, 3);
    assert_int_equal(result.n_candidates, 4);
    assert_int_equal(result.n_unscored, 2);
    assert_false(result.replaced || result.unchanged);
    assert_rows(r->f.store, SELECTED, "1|1|3\n2|4|2\n3|3|2");

    spec.higher_is_better = false;
    spec.top_n = 100;
    assert_int_equal(make(r, &spec).n_selected, 4);
    assert_rows(r->f.store, SELECTED, "1|2|1\n2|4|2\n3|3|2\n4|1|3");
}

static void a_share_is_taken_of_scored_samples_and_rounded_up(void **state)
{
    static const struct {
        uint64_t per_10000;
        uint64_t want;
    } cases[] = { { 1, 1 },    { 2500, 1 },  { 2501, 2 },      { 5000, 2 },
                  { 7501, 4 }, { 10000, 4 }, { UINT64_MAX, 4 } };
    struct ranked *r = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct selection_spec spec = top(r, 0);

        spec.top_per_10000 = cases[i].per_10000;
        assert_int_equal(make(r, &spec).n_selected, cases[i].want);
    }
}

static void a_condition_limits_the_candidates_of_a_selection(void **state)
{
    struct ranked *r = *state;
    struct selection_spec spec = top(r, 10);

    spec.condition = "sample_id > 2";
    const struct selection_result result = make(r, &spec);

    assert_int_equal(result.n_candidates, 2);
    assert_int_equal(result.n_unscored, 2);
    assert_rows(r->f.store, SELECTED, "1|4|2\n2|3|2");
    spec.condition = "sample_id = 5";
    assert_int_equal(make(r, &spec).n_selected, 0);
    spec.condition = "nonsense";
    struct selection_result none;
    struct error err;
    assert_fails(selection_make(r->f.store, &spec, r->f.run_id, false, &none, &err), ERR_USAGE,
                 "no such column: nonsense");
    assert_ok(
        store_begin(r->f.store, &err)); /* the failed condition left no transaction open */
    store_rollback(r->f.store);
}

static void making_the_same_selection_again_writes_nothing(void **state)
{
    struct ranked *r = *state;
    struct selection_spec spec = top(r, 2);
    struct selection_result result;
    struct error err;
    int64_t later = 0;

    make(r, &spec);
    assert_ok(run_begin(r->f.store, r->f.run_id, "select", slice_text("{}"), &later, &err));
    assert_ok(selection_make(r->f.store, &spec, later, false, &result, &err));

    assert_true(result.unchanged);
    assert_false(result.replaced);
    assert_int_equal(result.n_selected, 2);
    assert_rows(r->f.store, "SELECT run_id = 1 FROM selection", "1");
}

static void a_selection_with_any_other_setting_is_replaced(void **state)
{
    struct ranked *r = *state;
    struct selection_spec spec = top(r, 2);
    const struct score_row better = {
        .score_set_id = r->set_id, .sample_id = 2, .value = 9, .status = "ok"
    };
    struct error err;

    make(r, &spec);
    spec.top_n = 3;
    assert_true(make(r, &spec).replaced);
    spec.top = "3";
    assert_true(make(r, &spec).replaced);
    spec.condition = "1";
    assert_true(make(r, &spec).replaced);
    spec.condition = NULL;
    assert_true(make(r, &spec).replaced);
    assert_ok(score_put(r->f.store, &better, r->f.run_id, &err));
    assert_true(make(r, &spec).replaced);
    assert_true(make(r, &spec).unchanged);

    assert_rows(r->f.store, SELECTED, "1|2|9\n2|1|3\n3|4|2");
    assert_rows(r->f.store, "SELECT count(*) FROM selection", "1");
}

static void a_dry_run_counts_the_selection_and_writes_nothing(void **state)
{
    struct ranked *r = *state;
    struct selection_spec spec = top(r, 2);
    struct selection_result result;
    struct error err;

    assert_ok(selection_make(r->f.store, &spec, 0, true, &result, &err));
    assert_int_equal(result.n_selected, 2);
    assert_rows(r->f.store, "SELECT count(*) FROM selection", "0");

    make(r, &spec);
    spec.top_n = 1;
    assert_ok(selection_make(r->f.store, &spec, 0, true, &result, &err));
    assert_true(result.replaced);
    assert_rows(r->f.store, "SELECT count(*) FROM selection_sample", "2");
}

static void a_selection_is_read_back_in_order_of_rank(void **state)
{
    struct ranked *r = *state;
    struct selection_spec spec = top(r, 3);
    struct id_list list = { 0 };
    double *scores = NULL;
    struct error err;

    assert_fails(selection_load(r->f.store, "best", &list, NULL, &err), ERR_NOT_FOUND,
                 "'curate select'");
    make(r, &spec);
    assert_ok(selection_load(r->f.store, "best", &list, &scores, &err));
    assert_ids(&list, "1 4 3");
    assert_true(scores[0] == 3 && scores[1] == 2 && scores[2] == 2);
    id_list_release(&list);
    free(scores);

    assert_ok(selection_load(r->f.store, "best", &list, NULL, &err));
    id_list_release(&list);
    assert_fails(selection_load(r->f.store, "worst", &list, NULL, &err), ERR_NOT_FOUND,
                 "choose one of: best");
}

/* Samples 1 to 6 have 2, 5, 2 words, none, 9 and 1. */
static void add_words(struct store *store)
{
    static const struct fact_column words = { "words", CELL_INTEGER, "words" };
    static const struct fact_group group = {
        .name = "length", .version = 1, .columns = &words, .n_columns = 1
    };
    static const int64_t counts[N_SAMPLES] = { 2, 5, 2, 0, 9, 1 };
    struct fact_writer *writer = NULL;
    struct error err;

    assert_ok(fact_group_put(store, &group, &err));
    assert_ok(fact_writer_open(store, &group, 1, &writer, &err));
    assert_ok(store_begin(store, &err));
    for (size_t i = 0; i < N_SAMPLES; i++) {
        const struct fact_cell cell = { .reason = counts[i] == 0 ? "none" : NULL,
                                        .integer = counts[i] };
        assert_ok(fact_write(writer, (int64_t)i + 1, &cell, &err));
    }
    assert_ok(store_commit(store, &err));
    fact_writer_close(writer);
}

static void a_selection_is_ordered_by_a_fact_in_either_direction(void **state)
{
    struct ranked *r = *state;
    struct store *store = r->f.store;
    struct selection_spec spec = {
        .name = "best", .top = "4", .top_n = 4, .ordering = ORDERED_BY_FACT, .fact = "words"
    };

    add_words(store);
    const struct selection_result made = make(r, &spec);
    assert_int_equal(made.n_candidates, 5);
    assert_int_equal(made.n_unscored, 1);
    assert_rows(store, SELECTED, "1|6|1\n2|3|2\n3|1|2\n4|2|5");
    assert_rows(store,
                "SELECT ordered_by, direction, model IS NULL, n_samples, n_candidates,"
                " n_unscored FROM v_selections",
                "words|ascending|1|4|5|1");
    assert_true(make(r, &spec).unchanged);

    spec.higher_is_better = true;
    spec.condition = "words < 9";
    assert_true(make(r, &spec).replaced);
    assert_rows(store, SELECTED, "1|2|5\n2|3|2\n3|1|2\n4|6|1");
    assert_rows(store, "SELECT fact, fact_order, score_set_id IS NULL FROM selection",
                "words|descending|1");
}

static void a_selection_changes_between_a_fact_and_a_metric(void **state)
{
    struct ranked *r = *state;
    struct store *store = r->f.store;
    struct selection_spec by_fact = {
        .name = "best", .top = "2", .top_n = 2, .ordering = ORDERED_BY_FACT, .fact = "words"
    };
    struct selection_spec by_metric = top(r, 2);
    struct arena arena = { 0 };
    const char *fact = NULL, *order = NULL;
    struct error err;

    add_words(store);
    make(r, &by_fact);
    assert_int_equal(selection_fact(store, "best", &arena, &fact, &order, &err), 1);
    assert_string_equal(fact, "words");
    assert_string_equal(order, "ascending");
    assert_true(make(r, &by_metric).replaced);
    assert_int_equal(selection_fact(store, "best", &arena, &fact, &order, &err), 0);
    assert_rows(store, "SELECT ordered_by, direction, model, params FROM v_selections",
                "ifd|descending|tiny|{}");
    assert_true(make(r, &by_fact).replaced);
    assert_rows(store, SELECTED, "1|6|1\n2|3|2");
    arena_release(&arena);
}

static void a_selection_needs_a_name_and_a_size(void **state)
{
    struct ranked *r = *state;
    struct selection_spec spec = top(r, 0);
    struct selection_result result;
    struct error err;

    assert_fails(selection_make(r->f.store, &spec, 1, false, &result, &err), ERR_USAGE,
                 "no size given");
    spec.top_n = 1;
    spec.name = "";
    assert_fails(selection_make(r->f.store, &spec, 1, false, &result, &err), ERR_USAGE, "name");
}

static void exports_are_recorded(void **state)
{
    struct ranked *r = *state;
    const struct export_row row = { .selection = "best",
                                    .format = "jsonl",
                                    .path = "-",
                                    .n_samples = 2,
                                    .n_bytes = 100,
                                    .sha256 = { 1 } };
    struct error err;

    assert_ok(export_add(r->f.store, &row, r->f.run_id, &err));

    assert_rows(r->f.store,
                "SELECT selection, format, path, n_samples, n_bytes, length(sha256), run_id"
                " FROM export",
                "best|jsonl|-|2|100|32|1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_condition_is_one_expression_over_v_sample),
        TEST(quotes_and_comments_in_a_condition_are_those_of_sql),
        TEST(a_condition_cannot_leave_its_parentheses),
        TEST(a_malformed_condition_is_an_error_with_its_place),
        cmocka_unit_test(repeated_conditions_are_joined_by_and),
        cmocka_unit_test(a_repeated_condition_cannot_open_or_end_another),
        TEST(a_condition_cannot_write),
        TEST(unscored_samples_are_those_without_a_row),
        TEST(selected_samples_are_in_order_of_score_and_then_of_content_hash),
        TEST(a_share_is_taken_of_scored_samples_and_rounded_up),
        TEST(a_condition_limits_the_candidates_of_a_selection),
        TEST(making_the_same_selection_again_writes_nothing),
        TEST(a_selection_with_any_other_setting_is_replaced),
        TEST(a_dry_run_counts_the_selection_and_writes_nothing),
        TEST(a_selection_is_read_back_in_order_of_rank),
        TEST(a_selection_is_ordered_by_a_fact_in_either_direction),
        TEST(a_selection_changes_between_a_fact_and_a_metric),
        TEST(a_selection_needs_a_name_and_a_size),
        TEST(exports_are_recorded),
    };

    return cmocka_run_group_tests_name("store/selection", tests, NULL, NULL);
}
