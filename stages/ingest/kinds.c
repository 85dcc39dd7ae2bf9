/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/kinds.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "stages/stage.h"
#include "store/run.h"

/* Find the kind of this name. N_SAMPLE_KINDS: there is none. */
static int kinds_find(struct slice name)
{
    int kind = 0;

    while (kind < N_SAMPLE_KINDS &&
           !slice_equal(name, slice_text(sample_kind_name((enum sample_kind)kind))))
        kind++;
    return kind;
}

int kinds_parse(const char *text, unsigned *out, struct error *err)
{
    *out = text ? 0 : ~0U;
    while (text) {
        const size_t len = strcspn(text, ",");
        const int kind = kinds_find(slice_of(text, len));

        if (kind == N_SAMPLE_KINDS)
            return error_set(err, ERR_USAGE,
                             "--expect '%.*s': no such kind: give sft, pair, prompt_only or "
                             "text, or several of them with commas between",
                             (int)len, text);
        *out |= 1U << kind;
        text = text[len] ? text + len + 1 : NULL;
    }
    return 0;
}

int kinds_check(unsigned expected, enum sample_kind kind, const char *path, uint64_t line,
                struct error *err)
{
    if (expected & 1U << kind)
        return 0;
    return error_set(err, ERR_INPUT,
                     "%s: line %" PRIu64 ": the record is of the kind %s, which --expect does "
                     "not allow; it is not stored",
                     path, line, sample_kind_name(kind));
}

int kinds_count_sample(const struct stage_context *context, const struct sample *sample,
                       int64_t sample_id, bool added, struct run_counts *counts,
                       struct error *err)
{
    if (added) {
        counts->n_inserted++;
        counts->n_of_kind[sample->kind]++;
        return 0;
    }
    const int differs =
        sample_add_dup_meta(context->store, sample, sample_id, context->run_id, err);
    counts->n_duplicate++;
    counts->n_dup_meta += differs == 1;
    return differs < 0 ? -1 : 0;
}

void kinds_add_facts(const struct run_counts *counts, struct stage_result *result)
{
    static const enum sample_kind kinds[] = { SAMPLE_SFT, SAMPLE_PAIR, SAMPLE_PROMPT_ONLY,
                                              SAMPLE_TEXT };

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        stage_fact_int(result, sample_kind_name(kinds[i]),
                       (int64_t)counts->n_of_kind[kinds[i]]);
}
