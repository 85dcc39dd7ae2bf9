/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/error.h"
#include "scoring/packing/packing.h"
#include "scoring/packing/packing_private.h"

/* Cut the pieces at the ends of packs. `cut` and out->starts have room for all of them. */
static void wrap_pieces(struct packing *out, uint32_t limit, struct packing_piece *cut)
{
    size_t n = 0;
    uint32_t room = 0;

    for (size_t p = 0; p < out->n_pieces; p++) {
        struct packing_piece rest = out->pieces[p];

        while (rest.length > 0) {
            if (room == 0) {
                out->starts[out->n_packs++] = n;
                room = limit;
            }
            const uint32_t part = rest.length < room ? rest.length : room;
            cut[n++] = (struct packing_piece){ rest.document, rest.start, part };
            rest.start += part;
            rest.length -= part;
            room -= part;
        }
    }
    out->starts[out->n_packs] = n;
    free(out->pieces);
    out->pieces = cut;
    out->n_pieces = n;
}

int packing_wrapped(const uint32_t *lengths, size_t n, const struct packing_limits *limits,
                    struct packing *out, struct error *err)
{
    const struct packing_limits whole = { .length = UINT32_MAX,
                                          .min_length = limits->min_length };

    if (packing_cut(lengths, n, &whole, out, err) < 0)
        return -1;

    const uint64_t n_packs = (out->n_tokens + limits->length - 1) / limits->length;
    /* Each end of a pack cuts at most one piece. */
    const uint64_t n_pieces = out->n_pieces + n_packs;
    if (n_pieces > UINT32_MAX)
        return packing_too_many(limits, err);
    struct packing_piece *cut = reallocarray(NULL, n_pieces ? n_pieces : 1, sizeof *cut);
    out->starts = reallocarray(NULL, n_packs + 1, sizeof *out->starts);
    if (!cut || !out->starts) {
        free(cut);
        return error_nomem(err);
    }
    wrap_pieces(out, limits->length, cut);
    return 0;
}
