/* SPDX-License-Identifier: Apache-2.0 */
#include "base/chat/trained.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/json/json.h"

static bool is_verdict_key(struct slice name)
{
    static const char *const words[] = { "weight", "train", "loss", "loss_weight" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (name.len == strlen(words[i]) && strncasecmp(name.ptr, words[i], name.len) == 0)
            return true;
    return false;
}

int trained_of(struct slice name, const struct json_value *value)
{
    bool truth = false;
    double number = 0;

    if (!is_verdict_key(name))
        return -1;
    if (json_bool(value, &truth))
        return truth;
    if (json_type(value) != JSON_NUMBER || !json_double(value, &number))
        return -1;
    return number == 1 ? 1 : number == 0 ? 0 : -1;
}
