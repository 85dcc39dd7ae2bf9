/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "scoring/facts/measurer.h"
#include "scoring/measurer_list.h"  /* generated: MEASURER_LIST */
#include "scoring/measurer_pages.h" /* generated: facts_page_NAME of each */

static const char *const part_names[N_TEXT_PARTS] = {
    [PART_INSTRUCTION] = "instruction",
    [PART_CONTEXT] = "context",
    [PART_RESPONSE] = "response",
};

#define X(name) extern const struct measurer measurer_##name;
MEASURER_LIST
#undef X

const struct measurer *const measurers[] = {
#define X(name) &measurer_##name,
    MEASURER_LIST
#undef X
        NULL
};

const struct measurer *measurer_find(const char *name)
{
    for (size_t i = 0; measurers[i]; i++)
        if (strcmp(measurers[i]->name, name) == 0)
            return measurers[i];
    return NULL;
}

const char *measurer_page(const struct measurer *measurer)
{
#define X(name) facts_page_##name,
    static const unsigned char *const pages[] = { MEASURER_LIST };
#undef X
    size_t i = 0;

    while (measurers[i] != measurer)
        i++;
    return (const char *)pages[i];
}

size_t measurer_count_columns(const struct measurer *measurer)
{
    size_t n = 0;

    if (measurer->verify)
        return measurer->n_facts;
    for (int part = 0; part < N_TEXT_PARTS; part++)
        n += measurer->parts >> part & 1 ? measurer->n_facts : 0;
    return n;
}

void measurer_column(const struct measurer *measurer, size_t i, struct fact_column_of *out)
{
    size_t before = i / measurer->n_facts; /* parts before the part of the column */
    int part = PART_ALL;

    if (!measurer->verify) {
        while (!(measurer->parts >> part & 1) || before-- > 0)
            part++;
    }
    out->fact = &measurer->facts[i % measurer->n_facts];
    out->part = (enum text_part)part;
    if (part == PART_ALL)
        snprintf(out->name, sizeof out->name, "%s", out->fact->name);
    else
        snprintf(out->name, sizeof out->name, "%s_%s", out->fact->name, part_names[part]);
}

const struct measurer *measurer_of_fact(const char *name)
{
    struct fact_column_of column;

    for (size_t i = 0; measurers[i]; i++) {
        for (size_t j = 0; j < measurer_count_columns(measurers[i]); j++) {
            measurer_column(measurers[i], j, &column);
            if (strcmp(column.name, name) == 0 || strcmp(column.fact->name, name) == 0)
                return measurers[i];
        }
    }
    return NULL;
}
