/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/skill_it.h"

#include <math.h>

#include "base/error.h"
#include "scoring/normalise.h"
#include "scoring/sum.h"

int skill_it_mixture(const struct skill_it *step, double *out, struct error *err)
{
    for (size_t i = 0; i < step->n_skills; i++) {
        struct sum sum = { 0 };

        for (size_t j = 0; j < step->n_targets; j++)
            sum_add(&sum, step->graph[i * step->n_targets + j] * step->losses[j]);
        out[i] = step->eta * sum_value(&sum);
        if (!isfinite(out[i]))
            return error_set(err, ERR_INPUT,
                             "the losses that skill %zu helps with add up to no finite number",
                             i + 1);
    }
    if (normalise_softmax(out, step->n_skills, out, err) < 0)
        return -1;
    for (size_t i = 0; i < step->n_skills; i++)
        out[i] = step->floor + (1 - (double)step->n_skills * step->floor) * out[i];
    return 0;
}
