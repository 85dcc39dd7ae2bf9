/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attention_kv.h - the layout of a layer's KV cache: keys and values as right sides for gemm.
 *
 * Each range of the batch has one slot per KV entry in its own memory, rounded up to a multiple
 * of the panel. Slots are numbered consecutively over all ranges. In floats:
 * - K: each key-value head of a range has panels of `panel` slots, element-major: element l of
 *   slot j of a panel is at [l * panel + j].
 * - V: each key-value head of a range has panels of `panel` columns of its head_dim; the last
 *   panel is padded. Within a panel, column c of slot i is at [i * panel + c].
 * In bfloat16 (session.bf16_attention) the layout is the same in pairs, as gemm_bf16 needs it:
 * elements l and l + 1 of a key, and slots i and i + 1 of a column, are adjacent.
 */
#ifndef CURATE_ATTENTION_KV_H
#define CURATE_ATTENTION_KV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct batch_range;
struct kernels;
struct model;
struct model_info;
struct ragged;
struct session;

/* True if attention multiplies in bfloat16: the kernels are fast at it, and no layer computes
 * its keys in exact floats (FORM_F32). */
bool kv_is_bf16(const struct model *model, const struct kernels *kernels);

/* Number of slots for n KV entries. */
size_t kv_slots(size_t panel, size_t n);

/* Memory for the keys or the values of n_slots slots, in units of sizeof(float). */
uint64_t kv_key_floats(const struct model_info *info, bool bf16, uint64_t n_slots);
uint64_t kv_value_floats(const struct model_info *info, bool bf16, size_t panel,
                         uint64_t n_slots);

/* Store the key (already rotated) or the value of a position that the range computes itself:
 * kv_width floats. It is stored in the range's memory and copied to each user that needs it. */
void kv_put_key(const struct session *session, const struct ragged *batch,
                const struct batch_range *range, size_t position, const float *row);
void kv_put_value(const struct session *session, const struct ragged *batch,
                  const struct batch_range *range, size_t position, const float *row);

/* The panel whose first key is that of `position`, a multiple of the panel. */
const void *kv_key_panel(const struct session *session, const struct ragged *batch,
                         const struct batch_range *range, size_t kv_head, size_t position);

/* The panel whose first column is `column`, from the value of `position` on. position is even.
 */
const void *kv_value_panel(const struct session *session, const struct ragged *batch,
                           const struct batch_range *range, size_t kv_head, size_t column,
                           size_t position);

#endif
