/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/ref/ref.h"

/* One row of the product. With a constant n, the compiler makes vectors over j. */
static inline void gemm_row_ref(size_t n, size_t k, const float *a, const float *b, size_t ldb,
                                float *out, bool add)
{
    float sum[PANEL_REF];

    for (size_t j = 0; j < n; j++)
        sum[j] = add ? out[j] : 0;
    for (size_t l = 0; l < k; l++)
        for (size_t j = 0; j < n; j++)
            sum[j] += a[l] * b[l * ldb + j];
    for (size_t j = 0; j < n; j++)
        out[j] = sum[j];
}

void gemm_f32_ref(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                  size_t ldb, float *out, size_t ldo, bool add)
{
    for (size_t i = 0; i < m; i++) {
        if (n == PANEL_REF)
            gemm_row_ref(PANEL_REF, k, a + i * lda, b, ldb, out + i * ldo, add);
        else
            gemm_row_ref(n, k, a + i * lda, b, ldb, out + i * ldo, add);
    }
}
