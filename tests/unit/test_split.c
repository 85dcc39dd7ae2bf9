/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <math.h>

#include "base/arena.h"
#include "base/digest.h"
#include "scoring/selection/split.h"
#include "stages/split/parts.h"
#include "store/db_private.h"
#include "store/split.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"

static const double thirds[] = { 0.5, 0.25, 0.25 };
static const double published[] = { 0.9, 0.05, 0.05 };

static void points_are_those_of_sha256(void **state)
{
    static const struct {
        const char *key;
        double u;
    } cases[] = { { "a", .5490854 },
                  { "b", .6719468 },
                  { "doc-7", .0286164 },
                  { "doc-42", .6533637 },
                  { "zz", .1050379 } };
    struct digest *digest = NULL;
    struct error err;
    uint64_t point;

    (void)state;
    assert_ok(digest_new(&digest, &err));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(split_point(digest, "split", slice_text(cases[i].key), &point, &err));
        assert_true(fabs((double)point * 0x1p-64 - cases[i].u) < 5.1e-8);
        assert_int_equal(split_part_of(point, published, 3), 0);
    }
    digest_free(digest);
}

static void a_point_on_a_border_belongs_to_the_next_part(void **state)
{
    (void)state;
    assert_int_equal(split_part_of(0, thirds, 3), 0);
    assert_int_equal(split_part_of((UINT64_C(1) << 63) - 1025, thirds, 3), 0);
    assert_int_equal(split_part_of(UINT64_C(1) << 63, thirds, 3), 1);
    assert_int_equal(split_part_of(UINT64_C(3) << 62, thirds, 3), 2);
    assert_int_equal(split_part_of(UINT64_MAX, thirds, 3), 2);
}

static void exact_parts_are_filled_in_the_order_of_points(void **state)
{
    struct split_group groups[] = {
        { .first = 0, .point = 50, .weight = 3 }, { .first = 1, .point = 10, .weight = 1 },
        { .first = 2, .point = 40, .weight = 2 }, { .first = 3, .point = 20, .weight = 2 },
        { .first = 4, .point = 20, .weight = 1 }, { .first = 5, .point = 30, .weight = 3 },
    };
    /* Goals are 6, 3 and 3 of 12. Group 5 fills part 0, group 0 part 1; nothing is left. */
    static const uint32_t want[] = { 1, 0, 1, 0, 0, 0 };
    struct error err;

    (void)state;
    assert_ok(split_exact(groups, 6, thirds, 3, &err));
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(groups[i].part, want[i]);
}

static void each_stratum_has_its_exact_shares(void **state)
{
    struct split_group groups[24];
    size_t n_of[2][3] = { { 0 } };
    struct error err;

    (void)state;
    for (size_t i = 0; i < 24; i++)
        groups[i] = (struct split_group){
            .first = (uint32_t)i, .point = i * 7919 % 97, .weight = 1, .stratum = i % 3 == 0
        };
    assert_ok(split_exact(groups, 24, thirds, 3, &err));
    for (size_t i = 0; i < 24; i++)
        n_of[groups[i].stratum][groups[i].part]++;
    for (size_t s = 0; s < 2; s++) {
        assert_int_equal(n_of[s][0], s ? 4 : 8);
        assert_int_equal(n_of[s][1], s ? 2 : 4);
        assert_int_equal(n_of[s][2], s ? 2 : 4);
    }
}

static void a_joined_group_goes_where_the_smallest_key_was(void **state)
{
    /* Groups of before: {0, 2} in part 1, {1} in part 0, {3} in part 1; 4 is new. */
    static const struct split_old old[] = {
        { 0, 1 }, { 1, 0 }, { 0, 1 }, { 3, 1 }, { SPLIT_NONE, 0 }
    };
    static const uint32_t group_of[] = { 0, 0, 0, 1, SPLIT_NONE };
    struct split_group groups[] = { { .first = 0, .part = SPLIT_NONE },
                                    { .first = 3, .part = SPLIT_NONE },
                                    { .first = 4, .part = SPLIT_NONE } };
    struct split_kept kept;
    struct error err;

    (void)state;
    assert_ok(split_keep(old, group_of, 5, groups, 3, &kept, &err));
    assert_int_equal(groups[0].part, 1);
    assert_int_equal(groups[1].part, 1);
    assert_int_equal(groups[2].part, SPLIT_NONE);
    assert_int_equal(kept.n_joined, 1);
    assert_int_equal(kept.n_moved, 1);
}

static void a_grown_group_keeps_its_part(void **state)
{
    /* The new sample 0 has a smaller hash than the key, 1, of the group that it enters. */
    static const struct split_old old[] = { { SPLIT_NONE, 0 }, { 1, 1 }, { 1, 1 } };
    static const uint32_t group_of[] = { 0, 0, 0 };
    struct split_group group = { .first = 0, .part = SPLIT_NONE, .point = 0 };
    struct split_kept kept;
    struct error err;

    (void)state;
    assert_ok(split_keep(old, group_of, 3, &group, 1, &kept, &err));
    split_by_hash(&group, 1, thirds, 3);
    assert_int_equal(group.part, 1);
    assert_int_equal(kept.n_joined + kept.n_moved, 0);
}

static void parts_are_parsed(void **state)
{
    static const struct {
        const char *text;
        const char *phrase; /* NULL: valid */
    } cases[] = {
        { "a=.9,b=.1", NULL },
        { "a=90%,b=10%", NULL },
        { "a=0.1,b=0.2,c=0.3,d=0.4", NULL },
        { "a=1e-3,b=.999", NULL },
        { "a=1", "two parts or more" },
        { "a=.5,b=.6", "sum to 1.1" },
        { "a=.5,a=.5", "twice" },
        { "a=.5,,b=.5", "has no share" },
        { "=.5,b=.5", "no name of a part" },
        { "a b=.5,c=.5", "no name of a part" },
        { "a=0,b=1", "must be above 0" },
        { "a=nan,b=1", "must be above 0" },
        { "a=-.5,b=1.5", "must be above 0" },
        { "a=.5x,b=.5", "must be above 0" },
        { "a=50%%,b=.5", "must be above 0" },
        { "a=,b=1", "must be above 0" },
        { "", "has no share" },
    };
    struct split_part *parts = NULL;
    struct arena arena;
    struct error err;
    size_t n = 0;

    (void)state;
    arena_init(&arena);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int rc = parts_parse(cases[i].text, &arena, &parts, &n, &err);

        if (cases[i].phrase)
            assert_fails(rc, ERR_USAGE, cases[i].phrase);
        else
            assert_ok(rc);
    }
    assert_ok(parts_parse("train=.9,test=10%", &arena, &parts, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(parts[1].name, "test");
    assert_true(fabs(parts[1].share - 0.1) < 1e-12);
    arena_release(&arena);
}

static void a_stopped_run_leaves_the_split_of_before(void **state)
{
    struct store_fixture *f = *state;
    struct stage_run run;
    struct error err;

    for (int i = 0; i < 20; i++) {
        char text[16];

        snprintf(text, sizeof text, "text %d", i);
        store_fixture_add(f, "a context", "What?", text);
        store_fixture_add(f, NULL, "What?", text);
    }
    stage_run_init(&run, f->store);
    assert_ok(stage_run(&run, &err, "split", "by", "a=.5,b=.5", NULL));
    assert_int_equal(stage_run_int(&run, "samples"), 40);
    assert_int_equal(stage_run_int(&run, "groups"), 21);
    store_fixture_add(f, NULL, "What?", "a new text");
    run.stopped = true;
    assert_fails(stage_run(&run, &err, "split", "by", "a=.5,b=.5", NULL), ERR_CANCELLED,
                 "nothing was stored");
    assert_rows(f->store, "SELECT count(*) FROM split_sample", "40");
    run.stopped = false;
    assert_ok(stage_run(&run, &err, "split", "by", "a=.5,b=.5", NULL));
    assert_int_equal(stage_run_int(&run, "added"), 1);
    assert_string_equal(stage_run_text(&run, "result"), "changed");
    assert_ok(stage_run(&run, &err, "split drop", "split", "split", NULL));
    assert_int_equal(stage_run_int(&run, "samples"), 41);
    assert_rows(f->store,
                "SELECT (SELECT count(*) FROM split_sample) + (SELECT count(*) FROM"
                " split_part)",
                "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_are_those_of_sha256),
        cmocka_unit_test(a_point_on_a_border_belongs_to_the_next_part),
        cmocka_unit_test(exact_parts_are_filled_in_the_order_of_points),
        cmocka_unit_test(each_stratum_has_its_exact_shares),
        cmocka_unit_test(a_joined_group_goes_where_the_smallest_key_was),
        cmocka_unit_test(a_grown_group_keeps_its_part),
        cmocka_unit_test(parts_are_parsed),
        cmocka_unit_test_setup_teardown(a_stopped_run_leaves_the_split_of_before,
                                        store_fixture_setup, store_fixture_teardown),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("split", tests, NULL, NULL);
}
