/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gguf_fetch.h - a model by its path or by a URL.
 */
#ifndef CURATE_GGUF_FETCH_H
#define CURATE_GGUF_FETCH_H

#include <stddef.h>

struct error;
struct fetched_file;
struct fetcher;
struct remote_files;

/* The choice of the only model among the files of a URL, with all of its parts (fetcher.h).
 * ERR_NOT_FOUND if there is none, ERR_USAGE with a list if there are several. */
int gguf_choose(const struct remote_files *files, const char *url, size_t *numbers, size_t *n,
                struct error *err);

/* Bring the model that the argument names to this machine, with all of its parts
 * (gguf_file.h). A URL of a repository or of several files names a model if there is one among
 * them. Fails as fetched_file_get() does; ERR_USAGE lists the models if there are several. */
int gguf_fetch(struct fetcher *fetcher, const char *argument, struct fetched_file *out,
               struct error *err);

#endif
