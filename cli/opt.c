/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/opt.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"

struct opt_parser {
    char **argv;
    size_t n;
    size_t i; /* the current argument */
    struct opt_target *targets;
    size_t n_targets;
    bool leads; /* before the command: only options of every command */
};

/* Find the option with this long name, or with this letter if name is NULL. */
static const struct option *opt_find(const struct opt_parser *p, const char *name,
                                     size_t name_len, char letter, struct opt_target **target)
{
    for (size_t t = 0; t < p->n_targets; t++) {
        const struct option *o = p->targets[t].table;

        *target = &p->targets[t];
        if (name && (o = option_find(o, name, name_len)))
            return o;
        for (; !name && o && o->type != OPTION_END; o++)
            if (o->short_name == letter)
                return o;
    }
    return NULL;
}

static int unknown_option(const struct opt_parser *p, const char *argument, struct error *err)
{
    const char *nearest = NULL;

    for (size_t t = 0; t < p->n_targets && !nearest && argument[1] == '-'; t++)
        nearest = option_nearest(p->targets[t].table, argument + 2);
    if (nearest)
        return error_set(err, ERR_USAGE, "there is no option %s; did you mean --%s?", argument,
                         nearest);
    if (p->leads)
        return error_set(err, ERR_USAGE,
                         "%s is not an option of every command: give it after the command",
                         argument);
    return error_set(err, ERR_USAGE, "there is no option %s; --help lists them", argument);
}

/* Set the member; an option that holds one value must not be given twice. */
static int set_once(struct opt_target *target, const struct option *option, const char *value,
                    struct error *err)
{
    const uint64_t bit = UINT64_C(1) << (option - target->table);

    if (option->type == OPTION_FLAG)
        return option_set(option, target->args, value, err);
    if ((target->given & bit) && !option_repeats(option))
        return error_set(err, ERR_USAGE, "--%s %s: given twice: give it once", option->name,
                         value);
    target->given |= bit;
    if (option_set(option, target->args, value, err) < 0)
        return error_prefix(err, "--%s %s", option->name, value);
    return 0;
}

/* The value of an option: the rest of the same argument, or the next argument. */
static int find_value(struct opt_parser *p, const struct option *option, const char *attached,
                      const char **value, struct error *err)
{
    if (attached) {
        *value = attached;
        return 0;
    }
    if (p->i + 1 >= p->n)
        return error_set(err, ERR_USAGE, "--%s: the value is missing: --%s %s", option->name,
                         option->name, option->value_name);
    *value = p->argv[++p->i];
    return 0;
}

static int parse_long(struct opt_parser *p, struct error *err)
{
    const char *argument = p->argv[p->i];
    const char *name = argument + 2;
    const char *equals = strchr(name, '=');
    const size_t name_len = equals ? (size_t)(equals - name) : strlen(name);
    const char *value = "true";
    struct opt_target *target;
    const struct option *option = opt_find(p, name, name_len, 0, &target);

    if (!option)
        return unknown_option(p, argument, err);
    if (option->type == OPTION_FLAG && equals)
        return error_set(err, ERR_USAGE, "--%s takes no value", option->name);
    if (option->type != OPTION_FLAG &&
        find_value(p, option, equals ? equals + 1 : NULL, &value, err) < 0)
        return -1;
    return set_once(target, option, value, err);
}

static int parse_short(struct opt_parser *p, struct error *err)
{
    for (const char *letter = p->argv[p->i] + 1; *letter; letter++) {
        const char *value = "true";
        struct opt_target *target;
        const struct option *option = opt_find(p, NULL, 0, *letter, &target);

        if (!option)
            return error_set(err, ERR_USAGE, "there is no option -%c; --help lists them",
                             *letter);
        const bool is_flag = option->type == OPTION_FLAG;
        if (!is_flag && find_value(p, option, letter[1] ? letter + 1 : NULL, &value, err) < 0)
            return -1;
        if (set_once(target, option, value, err) < 0)
            return -1;
        if (!is_flag)
            break;
    }
    return 0;
}

/* "-" is an argument: standard input or output. */
static bool looks_like_option(const char *argument)
{
    return argument[0] == '-' && argument[1];
}

static int parse_option(struct opt_parser *p, struct error *err)
{
    return p->argv[p->i][1] == '-' ? parse_long(p, err) : parse_short(p, err);
}

int opt_parse(char **argv, size_t n, struct opt_target *targets, size_t n_targets,
              struct text_list *rest, struct error *err)
{
    struct opt_parser p = { .argv = argv, .n = n, .targets = targets, .n_targets = n_targets };
    bool options_ended = false;

    for (; p.i < n; p.i++) {
        const char *argument = argv[p.i];
        int rc;

        if (!options_ended && strcmp(argument, "--") == 0) {
            options_ended = true;
            continue;
        }
        if (!options_ended && looks_like_option(argument))
            rc = parse_option(&p, err);
        else
            rc = option_list_add(rest, argument, err);
        if (rc < 0)
            return -1;
    }
    return 0;
}

int opt_parse_leading(char **argv, size_t n, struct opt_target *targets, size_t n_targets,
                      size_t *n_parsed, struct error *err)
{
    struct opt_parser p = {
        .argv = argv, .n = n, .targets = targets, .n_targets = n_targets, .leads = true
    };

    for (; p.i < n && looks_like_option(argv[p.i]); p.i++)
        if (parse_option(&p, err) < 0)
            return -1;
    *n_parsed = p.i;
    return 0;
}
