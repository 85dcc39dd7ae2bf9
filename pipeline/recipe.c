/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/recipe.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cyaml/cyaml.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/option.h"
#include "pipeline/recipe_env.h"
#include "pipeline/recipe_fault.h"
#include "pipeline/recipe_yaml.h"
#include "stages/stage.h"

/*
 * libcyaml fills structs by a schema. The schema is built at run time from the option tables of
 * the stages, so a new option of a stage becomes a recipe key without a change here. Each
 * option is loaded into one slot, as a text or a list of texts; option_set() parses the texts.
 */
union slot {
    char *text;
    struct {
        char **items;
        unsigned n;
    } list;
};

enum { STAGES_MAX = 32, OPTIONS_MAX = 64, RECIPE_MAX_BYTES = 1 << 20, STEPS_MAX = 1000 };

/* One step as libcyaml loads it: one pointer per stage; that of the step's stage is set. */
struct loaded_step {
    union slot *stages[STAGES_MAX];
};

struct loaded {
    char *version;
    char *db;
    char *threads;
    char *lock;
    struct loaded_step *steps;
    unsigned n_steps;
};

struct schema {
    cyaml_schema_field_t stage_fields[STAGES_MAX][OPTIONS_MAX + 1];
    cyaml_schema_field_t step_fields[STAGES_MAX + 1];
    cyaml_schema_value_t step;
    bool conditions_listed[STAGES_MAX]; /* the stage's conditions are lists, not one text */
};

struct recipe {
    char *name;
    const char *(*variable)(const char *name); /* of the environment */
    struct schema *schema;
    struct loaded *loaded;
    struct recipe_step *steps;
    size_t n_steps;
};

static const cyaml_schema_value_t text_item = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, CYAML_UNLIMITED),
};

static const cyaml_schema_field_t end_of_fields = CYAML_FIELD_END;

static bool is_loaded_as_list(const struct option *option, bool conditions_listed)
{
    return option->type == OPTION_LIST ||
           (option->type == OPTION_CONDITIONS && conditions_listed);
}

static void add_field(cyaml_schema_field_t *field, const struct option *option, bool is_list,
                      size_t slot)
{
    *field = end_of_fields;
    field->key = option->name;
    field->data_offset = (uint32_t)(slot * sizeof(union slot));
    if (is_list) {
        field->count_offset = field->data_offset + (uint32_t)offsetof(union slot, list.n);
        field->count_size = sizeof(unsigned);
        field->value.type = CYAML_SEQUENCE;
        field->value.flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL;
        field->value.data_size = sizeof(char *);
        field->value.sequence.entry = &text_item;
        field->value.sequence.min = 1;
        field->value.sequence.max = CYAML_UNLIMITED;
    } else {
        field->value.type = CYAML_STRING;
        field->value.flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL;
        field->value.data_size = 1;
        field->value.string.min = 0;
        field->value.string.max = CYAML_UNLIMITED;
    }
}

/* The option of a slot: slot 0 is the positional, then follow the options of the table. */
static const struct option *slot_option(const struct stage *stage, size_t slot)
{
    if (slot == 0)
        return stage->positional;
    return &stage->options[slot - 1];
}

static size_t count_slots(const struct stage *stage)
{
    size_t n = 1;

    while (n < OPTIONS_MAX && stage->options && stage->options[n - 1].type != OPTION_END)
        n++;
    return n;
}

static void build_schema(struct schema *schema)
{
    size_t s = 0;

    for (; stages[s] && s < STAGES_MAX; s++) {
        const size_t n_slots = count_slots(stages[s]);
        size_t n_fields = 0;

        for (size_t slot = 0; slot < n_slots; slot++) {
            const struct option *option = slot_option(stages[s], slot);

            if (option)
                add_field(&schema->stage_fields[s][n_fields++], option,
                          is_loaded_as_list(option, schema->conditions_listed[s]), slot);
        }
        schema->stage_fields[s][n_fields] = end_of_fields;

        cyaml_schema_field_t *field = &schema->step_fields[s];
        *field = end_of_fields;
        field->key = stages[s]->name;
        field->data_offset = (uint32_t)(s * sizeof(union slot *));
        field->value.type = CYAML_MAPPING;
        field->value.flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL;
        field->value.data_size = (uint32_t)(n_slots * sizeof(union slot));
        field->value.mapping.fields = schema->stage_fields[s];
    }
    schema->step_fields[s] = end_of_fields;
    schema->step.type = CYAML_MAPPING;
    schema->step.flags = CYAML_FLAG_DEFAULT;
    schema->step.data_size = sizeof(struct loaded_step);
    schema->step.mapping.fields = schema->step_fields;
}

/* The top fields of the file. */
static void top_fields(const struct schema *schema, cyaml_schema_field_t out[6])
{
    const cyaml_schema_field_t fields[] = {
        CYAML_FIELD_STRING_PTR("version", CYAML_FLAG_POINTER, struct loaded, version, 0,
                               CYAML_UNLIMITED),
        CYAML_FIELD_STRING_PTR("db", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct loaded,
                               db, 1, CYAML_UNLIMITED),
        CYAML_FIELD_STRING_PTR("threads", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                               struct loaded, threads, 1, CYAML_UNLIMITED),
        CYAML_FIELD_STRING_PTR("lock", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct loaded,
                               lock, 1, CYAML_UNLIMITED),
        CYAML_FIELD_SEQUENCE_COUNT("steps", CYAML_FLAG_POINTER, struct loaded, steps, n_steps,
                                   &schema->step, 1, STEPS_MAX),
        CYAML_FIELD_END,
    };

    memcpy(out, fields, sizeof fields);
}

static void note_fault(cyaml_log_t level, void *arg, const char *fmt, va_list args)
{
    char text[256];

    if (level < CYAML_LOG_ERROR)
        return;
    vsnprintf(text, sizeof text, fmt, args);
    text[strcspn(text, "\n")] = '\0';
    recipe_fault_note(arg, text);
}

static const cyaml_config_t *config_of(struct recipe_fault *fault, cyaml_config_t *config)
{
    *config = (cyaml_config_t){ .log_fn = note_fault,
                                .log_ctx = fault,
                                .mem_fn = cyaml_mem,
                                .log_level = CYAML_LOG_ERROR,
                                .flags = CYAML_CFG_NO_ALIAS };
    return config;
}

static int raise_fault(struct recipe_fault *fault, cyaml_err_t rc, struct slice text,
                       struct error *err)
{
    /* libyaml has a message for every fault but a lack of memory. */
    if (rc == CYAML_ERR_OOM || rc == CYAML_ERR_LIBYAML_PARSER_INIT ||
        strcmp(fault->reason, "libyaml: (null)") == 0)
        return error_nomem(err);
    if (!fault->reason[0])
        recipe_fault_note(fault, cyaml_strerror(rc));
    return recipe_fault_raise(fault, text, err);
}

/* A schema allows one form of a value, but conditions may be one text or a list. If this fault
 * is the first list of conditions in steps of its stage, change the schema for the stage to
 * lists and return true: the recipe must be loaded again. */
static bool allow_listed_conditions(struct schema *schema, const struct recipe_fault *fault)
{
    for (size_t s = 0; stages[s] && s < STAGES_MAX; s++) {
        const struct option *option =
            option_find(stages[s]->options, fault->key, strlen(fault->key));

        if (strcmp(stages[s]->name, fault->outer) != 0 || !option ||
            option->type != OPTION_CONDITIONS || schema->conditions_listed[s] ||
            !recipe_fault_is_list(fault))
            continue;
        schema->conditions_listed[s] = true;
        build_schema(schema);
        return true;
    }
    return false;
}

static int load_recipe(struct recipe *recipe, struct slice text, struct error *err)
{
    struct recipe_fault fault;
    cyaml_schema_field_t fields[6];
    cyaml_config_t config;
    cyaml_err_t rc;

    if (recipe_yaml_check(text, err) < 0)
        return -1;
    top_fields(recipe->schema, fields);
    const cyaml_schema_value_t top = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct loaded,
                                                           fields) };
    do {
        fault = (struct recipe_fault){ .line = 0 };
        rc = cyaml_load_data((const uint8_t *)text.ptr, text.len, config_of(&fault, &config),
                             &top, (cyaml_data_t **)&recipe->loaded, NULL);
    } while (rc != CYAML_OK && allow_listed_conditions(recipe->schema, &fault));
    if (rc != CYAML_OK)
        return raise_fault(&fault, rc, text, err);
    if (!recipe->loaded) /* libcyaml's result for an empty document */
        return error_set(err, ERR_CONFIG, "the recipe is empty");
    return 0;
}

static void unload_recipe(struct recipe *recipe)
{
    struct recipe_fault fault = { .line = 0 };
    cyaml_schema_field_t fields[6];
    cyaml_config_t config;

    if (!recipe->loaded)
        return;
    top_fields(recipe->schema, fields);
    const cyaml_schema_value_t top = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct loaded,
                                                           fields) };
    cyaml_free(config_of(&fault, &config), &top, recipe->loaded, 0);
}

/* Expand the text and set the option. cyaml_free() frees the expanded text: it calls free(). */
static int set_text(const struct recipe *recipe, const struct option *option, void *args,
                    char **text, struct error *err)
{
    return recipe_env_expand(text, recipe->variable, err) < 0 ||
                   option_set(option, args, *text, err) < 0
               ? error_prefix(err, "%s: %s", option->name, *text)
               : 0;
}

static int set_slot(const struct recipe *recipe, const struct option *option, union slot *slot,
                    bool is_list, void *args, struct error *err)
{
    if (!is_list)
        return slot->text ? set_text(recipe, option, args, &slot->text, err) : 0;
    for (unsigned i = 0; i < slot->list.n; i++)
        if (set_text(recipe, option, args, &slot->list.items[i], err) < 0)
            return -1;
    return 0;
}

static int set_args(const struct recipe *recipe, const struct stage *stage, union slot *slots,
                    bool conditions_listed, void *args, struct error *err)
{
    const size_t n_slots = count_slots(stage);

    for (size_t i = 0; i < n_slots; i++) {
        const struct option *option = slot_option(stage, i);

        if (!option)
            continue;
        const bool is_list = is_loaded_as_list(option, conditions_listed);
        if (i == 0 && stage->positional_required &&
            (is_list ? slots[i].list.n == 0 : !slots[i].text))
            return error_set(err, ERR_CONFIG, "the key '%s' is missing", option->name);
        if (set_slot(recipe, option, &slots[i], is_list, args, err) < 0)
            return -1;
    }
    return 0;
}

/* Turn one loaded step into a stage, its arguments and its configuration. */
static int set_step(const struct recipe *recipe, const struct loaded_step *loaded,
                    struct recipe_step *step, struct error *err)
{
    union slot *slots = NULL;
    bool listed = false;

    for (size_t s = 0; stages[s] && s < STAGES_MAX; s++) {
        if (!loaded->stages[s])
            continue;
        if (slots)
            return error_set(err, ERR_CONFIG, "has both %s and %s: give each its own step",
                             step->stage->name, stages[s]->name);
        slots = loaded->stages[s];
        listed = recipe->schema->conditions_listed[s];
        step->stage = stages[s];
    }
    if (!slots)
        return error_set(err, ERR_CONFIG, "has no stage");
    step->args = malloc(step->stage->args_size);
    if (!step->args)
        return error_nomem(err);
    memcpy(step->args, step->stage->defaults, step->stage->args_size);
    if (set_args(recipe, step->stage, slots, listed, step->args, err) < 0 ||
        stage_configure(step->stage, step->args, &step->config, err) < 0) {
        if (err->code == ERR_USAGE)
            err->code = ERR_CONFIG;
        return error_prefix(err, "%s", step->stage->name);
    }
    return 0;
}

/* Expand the keys of the file itself. */
static int expand_top(const struct recipe *recipe, struct error *err)
{
    struct loaded *loaded = recipe->loaded;
    const struct {
        const char *key;
        char **text;
    } values[] = { { "db", &loaded->db },
                   { "threads", &loaded->threads },
                   { "lock", &loaded->lock } };

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (*values[i].text && recipe_env_expand(values[i].text, recipe->variable, err) < 0)
            return error_prefix(err, "%s: %s", values[i].key, *values[i].text);
    return 0;
}

static int set_steps(struct recipe *recipe, struct error *err)
{
    struct loaded *loaded = recipe->loaded;

    if (strcmp(loaded->version, "1") != 0)
        return error_set(err, ERR_CONFIG, "version %s: this program reads version 1",
                         loaded->version);
    if (expand_top(recipe, err) < 0)
        return -1;
    recipe->steps = calloc(loaded->n_steps, sizeof *recipe->steps);
    if (!recipe->steps)
        return error_nomem(err);
    for (; recipe->n_steps < loaded->n_steps; recipe->n_steps++)
        if (set_step(recipe, &loaded->steps[recipe->n_steps], &recipe->steps[recipe->n_steps],
                     err) < 0) {
            error_prefix(err, "step %zu", recipe->n_steps + 1);
            recipe->n_steps++; /* free its arguments as well */
            return -1;
        }
    return 0;
}

int recipe_parse(struct slice text, const char *name, const char *(*variable)(const char *name),
                 struct recipe **out, struct error *err)
{
    struct recipe *recipe = calloc(1, sizeof *recipe);

    if (!recipe)
        return error_nomem(err);
    recipe->variable = variable;
    recipe->name = strdup(name);
    recipe->schema = calloc(1, sizeof *recipe->schema);
    if (!recipe->name || !recipe->schema) {
        recipe_free(recipe);
        return error_nomem(err);
    }
    build_schema(recipe->schema);
    if (load_recipe(recipe, text, err) < 0 || set_steps(recipe, err) < 0) {
        error_prefix(err, "%s", name);
        recipe_free(recipe);
        return -1;
    }
    *out = recipe;
    return 0;
}

int recipe_load(const char *path, const char *(*variable)(const char *name),
                struct recipe **out, struct error *err)
{
    struct buf text;
    int rc = -1;

    buf_init(&text, RECIPE_MAX_BYTES);
    if (file_read(path, &text, err) == 0)
        rc = recipe_parse(buf_slice(&text), path, variable, out, err);
    else if (err->code == ERR_INPUT)
        error_set(err, ERR_CONFIG, "%s: longer than %d bytes, the maximum of a recipe", path,
                  RECIPE_MAX_BYTES);
    buf_release(&text);
    return rc;
}

static void release_step(struct recipe_step *step)
{
    if (!step->args)
        return;
    stage_config_free(step->stage, step->config);
    option_free_lists(step->stage->options, step->stage->positional, step->args);
    free(step->args);
}

void recipe_free(struct recipe *recipe)
{
    if (!recipe)
        return;
    for (size_t i = 0; i < recipe->n_steps; i++)
        release_step(&recipe->steps[i]);
    free(recipe->steps);
    if (recipe->schema)
        unload_recipe(recipe);
    free(recipe->schema);
    free(recipe->name);
    free(recipe);
}

const char *recipe_name(const struct recipe *recipe)
{
    return recipe->name;
}

const char *recipe_db(const struct recipe *recipe)
{
    return recipe->loaded->db;
}

const char *recipe_threads(const struct recipe *recipe)
{
    return recipe->loaded->threads;
}

const char *recipe_lock(const struct recipe *recipe)
{
    return recipe->loaded->lock;
}

size_t recipe_count(const struct recipe *recipe)
{
    return recipe->n_steps;
}

const struct recipe_step *recipe_step(const struct recipe *recipe, size_t i)
{
    return &recipe->steps[i];
}
