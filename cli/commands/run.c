/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/error.h"
#include "cli/command.h"
#include "cli/commands/stage.h"
#include "cli/settings.h"
#include "cli/summary.h"
#include "pipeline/recipe.h"
#include "stages/stage.h"

struct run_args {
    const char *recipe;
};

static const struct option positional = {
    OPTION_TEXT,   0,
    "recipe",      offsetof(struct run_args, recipe),
    "RECIPE.yaml", .help = "the recipe, see docs/recipes.md",
};

/* Options and the environment override the recipe; the recipe overrides the defaults. */
static int set_from_recipe(struct cli *cli, const struct recipe *recipe, struct error *err)
{
    if (!cli->db_given && recipe_db(recipe))
        cli->db = recipe_db(recipe);
    if (cli->threads == 0 && recipe_threads(recipe) &&
        settings_set(cli, "threads", recipe_threads(recipe), err) < 0)
        return error_prefix(err, "threads %s", recipe_threads(recipe));
    if (!cli->lock_text)
        cli->lock_text = recipe_lock(recipe);
    return settings_resolve(cli, err);
}

static int use_settings(struct cli *cli, const struct recipe *recipe, struct error *err)
{
    if (set_from_recipe(cli, recipe, err) == 0)
        return 0;
    if (err->code == ERR_USAGE)
        err->code = ERR_CONFIG;
    return error_prefix(err, "%s", recipe_name(recipe));
}

static void print_plan(const struct recipe *recipe)
{
    for (size_t i = 0; i < recipe_count(recipe); i++)
        printf("step %zu: %s\n", i + 1, recipe_step(recipe, i)->stage->name);
}

static int cmd_run_run(struct cli *cli, const void *args, struct error *err)
{
    const struct run_args *a = args;
    struct stage_result result = { .n_facts = 0 };
    struct recipe *recipe = NULL;
    bool skipped = false;
    int rc = -1;

    if (recipe_load(a->recipe, settings_variable, &recipe, err) < 0)
        return -1;
    if (use_settings(cli, recipe, err) < 0)
        goto done;
    stage_fact_int(&result, "steps", (int64_t)recipe_count(recipe));
    if (cli->dry_run) {
        if (!cli->json && !cli->quiet)
            print_plan(recipe);
        summary_print(cli, "run", "dry-run", 0, &result);
        rc = 0;
        goto done;
    }
    const struct pipeline_options options = cmd_stage_pipeline(cli);
    rc = pipeline_run_recipe(&options, recipe, &skipped, err);
    if (rc == 0)
        summary_print(cli, "run", skipped ? "skipped" : "ok", 0, &result);
done:
    cli->db = "";
    recipe_free(recipe);
    return rc;
}

const struct command cmd_run = {
    .name = "run",
    .summary = "run the steps of a recipe: ingest, score, select, export",
    .description =
        "A recipe is a YAML file whose steps are commands with their options. If it is "
        "killed,\n"
        "run it again: it continues where it stopped. With --quiet it prints nothing unless\n"
        "something goes wrong, so cron sends mail only then.",
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct run_args),
    .defaults = &(const struct run_args){ .recipe = NULL },
    .run = cmd_run_run,
};
