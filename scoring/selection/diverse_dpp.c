/* SPDX-License-Identifier: Apache-2.0 */
/* Greedy MAP of a determinantal point process by incremental Cholesky (1709.05135). */
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "scoring/selection/diverse_private.h"

/* A determinant that grows by less than this is 0 up to rounding: no sample adds anything. */
#define DPP_GAIN_MIN 1e-12

struct dpp_state {
    const struct diverse *d;
    double *gains;
    double **rows; /* of each pick: one number a sample */
    size_t pick;
    size_t n_rows;
};

static void update_dpp_gain(void *arg, size_t i)
{
    const struct dpp_state *state = arg;
    const struct diverse *d = state->d;
    const size_t j = state->pick;
    double sum = 0;

    if (d->taken[i])
        return;
    for (size_t t = 0; t < state->n_rows; t++)
        sum += state->rows[t][j] * state->rows[t][i];
    const double kernel = d->quality[j] * ((1 + diverse_cosine(d, i, j)) / 2) * d->quality[i];
    const double element = (kernel - sum) / sqrt(state->gains[j]);
    state->rows[state->n_rows][i] = element;
    state->gains[i] -= element * element;
}

int diverse_dpp(struct diverse *d, struct error *err)
{
    const size_t n = d->input->n;
    const size_t most = d->input->n_wanted < n ? d->input->n_wanted : n;
    struct dpp_state state = { .d = d,
                               .gains = calloc(n ? n : 1, sizeof *state.gains),
                               .rows = calloc(most ? most : 1, sizeof *state.rows) };
    int rc = 0;

    if (!state.gains || !state.rows)
        rc = error_nomem(err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        state.gains[i] = d->quality[i] * d->quality[i];
    while (rc == 0 && diverse_is_open(d)) {
        state.pick = diverse_best(d, state.gains);
        if (state.pick == n || state.gains[state.pick] <= DPP_GAIN_MIN)
            break;
        rc = diverse_take(d, state.pick, state.gains[state.pick], err);
        if (rc < 0)
            break;
        state.rows[state.n_rows] = calloc(n, sizeof **state.rows);
        if (!state.rows[state.n_rows]) {
            rc = error_nomem(err);
            break;
        }
        diverse_for_all(d, n, update_dpp_gain, &state);
        state.n_rows++;
    }
    for (size_t t = 0; state.rows && t < state.n_rows; t++)
        free(state.rows[t]);
    free(state.gains);
    free(state.rows);
    return rc;
}
