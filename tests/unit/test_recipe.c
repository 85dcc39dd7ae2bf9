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

static const char *variable(const char *name)
{
    if (strcmp(name, "A") == 0)
        return "/a folder";
    if (strcmp(name, "B") == 0)
        return "3";
    return strcmp(name, "EMPTY") == 0 ? "" : NULL;
}

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
    assert_ok(recipe_parse(slice_text(whole), "r.yaml", variable, &recipe, &err));

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
    assert_ok(recipe_parse(slice_text(text), "r.yaml", variable, &recipe, &err));

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
    assert_ok(recipe_parse(slice_text(text), "r.yaml", variable, &recipe, &err));

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
        { "version: 1\nsteps: []\n", "line 2: steps: the list is empty: give at least one" },
        { "version: 1\nsteps:\n  - ingest: {files: []}\n",
          "line 3: step 1: ingest: files: the list is empty" },
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
        { "version: 1\nsteps:\n  - &a {score: {metrics: [nll]}}\n  - *a\n",
          "line 4: an alias (*name): a recipe may have none" },
    };
    struct recipe *recipe = NULL;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_fails(recipe_parse(slice_text(cases[i].text), "r.yaml", variable, &recipe, &err),
                     ERR_CONFIG, cases[i].phrase);
    assert_null(recipe);
}

static void a_text_that_is_not_yaml_as_recipes_use_it_is_an_error_with_its_line(void **state)
{
    static const struct {
        const char *text, *phrase;
    } cases[] = {
        { "- 1\n- 2\n", "a recipe must be a mapping with the keys version and steps" },
        { "version: 1\nsteps:\n  - [a]\n", "line 3: step 1: a step must be a mapping, as in" },
        { "version: 1\nsteps: {a: b}\n", "line 2: steps: must be a list" },
        { "version: 1\nsteps:\n  - score: [a]\n",
          "line 3: step 1: score: must be a mapping of options, as in {key: value}" },
        { "version: 1\ndb: ''\nsteps:\n  - score: {metrics: [nll]}\n",
          "line 2: db: must not be empty" },
        { "version: 1\nsteps:\n  - score: {metrics: [nll]}\n---\nversion: 1\n",
          "line 4: a second document begins here: give each recipe a file of its own" },
        { "version: 1\nsteps:\n  - score: {metrics: [nll]}\n...\n---\n", "a second document" },
        { "version: 1\ndb: \"y\\0z.db\"\nsteps:\n  - score: {metrics: [nll]}\n",
          "line 2: a text holds a NUL character: remove the \\0" },
        { "version: 1\nsteps:\n  - score: {metrics: [nll, \"ppl\\0\"]}\n", "line 3: a text" },
        { "version: 1.0\nsteps:\n  - score: {metrics: [nll]}\n", "version 1.0: this" },
        { "version: 0x1\nsteps:\n  - score: {metrics: [nll]}\n", "version 0x1: this" },
        { "version: 1a\nsteps:\n  - score: {metrics: [nll]}\n", "version 1a: this" },
        { "version:\nsteps:\n  - score: {metrics: [nll]}\n", "r.yaml: version" },
        { "version: 1\n\n{{{{{{{{\n", "line 4: not valid YAML: could not find expected" },
        { "{{{{{{{{ : 1}}}}}}}}\n", "line 1: a key must be a text, not a list or a mapping" },
        { "version: 1\n? [a, b]\n: 3\n", "line 2: a key must be a text" },
        { "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "line 1: lists and mappings are nested" },
        { "version: 1\nsteps:\n  - score: {metrics: [nll]}\n# \x01\n",
          "line 4: not valid YAML: control characters are not allowed" },
        { "version: 1\nstepss:\n  - score: {metrics: [nll]}\n",
          "line 2: there is no key 'stepss' here; did you mean 'steps'?" },
        { "versoin: 1\nsteps:\n  - score: {metrics: [nll]}\n", "did you mean 'version'?" },
        { "version: 1\nsteps:\n  - scor: {metrics: [nll]}\n",
          "line 3: step 1: there is no key 'scor' here; did you mean 'score'?" },
        { "version: 1\nsteps:\n  - score: {metric: [nll]}\n",
          "line 3: step 1: score: there is no key 'metric' here; did you mean 'metrics'?" },
    };
    struct recipe *recipe = NULL;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_fails(recipe_parse(slice_text(cases[i].text), "r.yaml", variable, &recipe, &err),
                     ERR_CONFIG, cases[i].phrase);
    assert_null(recipe);
}

static void a_value_may_begin_with_a_variable_of_the_environment(void **state)
{
    static const char text[] = "version: 1\n"
                               "db: ${A}/x.db\n"
                               "threads: ${B}\n"
                               "steps:\n"
                               "  - ingest: {files: [\"${A}/a.jsonl\", b$X.jsonl]}\n"
                               "  - select: {name: \"$${A}\", by: nll, top: \"${B}\"}\n"
                               "  - score: {metrics: [nll], where: \"a = '${A}'\"}\n";
    struct recipe *recipe = NULL;
    struct error err;

    (void)state;
    assert_ok(recipe_parse(slice_text(text), "r.yaml", variable, &recipe, &err));

    assert_string_equal(recipe_db(recipe), "/a folder/x.db");
    assert_string_equal(recipe_threads(recipe), "3");
    assert_step_json(recipe, 0, "\"files\":[\"/a folder/a.jsonl\",\"b$X.jsonl\"]");
    assert_step_json(recipe, 1, "\"name\":\"${A}\"");
    assert_step_json(recipe, 1, "\"top\":\"3\"");
    assert_step_json(recipe, 2, "\"where\":\"a = '${A}'\"");
    recipe_free(recipe);
}

static void a_variable_that_has_no_value_is_an_error_with_its_place(void **state)
{
    static const struct {
        const char *text, *phrase;
    } cases[] = {
        { "version: 1\ndb: ${NONE}/x.db\nsteps:\n  - score: {metrics: [nll]}\n",
          "r.yaml: db: ${NONE}/x.db: the environment variable NONE is "
          "not set" },
        { "version: 1\nsteps:\n  - ingest: {files: [a, \"${EMPTY}/b\"]}\n",
          "step 1: ingest: files: ${EMPTY}/b: the environment variable "
          "EMPTY is empty" },
        { "version: 1\nsteps:\n  - ingest: {files: [\"${HOME\"]}\n",
          "must begin with ${NAME}" },
        { "version: 1\nsteps:\n  - ingest: {files: [\"${}a\"]}\n", "must begin with ${NAME}" },
        { "version: 1\nsteps:\n  - ingest: {files: [\"${1}\"]}\n",
          "for a literal ${ write $${" },
    };
    struct recipe *recipe = NULL;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_fails(recipe_parse(slice_text(cases[i].text), "r.yaml", variable, &recipe, &err),
                     ERR_CONFIG, cases[i].phrase);
    assert_null(recipe);
}

static void a_missing_recipe_is_an_error_that_names_the_file(void **state)
{
    struct recipe *recipe = NULL;
    struct error err;

    (void)state;
    assert_fails(recipe_load("no/such.yaml", variable, &recipe, &err), ERR_NOT_FOUND,
                 "no/such.yaml");
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

    assert_fails(recipe_load(path, variable, &recipe, &err), ERR_CONFIG,
                 "longer than 1048576 bytes");
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
        cmocka_unit_test(a_text_that_is_not_yaml_as_recipes_use_it_is_an_error_with_its_line),
        cmocka_unit_test(a_value_may_begin_with_a_variable_of_the_environment),
        cmocka_unit_test(a_variable_that_has_no_value_is_an_error_with_its_place),
        cmocka_unit_test(a_missing_recipe_is_an_error_that_names_the_file),
        cmocka_unit_test(a_recipe_that_is_too_long_is_refused),
    };

    return cmocka_run_group_tests_name("pipeline/recipe", tests, NULL, NULL);
}
