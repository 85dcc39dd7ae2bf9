/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/observe/compat.h"

#include <stddef.h>
#include <string.h>

#include "scoring/scorer.h"

static const struct {
    const char *name;
    unsigned needs;
    unsigned max_tokens;
} modes[] = {
    [COMPAT_NONE] = { "", ~0U, 0 },
    [COMPAT_GATEAU_CODE] = { "gateau-code", NEED_NLL | NEED_SEGMENTS, 0 },
    [COMPAT_SUPERFILTERING] = { "superfiltering", NEED_NLL | NEED_NLL_ALONE, 1024 },
    [COMPAT_CHERRY] = { "cherry", NEED_NLL | NEED_NLL_ALONE, 512 },
};

const char *compat_name(enum compat compat)
{
    return modes[compat].name;
}

bool compat_find(const char *name, enum compat *out)
{
    for (size_t i = COMPAT_NONE + 1; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(modes[i].name, name) == 0) {
            *out = (enum compat)i;
            return true;
        }
    }
    return false;
}

unsigned compat_needs(enum compat compat)
{
    return modes[compat].needs;
}

unsigned compat_max_tokens(enum compat compat)
{
    return modes[compat].max_tokens;
}
