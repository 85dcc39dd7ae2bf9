/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/arch/arch.h"

#include <stddef.h>

#include "scoring/infer/arch_list.h" /* generated: ARCH_LIST */

#define X(name) extern const struct arch arch_##name;
ARCH_LIST
#undef X

#define X(name) &arch_##name,
const struct arch *const archs[] = { ARCH_LIST NULL };
#undef X

const struct arch *arch_find(struct slice name)
{
    for (size_t i = 0; archs[i]; i++) {
        if (slice_equal(slice_text(archs[i]->name), name))
            return archs[i];
    }
    return NULL;
}
