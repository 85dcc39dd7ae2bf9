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

/* Columns of the values of one head, the last panel's among them. */
static size_t value_columns(const struct model_info *info, size_t panel)
{
    return (info->head_dim + panel - 1) / panel * panel;
}

uint64_t kv_key_floats(const struct model_info *info, bool rounded, uint64_t n_slots)
{
    return n_slots * info->n_kv_heads * info->head_dim / (rounded ? 2 : 1);
}

uint64_t kv_value_floats(const struct model_info *info, bool rounded, size_t panel,
                         uint64_t n_slots)
{
    return n_slots * info->n_kv_heads * value_columns(info, panel) / (rounded ? 2 : 1);
}

/* Where numbers begin, counted in numbers: of the panel that begins with a position in the
 * range's memory, ... */
static size_t key_place(const struct session *session, const struct batch_range *range,
                        size_t kv_head, size_t position)
{
    const size_t slot = position - range->first_stored;
    const struct model_info *info = &session->model->info;
    const size_t n_slots = kv_slots(session->kernels.panel, range_stored_keys(range));

    return (range->first_slot * info->n_kv_heads + kv_head * n_slots + slot) * info->head_dim;
}

/* ... of the values of a position in a panel. */
static size_t value_place(const struct session *session, const struct batch_range *range,
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
    const size_t place = key_place(session, range_storing(range, position), kv_head, position);

    return session->bf16_attention ? (const void *)((const uint16_t *)batch->k + place)
                                   : (const void *)((const float *)batch->k + place);
}

const void *kv_value_panel(const struct session *session, const struct ragged *batch,
                           const struct batch_range *range, size_t kv_head, size_t column,
                           size_t position)
{
    const size_t place =
        value_place(session, range_storing(range, position), kv_head, column, position);

    return session->bf16_attention ? (const void *)((const uint16_t *)batch->v + place)
                                   : (const void *)((const float *)batch->v + place);
}

static void put_key_f32(float *out, size_t panel, size_t head_dim, const float *row)
{
    for (size_t l = 0; l < head_dim; l++)
        out[l * panel] = row[l];
}

static void put_key_bf16(uint16_t *out, size_t panel, size_t head_dim, const uint16_t *row)
{
    for (size_t l = 0; l < head_dim; l += 2)
        memcpy(out + l * panel, row + l, 2 * sizeof *row);
}

static void put_key(const struct session *session, const struct ragged *batch,
                    const struct batch_range *range, size_t position, const float *row)
{
    const struct model_info *info = &session->model->info;
    const size_t head_dim = info->head_dim;
    const size_t panel = session->kernels.panel;
    const size_t column = position % panel;
    uint16_t rounded[HEAD_DIM_MAX];

    for (size_t h = 0; h < info->n_kv_heads; h++, row += head_dim) {
        const size_t place = key_place(session, range, h, position - column);

        if (session->bf16_attention) {
            session->kernels.round_bf16(row, head_dim, rounded);
            put_key_bf16((uint16_t *)batch->k + place + 2 * column, panel, head_dim, rounded);
        } else {
            put_key_f32((float *)batch->k + place + column, panel, head_dim, row);
        }
    }
}

/* A pair whose second half nobody will write is filled up: nothing times it must be nothing. */
static void put_value_bf16(uint16_t *out, size_t n, const uint16_t *row, bool is_last)
{
    for (size_t c = 0; c < n; c++)
        out[2 * c] = row[c];
    for (size_t c = 0; is_last && c < n; c++)
        out[2 * c + 1] = 0;
}

static void put_value(const struct session *session, const struct ragged *batch,
                      const struct batch_range *range, size_t position, const float *row)
{
    const struct model_info *info = &session->model->info;
    const size_t head_dim = info->head_dim;
    const size_t panel = session->kernels.panel;
    const size_t odd = position % 2;
    uint16_t rounded[KERNELS_PANEL_MAX];

    for (size_t h = 0; h < info->n_kv_heads; h++, row += head_dim)
        for (size_t c = 0; c < head_dim; c += panel) {
            const size_t n = min_size(panel, head_dim - c);
            const size_t place = value_place(session, range, h, c, position - odd);

            if (session->bf16_attention) {
                session->kernels.round_bf16(row + c, n, rounded);
                put_value_bf16((uint16_t *)batch->v + place + odd, n, rounded,
                               !odd && position + 1 == range->n_keys);
            } else {
                memcpy((float *)batch->v + place + odd * panel, row + c, n * sizeof *row);
            }
        }
}

/* The next of the users from `user` on that has the position in its memory; or NULL. */
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

    put_key(session, batch, range, position, row);
    for (; user; user = next_user_storing(user->next, position))
        put_key(session, batch, user->range, position, row);
}

void kv_put_value(const struct session *session, const struct ragged *batch,
                  const struct batch_range *range, size_t position, const float *row)
{
    const struct prefix_user *user = next_user_storing(range->users, position);

    put_value(session, batch, range, position, row);
    for (; user; user = next_user_storing(user->next, position))
        put_value(session, batch, user->range, position, row);
}
