/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/export/pack.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/report.h"
#include "stages/stage.h"

const char *const pack_method_names[] = {
    [PACK_BEST_FIT] = "bfd", [PACK_SORTED] = "sorted", [PACK_WRAPPED] = "wrapped", NULL
};
const char *const pack_long_names[] = {
    [PACKING_DROP] = "drop", [PACKING_TRUNCATE] = "truncate", [PACKING_SPLIT] = "split", NULL
};

/* The name of an option that says how to pack and was given; NULL: none. */
static const char *find_pack_option(const struct pack_args *args)
{
    return args->method != PACK_BEST_FIT               ? "pack-method"
           : args->when_long != PACKING_DROP           ? "pack-long"
           : args->margin.n || args->margin.hundredths ? "margin"
           : args->min_length                          ? "pack-min"
           : args->n_batch                             ? "pack-batch"
           : args->seed                                ? "pack-seed"
                                                       : NULL;
}

uint32_t pack_limit(const struct pack_args *args)
{
    const uint64_t left = (uint64_t)args->length * (10000 - args->margin.hundredths) / 10000;

    return (uint32_t)(left > args->margin.n ? left - args->margin.n : 0);
}

int pack_check(const struct pack_args *args, bool is_plan, struct error *err)
{
    const char *option = find_pack_option(args);

    if (args->length == 0 && option)
        return error_set(err, ERR_USAGE, "--%s is for --pack: give the length of a pack",
                         option);
    if (args->length == 0)
        return is_plan ? error_set(err, ERR_USAGE,
                                   "--to plan: no length of a pack: use --pack LENGTH")
                       : 0;
    if (!is_plan)
        return error_set(err, ERR_USAGE,
                         "--pack writes which samples go into which pack: use --to plan");
    if (pack_limit(args) == 0)
        return error_set(err, ERR_USAGE, "--margin: must leave room in a pack of %" PRId64,
                         args->length);
    if (args->method == PACK_WRAPPED && args->when_long != PACKING_DROP)
        return error_set(err, ERR_USAGE,
                         "--pack-long %s: --pack-method wrapped cuts samples wherever a pack "
                         "ends: leave out --pack-long",
                         pack_long_names[args->when_long]);
    if (args->method == PACK_SORTED && args->n_batch == 0)
        return error_set(err, ERR_USAGE,
                         "--pack-method sorted: no size of a batch: use --pack-batch N");
    if (args->method != PACK_SORTED && args->seed)
        return error_set(err, ERR_USAGE,
                         "--pack-seed is for --pack-method sorted: leave it out");
    return 0;
}

void pack_plan_report(const struct pack_plan *plan, const struct pack_args *args,
                      struct report *report)
{
    const struct packing *packing = &plan->packing;
    static const char *const what[] = {
        [PACKING_DROP] = "left out", [PACKING_TRUNCATE] = "truncated", [PACKING_SPLIT] = "split"
    };

    if (plan->n_unmeasured > 0)
        report_note(report, "samples without a number of tokens, left out: %" PRIu64,
                    plan->n_unmeasured);
    if (plan->n_pairs > 0)
        report_note(report, "pairs, which are no single sequence, left out: %" PRIu64,
                    plan->n_pairs);
    if (packing->n_short > 0)
        report_note(report, "samples that are empty or shorter than --pack-min, left out: %zu",
                    packing->n_short);
    if (packing->n_long > 0)
        report_note(report, "samples that are longer than a pack, %s: %zu",
                    what[args->when_long], packing->n_long);
}

void pack_plan_facts(const struct pack_plan *plan, struct stage_result *result)
{
    const struct packing *packing = &plan->packing;

    stage_fact_int(result, "packs", (int64_t)packing->n_packs);
    stage_fact_int(result, "tokens", (int64_t)packing->n_tokens);
    stage_fact_int(result, "tokens_left_out", (int64_t)packing->n_tokens_left_out);
    stage_fact_real(result, "filled",
                    plan->n_places > 0 ? (double)packing->n_tokens / (double)plan->n_places
                                       : 0);
}
