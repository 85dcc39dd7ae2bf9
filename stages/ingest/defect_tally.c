/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/defect_tally.h"

#include <inttypes.h>
#include <stdio.h>

#include "stages/ingest/parse.h"
#include "store/defect.h"
#include "store/sample.h"

void defect_tally_accept(struct defect_tally *tally, uint64_t defects)
{
    for (int i = 0; defects >> i; i++)
        tally->accepted[i] += defects >> i & 1;
}

void defect_tally_count(struct defect_tally *tally, const struct parsed *parsed)
{
    if (parsed->rejected_for)
        tally->rejected[parsed->rejected_for] += 1 + parsed->n_more_rows;
    else
        defect_tally_accept(tally, parsed->defects);
}

void defect_tally_add(struct defect_tally *sum, const struct defect_tally *tally)
{
    for (int i = 0; i < N_DEFECTS; i++) {
        sum->rejected[i] += tally->rejected[i];
        sum->accepted[i] += tally->accepted[i];
    }
}

/* The action for accepted records. A defect after the last record of a file gets the default
 * action even if the policy rejects it: there is no record to reject. */
static enum defect_action accepted_action(int defect, const struct defect_policy *policy)
{
    const enum defect_action action = policy->actions[defect];

    return action == ACTION_REJECT ? defect_classes[defect].action : action;
}

static int store_count(int defect, enum defect_action action, uint64_t n, struct store *store,
                       int64_t run_id, struct error *err)
{
    if (n == 0)
        return 0;
    return defect_count(store, run_id, defect_classes[defect].name, defect_action_name(action),
                        n, err);
}

int defect_tally_store(const struct defect_tally *tally, const struct defect_policy *policy,
                       struct store *store, int64_t run_id, struct error *err)
{
    for (int i = 0; i < N_DEFECTS; i++)
        if (store_count(i, ACTION_REJECT, tally->rejected[i], store, run_id, err) < 0 ||
            store_count(i, accepted_action(i, policy), tally->accepted[i], store, run_id, err) <
                0)
            return -1;
    return 0;
}

/* A defect of the file's layout that changes nothing? */
static bool is_harmless_layout(int defect)
{
    return defect_classes[defect].of_file && defect_classes[defect].action == ACTION_KEEP;
}

void defect_tally_list(const uint64_t counts[N_DEFECTS], bool skip_layout, char *out,
                       size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (int i = 0; i < N_DEFECTS; i++)
        if (counts[i] > 0 && len < size && !(skip_layout && is_harmless_layout(i)))
            len += (size_t)snprintf(out + len, size - len, "%s%s %" PRIu64, len > 0 ? ", " : "",
                                    defect_classes[i].name, counts[i]);
}

int defect_check_id(struct store *store, const struct defect_policy *policy,
                    struct parsed *parsed, struct error *err)
{
    const int clashes = sample_ext_id_clashes(store, &parsed->sample, err);

    if (clashes == 1 && policy->actions[DEFECT_DUPLICATE_ID] == ACTION_REJECT) {
        parsed->rejected_for = DEFECT_DUPLICATE_ID;
        parsed->detail = slice_text("another sample of its file has its id");
    } else if (clashes == 1) {
        parsed->defects |= defect_bit(DEFECT_DUPLICATE_ID);
    }
    return clashes < 0 ? -1 : 0;
}

int defect_store_sample(struct store *store, int64_t sample_id, uint64_t defects,
                        struct error *err)
{
    for (int i = 0; defects >> i; i++)
        if ((defects >> i & 1) && !defect_classes[i].of_file &&
            defect_add(store, sample_id, defect_classes[i].name, err) < 0)
            return -1;
    return 0;
}
