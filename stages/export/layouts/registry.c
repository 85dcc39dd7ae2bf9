/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "stages/export/layouts/layout.h"
#include "stages/export/layouts/layout_list.h" /* generated: LAYOUT_LIST */

#define X(name) extern const struct layout layout_##name;
LAYOUT_LIST
#undef X

#define X(name) &layout_##name,
const struct layout *const layouts[] = { LAYOUT_LIST NULL };
#undef X

const char *layout_name(int i)
{
    return layouts[i] ? layouts[i]->name : NULL;
}
