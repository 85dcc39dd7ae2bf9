/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/policy_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/io/file.h"
#include "store/policy.h"

/* The limit on the file also bounds what libyaml does with tags and nested lists. */
enum { POLICY_MAX_BYTES = 1 << 16, POLICY_TEXTS_MAX = 1000 };

struct policy_reader {
    yaml_parser_t parser;
    yaml_event_t event;
    bool has_event;
    struct slice text;
    struct arena *arena;
    struct policy *policy;
};

enum top_key { TOP_POLICY, TOP_BY, TOP_ON, TOP_CORPUS, TOP_COMMENT, TOP_CONDITIONS, TOP_KEYS };
static const char *const top_keys[TOP_KEYS] = { "policy", "approved_by", "approved_on",
                                                "corpus", "comment",     "conditions" };

enum condition_key {
    KEY_FACT,
    KEY_METRIC,
    KEY_SQL,
    KEY_MODEL,
    KEY_SCORE_SET,
    KEY_MIN,
    KEY_MAX,
    KEY_IN,
    KEY_NOT_IN,
    KEY_MISSING,
    KEY_COMMENT,
    CONDITION_KEYS
};
static const char *const condition_keys[CONDITION_KEYS] = { "fact",    "metric",    "sql",
                                                            "model",   "score_set", "min",
                                                            "max",     "in",        "not_in",
                                                            "missing", "comment" };

static int raise_policy(size_t line, const char *what, struct error *err)
{
    error_set(err, ERR_CONFIG, "%s", what);
    return error_prefix(err, "line %zu", line);
}

static size_t line_of(const struct policy_reader *reader)
{
    return reader->event.start_mark.line + 1;
}

static int raise_key(const struct policy_reader *reader, const char *key, const char *what,
                     struct error *err)
{
    error_set(err, ERR_CONFIG, "%s: %s", key, what);
    return error_prefix(err, "line %zu", line_of(reader));
}

/* What libyaml found. An error of its reader has an offset but no mark. */
static int raise_bad_yaml(const struct policy_reader *reader, struct error *err)
{
    size_t line = reader->parser.problem_mark.line + 1;

    if (reader->parser.error == YAML_MEMORY_ERROR)
        return error_nomem(err);
    if (reader->parser.error == YAML_READER_ERROR) {
        line = 1;
        for (size_t i = 0; i < reader->parser.problem_offset && i < reader->text.len; i++)
            line += reader->text.ptr[i] == '\n';
    }
    error_set(err, ERR_CONFIG, "not valid YAML: %s",
              reader->parser.problem ? reader->parser.problem : "no reason given");
    return error_prefix(err, "line %zu", line);
}

/* Go to the next event. */
static int next_event(struct policy_reader *reader, struct error *err)
{
    if (reader->has_event)
        yaml_event_delete(&reader->event);
    reader->has_event = false;
    if (!yaml_parser_parse(&reader->parser, &reader->event))
        return raise_bad_yaml(reader, err);
    reader->has_event = true;
    if (reader->event.type == YAML_ALIAS_EVENT)
        return raise_policy(line_of(reader),
                            "an alias (*name): a policy may have none, so repeat the value",
                            err);
    if (reader->event.type == YAML_SCALAR_EVENT &&
        memchr(reader->event.data.scalar.value, '\0', reader->event.data.scalar.length))
        return raise_policy(line_of(reader), "a text holds a NUL character: remove the \\0",
                            err);
    return 0;
}

/* Copy the text that the current event is. */
static int copy_event(struct policy_reader *reader, const char *key, const char **out,
                      struct error *err)
{
    if (reader->event.type != YAML_SCALAR_EVENT)
        return raise_key(reader, key, "must be a text, not a list or a mapping", err);
    if (reader->event.data.scalar.length == 0)
        return raise_key(reader, key, "is empty: give a value, or leave the key out", err);
    *out = arena_copy(reader->arena, slice_of((const char *)reader->event.data.scalar.value,
                                              reader->event.data.scalar.length))
               .ptr;
    return *out ? 0 : error_nomem(err);
}

static int read_policy_text(struct policy_reader *reader, const char *key, const char **out,
                            struct error *err)
{
    return next_event(reader, err) < 0 ? -1 : copy_event(reader, key, out, err);
}

static int read_bound(struct policy_reader *reader, const char *key, double *out,
                      struct error *err)
{
    const char *text;
    char *end;

    if (read_policy_text(reader, key, &text, err) < 0)
        return -1;
    *out = strtod(text, &end);
    return end > text && !*end && isfinite(*out)
               ? 0
               : raise_key(reader, key, "must be a number", err);
}

/* Read a text, or a list of texts. */
static int read_policy_texts(struct policy_reader *reader, const char *key,
                             struct policy_texts *out, struct error *err)
{
    if (next_event(reader, err) < 0)
        return -1;
    out->items = arena_alloc(reader->arena, POLICY_TEXTS_MAX, sizeof *out->items);
    if (!out->items)
        return error_nomem(err);
    if (reader->event.type != YAML_SEQUENCE_START_EVENT)
        return copy_event(reader, key, &out->items[out->n++], err);
    for (;;) {
        if (next_event(reader, err) < 0)
            return -1;
        if (reader->event.type == YAML_SEQUENCE_END_EVENT)
            break;
        if (out->n == POLICY_TEXTS_MAX)
            return raise_key(reader, key, "has more than 1000 values", err);
        if (copy_event(reader, key, &out->items[out->n++], err) < 0)
            return -1;
    }
    return out->n > 0 ? 0 : raise_key(reader, key, "is an empty list", err);
}

/* Find the current event among the keys of a mapping. Each may be there once: *seen has a bit
 * for each. Returns the key, or -1. */
static int find_policy_key(const struct policy_reader *reader, const char *const *keys, int n,
                           unsigned *seen, struct error *err)
{
    const char *text = (const char *)reader->event.data.scalar.value;
    char names[100] = "";
    size_t len = 0;

    if (reader->event.type != YAML_SCALAR_EVENT)
        return raise_policy(line_of(reader), "a key must be a text", err);
    for (int i = 0; i < n; i++) {
        if (strcmp(keys[i], text) == 0) {
            if (*seen & 1u << i)
                return raise_key(reader, text, "is there twice", err);
            *seen |= 1u << i;
            return i;
        }
        if (len < sizeof names)
            len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", i > 0 ? ", " : "",
                                    keys[i]);
    }
    error_set(err, ERR_CONFIG, "there is no key '%.40s'; the keys are %s", text, names);
    return error_prefix(err, "line %zu", line_of(reader));
}

static int read_missing(struct policy_reader *reader, struct policy_condition *condition,
                        struct error *err)
{
    const char *text;

    if (read_policy_text(reader, "missing", &text, err) < 0)
        return -1;
    condition->keep_missing = strcmp(text, "keep") == 0;
    if (!condition->keep_missing && strcmp(text, "remove") != 0)
        return raise_key(reader, "missing", "must be keep or remove", err);
    return 0;
}

/* Of a hash of 128 bits in hexadecimal digits, the first 8 or more. */
static int check_score_set(const struct policy_reader *reader, const char *text,
                           struct error *err)
{
    const size_t len = strlen(text);

    if (len >= 8 && len <= 32 && strspn(text, "0123456789abcdef") == len)
        return 0;
    return raise_key(reader, "score_set",
                     "must be 8 to 32 hexadecimal digits, as the message about several sets "
                     "prints them",
                     err);
}

static int read_condition_value(struct policy_reader *reader, int key,
                                struct policy_condition *condition, struct error *err)
{
    const char *name = condition_keys[key];
    const char *comment;

    switch ((enum condition_key)key) {
    case KEY_FACT:
    case KEY_METRIC:
    case KEY_SQL:
        if (condition->name)
            return raise_key(reader, name,
                             "a condition has one of fact, metric and sql: make two conditions",
                             err);
        condition->kind = (enum policy_kind)(key - KEY_FACT);
        return read_policy_text(reader, name, &condition->name, err);
    case KEY_MODEL:
        return read_policy_text(reader, name, &condition->model, err);
    case KEY_SCORE_SET:
        if (read_policy_text(reader, name, &condition->score_set, err) < 0)
            return -1;
        return check_score_set(reader, condition->score_set, err);
    case KEY_MIN:
        return read_bound(reader, name, &condition->min, err);
    case KEY_MAX:
        return read_bound(reader, name, &condition->max, err);
    case KEY_IN:
        return read_policy_texts(reader, name, &condition->in, err);
    case KEY_NOT_IN:
        return read_policy_texts(reader, name, &condition->not_in, err);
    case KEY_MISSING:
        return read_missing(reader, condition, err);
    case KEY_COMMENT:
    case CONDITION_KEYS:
        break;
    }
    return read_policy_text(reader, name, &comment, err);
}

/* Check that what the keys say makes a condition. */
static int check_condition_keys(const struct policy_condition *condition, struct error *err)
{
    const bool has_bound = !isnan(condition->min) || !isnan(condition->max) ||
                           condition->in.n > 0 || condition->not_in.n > 0;

    if (!condition->name)
        return raise_policy(condition->line,
                            "the condition is about nothing: add fact, metric or sql", err);
    if (condition->kind == POLICY_SQL && has_bound)
        return raise_policy(condition->line,
                            "sql is a whole condition: leave out min, max, in and not_in", err);
    if (condition->kind != POLICY_METRIC && (condition->model || condition->score_set))
        return raise_policy(condition->line,
                            "model and score_set are for a metric: leave them out", err);
    if (condition->kind != POLICY_SQL && !has_bound)
        return raise_policy(condition->line,
                            "the condition has no bound: add min, max, in or not_in", err);
    if (condition->min > condition->max)
        return raise_policy(condition->line, "min is greater than max", err);
    return 0;
}

static int read_condition(struct policy_reader *reader, struct error *err)
{
    struct policy *policy = reader->policy;
    unsigned seen = 0;

    if (reader->event.type != YAML_MAPPING_START_EVENT)
        return raise_policy(line_of(reader), "a condition must be a mapping: fact: NAME", err);
    if (policy->n == POLICY_CONDITIONS_MAX)
        return raise_policy(line_of(reader), "there are more than 100 conditions", err);
    struct policy_condition *condition = &policy->conditions[policy->n++];
    *condition = (struct policy_condition){ .line = line_of(reader), .min = NAN, .max = NAN };
    for (;;) {
        if (next_event(reader, err) < 0)
            return -1;
        if (reader->event.type == YAML_MAPPING_END_EVENT)
            return check_condition_keys(condition, err);
        const int key = find_policy_key(reader, condition_keys, CONDITION_KEYS, &seen, err);
        if (key < 0 || read_condition_value(reader, key, condition, err) < 0)
            return -1;
    }
}

static int read_conditions(struct policy_reader *reader, struct error *err)
{
    if (next_event(reader, err) < 0)
        return -1;
    if (reader->event.type != YAML_SEQUENCE_START_EVENT)
        return raise_key(reader, "conditions", "must be a list of conditions", err);
    for (;;) {
        if (next_event(reader, err) < 0)
            return -1;
        if (reader->event.type == YAML_SEQUENCE_END_EVENT)
            return 0;
        if (read_condition(reader, err) < 0)
            return -1;
    }
}

static int check_pattern(const struct policy_reader *reader, const char *key, const char *text,
                         const char *pattern, const char *what, struct error *err)
{
    bool fits = strlen(text) == strlen(pattern);

    for (size_t i = 0; fits && text[i]; i++)
        fits = pattern[i] == '-'   ? text[i] == '-'
               : pattern[i] == '0' ? strchr("0123456789", text[i]) != NULL
                                   : strchr("0123456789abcdef", text[i]) != NULL;
    return fits ? 0 : raise_key(reader, key, what, err);
}

static int read_top_value(struct policy_reader *reader, int key, struct error *err)
{
    static const char hex[] = "ffffffffffffffffffffffffffffffff"
                              "ffffffffffffffffffffffffffffffff";
    struct policy *policy = reader->policy;
    const char *comment;

    switch ((enum top_key)key) {
    case TOP_POLICY:
        return read_policy_text(reader, "policy", &policy->name, err);
    case TOP_BY:
        return read_policy_text(reader, "approved_by", &policy->approved_by, err);
    case TOP_ON:
        if (read_policy_text(reader, "approved_on", &policy->approved_on, err) < 0)
            return -1;
        return check_pattern(reader, "approved_on", policy->approved_on, "0000-00-00",
                             "must be a date such as 2026-11-30", err);
    case TOP_CORPUS:
        if (read_policy_text(reader, "corpus", &policy->corpus, err) < 0)
            return -1;
        return check_pattern(reader, "corpus", policy->corpus, hex,
                             "must be 64 hexadecimal digits, as 'curate digest --samples' "
                             "prints",
                             err);
    case TOP_CONDITIONS:
        return read_conditions(reader, err);
    case TOP_COMMENT:
    case TOP_KEYS:
        break;
    }
    return read_policy_text(reader, "comment", &comment, err);
}

static int read_top(struct policy_reader *reader, struct error *err)
{
    unsigned seen = 0;

    for (int i = 0; i < 3; i++) /* the stream, the document, the mapping */
        if (next_event(reader, err) < 0)
            return -1;
        else if (reader->event.type == YAML_STREAM_END_EVENT)
            return raise_policy(1, "the file is empty", err);
    if (reader->event.type != YAML_MAPPING_START_EVENT)
        return raise_policy(line_of(reader), "a policy must be a mapping: policy: NAME", err);
    for (;;) {
        if (next_event(reader, err) < 0)
            return -1;
        if (reader->event.type == YAML_MAPPING_END_EVENT)
            break;
        const int key = find_policy_key(reader, top_keys, TOP_KEYS, &seen, err);
        if (key < 0 || read_top_value(reader, key, err) < 0)
            return -1;
    }
    if (!reader->policy->name)
        return raise_policy(1, "the policy has no name: add policy: NAME", err);
    if (reader->policy->n == 0)
        return raise_policy(1, "the policy has no conditions: add conditions:", err);
    for (int i = 0; i < 2; i++) /* the ends of the document and of the stream */
        if (next_event(reader, err) < 0)
            return -1;
    return reader->event.type == YAML_STREAM_END_EVENT
               ? 0
               : raise_policy(line_of(reader),
                              "a second document begins here: give each policy a file", err);
}

static int parse_policy(struct policy_reader *reader, struct error *err)
{
    if (!yaml_parser_initialize(&reader->parser))
        return error_nomem(err);
    yaml_parser_set_input_string(&reader->parser, (const unsigned char *)reader->text.ptr,
                                 reader->text.len);
    const int rc = read_top(reader, err);
    if (reader->has_event)
        yaml_event_delete(&reader->event);
    yaml_parser_delete(&reader->parser);
    return rc;
}

int policy_file_read(const char *path, struct arena *arena, struct policy *out,
                     struct error *err)
{
    struct policy_reader reader = { .arena = arena, .policy = out };
    struct buf text;

    *out = (struct policy){ .n = 0 };
    buf_init(&text, POLICY_MAX_BYTES);
    int rc = file_read(path, &text, err);
    if (rc < 0 && err->code == ERR_INPUT)
        error_set(err, ERR_CONFIG, "%s: is larger than 64 KiB", path);
    if (rc == 0) {
        out->text = reader.text = arena_copy(arena, buf_slice(&text));
        rc = reader.text.ptr ? 0 : error_nomem(err);
    }
    if (rc == 0 && (rc = parse_policy(&reader, err)) < 0)
        error_prefix(err, "%s", path);
    buf_release(&text);
    return rc;
}
