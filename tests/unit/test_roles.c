/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/arena.h"
#include "stages/record/roles.h"
#include "store/sample.h"

enum { MAX_TURNS = 16 };

/* Parse a specification "u:text a:text": a letter for the role, and an asterisk after it for a
 * turn that holds more than text. */
static void make(const char *spec, struct turn *turns, struct sample *out)
{
    static const struct {
        char letter;
        const char *role;
    } roles[] = { { 'u', "user" },
                  { 'a', "assistant" },
                  { 's', "system" },
                  { 't', "tool" },
                  { 'n', "narrator" } };

    *out = (struct sample){ .turns = turns, .response_turn = -1, .instruction_turn = -1 };
    while (*spec) {
        struct turn *turn = &turns[out->n_turns++];
        const char letter = *spec++;

        *turn = (struct turn){ .role = slice_of(NULL, 0) };
        for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
            if (roles[i].letter == letter)
                turn->role = slice_text(roles[i].role);
        if (*spec == '*') {
            turn->extra = slice_text("{\"name\":\"x\"}");
            spec++;
        }
        const size_t len = strcspn(++spec, " ");
        turn->content = slice_of(spec, len);
        spec += len + (spec[len] == ' ');
    }
    sample_find_turns(out);
}

static void alternating_roles_are_recognised(void **state)
{
    static const char *const good[] = { "",
                                        "u:a",
                                        "u:a a:b",
                                        "s:x u:a a:b",
                                        "u:a a:b u:c a:d",
                                        "u:a s:x a:b",
                                        "u:a a*:call t:x t:y a:b",
                                        "u:a a*:call t:x u:b a:c" };
    static const char *const bad[] = { "a:a",         "a:a u:b a:c", "u:a u:b a:c",
                                       "u:a a:b a:c", "u:a a:b u:c", "u:a t:x a:b",
                                       "t:x u:a a:b", "u:a n:x a:b" };
    struct turn turns[MAX_TURNS];
    struct sample sample;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        make(good[i], turns, &sample);
        if (!roles_alternate(&sample))
            fail_msg("%s does not alternate", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        make(bad[i], turns, &sample);
        if (roles_alternate(&sample))
            fail_msg("%s alternates", bad[i]);
    }
}

static void each_role_policy_repairs_its_way(void **state)
{
    static const struct {
        enum roles_policy policy;
        const char *before, *after; /* after is the same as before if nothing changes */
    } cases[] = {
        { ROLES_KEEP, "u:a u:b a:c", "u:a u:b a:c" },
        { ROLES_DROP, "u:a u:b a:c", "u:a u:b a:c" },
        { ROLES_MERGE, "u:a a:b", "u:a a:b" },
        { ROLES_MERGE, "u:a u:b u:c a:d", "u:a\n\nb\n\nc a:d" },
        { ROLES_MERGE, "u:a a:b a:c u:d a:e", "u:a a:b\n\nc u:d a:e" },
        { ROLES_MERGE, "u:a u*:b a:c", "u:a u*:b a:c" },
        { ROLES_MERGE, "a:a u:b a:c", "a:a u:b a:c" },
        { ROLES_TRIM, "a:a u:b a:c", "u:b a:c" },
        { ROLES_TRIM, "s:x a:a u:b a:c u:d", "s:x u:b a:c" },
        { ROLES_TRIM, "u:a u:b a:c", "u:a u:b a:c" },
        { ROLES_TRIM, "u:a n:x a:b n:y", "u:a a:b" },
        { ROLES_MERGE, "u:a n:x n:y a:b", "u:a n:x n:y a:b" },
        { ROLES_TRIM, "a:a", "a:a" },
        { ROLES_TRIM, "a:a u:b", "a:a u:b" },
    };
    struct turn turns[MAX_TURNS], wanted[MAX_TURNS];
    struct sample sample, want;
    struct arena arena;
    struct error err;

    (void)state;
    arena_init(&arena);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make(cases[i].before, turns, &sample);
        make(cases[i].after, wanted, &want);
        const int changed = roles_apply(&sample, cases[i].policy, &arena, &err);

        assert_int_equal(changed, strcmp(cases[i].before, cases[i].after) != 0);
        if (sample.n_turns != want.n_turns)
            fail_msg("%s has %zu turns", cases[i].before, sample.n_turns);
        for (size_t t = 0; t < want.n_turns; t++) {
            assert_true(slice_equal(sample.turns[t].role, want.turns[t].role));
            assert_true(slice_equal(sample.turns[t].content, want.turns[t].content));
        }
        assert_int_equal(sample.response_turn, want.response_turn);
        assert_int_equal(sample.instruction_turn, want.instruction_turn);
        assert_int_equal(sample.kind, want.kind);
    }
    arena_release(&arena);
}

static struct turn turn_of(const char *role, enum turn_trained trained, enum turn_side side)
{
    return (struct turn){ .role = slice_text(role),
                          .content = slice_text("text"),
                          .trained = trained,
                          .side = side };
}

static void the_response_is_the_last_assistant_turn_that_is_trained_on(void **state)
{
    struct turn turns[] = {
        turn_of("user", TURN_TRAINED_UNSAID, TURN_SIDE_PROMPT),
        turn_of("assistant", TURN_TRAINED_YES, TURN_SIDE_PROMPT),
        turn_of("user", TURN_TRAINED_UNSAID, TURN_SIDE_PROMPT),
        turn_of("assistant", TURN_TRAINED_NO, TURN_SIDE_PROMPT),
    };
    struct sample sample = { .turns = turns, .n_turns = 4 };

    (void)state;
    sample_find_turns(&sample);
    assert_int_equal(sample.kind, SAMPLE_SFT);
    assert_int_equal(sample.response_turn, 1);
    assert_int_equal(sample.instruction_turn, 0);

    turns[1].trained = TURN_TRAINED_NO; /* no turn is left */
    sample_find_turns(&sample);
    assert_int_equal(sample.kind, SAMPLE_SFT);
    assert_int_equal(sample.response_turn, 3);
    assert_int_equal(sample.instruction_turn, 2);
}

static void the_response_of_a_pair_is_of_the_chosen_side(void **state)
{
    struct turn turns[] = {
        turn_of("user", TURN_TRAINED_UNSAID, TURN_SIDE_PROMPT),
        turn_of("assistant", TURN_TRAINED_UNSAID, TURN_SIDE_CHOSEN),
        turn_of("user", TURN_TRAINED_UNSAID, TURN_SIDE_CHOSEN),
        turn_of("assistant", TURN_TRAINED_UNSAID, TURN_SIDE_CHOSEN),
        turn_of("assistant", TURN_TRAINED_UNSAID, TURN_SIDE_REJECTED),
    };
    struct sample sample = { .turns = turns, .n_turns = 5 };

    (void)state;
    sample_find_turns(&sample);
    assert_int_equal(sample.kind, SAMPLE_PAIR);
    assert_int_equal(sample.response_turn, 3);
    assert_int_equal(sample.instruction_turn, 2);
    assert_true(roles_alternate(&sample));

    turns[4].side = TURN_SIDE_CHOSEN; /* two answers in a row on one side */
    assert_false(roles_alternate(&sample));
}

static void the_sides_of_a_pair_are_repaired_apart(void **state)
{
    struct turn turns[] = {
        turn_of("user", TURN_TRAINED_UNSAID, TURN_SIDE_PROMPT),
        turn_of("assistant", TURN_TRAINED_UNSAID, TURN_SIDE_CHOSEN),
        turn_of("assistant", TURN_TRAINED_UNSAID, TURN_SIDE_CHOSEN),
        turn_of("user", TURN_TRAINED_UNSAID, TURN_SIDE_CHOSEN),
        turn_of("assistant", TURN_TRAINED_UNSAID, TURN_SIDE_REJECTED),
        turn_of("user", TURN_TRAINED_UNSAID, TURN_SIDE_REJECTED),
    };
    struct sample sample = { .turns = turns, .n_turns = 6 };
    struct arena arena;
    struct error err;

    (void)state;
    arena_init(&arena);
    sample_find_turns(&sample);
    assert_false(roles_alternate(&sample)); /* either side ends with the user */
    assert_int_equal(sample.response_turn, 2);
    assert_int_equal(roles_find_rejected(&sample), 4);

    assert_int_equal(roles_apply(&sample, ROLES_TRIM, &arena, &err), 1);
    assert_int_equal(sample.n_turns, 4); /* without the last turn of each side */
    assert_int_equal(sample.turns[3].side, TURN_SIDE_REJECTED);
    assert_int_equal(roles_apply(&sample, ROLES_MERGE, &arena, &err), 1);
    assert_int_equal(sample.n_turns, 3); /* the chosen answers are one, the rejected apart */
    assert_int_equal(sample.turns[1].side, TURN_SIDE_CHOSEN);
    assert_int_equal(sample.response_turn, 1);
    assert_true(roles_alternate(&sample));
    arena_release(&arena);
}

static void every_role_policy_is_found_by_its_name(void **state)
{
    (void)state;
    assert_string_equal(roles_names[ROLES_KEEP], "keep");
    assert_string_equal(roles_names[ROLES_MERGE], "merge");
    assert_string_equal(roles_names[ROLES_TRIM], "trim");
    assert_string_equal(roles_names[ROLES_DROP], "drop");
    assert_null(roles_names[ROLES_DROP + 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alternating_roles_are_recognised),
        cmocka_unit_test(each_role_policy_repairs_its_way),
        cmocka_unit_test(the_response_is_the_last_assistant_turn_that_is_trained_on),
        cmocka_unit_test(the_response_of_a_pair_is_of_the_chosen_side),
        cmocka_unit_test(the_sides_of_a_pair_are_repaired_apart),
        cmocka_unit_test(every_role_policy_is_found_by_its_name),
    };

    return cmocka_run_group_tests_name("stages/roles", tests, NULL, NULL);
}
