/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/observe/compat.h"

#include <stddef.h>

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

const char *compat_name(int compat)
{
    return compat < (int)(sizeof modes / sizeof *modes) ? modes[compat].name : NULL;
}

unsigned compat_needs(enum compat compat)
{
    return modes[compat].needs;
}

unsigned compat_max_tokens(enum compat compat)
{
    return modes[compat].max_tokens;
}
