/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/observe_prompts.h"

#include <stdlib.h>

#include "scoring/observe/observe_private.h"
#include "scoring/prompts/prompt.h"

int observe_prompts(struct observer *observer, const struct prompt *prompts, size_t n,
                    unsigned needs, struct arena *arena, struct observation *out,
                    struct error *err)
{
    struct pass_list list = { .n = 0 };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < n; i++) {
        const struct planning planning = { .observer = observer,
                                           .prompt = &prompts[i],
                                           .needs = needs,
                                           .arena = arena,
                                           .out = &out[i],
                                           .list = &list };

        out[i] = (struct observation){ 0 };
        rc = observe_plan_response(&planning, err);
    }
    if (rc == 0)
        rc = observe_run_passes(observer, &list, needs, err);
    free(list.passes);
    return rc;
}
