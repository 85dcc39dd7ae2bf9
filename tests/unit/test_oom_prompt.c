/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation on the way from a model file's template to the token ids of a prompt fails
 * once. */
#include "tests/support/test.h"

#include "scoring/infer/tokenizer/vocab.h"
#include "scoring/observe/observe.h"
#include "scoring/prompts/prompt.h"
#include "scoring/prompts/prompt_cache.h"
#include "scoring/prompts/templates/template.h"
#include "tests/support/oom.h"
#include "tests/support/vocab_fixture.h"

enum { N_TURNS = 4 };

static const char CHATML[] = "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + "
                             "m['content'] + '<|im_end|>' + '\\n' }}{% endfor %}";

static int open_vocabulary(void **state)
{
    struct vocab_fixture *fixture = test_malloc(sizeof *fixture);
    struct vocab_open *open = test_malloc(sizeof *open);
    struct error err;

    vocab_fixture_bpe(fixture);
    vocab_fixture_add(fixture, "<|im_start|>", TOKEN_CONTROL, 0);
    vocab_fixture_add(fixture, "<|im_end|>", TOKEN_CONTROL, 0);
    fixture->bos = vocab_fixture_add(fixture, "<s>", TOKEN_CONTROL, 0);
    fixture->eos = vocab_fixture_add(fixture, "</s>", TOKEN_CONTROL, 0);
    fixture->chat_template = slice_text(CHATML);
    assert_ok(vocab_fixture_open(fixture, open, &err));
    test_free(fixture);
    *state = open;
    return 0;
}

static int close_vocabulary(void **state)
{
    vocab_open_release(*state);
    test_free(*state);
    return 0;
}

/* A dialogue of two questions and responses, with a prompt for each response. */
struct scene {
    const struct tokenizer *tokenizer;
    const struct prompt_template *form;
    struct dialogue_turn turns[N_TURNS];
    struct dialogue dialogue;
    struct observed_text text;
    struct observed_text later;
};

static void set_scene(const struct vocab_open *open, const struct prompt_template *form,
                      struct scene *out)
{
    *out = (struct scene){ .tokenizer = open->tokenizer, .form = form };
    out->turns[0] =
        (struct dialogue_turn){ .role = ROLE_USER, .text = slice_text("who sat where?") };
    out->turns[1] =
        (struct dialogue_turn){ .role = ROLE_ASSISTANT, .text = slice_text("the cat, here") };
    out->turns[2] = (struct dialogue_turn){ .role = ROLE_USER, .text = slice_text("why?") };
    out->turns[3] =
        (struct dialogue_turn){ .role = ROLE_ASSISTANT, .text = slice_text("it was <s>tired") };
    out->dialogue = (struct dialogue){ .turns = out->turns, .n_turns = 4 };
    out->text = (struct observed_text){ .context = slice_text("The cat sat. It was tired."),
                                        .instruction = out->turns[0].text,
                                        .response = out->turns[1].text,
                                        .dialogue = &out->dialogue,
                                        .response_turn = 1 };
    out->later = out->text;
    out->later.instruction = out->turns[2].text;
    out->later.response = out->turns[3].text;
    out->later.response_turn = 3;
}

static int choose(const void *input, struct error *err)
{
    const struct scene *scene = input;
    struct chosen_template chosen;

    if (prompt_template_choose("auto", scene->tokenizer, &chosen, err) < 0)
        return -1;
    assert_string_equal(chosen.form.name, "chatml");
    return 0;
}

static int build(const void *input, struct error *err)
{
    const struct scene *scene = input;
    struct prompt first = { 0 }, next = { 0 };
    int rc = prompt_build(scene->form, scene->tokenizer, &scene->text, &first, err);

    if (rc == 0)
        rc =
            prompt_build_next(scene->form, scene->tokenizer, &first, &scene->later, &next, err);
    if (rc == 0) {
        assert_true(first.n_response > 0);
        assert_true(next.ids.n > first.ids.n);
    }
    prompt_release(&first);
    prompt_release(&next);
    return rc;
}

static int build_short(const void *input, struct error *err)
{
    const struct scene *scene = input;
    struct prompt prompt = { 0 };
    const int rc =
        prompt_build_short(scene->form, scene->tokenizer, &scene->later, 30, &prompt, err);

    if (rc == 0)
        assert_true(prompt.n_response > 0);
    prompt_release(&prompt);
    return rc;
}

static int keep_and_take(const void *input, struct error *err)
{
    const struct scene *scene = input;
    struct prompt_cache *cache = NULL;
    struct prompt prompt = { 0 };
    int rc = prompt_build(scene->form, scene->tokenizer, &scene->text, &prompt, err);

    if (rc == 0)
        rc = prompt_cache_new(1 << 20, &cache, err);
    if (rc == 0)
        rc = prompt_cache_add(cache, 1, 1, &prompt, err);
    if (rc == 0)
        assert_true(prompt_cache_take(cache, 1, 1, &prompt));
    prompt_cache_free(cache);
    prompt_release(&prompt);
    return rc;
}

static void recognising_a_template_reports_each_failed_allocation(void **state)
{
    struct scene scene;

    set_scene(*state, NULL, &scene);
    assert_true(oom_survive(choose, &scene) > 0);
}

static void building_prompts_of_each_template_reports_each_failed_allocation(void **state)
{
    struct scene scene;
    size_t n_forms = 0;

    for (size_t i = 0; template_families[i]; i++) {
        for (size_t k = 0; template_families[i]->forms[k]; k++) {
            const struct prompt_template *form = template_families[i]->forms[k];
            struct error err;

            set_scene(*state, form, &scene);
            if (prompt_template_fits(form, scene.tokenizer, &err) < 0)
                continue; /* the vocabulary lacks its control tokens */
            assert_true(oom_survive(build, &scene) > 5);
            assert_true(oom_survive(build_short, &scene) > 3);
            assert_true(oom_survive(keep_and_take, &scene) > 3);
            n_forms++;
        }
    }
    assert_true(n_forms > 5);
}

/* A call with a thought before it, its result, and the response. */
static void building_prompts_with_tools_reports_each_failed_allocation(void **state)
{
    static const struct dialogue_call call = { .id = { "c", 1 },
                                               .name = { "look", 4 },
                                               .arguments = { "{\"at\":[1,2]}", 12 } };
    static const struct slice tool = { "{\"name\":\"look\"}", 15 };
    struct scene scene;

    set_scene(*state, prompt_template_find("qwen3"), &scene);
    scene.turns[1].thought = slice_text("I look");
    scene.turns[1].calls = &call;
    scene.turns[1].n_calls = 1;
    scene.turns[2] = (struct dialogue_turn){ .role = ROLE_TOOL, .text = slice_text("the cat") };
    scene.dialogue.tools = &tool;
    scene.dialogue.n_tools = 1;
    assert_true(oom_survive(build, &scene) > 10);
    scene.text.part = RESPONSE_THOUGHT;
    scene.later.part = RESPONSE_ANSWER;
    assert_true(oom_survive(build, &scene) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recognising_a_template_reports_each_failed_allocation),
        cmocka_unit_test(building_prompts_of_each_template_reports_each_failed_allocation),
        cmocka_unit_test(building_prompts_with_tools_reports_each_failed_allocation),
    };

    return cmocka_run_group_tests_name("prompts without memory", tests, open_vocabulary,
                                       close_vocabulary);
}
