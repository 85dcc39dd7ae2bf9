/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arch_keys.h - the keys ARCH.* of a model file, read by their tails.
 */
#ifndef CURATE_ARCH_KEYS_H
#define CURATE_ARCH_KEYS_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct gguf;

enum { ARCH_KEY_BYTES = 128 };

/* ERR_UNSUPPORTED, naming it, if there is a key ARCH.* that nothing here reads and that asks
 * for something; the same for a model in several files. */
int arch_keys_check(const struct gguf *gguf, const char *arch, struct error *err);

/* The readers return -1 with ERR_INPUT, naming the key, on a wrong type or a value out of
 * range. A count whose fallback is 0 must be there. */
int arch_key_u32(const struct gguf *gguf, const char *arch, const char *tail, uint64_t min,
                 uint64_t max, uint32_t fallback, uint32_t *out, struct error *err);
/* *out is what it was where the key is absent. min and max are in range. */
int arch_key_double(const struct gguf *gguf, const char *arch, const char *tail, double min,
                    double max, double *out, struct error *err);
int arch_key_bool(const struct gguf *gguf, const char *arch, const char *tail, bool *out,
                  struct error *err);

#endif
