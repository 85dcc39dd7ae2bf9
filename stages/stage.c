/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/stage.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text/escape.h"

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

    fact->type = STAGE_FACT_INT;
    fact->integer = value;
}

void stage_fact_real(struct stage_result *result, const char *key, double value)
{
    struct stage_fact *fact = add(result, key);

    fact->type = STAGE_FACT_REAL;
    fact->real = value;
}

void stage_fact_text(struct stage_result *result, const char *key, const char *value)
{
    struct stage_fact *fact = add(result, key);

    fact->type = STAGE_FACT_TEXT;
    snprintf(fact->text, sizeof fact->text, "%s", value);
    if (strlen(value) > strlen(fact->text)) /* do not cut a character in half */
        fact->text[strlen(fact->text) - escape_incomplete_tail(slice_text(fact->text))] = '\0';
}

int stage_configure(const struct stage *stage, const void *args, void **config,
                    struct error *err)
{
    /* One byte more: calloc() may return NULL for none. */
    void *made = calloc(1, stage->config_size + 1);

    if (!made)
        return error_nomem(err);
    if (stage->check && stage->check(args, made, err) < 0) {
        stage_config_free(stage, made);
        return -1;
    }
    *config = made;
    return 0;
}

void stage_config_free(const struct stage *stage, void *config)
{
    if (config && stage->release)
        stage->release(config);
    free(config);
}
