/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hparams.h - the numbers that shape a model, from the keys of its file.
 */
#ifndef CURATE_HPARAMS_H
#define CURATE_HPARAMS_H

enum { HEAD_DIM_MAX = 512 };

struct arch;
struct error;
struct gguf;
struct model_info;

/*
 * Fill the shape of *info (all but names, vocabulary and counts) and *arch. ERR_INPUT names a
 * key that is missing, of another type or out of range; ERR_UNSUPPORTED an architecture we do
 * not run, and any key of the architecture we do not know: what we cannot honour must not be
 * ignored.
 */
int hparams_read(const struct gguf *gguf, const struct arch **arch, struct model_info *info,
                 struct error *err);

#endif
