/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/prompts/templates/template.h"

#include <string.h>

#include "scoring/template_list.h" /* generated: TEMPLATE_LIST */

#define X(name) extern const struct template_family template_family_##name;
TEMPLATE_LIST
#undef X

#define X(name) &template_family_##name,
const struct template_family *const template_families[] = { TEMPLATE_LIST NULL };
#undef X

const struct prompt_template *prompt_template_find(const char *name)
{
    for (size_t i = 0; template_families[i]; i++)
        for (size_t j = 0; template_families[i]->forms[j]; j++)
            if (strcmp(template_families[i]->forms[j]->name, name) == 0)
                return template_families[i]->forms[j];
    return NULL;
}
