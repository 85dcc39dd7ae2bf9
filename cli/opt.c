/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/opt.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"

struct parser {
    char **argv;
    size_t n;
    size_t i; /* of the argument in hand */
    const struct opt_target *targets;
    size_t n_targets;
};

/* The option of that long name, or of that letter when name is NULL. */
static const struct option *find(const struct parser *p, const char *name, size_t name_len,
                                 char letter, void **args)
{
    for (size_t t = 0; t < p->n_targets; t++) {
        const struct option *o = p->targets[t].table;

        *args = p->targets[t].args;
        if (name && (o = option_find(o, name, name_len)))
            return o;
        for (; !name && o && o->type != OPTION_END; o++)
            if (o->short_name == letter)
                return o;
    }
    return NULL;
}

static int unknown(const struct parser *p, const char *argument, struct error *err)
{
    const char *nearest = NULL;

    for (size_t t = 0; t < p->n_targets && !nearest && argument[1] == '-'; t++)
        nearest = option_nearest(p->targets[t].table, argument + 2);
    if (nearest)
        return error_set(err, ERR_USAGE, "there is no option %s; did you mean --%s?", argument,
                         nearest);
    return error_set(err, ERR_USAGE, "there is no option %s; --help lists them", argument);
}

/* The value of an option: what follows it in the same argument, or the next argument. */
static int take_value(struct parser *p, const struct option *option, const char *attached,
                      const char **value, struct error *err)
{
    if (attached) {
        *value = attached;
        return 0;
    }
    if (p->i + 1 >= p->n)
        return error_set(err, ERR_USAGE, "--%s needs a value: %s", option->name,
                         option->value_name);
    *value = p->argv[++p->i];
    return 0;
}

static int parse_long(struct parser *p, struct error *err)
{
    const char *argument = p->argv[p->i];
    const char *name = argument + 2;
    const char *equals = strchr(name, '=');
    const size_t name_len = equals ? (size_t)(equals - name) : strlen(name);
    const char *value = "true";
    void *args;
    const struct option *option = find(p, name, name_len, 0, &args);

    if (!option)
        return unknown(p, argument, err);
    if (option->type == OPTION_FLAG && equals)
        return error_set(err, ERR_USAGE, "--%s takes no value", option->name);
    if (option->type != OPTION_FLAG &&
        take_value(p, option, equals ? equals + 1 : NULL, &value, err) < 0)
        return -1;
    return option_set(option, args, value, err);
}

static int parse_short(struct parser *p, struct error *err)
{
    for (const char *letter = p->argv[p->i] + 1; *letter; letter++) {
        const char *value = "true";
        void *args;
        const struct option *option = find(p, NULL, 0, *letter, &args);

        if (!option)
            return error_set(err, ERR_USAGE, "there is no option -%c; --help lists them",
                             *letter);
        const bool is_flag = option->type == OPTION_FLAG;
        if (!is_flag && take_value(p, option, letter[1] ? letter + 1 : NULL, &value, err) < 0)
            return -1;
        if (option_set(option, args, value, err) < 0)
            return -1;
        if (!is_flag)
            break;
    }
    return 0;
}

int opt_parse(char **argv, size_t n, const struct opt_target *targets, size_t n_targets,
              struct text_list *rest, struct error *err)
{
    struct parser p = { .argv = argv, .n = n, .targets = targets, .n_targets = n_targets };
    bool options_ended = false;

    for (; p.i < n; p.i++) {
        const char *argument = argv[p.i];
        const bool is_option = !options_ended && argument[0] == '-' && argument[1];
        int rc;

        if (is_option && strcmp(argument, "--") == 0) {
            options_ended = true;
            continue;
        }
        if (!is_option)
            rc = option_list_add(rest, argument, err);
        else if (argument[1] == '-')
            rc = parse_long(&p, err);
        else
            rc = parse_short(&p, err);
        if (rc < 0)
            return -1;
    }
    return 0;
}
