/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/report.h"
#include "scoring/selection/diverse_private.h"

/* The information of a label that has received x: phi(x) = (x + SMALL)^POWER. */
#define MIG_POWER .8
#define MIG_SMALL 1e-6

struct mig_state {
    const struct mig_input *input;
    double *flow; /* similarity with each column divided by its sum */
    double *information;
    double *growth; /* of the information of a label, for each unit that it receives */
    double *worth;  /* of a unit of quality on a label */
    bool *taken;
    uint64_t left;
};

static double label_weight(const struct mig_input *input, size_t i)
{
    const size_t n = input->starts[i + 1] - input->starts[i];

    return input->by_label && n > 0 ? input->quality[i] / (double)n : input->quality[i];
}

static void find_flow(struct mig_state *m)
{
    const size_t n = m->input->n_labels;

    for (size_t b = 0; b < n; b++) {
        double sum = 0;

        for (size_t a = 0; a < n; a++)
            sum += m->input->similarity[a * n + b];
        for (size_t a = 0; a < n; a++)
            m->flow[a * n + b] = m->input->similarity[a * n + b] / sum;
    }
}

static void find_worth(struct mig_state *m)
{
    const size_t n = m->input->n_labels;

    for (size_t b = 0; b < n; b++)
        m->growth[b] = MIG_POWER * pow(m->information[b] + MIG_SMALL, MIG_POWER - 1);
    for (size_t a = 0; a < n; a++) {
        m->worth[a] = 0;
        for (size_t b = 0; b < n; b++)
            m->worth[a] += m->flow[a * n + b] * m->growth[b];
    }
}

static double mig_gain(const struct mig_state *m, size_t i)
{
    const struct mig_input *input = m->input;
    double sum = 0;

    for (size_t l = input->starts[i]; l < input->starts[i + 1]; l++)
        sum += label_weight(input, i) * m->worth[input->labels[l]];
    return sum;
}

static void add_information(struct mig_state *m, size_t i)
{
    const struct mig_input *input = m->input;

    for (size_t l = input->starts[i]; l < input->starts[i + 1]; l++)
        for (size_t b = 0; b < input->n_labels; b++)
            m->information[b] +=
                label_weight(input, i) * m->flow[input->labels[l] * input->n_labels + b];
}

static int choose_by_information(struct mig_state *m, uint32_t *picks, double *gains, size_t *n,
                                 struct error *err)
{
    const struct mig_input *input = m->input;
    size_t n_picks = 0;

    for (size_t best; n_picks < input->n_wanted; n_picks++) {
        double best_gain = -INFINITY;

        find_worth(m);
        best = input->n;
        for (size_t i = 0; i < input->n; i++) {
            if (m->taken[i] || (input->costs && input->costs[i] > m->left))
                continue;
            const double gain = mig_gain(m, i);
            if (gain > best_gain) {
                best_gain = gain;
                best = i;
            }
        }
        if (best == input->n)
            break;
        m->taken[best] = true;
        m->left -= input->costs ? input->costs[best] : 0;
        add_information(m, best);
        picks[n_picks] = (uint32_t)best;
        gains[n_picks] = best_gain;
        if (input->report)
            input->report->done = n_picks + 1;
        if (diverse_stop(input->report, err) < 0)
            return -1;
    }
    *n = n_picks;
    return 0;
}

int mig_choose(const struct mig_input *input, uint32_t *picks, double *gains, size_t *n_picks,
               struct error *err)
{
    const size_t n = input->n_labels ? input->n_labels : 1;
    struct mig_state m = { .input = input,
                           .flow = calloc(n, n * sizeof *m.flow),
                           .information = calloc(n, sizeof *m.information),
                           .growth = calloc(n, sizeof *m.growth),
                           .worth = calloc(n, sizeof *m.worth),
                           .taken = calloc(input->n ? input->n : 1, sizeof *m.taken),
                           .left = input->budget };
    int rc = 0;

    if (!m.flow || !m.information || !m.growth || !m.worth || !m.taken) {
        rc = error_nomem(err);
    } else {
        find_flow(&m);
        rc = choose_by_information(&m, picks, gains, n_picks, err);
    }
    free(m.flow);
    free(m.information);
    free(m.growth);
    free(m.worth);
    free(m.taken);
    return rc;
}
