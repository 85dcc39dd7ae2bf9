/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/kernels/ref/ref.h"

#define MIX_FACTOR 0x2c1b3c6dU

void minhash_ref(const uint32_t *x, size_t n, const uint32_t *a, const uint32_t *b, size_t k,
                 uint32_t *out)
{
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < k; i++) {
            const uint32_t line = a[i] * x[j] + b[i];
            const uint32_t mixed = (line ^ line >> 15) * MIX_FACTOR;

            if (mixed < out[i])
                out[i] = mixed;
        }
    }
}
