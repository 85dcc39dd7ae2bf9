/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/option.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/formats/format_list.h" /* generated: FORMAT_LIST */

#define X(name) extern const struct format format_##name;
FORMAT_LIST
#undef X

#define X(name) &format_##name,
const struct format *const formats[] = { FORMAT_LIST NULL };
#undef X

const char *const format_split_names[] = { [SPLIT_AUTO] = "auto",
                                           [SPLIT_LAST_PARAGRAPH] = "last-paragraph",
                                           [SPLIT_NONE] = "none",
                                           NULL };

int format_split_find(const char *name)
{
    for (int i = 0; format_split_names[i]; i++)
        if (strcmp(format_split_names[i], name) == 0)
            return i;
    return OPTION_NO_CHOICE;
}

const char *const format_paths_names[] = { [PATHS_BEST] = "best", [PATHS_ALL] = "all", NULL };

const struct format *format_find(const char *name)
{
    for (size_t i = 0; formats[i]; i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

const char *format_choice(int i)
{
    if (i == 0)
        return "auto";
    return formats[i - 1] ? formats[i - 1]->name : NULL;
}

const struct format *format_chosen(int i)
{
    return i == 0 ? NULL : formats[i - 1];
}

const struct format *format_detect(const struct members *members)
{
    for (size_t i = 0; formats[i]; i++)
        if (formats[i]->match(members))
            return formats[i];
    return NULL;
}

int format_read(const struct format *format, struct draft *draft)
{
    draft_begin(draft, format);
    format->read(draft);
    return draft_finish(draft);
}
