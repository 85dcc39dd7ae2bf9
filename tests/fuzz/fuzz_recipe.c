/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "pipeline/recipe.h"
#include "stages/stage.h"

static void require(bool holds, const char *invariant)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", invariant);
    abort();
}

static const char *variable(const char *name)
{
    return name[0] == 'H' ? "home" : NULL;
}

/* A recipe is refused with a message, or each of its steps can be run. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct recipe *recipe = NULL;
    struct error err = { .code = ERR_NONE };

    if (recipe_parse(slice_of((const char *)data, len), "recipe", variable, &recipe, &err) <
        0) {
        require(err.code == ERR_CONFIG && err.msg[0],
                "an invalid recipe is an error with a message");
        return 0;
    }
    require(recipe_count(recipe) > 0, "a recipe has a step");
    for (size_t i = 0; i < recipe_count(recipe); i++) {
        const struct recipe_step *step = recipe_step(recipe, i);

        void *config = NULL;

        require(step->stage && step->args && step->config,
                "a step has a stage, its arguments and its configuration");
        require(stage_configure(step->stage, step->args, &config, &err) == 0,
                "a step that was read is checked");
        stage_config_free(step->stage, config);
    }
    recipe_free(recipe);
    return 0;
}
