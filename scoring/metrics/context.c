/* SPDX-License-Identifier: Apache-2.0 */
/* How much of the response's attention the head that looks most gives to the user (2411.02688).
 */
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

static void observe_context_dependency(const struct observation *observation, struct score *out)
{
    out->reason = observation->user_reason;
    out->value = observation->user_mass;
}

const struct scorer scorer_context_dependency = {
    .name = "context_dependency",
    .version = 1,
    .unit = "probability",
    .better = BETTER_HIGHER,
    .summary = "attention of the response to what the user wrote, of the head that looks most",
    .needs = NEED_USER_MASS,
    .observe = observe_context_dependency,
};
