/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codec.h - decompress the buffers of a record batch: frames of LZ4 or zstd.
 *
 * A frame is decompressed in steps, so that a size that it claims allocates nothing. zstd needs
 * memory for its window beside the output: 128 MiB at most.
 */
#ifndef CURATE_ARROW_CODEC_H
#define CURATE_ARROW_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arrow/message.h"
#include "base/slice.h"

struct arrow_codec;
struct error;

/* One codec decompresses any number of frames of either format. max_bytes limits the window of
 * zstd; 8 MiB are always allowed. 0: no limit. Returns 0, or -1 with ERR_NOMEM. */
int arrow_codec_new(uint64_t max_bytes, struct arrow_codec **out, struct error *err);
void arrow_codec_free(struct arrow_codec *codec);
/* Begin a frame. ERR_NOMEM if there is no memory for a decoder. */
int arrow_codec_begin(struct arrow_codec *codec, enum arrow_compression compression,
                      struct error *err);
/* Decompress from the start of *in, which becomes what is left, into at most *n_out bytes of
 * out; *n_out becomes their number. *done is set at the end of the frame. Returns 0, or -1 with
 * ERR_INPUT if the frame is damaged. */
int arrow_codec_step(struct arrow_codec *codec, struct slice *in, void *out, size_t *n_out,
                     bool *done, struct error *err);
/* The most bytes that n compressed bytes can become. */
uint64_t arrow_codec_most(enum arrow_compression compression, uint64_t n);

#endif
