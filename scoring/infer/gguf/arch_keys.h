/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arch_keys.h - read the keys ARCH.TAIL of a model file, such as llama.block_count.
 */
#ifndef CURATE_ARCH_KEYS_H
#define CURATE_ARCH_KEYS_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct gguf;

enum { ARCH_KEY_BYTES = 128 };

/* Check that every key ARCH.* is known. A key that is not read would change the scores if it
 * were ignored. Returns -1 with ERR_UNSUPPORTED for an unknown key, and for a model that is
 * split into several files. */
int arch_keys_check(const struct gguf *gguf, const char *arch, struct error *err);

/* Readers of one key. They return -1 with ERR_INPUT, naming the key, for a wrong type or a
 * value outside [min, max]. If the key is absent, arch_key_u32() sets *out to the fallback;
 * with a fallback of 0 and min > 0 the absence is an error. */
int arch_key_u32(const struct gguf *gguf, const char *arch, const char *tail, uint64_t min,
                 uint64_t max, uint32_t fallback, uint32_t *out, struct error *err);
/* These leave *out unchanged if the key is absent. */
int arch_key_double(const struct gguf *gguf, const char *arch, const char *tail, double min,
                    double max, double *out, struct error *err);
int arch_key_bool(const struct gguf *gguf, const char *arch, const char *tail, bool *out,
                  struct error *err);

#endif
