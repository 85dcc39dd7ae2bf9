/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "stages/stage.h"
#include "stages/stage_list.h" /* generated: STAGE_LIST */

#define X(name) extern const struct stage stage_##name;
STAGE_LIST
#undef X

#define X(name) &stage_##name,
const struct stage *const stages[] = { STAGE_LIST NULL };
#undef X

const struct stage *stage_find(const char *name)
{
    for (size_t i = 0; stages[i]; i++)
        if (strcmp(stages[i]->name, name) == 0)
            return stages[i];
    return NULL;
}
