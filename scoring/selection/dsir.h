/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dsir.h - importance weights of texts towards a target (DSIR, 2302.03169).
 *
 * A text is put into lower case and cut into tokens: runs of letters, numbers and '_', and runs
 * of other characters that are not space. Tokens and pairs of neighbours, joined by a blank,
 * are counted in 10,000 buckets by SHA-256. The weight of a text is the sum over its counts of
 * ln(p + 1e-8) - ln(q + 1e-8), where p and q are the shares of the bucket in the target and in
 * the raw texts. It grows with the length of the text.
 *
 * Read all texts with dsir_add(), call dsir_fit(), then weigh each raw text. Memory: 5 MiB.
 */
#ifndef CURATE_DSIR_H
#define CURATE_DSIR_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;
struct hash;

enum { DSIR_BUCKETS = 10000 };
enum dsir_side { DSIR_TARGET, DSIR_RAW };

/* Functions return 0, or -1 with err set; all can run out of memory (ERR_NOMEM). */
struct dsir;
int dsir_new(struct dsir **out, struct error *err);
void dsir_free(struct dsir *dsir);
/* Add a text, which is valid UTF-8, to the counts of a side. */
int dsir_add(struct dsir *dsir, enum dsir_side side, struct slice text, struct error *err);
/* Compute the log ratios. ERR_INPUT if a side has no tokens. */
int dsir_fit(struct dsir *dsir, struct error *err);
/* Weigh a text. n_tokens is without pairs; the authors leave out texts of fewer than 100. */
int dsir_weigh(struct dsir *dsir, struct slice text, double *weight, uint64_t *n_tokens,
               struct error *err);

/* The bucket of a token or of a joined pair. */
int dsir_bucket(struct dsir *dsir, struct slice gram, uint32_t *out, struct error *err);
/* ln(p + 1e-8) - ln(q + 1e-8) */
double dsir_log_ratio(double p, double q);

/* A sample of the Gumbel distribution from a seed and the content hash of a sample. The largest
 * weight + noise are a sample without replacement, in proportion to exp(weight), which does not
 * depend on the order of samples. */
double dsir_gumbel(uint64_t seed, const struct hash *sample);

#endif
