/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward/matmul.h"

#include <string.h>

#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/panels.h"
#include "scoring/infer/model/weights.h"
#include "scoring/kernels/kernels.h"

struct matmul_args {
    const struct session *session;
    const struct matmul *matmul;
    enum form form;
    uint8_t *scratch;
};

static void round_operand_bf16(const struct session *session, struct operand *a)
{
    if (!a->has_bf16)
        session->kernels.round_bf16(a->rows, a->m * a->width, a->bf16);
    a->has_bf16 = true;
}

static void round_operand_int8(const struct session *session, struct operand *a)
{
    if (!a->has_int8)
        session->kernels.quantise_int8(a->rows, a->m * a->width / INT8_BLOCK, a->int8);
    a->has_int8 = true;
}

/* Multiply all rows by elements [first, first + k) of a panel of n columns. */
static void multiply_panel(const struct matmul_args *args, const uint8_t *panel, size_t n,
                           size_t first, size_t k, float *out, bool add)
{
    const struct matmul *matmul = args->matmul;
    const struct kernels *kernels = &args->session->kernels;
    const struct operand *a = matmul->a;

    switch (args->form) {
    case FORM_F32:
        kernels->gemm_f32(a->m, n, k, a->rows + first, a->width,
                          (const float *)(const void *)panel, kernels->panel, out, matmul->ldo,
                          add);
        break;
    case FORM_BF16:
        kernels->gemm_bf16(a->m, n, k, a->bf16 + first, a->width,
                           (const uint16_t *)(const void *)panel, kernels->panel, out,
                           matmul->ldo, add);
        break;
    case FORM_INT8:
        kernels->gemm_int8(a->m, n, k / INT8_BLOCK, a->int8 + first / INT8_BLOCK,
                           a->width / INT8_BLOCK, panel, kernels->panel,
                           panel_has_minima(matmul->weights), out, matmul->ldo, add);
        break;
    }
}

/* Compute n columns from `column` on, with the model's panel or one that is made here, in
 * slices of PANEL_DEPTH. A slice stays in the first two caches while all rows are multiplied.
 */
static void matmul_run_panel(const struct matmul_args *args, size_t column, size_t n,
                             float *out, bool add)
{
    const struct matrix *weights = args->matmul->weights;
    const struct kernels *kernels = &args->session->kernels;
    const size_t column_bytes = panel_bytes(kernels, args->form, weights->n_cols);

    for (size_t first = 0; first < weights->n_cols; first += PANEL_DEPTH) {
        const size_t k = min_size(PANEL_DEPTH, weights->n_cols - first);
        const uint8_t *panel = args->scratch;

        if (args->session->has_panels)
            panel = weights->panels + column / kernels->panel * column_bytes +
                    panel_bytes(kernels, args->form, first);
        else
            panel_fill(kernels, weights, column, n, first, k, args->scratch + PANEL_BYTES,
                       args->scratch);
        multiply_panel(args, panel, n, first, k, out, add || first > 0);
    }
}

void matmul_run(const struct session *session, const struct matmul *matmul, size_t thread)
{
    const size_t panel = session->kernels.panel;
    const struct matmul_args args = {
        .session = session,
        .matmul = matmul,
        .form = panel_form(&session->kernels, matmul->weights),
        .scratch = (uint8_t *)session_scratch(session, thread),
    };

    if (args.form == FORM_BF16)
        round_operand_bf16(session, matmul->a);
    if (args.form == FORM_INT8)
        round_operand_int8(session, matmul->a);
    for (size_t c = 0; c < matmul->n; c += panel) {
        const size_t n = min_size(panel, matmul->n - c);
        float *out = matmul->out + c;

        for (size_t i = 0; matmul->bias && i < matmul->a->m; i++)
            memcpy(out + i * matmul->ldo, matmul->bias + matmul->first + c, n * sizeof *out);
        matmul_run_panel(&args, matmul->first + c, n, out, matmul->add || matmul->bias);
    }
}
