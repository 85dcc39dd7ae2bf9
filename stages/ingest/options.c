/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/options.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/option.h"

int ingest_choose_format(const char *name, const struct format **out, struct error *err)
{
    struct error ignored;
    struct buf names;

    *out = NULL;
    if (strcmp(name, "auto") == 0)
        return 0;
    *out = format_find(name);
    if (*out)
        return 0;
    buf_init(&names, sizeof err->msg / 2);
    for (int i = 0; format_choice(i); i++)
        (void)buf_printf(&names, &ignored, "%s%s", i > 0 ? ", " : "", format_choice(i));
    error_set(err, ERR_USAGE, "--format %s: there is no such format; there are %s", name,
              buf_slice(&names).ptr);
    buf_release(&names);
    return -1;
}

int ingest_choose_split(const char *name, enum format_split *out, struct error *err)
{
    if (strcmp(name, "last-paragraph") == 0)
        *out = SPLIT_LAST_PARAGRAPH;
    else if (strcmp(name, "none") == 0)
        *out = SPLIT_NONE;
    else
        return error_set(err, ERR_USAGE, "--split %s: it is last-paragraph or none", name);
    return 0;
}

int ingest_choose_policy(const struct text_list *on, bool strict, struct defect_policy *out,
                         struct error *err)
{
    defect_policy_init(out);
    if (strict)
        defect_policy_strict(out);
    for (unsigned i = 0; i < on->n; i++)
        if (defect_policy_set(out, on->items[i], err) < 0)
            return -1;
    return 0;
}
