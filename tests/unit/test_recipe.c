/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "pipeline/options_json.h"
#include "pipeline/recipe.h"
#include "stages/stage.h"
#include "tests/support/tmp.h"

static const char whole[] =
    "version: 1\n"
    "db: x.db\n"
    "threads: 2\n"
    "lock: skip\n"
    "steps:\n"
    "  - ingest:\n"
    "      files: [a.jsonl, b.jsonl]\n"
    "      max-rejects: 2.5\n"
    "  - score: {metrics: [gateau, ifd], alpha: 0.7}\n"
    "  - select: {name: best, by: gateau, top: 10%}\n"
    "  - export: {selection: best, to: alpaca, output: o, force: true}\n";

/* The step's arguments are this JSON, as the run row stores it: every option by name. */
static void assert_step_json(const struct recipe *recipe, size_t i, const char *phrase)
{
    const struct recipe_step *step = recipe_step(recipe, i);
    struct buf json;
    struct error err;

    buf_init(&json, 1 << 16);
    assert_ok(options_json(step->stage, step->args, &json, &err));
    if (!strstr(json.data, phrase))
        fail_msg("step %zu: '%s' not in %s", i + 1, phrase, json.data);
    buf_release(&json);
}

static void keys_of_a_recipe_step_are_the_options_of_its_command(void **state)
{
    struct recipe *recipe = NULL;
    struct error err;

    (void)state;
    assert_ok(recipe_parse(slice_text(whole), "r.yaml", &recipe, &err));

    assert_string_equal(recipe_db(recipe), "x.db");
    assert_string_equal(recipe_threads(recipe), "2");
    assert_string_equal(recipe_lock(recipe), "skip");
    assert_int_equal(recipe_count(recipe), 4);
    assert_string_equal(recipe_step(recipe, 0)->stage->name, "ingest");
    assert_step_json(recipe, 0, "\"files\":[\"a.jsonl\",\"b.jsonl\"]");
    assert_step_json(recipe, 0, "\"max-rejects\":2.5");
    assert_step_json(recipe, 1, "\"metrics\":[\"gateau\",\"ifd\"]");
    assert_step_json(recipe, 1, "\"alpha\":0.7");
    assert_step_json(recipe, 2, "\"top\":\"10%\"");
    assert_step_json(recipe, 3, "\"force\":true");
    recipe_free(recipe);
}

static void where_in_a_recipe_is_one_condition_or_a_list(void **state)
{
    static const char text[] = "version: 1\n"
                               "steps:\n"
                               "  - score: {metrics: [nll], where: [a, b = 1]}\n"
                               "  - select: {name: s, by: nll, top: 3, where: c > 2}\n"
                               "  - score: {metrics: [ppl], where: [d]}\n"
                               "  - score: {metrics: [ppl]}\n";
    struct recipe *recipe = NULL;
    struct error err;

    (void)state;
    assert_ok(recipe_parse(slice_text(text), "r.yaml", &recipe, &err));

    assert_step_json(recipe, 0, "\"where\":[\"a\",\"b = 1\"]");
    assert_step_json(recipe, 1, "\"where\":\"c > 2\"");
    assert_step_json(recipe, 2, "\"where\":\"d\"");
    recipe_free(recipe);
}

static void options_missing_from_a_recipe_step_have_their_defaults(void **state)
{
    static const char text[] = "version: 1\nsteps:\n  - score: {metrics: [nll]}\n";
    struct recipe *recipe = NULL;
    struct error err;

    (void)state;
    assert_ok(recipe_parse(slice_text(text), "r.yaml", &recipe, &err));

    assert_null(recipe_db(recipe));
    assert_step_json(recipe, 0, "\"alpha\":0.8");
    recipe_free(recipe);
}

static void a_malformed_recipe_is_an_error_with_its_place(void **state)
{
    static const struct {
        const char *text, *phrase;
    } cases[] = {
        { "version: 1\nsteps:\n  - score: {metrics: [nll], colour: red}\n", "line 3" },
        { "version: 1\nsteps:\n  - score: {metrics: [nll], colour: red}\n", "colour" },
        { "version: 1\nstep:\n  - score: {metrics: [nll]}\n", "line 2" },
        { "version: 2\nsteps:\n  - score: {metrics: [nll]}\n",
          "version 2: this program reads version 1" },
        { "version: 1\nsteps:\n  - polish: {}\n", "line 3: step 1: there is no key 'polish'" },
        { "version: 1\nsteps:\n  - score:\n      metrics: [nll]\n\n      # colours\n      "
          "colour: red\n",
          "line 7: step 1: score: there is no key 'colour'" },
        { "version: 1\nsteps:\n  - score: {metrics: [polish]}\n", "step 1: score" },
        { "version: 1\nsteps:\n  - score: {metrics: [nll]}\n"
          "  - select: {name: a, by: nll, top: all}\n",
          "step 2: select: top: all: must be a number of at least 1" },
        { "version: 1\nsteps: []\n", "r.yaml" },
        { "version: 1\nsteps:\n  - score: {alpha: 0.5}\n",
          "step 1: score: the key 'metrics' is missing" },
        { "version: 1\nsteps:\n  - score: {metrics: [nll], alpha: high}\n",
          "step 1: score: alpha: high: must be a number" },
        { "version: 1\nsteps:\n  - {score: {metrics: [nll]}, select: {name: a}}\n", "both" },
        { "steps: [", "r.yaml" },
        { "", "empty" },
        { "version: 1\nsteps:\n  - select: {name: a, by: nll, top: 3, top: 4}\n",
          "line 3: step 1: select: the key 'top' is given twice: give it once" },
        { "version: 1\nversion: 1\nsteps: []\n", "the key 'version' is given twice" },
        { "version: 1\n", "the key 'steps' is missing" },
        { "version: 1\nsteps:\n  - select: {name: a, topp: 4}\n", "did you mean 'top'?" },
        { "version: 1\nsteps:\n  - select: {name: [a, b]}\n",
          "step 1: select: name: must be a single value, not a list" },
        { "version: 1\nsteps:\n  - score: {metrics: nll}\n",
          "step 1: score: metrics: must be a list, as in [A] or [A, B]" },
        { "version: 1\nsteps:\n  - select: {name: {a: b}}\n",
          "step 1: select: name: must be a single value" },
        { "version: 1\nsteps:\n  - score: {metrics: [nll], truncate: rigth}\n",
          "truncate: rigth: must be one of left, right; did you mean right?" },
        { "version: 1\nsteps:\n  - score: {metrics: [nll], max-memory: 1M}\n",
          "max-memory: 1M: must be at least 64M" },
        { "version: 1\nsteps:\n  - score: {metrics: [nll], where: [a]}\n"
          "  - score: {metrics: [ppl], where: a}\n",
          "step 2: score: where: must be a list, as in [A] or [A, B]" },
        { "- 1\n- 2\n", "r.yaml" },
        { "version: 1\nsteps:\n  - &a {score: {metrics: [nll]}}\n  - *a\n", "r.yaml" },
    };
    struct recipe *recipe = NULL;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_fails(recipe_parse(slice_text(cases[i].text), "r.yaml", &recipe, &err),
                     ERR_CONFIG, cases[i].phrase);
    assert_null(recipe);
}

static void a_missing_recipe_is_an_error_that_names_the_file(void **state)
{
    struct recipe *recipe = NULL;
    struct error err;

    (void)state;
    assert_fails(recipe_load("no/such.yaml", &recipe, &err), ERR_NOT_FOUND, "no/such.yaml");
}

static void a_recipe_that_is_too_long_is_refused(void **state)
{
    struct recipe *recipe = NULL;
    struct error err;
    struct tmp tmp;
    struct buf text;

    (void)state;
    tmp_open(&tmp);
    buf_init(&text, 4 << 20);
    while (text.len < 1 << 20)
        assert_ok(buf_add_text(&text, "# a comment, and nothing but comments\n", &err));
    const char *path = tmp_write(&tmp, "long.yaml", text.data, text.len);

    assert_fails(recipe_load(path, &recipe, &err), ERR_CONFIG, "longer than 1048576 bytes");
    buf_release(&text);
    tmp_close(&tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_a_recipe_step_are_the_options_of_its_command),
        cmocka_unit_test(where_in_a_recipe_is_one_condition_or_a_list),
        cmocka_unit_test(options_missing_from_a_recipe_step_have_their_defaults),
        cmocka_unit_test(a_malformed_recipe_is_an_error_with_its_place),
        cmocka_unit_test(a_missing_recipe_is_an_error_that_names_the_file),
        cmocka_unit_test(a_recipe_that_is_too_long_is_refused),
    };

    return cmocka_run_group_tests_name("pipeline/recipe", tests, NULL, NULL);
}
