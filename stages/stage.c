/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/stage.h"

#include <assert.h>
#include <stdio.h>

static struct stage_fact *add(struct stage_result *result, const char *key)
{
    assert(result->n_facts < STAGE_FACTS_MAX);
    struct stage_fact *fact = &result->facts[result->n_facts++];

    *fact = (struct stage_fact){ .key = key };
    return fact;
}

void stage_fact_int(struct stage_result *result, const char *key, int64_t value)
{
    struct stage_fact *fact = add(result, key);

    fact->type = FACT_INT;
    fact->integer = value;
}

void stage_fact_real(struct stage_result *result, const char *key, double value)
{
    struct stage_fact *fact = add(result, key);

    fact->type = FACT_REAL;
    fact->real = value;
}

void stage_fact_text(struct stage_result *result, const char *key, const char *value)
{
    struct stage_fact *fact = add(result, key);

    fact->type = FACT_TEXT;
    snprintf(fact->text, sizeof fact->text, "%s", value);
}
