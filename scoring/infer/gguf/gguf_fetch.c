/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/gguf/gguf_fetch.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/net/fetcher.h"
#include "scoring/infer/gguf/gguf_file.h"

enum { NAMES_MAX_BYTES = 1 << 20 };

static bool is_gguf(const char *path)
{
    const size_t len = strlen(path);

    return len > 5 && strcmp(path + len - 5, ".gguf") == 0;
}

static int raise_no_model(const struct remote_files *files, const char *url, struct error *err)
{
    return error_set(err, ERR_NOT_FOUND,
                     "%s: no file ends in .gguf%s: models are read in GGUF, which repositories "
                     "with names in -GGUF have",
                     url, remote_is_dataset(files) ? ", and this is a dataset" : "");
}

static int raise_several_models(const struct remote_files *files, const char *url,
                                const size_t *numbers, size_t n, struct error *err)
{
    struct buf names;

    buf_init(&names, NAMES_MAX_BYTES);
    if (fetched_add_names(files, numbers, n, &names, err) == 0)
        error_set(err, ERR_USAGE, "%s: has %zu models: name one of them: %s", url, n,
                  names.data);
    buf_release(&names);
    return -1;
}

int gguf_choose(const struct remote_files *files, const char *url, size_t *numbers, size_t *n,
                struct error *err)
{
    const size_t n_files = remote_n_files(files);

    *n = 0;
    if (n_files == 1 && !remote_is_repository(files)) /* it may have any name */
        return fetched_only(files, url, numbers, n, err);
    for (size_t i = 0; i < n_files; i++) {
        const char *path = remote_file(files, i)->path;

        if (is_gguf(path) && gguf_part_number(path) <= 1)
            numbers[(*n)++] = i;
    }
    if (*n == 0)
        return raise_no_model(files, url, err);
    if (*n > 1)
        return raise_several_models(files, url, numbers, *n, err);
    const char *first = remote_file(files, numbers[0])->path;
    for (size_t i = 0; i < n_files; i++)
        if (i != numbers[0] && gguf_is_part_of(remote_file(files, i)->path, first))
            numbers[(*n)++] = i;
    return 0;
}

int gguf_fetch(struct fetcher *fetcher, const char *argument, struct fetched_file *out,
               struct error *err)
{
    return fetched_file_get(fetcher, argument, gguf_choose, out, err);
}
