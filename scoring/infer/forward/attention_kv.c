/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward/attention_kv.h"

#include <string.h>

#include "scoring/infer/forward/ragged.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model_private.h"
#include "scoring/infer/model/panels.h"
#include "scoring/kernels/kernels.h"

bool kv_is_bf16(const struct model *model, const struct kernels *kernels)
{
    if (!kernels->bf16)
        return false;
    for (size_t i = 0; i < model->info.n_layers; i++)
        if (panel_form(kernels, &model->weights.layers[i].k.matrix) == FORM_F32)
            return false;
    return true;
}

size_t kv_slots(size_t panel, size_t n)
{
    return (n + panel - 1) / panel * panel;
}

/* Columns of the values of one head, rounded up to whole panels. */
static size_t value_columns(const struct model_info *info, size_t panel)
{
    return (info->head_dim + panel - 1) / panel * panel;
}

uint64_t kv_key_floats(const struct model_info *info, bool bf16, uint64_t n_slots)
{
    return n_slots * info->n_kv_heads * info->head_dim / (bf16 ? 2 : 1);
}

uint64_t kv_value_floats(const struct model_info *info, bool bf16, size_t panel,
                         uint64_t n_slots)
{
    return n_slots * info->n_kv_heads * value_columns(info, panel) / (bf16 ? 2 : 1);
}

/* Index, in elements of batch->k, of the panel whose first key is that of `position`. The range
 * stores the position in its own memory. */
static size_t key_index(const struct session *session, const struct batch_range *range,
                        size_t kv_head, size_t position)
{
    const size_t slot = position - range->first_stored;
    const struct model_info *info = &session->model->info;
    const size_t n_slots = kv_slots(session->kernels.panel, range_stored_keys(range));

    return (range->first_slot * info->n_kv_heads + kv_head * n_slots + slot) * info->head_dim;
}

/* Index, in elements of batch->v, of the value of `position` in the panel of `column`. */
static size_t value_index(const struct session *session, const struct batch_range *range,
                          size_t kv_head, size_t column, size_t position)
{
    const size_t slot = position - range->first_stored;
    const struct model_info *info = &session->model->info;
    const size_t panel = session->kernels.panel;
    const size_t n_slots = kv_slots(panel, range_stored_keys(range));
    const size_t width = value_columns(info, panel);

    return range->first_slot * info->n_kv_heads * width + kv_head * n_slots * width +
           column * n_slots + slot * panel;
}

const void *kv_key_panel(const struct session *session, const struct ragged *batch,
                         const struct batch_range *range, size_t kv_head, size_t position)
{
    const size_t index = key_index(session, range_storing(range, position), kv_head, position);

    return session->bf16_attention ? (const void *)((const uint16_t *)batch->k + index)
                                   : (const void *)((const float *)batch->k + index);
}

const void *kv_value_panel(const struct session *session, const struct ragged *batch,
                           const struct batch_range *range, size_t kv_head, size_t column,
                           size_t position)
{
    const size_t index =
        value_index(session, range_storing(range, position), kv_head, column, position);

    return session->bf16_attention ? (const void *)((const uint16_t *)batch->v + index)
                                   : (const void *)((const float *)batch->v + index);
}

static void store_key_f32(float *out, size_t panel, size_t head_dim, const float *row)
{
    for (size_t l = 0; l < head_dim; l++)
        out[l * panel] = row[l];
}

static void store_key_bf16(uint16_t *out, size_t panel, size_t head_dim, const uint16_t *row)
{
    for (size_t l = 0; l < head_dim; l += 2)
        memcpy(out + l * panel, row + l, 2 * sizeof *row);
}

static void store_key(const struct session *session, const struct ragged *batch,
                      const struct batch_range *range, size_t position, const float *row)
{
    const struct model_info *info = &session->model->info;
    const size_t head_dim = info->head_dim;
    const size_t panel = session->kernels.panel;
    const size_t column = position % panel;
    uint16_t row_bf16[HEAD_DIM_MAX];

    for (size_t h = 0; h < info->n_kv_heads; h++, row += head_dim) {
        const size_t index = key_index(session, range, h, position - column);

        if (session->bf16_attention) {
            session->kernels.round_bf16(row, head_dim, row_bf16);
            store_key_bf16((uint16_t *)batch->k + index + 2 * column, panel, head_dim,
                           row_bf16);
        } else {
            store_key_f32((float *)batch->k + index + column, panel, head_dim, row);
        }
    }
}

/* is_last: the row is the last of an odd number, so it has no partner in its pair. Store 0 for
 * the partner. Its softmax weight is 0, but 0 times an undefined value might be NaN. */
static void store_value_bf16(uint16_t *out, size_t n, const uint16_t *row, bool is_last)
{
    for (size_t c = 0; c < n; c++)
        out[2 * c] = row[c];
    for (size_t c = 0; is_last && c < n; c++)
        out[2 * c + 1] = 0;
}

static void store_value(const struct session *session, const struct ragged *batch,
                        const struct batch_range *range, size_t position, const float *row)
{
    const struct model_info *info = &session->model->info;
    const size_t head_dim = info->head_dim;
    const size_t panel = session->kernels.panel;
    const size_t odd = position % 2;
    uint16_t row_bf16[KERNELS_PANEL_MAX];

    for (size_t h = 0; h < info->n_kv_heads; h++, row += head_dim)
        for (size_t c = 0; c < head_dim; c += panel) {
            const size_t n = min_size(panel, head_dim - c);
            const size_t index = value_index(session, range, h, c, position - odd);

            if (session->bf16_attention) {
                session->kernels.round_bf16(row + c, n, row_bf16);
                store_value_bf16((uint16_t *)batch->v + index + odd, n, row_bf16,
                                 !odd && position + 1 == range->n_keys);
            } else {
                memcpy((float *)batch->v + index + odd * panel, row + c, n * sizeof *row);
            }
        }
}

/* The first user in the list from `user` on that keeps a copy of the position; or NULL. */
static const struct prefix_user *next_user_storing(const struct prefix_user *user,
                                                   size_t position)
{
    while (user && (position < user->positions.start || position >= user->positions.end))
        user = user->next;
    return user;
}

void kv_put_key(const struct session *session, const struct ragged *batch,
                const struct batch_range *range, size_t position, const float *row)
{
    const struct prefix_user *user = next_user_storing(range->users, position);

    store_key(session, batch, range, position, row);
    for (; user; user = next_user_storing(user->next, position))
        store_key(session, batch, user->range, position, row);
}

void kv_put_value(const struct session *session, const struct ragged *batch,
                  const struct batch_range *range, size_t position, const float *row)
{
    const struct prefix_user *user = next_user_storing(range->users, position);

    store_value(session, batch, range, position, row);
    for (; user; user = next_user_storing(user->next, position))
        store_value(session, batch, user->range, position, row);
}
