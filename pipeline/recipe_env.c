/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/recipe_env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static const char name_start[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
static const char name_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
                                   "0123456789";

/* The value of the variable whose name has len bytes. NULL with err set if there is none. */
static const char *variable_value(const char *name, size_t len,
                                  const char *(*variable)(const char *name), struct error *err)
{
    char terminated[256];

    if (snprintf(terminated, sizeof terminated, "%.*s", (int)len, name) >=
        (int)sizeof terminated) {
        error_set(err, ERR_CONFIG, "the name of a variable is longer than %zu bytes",
                  sizeof terminated - 1);
        return NULL;
    }
    const char *value = variable ? variable(terminated) : NULL;
    if (value && value[0])
        return value;
    error_set(err, ERR_CONFIG, "the environment variable %s is %s", terminated,
              value ? "empty" : "not set");
    return NULL;
}

int recipe_env_expand(char **text, const char *(*variable)(const char *name), struct error *err)
{
    char *old = *text;

    if (strncmp(old, "$${", 3) == 0) {
        memmove(old, old + 1, strlen(old));
        return 0;
    }
    if (strncmp(old, "${", 2) != 0)
        return 0;
    const char *name = old + 2;
    const size_t len = strspn(name, name_letters);
    if (len == 0 || !strchr(name_start, name[0]) || name[len] != '}')
        return error_set(err, ERR_CONFIG,
                         "a value that begins with ${ must begin with ${NAME}, a variable of "
                         "the environment; for a literal ${ write $${");
    const char *value = variable_value(name, len, variable, err);
    if (!value)
        return -1;
    const char *rest = name + len + 1;
    const size_t size = strlen(value) + strlen(rest) + 1;
    char *expanded = malloc(size);
    if (!expanded)
        return error_nomem(err);
    snprintf(expanded, size, "%s%s", value, rest);
    free(old);
    *text = expanded;
    return 0;
}
