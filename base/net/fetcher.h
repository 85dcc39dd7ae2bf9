/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetcher.h - the network of a run, and arguments that are a path or a URL.
 *
 * A command makes a struct fetcher from its settings. The first URL makes the struct remote, so
 * that a command without URLs does not fail for an invalid variable. One thread uses it.
 */
#ifndef CURATE_FETCHER_H
#define CURATE_FETCHER_H

#include "base/net/remote.h"

struct buf;

struct fetcher {
    struct remote_settings settings;
    struct remote *remote; /* NULL until it is needed */
};

/* Get the connection, which belongs to the fetcher. Fails as remote_new() does. */
int fetcher_remote(struct fetcher *fetcher, struct remote **out, struct error *err);
void fetcher_release(struct fetcher *fetcher);
/* Bring found files to this machine as remote_get() does, and give the report back to the
 * operation that it belongs to. */
int fetcher_get(struct fetcher *fetcher, struct remote_files *files, const size_t *numbers,
                size_t n, struct error *err);

/* The file that an argument names. Both names are borrowed from the argument or from files. */
struct fetched_file {
    const char *public_name; /* what is stored and printed */
    const char *local_path;  /* what is opened */
    struct remote_files *files;
};

/* Choose among the files that a URL names: set numbers[], which has room for all files, and *n;
 * numbers[0] is the file that the argument stands for. url is public: it may be printed. */
typedef int fetched_choice(const struct remote_files *files, const char *url, size_t *numbers,
                           size_t *n, struct error *err);

/* The choice of the only file. ERR_USAGE if there are several. */
int fetched_only(const struct remote_files *files, const char *url, size_t *numbers, size_t *n,
                 struct error *err);
/* Append names of at most 8 of the files with these numbers, and how many more there are. */
int fetched_add_names(const struct remote_files *files, const size_t *numbers, size_t n,
                      struct buf *out, struct error *err);

/* Bring the file that the argument names to this machine. A path is not touched. Fails as
 * remote_find() and remote_get() do, or as the choice does. Release *out at the end. */
int fetched_file_get(struct fetcher *fetcher, const char *argument, fetched_choice *choice,
                     struct fetched_file *out, struct error *err);
void fetched_file_release(struct fetched_file *file);

/* Check an argument without the network: a path is valid, a URL as remote_check_url() says. */
int fetched_check(const char *argument, struct error *err);

#endif
