/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/recipe_fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/option.h"
#include "stages/stage.h"

static const char steps_key[] = "steps";
static const char unexpected_key[] = "Unexpected key: ";
static const char seen_key[] = "Mapping field already seen: ";
static const char missing_key[] = "Missing required mapping field: ";
static const char got_list[] = "Expecting STRING, got event: SEQUENCE_START";

/* What follows the prefix in text; NULL when text begins otherwise. */
static const char *after(const char *text, const char *prefix)
{
    const size_t len = strlen(prefix);

    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

bool recipe_fault_is_list(const struct recipe_fault *fault)
{
    return strcmp(fault->reason, got_list) == 0;
}

/* "  in mapping field 'where' (line: 3, column: 18)" */
static void note_place(struct recipe_fault *fault, const char *text, const char *line)
{
    const char *field = after(text, "  in mapping field '");
    const char *entry = after(text, "  in sequence entry '");

    if (fault->line == 0)
        fault->line = (unsigned)strtoul(line, NULL, 10);
    if (entry)
        fault->step = (unsigned)strtoul(entry, NULL, 10);
    if (!field)
        return;
    char *name = fault->n_fields == 0 ? fault->key : fault->outer;
    if (fault->n_fields++ < 2)
        snprintf(name, FAULT_KEY_BYTES, "%.*s", (int)strcspn(field, "'"), field);
}

void recipe_fault_note(struct recipe_fault *fault, const char *logged)
{
    static const char line[] = "(line: ";
    const char *at = strstr(logged, line);
    const char *reason = after(logged, "Load: ");

    if (at)
        note_place(fault, logged, at + sizeof line - 1);
    else if (!fault->reason[0] && !strstr(logged, "Backtrace"))
        snprintf(fault->reason, sizeof fault->reason, "%.*s", (int)sizeof fault->reason - 1,
                 reason ? reason : logged);
}

static bool is_key_at(struct slice text, size_t at, const char *key, size_t len)
{
    size_t end = at + len;

    if (end > text.len || memcmp(text.ptr + at, key, len) != 0 ||
        (at > 0 && !strchr(" \t\n{,", text.ptr[at - 1])))
        return false;
    while (end < text.len && text.ptr[end] == ' ')
        end++;
    return end < text.len && text.ptr[end] == ':';
}

/* libcyaml reports the place of the value before an unexpected key: search on from there. */
static unsigned key_line(struct slice text, const char *key, unsigned from)
{
    const size_t len = strlen(key);
    unsigned line = 1;

    for (size_t i = 0; i < text.len; i++) {
        if (line >= from && is_key_at(text, i, key, len))
            return line;
        line += text.ptr[i] == '\n';
    }
    return from;
}

/* "line 7: step 2: select: ", as far as it is known. stage: NULL outside of a step. */
static int prefix_place(const struct recipe_fault *fault, unsigned line, const char *stage,
                        struct error *err)
{
    if (stage && stage[0] && strcmp(stage, steps_key) != 0)
        error_prefix(err, "%s", stage);
    if (fault->step > 0)
        error_prefix(err, "step %u", fault->step);
    return line > 0 ? error_prefix(err, "line %u", line) : -1;
}

/* Replace *nearest by a name that is as few typing mistakes away from key, and at most 2. */
static void note_nearest(const char *key, const char *name, size_t *least, const char **nearest)
{
    const size_t distance = option_distance(name, key, 2);

    if (distance >= *least)
        return;
    *least = distance;
    *nearest = name;
}

/* Get the key most like a mistyped one: of the file, of a step (a command), or of a command. */
static const char *nearest_key(const struct recipe_fault *fault, const struct stage *stage,
                               const char *key)
{
    static const char *const top_keys[] = { "version", "db", "threads", "lock", "steps" };
    const char *nearest = NULL;
    size_t least = 3;

    if (stage && stage->positional)
        note_nearest(key, stage->positional->name, &least, &nearest);
    for (const struct option *o = stage ? stage->options : NULL; o && o->type != OPTION_END;
         o++)
        note_nearest(key, o->name, &least, &nearest);
    for (size_t i = 0; !stage && fault->step > 0 && stages[i]; i++)
        note_nearest(key, stages[i]->name, &least, &nearest);
    for (size_t i = 0; fault->step == 0 && i < sizeof top_keys / sizeof top_keys[0]; i++)
        note_nearest(key, top_keys[i], &least, &nearest);
    return nearest;
}

/* libcyaml names the mapping that the key is in: the step's or a stage's. */
static int raise_unexpected(const struct recipe_fault *fault, const char *key,
                            struct slice text, struct error *err)
{
    const struct stage *stage = fault->step > 0 ? stage_find(fault->key) : NULL;
    const char *nearest = nearest_key(fault, stage, key);

    if (nearest)
        error_set(err, ERR_CONFIG, "there is no key '%s' here; did you mean '%s'?", key,
                  nearest);
    else
        error_set(err, ERR_CONFIG, "there is no key '%s' here", key);
    return prefix_place(fault, key_line(text, key, fault->line), stage ? stage->name : NULL,
                        err);
}

/* A value that is no mapping: of the file, a step, or a command. */
static int set_no_mapping(const struct recipe_fault *fault, struct error *err)
{
    if (!fault->key[0])
        return error_set(err, ERR_CONFIG,
                         "a recipe must be a mapping with the keys version and steps");
    if (strcmp(fault->key, steps_key) == 0)
        return error_set(err, ERR_CONFIG,
                         "a step must be a mapping, as in score: {metrics: [nll]}");
    return error_set(err, ERR_CONFIG, "%s: must be a mapping of options, as in {key: value}",
                     fault->key);
}

int recipe_fault_raise(const struct recipe_fault *fault, struct slice text, struct error *err)
{
    const char *key = after(fault->reason, unexpected_key);
    const char *most;

    if (key)
        return raise_unexpected(fault, key, text, err);
    if ((key = after(fault->reason, seen_key)))
        error_set(err, ERR_CONFIG, "the key '%s' is given twice: give it once", key);
    else if ((key = after(fault->reason, missing_key)))
        error_set(err, ERR_CONFIG, "the key '%s' is missing", key);
    else if (recipe_fault_is_list(fault))
        error_set(err, ERR_CONFIG, "%s: must be a single value, not a list", fault->key);
    else if (after(fault->reason, "Expecting SEQUENCE"))
        error_set(err, ERR_CONFIG, "%s: must be a list, as in [A] or [A, B]", fault->key);
    else if (after(fault->reason, "Expecting STRING"))
        error_set(err, ERR_CONFIG, "%s: must be a single value", fault->key);
    else if (after(fault->reason, "Expecting MAPPING"))
        set_no_mapping(fault, err);
    else if (after(fault->reason, "Insufficient entries"))
        error_set(err, ERR_CONFIG, "%s: the list is empty: give at least one", fault->key);
    else if ((most = after(fault->reason, "Excessive entries (")))
        error_set(err, ERR_CONFIG, "%s: the list is too long: at most %lu are possible",
                  fault->key, strtoul(most, NULL, 10));
    else if (after(fault->reason, "STRING length <"))
        error_set(err, ERR_CONFIG, "%s: must not be empty", fault->key);
    else
        error_set(err, ERR_CONFIG, "%s", fault->reason);
    return prefix_place(fault, fault->line, fault->outer, err);
}
