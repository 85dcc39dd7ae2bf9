/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/imported.h"

#include <string.h>

#include "scoring/scorer.h"

/* InstructMining (2307.06290): a reward model's mark, and the answers of UniEval. */
static const struct scorer imported[] = {
    { .name = "reward", .imported = true },
    { .name = "understandability", .imported = true },
    { .name = "naturalness", .imported = true },
    { .name = "coherence", .imported = true },
};

const struct scorer *scorer_imported(const char *name)
{
    for (size_t i = 0; i < sizeof imported / sizeof *imported; i++)
        if (strcmp(imported[i].name, name) == 0)
            return &imported[i];
    return NULL;
}
