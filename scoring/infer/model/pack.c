/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/model/pack.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/threads/pool.h"
#include "scoring/infer/model/model_private.h"
#include "scoring/infer/model/panels.h"
#include "scoring/kernels/kernels.h"

enum {
    HUGE_PAGE = 2 * 1024 * 1024, /* alignment: panels are large and read again and again */
    LAYER_MATRICES = 7,
};

struct pack_args {
    const struct kernels *kernels;
    const struct matrix *matrix;
    uint8_t *out;
    uint8_t *scratch; /* PANEL_SCRATCH_BYTES per thread */
};

/* The i-th matrix that sessions multiply by; NULL after the last. */
static struct matrix *matrix_at(struct weights *weights, uint32_t n_layers, size_t i)
{
    if (i == (size_t)n_layers * LAYER_MATRICES)
        return &weights->output;
    if (i > (size_t)n_layers * LAYER_MATRICES)
        return NULL;
    struct layer *layer = &weights->layers[i / LAYER_MATRICES];
    struct matrix *const matrices[LAYER_MATRICES] = {
        &layer->q.matrix,    &layer->k.matrix,  &layer->v.matrix,    &layer->attn_output.matrix,
        &layer->gate.matrix, &layer->up.matrix, &layer->down.matrix,
    };
    return matrices[i % LAYER_MATRICES];
}

bool model_has_form(const struct model *model, const struct kernels *kernels, enum form form)
{
    struct weights weights = model->weights; /* only read */
    const struct matrix *matrix;

    for (size_t i = 0; (matrix = matrix_at(&weights, model->info.n_layers, i)); i++)
        if (matrix->data && panel_form(kernels, matrix) == form)
            return true;
    return false;
}

static size_t n_panels(const struct kernels *kernels, const struct matrix *matrix)
{
    return (matrix->n_rows + kernels->panel - 1) / kernels->panel;
}

/* Bytes of a packed matrix, rounded up to a cache line. 0 if the layer has no such matrix. */
static uint64_t matrix_bytes(const struct kernels *kernels, const struct matrix *matrix)
{
    if (!matrix->data)
        return 0;
    const uint64_t bytes = (uint64_t)n_panels(kernels, matrix) *
                           panel_bytes(kernels, panel_form(kernels, matrix), matrix->n_cols);

    return (bytes + 63) & ~(uint64_t)63;
}

uint64_t model_pack_bytes(const struct model *model, const struct kernels *kernels)
{
    struct weights weights = model->weights; /* a copy, because matrix_at() is not const */
    uint64_t sum = 0;
    const struct matrix *matrix;

    for (size_t i = 0; (matrix = matrix_at(&weights, model->info.n_layers, i)); i++)
        sum += matrix_bytes(kernels, matrix);
    return (sum + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
}

static void pack_panel(void *arg, size_t item, size_t thread)
{
    const struct pack_args *args = arg;
    const struct matrix *matrix = args->matrix;
    const struct kernels *kernels = args->kernels;
    const enum form form = panel_form(kernels, matrix);
    const size_t column = item * kernels->panel;
    const size_t left = matrix->n_rows - column;
    uint8_t *out = args->out + item * panel_bytes(kernels, form, matrix->n_cols);

    for (size_t first = 0; first < matrix->n_cols; first += PANEL_DEPTH) {
        const size_t rest = matrix->n_cols - first;

        panel_fill(kernels, matrix, column, left < kernels->panel ? left : kernels->panel,
                   first, rest < PANEL_DEPTH ? rest : PANEL_DEPTH,
                   args->scratch + thread * PANEL_SCRATCH_BYTES,
                   out + panel_bytes(kernels, form, first));
    }
}

static int check_pack_memory(uint64_t bytes, struct error *err)
{
    const double gib = 1024.0 * 1024 * 1024;
    const uint64_t available = memory_available("");

    if (bytes <= available && bytes <= SIZE_MAX)
        return 0;
    return error_set(
        err, ERR_NOMEM,
        "packing the weights needs %.2f GiB of memory, but only %.2f GiB are available",
        (double)bytes / gib, (double)available / gib);
}

static void pack_all(struct model *model, struct pool *pool, struct pack_args *args,
                     uint8_t *out)
{
    struct matrix *matrix;

    for (size_t i = 0; (matrix = matrix_at(&model->weights, model->info.n_layers, i)); i++) {
        if (!matrix->data)
            continue;
        args->matrix = matrix;
        args->out = out;
        pool_run(pool, n_panels(args->kernels, matrix), pack_panel, args);
        matrix->panels = out;
        out += matrix_bytes(args->kernels, matrix);
    }
}

int model_pack(struct model *model, const struct kernels *kernels, struct pool *pool,
               struct error *err)
{
    const uint64_t bytes = model_pack_bytes(model, kernels);
    struct pack_args args = { .kernels = kernels };

    if (panels_match(model, kernels))
        return 0;
    if (check_pack_memory(bytes, err) < 0)
        return -1;
    uint8_t *panels = aligned_alloc(HUGE_PAGE, (size_t)bytes);
    args.scratch = aligned_alloc(64, pool_threads(pool) * PANEL_SCRATCH_BYTES);
    if (!panels || !args.scratch) {
        free(panels);
        free(args.scratch);
        return error_nomem(err);
    }
    (void)madvise(panels, (size_t)bytes, MADV_HUGEPAGE); /* optional: ignore a failure */
    free(model->panels);
    model->panels = panels;
    model->panels_bytes = bytes;
    model->panels_for = *kernels;
    pack_all(model, pool, &args, panels);
    free(args.scratch);
    return 0;
}

void model_unpack(struct model *model)
{
    struct matrix *matrix;

    for (size_t i = 0; (matrix = matrix_at(&model->weights, model->info.n_layers, i)); i++)
        matrix->panels = NULL;
    free(model->panels);
    model->panels = NULL;
    model->panels_bytes = 0;
}

bool panels_match(const struct model *model, const struct kernels *kernels)
{
    const struct kernels *made = &model->panels_for;

    return model->panels && strcmp(made->name, kernels->name) == 0 &&
           made->int8 == kernels->int8 && made->bf16 == kernels->bf16;
}
