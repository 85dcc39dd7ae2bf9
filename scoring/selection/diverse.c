/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/selection/diverse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/report.h"
#include "base/threads/pool.h"
#include "scoring/kernels/kernels.h"
#include "scoring/selection/diverse_private.h"

static const struct diverse_method methods[] = {
    { "deita", diverse_deita, .9 },      { "k-center", diverse_k_center, 0 },
    { "facility", diverse_facility, 0 }, { "qdit", diverse_qdit, .5 },
    { "mmr", diverse_mmr, .5 },          { "dpp", diverse_dpp, 0 },
    { "clusters", diverse_clusters, 0 }, /* sqrt(n) */
    { "mig", diverse_mig, 0 },           /* likewise */
};
enum { METHODS = sizeof methods / sizeof methods[0] };

const struct diverse_method *diverse_find(const char *name)
{
    for (size_t i = 0; i < METHODS; i++)
        if (strcmp(methods[i].name, name) == 0)
            return &methods[i];
    return NULL;
}

const char *diverse_name(size_t i)
{
    return i < METHODS ? methods[i].name : NULL;
}

double diverse_default(const struct diverse_method *method, size_t n)
{
    if (method->choose == diverse_clusters || method->choose == diverse_mig)
        return fmax(1, floor(sqrt((double)n)));
    return method->parameter;
}

uint64_t diverse_bytes(const struct diverse_method *method, double parameter, size_t n,
                       size_t width, size_t n_wanted)
{
    const double samples = (double)n, numbers = (double)width;
    double bytes = 0;

    if (method->choose == diverse_dpp) /* the rank of its kernel is width + 1 at most */
        bytes = 8 * samples * fmin((double)n_wanted, numbers + 1);
    if (method->choose == diverse_clusters || method->choose == diverse_mig)
        bytes = fmin(parameter, samples) * (8 * numbers + 32);
    if (method->choose == diverse_mig)
        bytes += 16 * fmin(parameter, samples) * fmin(parameter, samples);
    return bytes < 0x1p64 ? (uint64_t)bytes : UINT64_MAX;
}

double diverse_cosine(const struct diverse *d, size_t a, size_t b)
{
    const size_t width = d->input->width;
    const double product = d->input->kernels->dot_f32(d->input->vectors + a * width,
                                                      d->input->vectors + b * width, width);

    return diverse_clamp(product * (d->inverse[a] * d->inverse[b]));
}

void diverse_direction(const struct diverse *d, size_t sample, float *out)
{
    const size_t width = d->input->width;

    for (size_t c = 0; c < width; c++)
        out[c] = (float)((double)d->input->vectors[sample * width + c] * d->inverse[sample]);
}

struct diverse_loop {
    diverse_work *work;
    void *arg;
    size_t n;
};

static void run_diverse_block(void *arg, size_t item, size_t thread)
{
    const struct diverse_loop *loop = arg;
    const size_t first = item * DIVERSE_BLOCK;

    (void)thread;
    for (size_t i = first; i < loop->n && i < first + DIVERSE_BLOCK; i++)
        loop->work(loop->arg, i);
}

void diverse_for_all(const struct diverse *d, size_t n, diverse_work *work, void *arg)
{
    struct diverse_loop loop = { work, arg, n };

    pool_run(d->input->pool, (n + DIVERSE_BLOCK - 1) / DIVERSE_BLOCK, run_diverse_block, &loop);
}

bool diverse_is_open(const struct diverse *d)
{
    return d->result->n_picks < d->input->n && d->result->n_picks < d->input->n_wanted;
}

bool diverse_may_take(const struct diverse *d, size_t i)
{
    return !d->taken[i] && (!d->input->costs || d->input->costs[i] <= d->left);
}

size_t diverse_best(const struct diverse *d, const double *values)
{
    size_t best = d->input->n;

    for (size_t i = 0; i < d->input->n; i++)
        if (diverse_may_take(d, i) && (best == d->input->n || values[i] > values[best]))
            best = i;
    return best;
}

int diverse_take(struct diverse *d, size_t i, double gain, struct error *err)
{
    struct report *report = d->input->report;

    d->taken[i] = true;
    if (d->input->costs)
        d->left -= d->input->costs[i];
    d->result->picks[d->result->n_picks] = (uint32_t)i;
    d->result->gains[d->result->n_picks++] = gain;
    if (report)
        report->done = d->result->n_picks;
    return diverse_stop(report, err);
}

int diverse_stop(struct report *report, struct error *err)
{
    if (!report)
        return 0;
    report_tick(report);
    if (report_stop(report) != 0)
        return error_set_sys(err, ERR_CANCELLED, report_stop(report), "stopped");
    return 0;
}

struct nearest_pick {
    const struct diverse *d;
    double *nearest;
};

static void find_nearest_pick(void *arg, size_t i)
{
    const struct nearest_pick *find = arg;
    const struct diverse_result *result = find->d->result;
    double best = -1;

    for (size_t j = 0; j < result->n_picks; j++)
        if (j != i)
            best = fmax(best, diverse_cosine(find->d, result->picks[i], result->picks[j]));
    find->nearest[i] = best;
}

static int measure_picks(const struct diverse *d, struct error *err)
{
    struct diverse_result *result = d->result;
    double sum = 0;

    result->mean_nearest = NAN;
    result->max_nearest = NAN;
    if (result->n_picks < 2)
        return 0;
    double *nearest = reallocarray(NULL, result->n_picks, sizeof *nearest);
    if (!nearest)
        return error_nomem(err);
    diverse_for_all(d, result->n_picks, find_nearest_pick,
                    &(struct nearest_pick){ d, nearest });
    result->max_nearest = nearest[0];
    for (size_t i = 0; i < result->n_picks; i++) {
        sum += nearest[i];
        result->max_nearest = fmax(result->max_nearest, nearest[i]);
    }
    result->mean_nearest = sum / (double)result->n_picks;
    free(nearest);
    return 0;
}

static int measure_vectors(struct diverse *d, struct error *err)
{
    const struct diverse_input *input = d->input;

    for (size_t i = 0; i < input->n; i++) {
        const float *vector = input->vectors + i * input->width;
        const double square = input->kernels->dot_f32(vector, vector, input->width);

        d->quality[i] = input->quality ? input->quality[i] : 1;
        d->inverse[i] = 1 / sqrt(square);
        if (!(square > 0) || !isfinite(square))
            return error_set(err, ERR_INPUT,
                             "the vector of sample %zu has no length: leave the sample out", i);
    }
    return 0;
}

int diverse_choose(const struct diverse_method *method, const struct diverse_input *input,
                   struct diverse_result *result, struct error *err)
{
    const size_t room = input->n ? input->n : 1;
    struct diverse d = { .input = input,
                         .result = result,
                         .inverse = calloc(room, sizeof *d.inverse),
                         .quality = calloc(room, sizeof *d.quality),
                         .taken = calloc(room, sizeof *d.taken),
                         .left = input->budget };
    int rc = -1;

    result->n_picks = 0;
    result->n_points = 0;
    if (!d.inverse || !d.quality || !d.taken)
        error_nomem(err);
    else if (measure_vectors(&d, err) == 0 && method->choose(&d, err) == 0)
        rc = measure_picks(&d, err);
    free(d.inverse);
    free(d.quality);
    free(d.taken);
    return rc;
}
