/* SPDX-License-Identifier: Apache-2.0 */
#include "base/net/fetcher.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/net/remote.h"
#include "base/report.h"

enum { NAMES_MAX = 8, TEXT_MAX_BYTES = 1 << 20 };

int fetcher_remote(struct fetcher *fetcher, struct remote **out, struct error *err)
{
    if (!fetcher->remote && remote_new(&fetcher->settings, &fetcher->remote, err) < 0)
        return -1;
    *out = fetcher->remote;
    return 0;
}

void fetcher_release(struct fetcher *fetcher)
{
    remote_free(fetcher->remote);
    fetcher->remote = NULL;
}

int fetcher_get(struct fetcher *fetcher, struct remote_files *files, const size_t *numbers,
                size_t n, struct error *err)
{
    struct report *report = fetcher->settings.report;
    const struct report before = *report;

    const int rc = remote_get(fetcher->remote, files, numbers, n, err);
    report->phase = before.phase;
    report->unit = before.unit;
    report->done = before.done;
    report->total = before.total;
    return rc;
}

int fetched_add_names(const struct remote_files *files, const size_t *numbers, size_t n,
                      struct buf *out, struct error *err)
{
    for (size_t i = 0; i < n && i < NAMES_MAX; i++)
        if (buf_printf(out, err, "%s%s", i > 0 ? ", " : "",
                       remote_file(files, numbers[i])->path) < 0)
            return -1;
    return n > NAMES_MAX ? buf_printf(out, err, " and %zu more", n - NAMES_MAX) : 0;
}

static int raise_several(const struct remote_files *files, const char *url, size_t *numbers,
                         struct error *err)
{
    const size_t n = remote_n_files(files);
    struct buf names;

    for (size_t i = 0; i < n; i++)
        numbers[i] = i;
    buf_init(&names, TEXT_MAX_BYTES);
    if (fetched_add_names(files, numbers, n, &names, err) == 0)
        error_set(err, ERR_USAGE, "%s: names %zu files, and one is needed: %s", url, n,
                  names.data);
    buf_release(&names);
    return -1;
}

int fetched_only(const struct remote_files *files, const char *url, size_t *numbers, size_t *n,
                 struct error *err)
{
    if (remote_n_files(files) != 1)
        return raise_several(files, url, numbers, err);
    numbers[0] = 0;
    *n = 1;
    return 0;
}

/* Choose among the found files, and bring them. */
static int get_chosen(struct fetcher *fetcher, const char *url, fetched_choice *choice,
                      struct fetched_file *out, struct error *err)
{
    struct remote_files *files = out->files;
    size_t *numbers = calloc(remote_n_files(files) + 1, sizeof *numbers);
    size_t n = 0;
    int rc = -1;

    if (!numbers)
        return error_nomem(err);
    if (remote_n_files(files) == 0) {
        error_set(err, ERR_NOT_FOUND, "%s: no files", url);
    } else if (choice(files, url, numbers, &n, err) == 0 &&
               fetcher_get(fetcher, files, numbers, n, err) == 0) {
        out->public_name = remote_file(files, numbers[0])->public_name;
        out->local_path = remote_file(files, numbers[0])->local_path;
        rc = 0;
    }
    free(numbers);
    return rc;
}

static int fetch_url(struct fetcher *fetcher, const char *url, fetched_choice *choice,
                     struct fetched_file *out, struct error *err)
{
    struct remote *remote = NULL;
    struct buf public_url;
    int rc = -1;

    buf_init(&public_url, TEXT_MAX_BYTES);
    if (fetcher_remote(fetcher, &remote, err) == 0 &&
        remote_public_url(url, &public_url, err) == 0 &&
        remote_find(remote, url, &out->files, err) == 0)
        rc = get_chosen(fetcher, public_url.data, choice, out, err);
    buf_release(&public_url);
    return rc;
}

int fetched_file_get(struct fetcher *fetcher, const char *argument, fetched_choice *choice,
                     struct fetched_file *out, struct error *err)
{
    *out = (struct fetched_file){ .public_name = argument, .local_path = argument };
    if (!remote_is_url(argument))
        return 0;
    if (fetch_url(fetcher, argument, choice, out, err) == 0)
        return 0;
    fetched_file_release(out);
    return -1;
}

void fetched_file_release(struct fetched_file *file)
{
    remote_files_free(file->files);
    *file = (struct fetched_file){ .files = NULL };
}

int fetched_check(const char *argument, struct error *err)
{
    return remote_is_url(argument) ? remote_check_url(argument, err) : 0;
}
