/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attention_kv.h - where the keys and values of a layer lie: both as right sides for gemm.
 *
 * A range has as many slots as it has keys in its memory, up to the next multiple of the panel;
 * slots are numbered through, range after range. In floats:
 * - K: each key-value head of a range has panels of `panel` slots, element-major: element l of
 *   slot j of a panel at [l * panel + j].
 * - V: each key-value head of a range has panels of `panel` columns of its head_dim, the last
 * one filled up, slot after slot: column c of slot i of a panel at [i * panel + c]. In bfloat16
 * (session.bf16_attention) the same in pairs, as gemm_bf16 wants it: elements l and l + 1 of
 * a key, and slots i and i + 1 of a column stand side by side.
 */
#ifndef CURATE_ATTENTION_KV_H
#define CURATE_ATTENTION_KV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernels;
struct model;
struct model_info;
struct batch_range;
struct ragged;
struct session;

/* Whether the products of a model's attention are of bfloat16: those of its keys are rounded,
 * too, and the kernels are fast at it. */
bool kv_is_bf16(const struct model *model, const struct kernels *kernels);

/* The slots of n keys. */
size_t kv_slots(size_t panel, size_t n);

/* Floats of memory for so many slots. */
uint64_t kv_key_floats(const struct model_info *info, bool rounded, uint64_t n_slots);
uint64_t kv_value_floats(const struct model_info *info, bool rounded, size_t panel,
                         uint64_t n_slots);

/* Store the keys (already rotated) or values of a position, one of the range's own, wherever
 * they are to be: kv_width floats. */
void kv_put_key(const struct session *session, const struct ragged *batch,
                const struct batch_range *range, size_t position, const float *row);
void kv_put_value(const struct session *session, const struct ragged *batch,
                  const struct batch_range *range, size_t position, const float *row);

/* The panel that begins with the key of `position`, a multiple of the panel. */
const void *kv_key_panel(const struct session *session, const struct ragged *batch,
                         const struct batch_range *range, size_t kv_head, size_t position);

/* From the value of `position` on, which is even, the panel that begins with column `column`.
 */
const void *kv_value_panel(const struct session *session, const struct ragged *batch,
                           const struct batch_range *range, size_t kv_head, size_t column,
                           size_t position);

#endif
