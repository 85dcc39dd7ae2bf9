/* SPDX-License-Identifier: Apache-2.0 */
/*
 * magic.h - recognise by its first bytes a file that is no corpus: a Git LFS pointer, a web
 * page, a pickle, a database, a model, an image and so on.
 *
 * Each kind has a phrase that names it and one that says what to do, because hundreds of
 * rejected records would explain neither.
 */
#ifndef CURATE_MAGIC_H
#define CURATE_MAGIC_H

#include "base/slice.h"

enum { MAGIC_HEAD_BYTES = 4096 }; /* as many bytes as magic_find() looks at */

struct magic {
    const char *what;   /* "is a PDF document" */
    const char *advice; /* what to do, as an imperative */
};

/* Find the kind of the file that starts with these bytes. Returns NULL for one that may be a
 * corpus: JSON, CSV or text. The result is static. */
const struct magic *magic_find(struct slice head);

#endif
