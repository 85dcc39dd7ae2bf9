/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_file.h - the files of a model as one: their stamp and their digest.
 *
 * Room "models" of the score stage. A model in parts (gguf_file.h) has one stamp and one
 * digest: the digest is the SHA-256 of the SHA-256 digests of its parts, 32 bytes each, in
 * order. That of a single file is its SHA-256.
 */
#ifndef CURATE_SCORE_MODEL_FILE_H
#define CURATE_SCORE_MODEL_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/io/file.h"
#include "scoring/infer/gguf/gguf_file.h"

struct error;

struct model_file {
    struct gguf_paths paths;
    int *fds; /* of the open files; NULL before model_file_open() */
};

/* Find the files. Close it also after a failure of the others. */
int model_file_find(const char *path, struct model_file *out, struct error *err);
/* Keep the files open, to notice changes. */
int model_file_open(struct model_file *file, struct error *err);
void model_file_close(struct model_file *file);

/* The stamp of the files that the paths name now, and that of the open files. */
int model_file_stamp(const struct model_file *file, struct file_stamp *out, struct error *err);
int model_file_stamp_open(const struct model_file *file, struct file_stamp *out,
                          struct error *err);
/* Compute the digest of the open files, or of those that the paths name if none are open. */
int model_file_digest(const struct model_file *file, uint8_t out[DIGEST_BYTES],
                      struct error *err);

#endif
