/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/skill_it.h"

#include <math.h>

#include "base/error.h"
#include "scoring/normalise.h"
#include "scoring/sum.h"

int skill_it_mixture(const struct skill_it *input, double *out, struct error *err)
{
    for (size_t i = 0; i < input->n_skills; i++) {
        struct sum sum = { 0 };

        for (size_t j = 0; j < input->n_targets; j++)
            sum_add(&sum, input->graph[i * input->n_targets + j] * input->losses[j]);
        out[i] = input->eta * sum_value(&sum);
        if (!isfinite(out[i]))
            return error_set(
                err, ERR_INPUT,
                "skill %zu: the sum of weight times loss over its targets is not finite",
                i + 1);
    }
    if (normalise_softmax(out, input->n_skills, out, err) < 0)
        return -1;
    for (size_t i = 0; i < input->n_skills; i++)
        out[i] = input->floor + (1 - (double)input->n_skills * input->floor) * out[i];
    return 0;
}
