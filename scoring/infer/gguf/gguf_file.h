/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gguf_file.h - a model in files: one file, or the parts that llama.cpp's gguf-split makes.
 *
 * Parts are named X-00001-of-00003.gguf and so on, and are in one folder. The first part has
 * the keys; each part has tensors. A model is named by its first part.
 */
#ifndef CURATE_GGUF_FILE_H
#define CURATE_GGUF_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/io/file.h"
#include "base/slice.h"

struct error;
struct gguf;

enum { GGUF_PARTS_MAX = 256 };

/* The paths of the files of a model, in the order of the parts. */
struct gguf_paths {
    char **paths;
    size_t n; /* at least 1 */
};

/* The name of a model by its path or URL: the file name without the endings of a part and of
 * the format. Borrowed from the path. */
struct slice gguf_model_name(const char *path);
/* The number of the part that a path names, from 1; 0 if it has no ending of a part. */
size_t gguf_part_number(const char *path);
/* Is the path that of another part of the model whose first part is `first`? */
bool gguf_is_part_of(const char *path, const char *first);

/* Find the files of the model that the path names. A path without the ending of a part is a
 * model of one file, which is not opened here. ERR_NOT_FOUND names a missing part; ERR_USAGE
 * for the path of another part than the first. */
int gguf_paths_find(const char *path, struct gguf_paths *out, struct error *err);
void gguf_paths_release(struct gguf_paths *paths);

/* The mapped files and the parsed header of a model. */
struct gguf_file {
    struct file_map *maps;
    size_t n_maps;
    struct gguf *gguf;
};

/* Map and parse the files of a model. Errors begin with the path of the file. As of
 * gguf_paths_find(), file_map_open() and gguf_parse(); ERR_INPUT if the parts are not those of
 * one model. *out must be zeroed; close it also after a failure. */
int gguf_file_open(const char *path, struct gguf_file *out, struct error *err);
void gguf_file_close(struct gguf_file *file);

/* Join the parsed parts of a model into one, with the keys of the first part and the tensors of
 * all. Takes the parts and sets their pointers to NULL if it succeeds. n is at least 2.
 * ERR_INPUT names the part that does not fit, from 1. */
int gguf_join(struct gguf **parts, size_t n, struct gguf **out, struct error *err);

#endif
