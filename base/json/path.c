/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json/path.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/json/json.h"

enum { DIGITS_MAX = 9 };

static int path_fault(struct error *err, const char *what)
{
    return error_set(err, ERR_USAGE, "%s; write a path such as a.b, answers[0] or docs[*].text",
                     what);
}

/* Parse a name up to the next dot or bracket. */
static int parse_name(const char **p, struct json_step *out, struct error *err)
{
    const size_t n = strcspn(*p, ".[]");

    if (n == 0)
        return path_fault(err, "a name is missing");
    *out = (struct json_step){ .type = STEP_MEMBER, .name = slice_of(*p, n) };
    *p += n;
    return 0;
}

/* Parse the text between two brackets: a number, * or a quoted name. */
static int parse_bracket(const char **p, struct json_step *out, struct error *err)
{
    const char *inner = *p + 1;
    size_t n = strspn(inner, "0123456789");

    if (inner[0] == '*') {
        n = 1;
        *out = (struct json_step){ .type = STEP_EACH };
    } else if (inner[0] == '"' || inner[0] == '\'') {
        const char *end = strchr(inner + 1, inner[0]);

        n = end ? (size_t)(end - inner) + 1 : 0;
        if (n > 2)
            *out =
                (struct json_step){ .type = STEP_MEMBER, .name = slice_of(inner + 1, n - 2) };
        else
            n = 0;
    } else if (n > 0 && n <= DIGITS_MAX) {
        *out = (struct json_step){ .type = STEP_INDEX, .index = strtoul(inner, NULL, 10) };
    } else {
        n = 0;
    }
    if (n == 0)
        return path_fault(err, "between brackets stands neither a number nor * nor a name in "
                               "quotes");
    if (inner[n] != ']')
        return path_fault(err, "a closing bracket is missing");
    *p = inner + n + 1;
    return 0;
}

int json_path_parse(const char *text, struct json_path *out, struct error *err)
{
    const char *p = text;

    out->n = 0;
    if (*p == '\0')
        return path_fault(err, "the path is empty");
    while (*p) {
        if (out->n == JSON_PATH_STEPS)
            return error_set(err, ERR_USAGE, "a path has at most %d steps", JSON_PATH_STEPS);
        struct json_step *step = &out->steps[out->n++];
        if (*p == '[') {
            if (parse_bracket(&p, step, err) < 0)
                return -1;
            continue;
        }
        if (*p == '.' && out->n > 1)
            p++;
        else if (*p == ']')
            return path_fault(err, "a closing bracket has no opening one");
        else if (out->n > 1)
            return path_fault(err, "after a bracket stands neither a dot nor a bracket");
        if (parse_name(&p, step, err) < 0)
            return -1;
    }
    return 0;
}

/* Find a member. Returns false when there is none; *out is NULL for null. */
static bool path_find_member(const struct json_value *object, struct slice name,
                             const struct json_value **out)
{
    const struct json_value *value;
    struct slice key;
    size_t pos = 0;
    bool found = false;

    while (json_member_next(object, &pos, &key, &value) == 1) {
        if (key.len != name.len || strncasecmp(key.ptr, name.ptr, name.len) != 0)
            continue;
        if (!found || slice_equal(key, name))
            *out = value;
        found = true;
    }
    return found;
}

static int walk_steps(const struct json_value *value, const struct json_step *steps, size_t n,
                      json_path_fn *fn, void *arg);

static int walk_each(const struct json_value *value, const struct json_step *rest, size_t n,
                     json_path_fn *fn, void *arg)
{
    const struct json_value *inner;
    struct slice name;
    size_t pos = 0;
    int rc = 0;

    if (json_type(value) == JSON_ARRAY)
        for (size_t i = 0; rc == 0 && i < json_count(value); i++)
            rc = walk_steps(json_at(value, i), rest, n, fn, arg);
    while (rc == 0 && json_member_next(value, &pos, &name, &inner) == 1)
        rc = walk_steps(inner, rest, n, fn, arg);
    return rc;
}

static int walk_steps(const struct json_value *value, const struct json_step *steps, size_t n,
                      json_path_fn *fn, void *arg)
{
    if (n == 0)
        return fn(arg, value);
    switch (steps->type) {
    case STEP_MEMBER:
        if (!path_find_member(value, steps->name, &value))
            return 0;
        break;
    case STEP_INDEX:
        if (json_type(value) != JSON_ARRAY || steps->index >= json_count(value))
            return 0;
        value = json_at(value, steps->index);
        break;
    case STEP_EACH:
        return walk_each(value, steps + 1, n - 1, fn, arg);
    }
    return walk_steps(value, steps + 1, n - 1, fn, arg);
}

int json_path_walk(const struct json_value *value, const struct json_path *path,
                   json_path_fn *fn, void *arg)
{
    return walk_steps(value, path->steps, path->n, fn, arg);
}
