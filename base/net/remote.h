/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote.h - files of the Hugging Face Hub and of web servers, brought to this machine.
 *
 * A URL is hf://[datasets/]OWNER/NAME[@REVISION][/PATH], a page of the Hub
 * (https://huggingface.co/...), or the https:// URL of one file. Files of the Hub are kept in
 * the cache that Python's huggingface_hub uses, in the same layout.
 *
 * Nothing is read over the network while it is used: a file is complete and verified before its
 * path is returned. Tokens and query strings are in no message and in no public name.
 */
#ifndef CURATE_REMOTE_H
#define CURATE_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct error;
struct remote;
struct remote_files;
struct report;

/* Settings from environment variables; docs/hub.md lists them. */
struct remote_settings {
    const char *(*variable)(const char *name); /* getenv(), or that of a test; NULL: not set */
    bool offline;                              /* --offline */
    bool allow_http;                           /* --allow-http: http:// beyond this machine */
    const char *sha256; /* --sha256 of the one plain URL; NULL: not given */
    const char *folder; /* --output: write copies there instead of the cache; NULL: none */
    unsigned n_jobs;    /* files that are received at the same time; 0: the default, 4 */
    struct report *report;
};

/* Is the argument a URL and not the name of a file: has it "://" behind a scheme? s3:// and
 * others are URLs, too: remote_find() refuses them and says what to do. */
bool remote_is_url(const char *name);

/* Check the grammar of a URL without network or settings. Returns 0, or -1 with ERR_USAGE: what
 * is wrong and what to write instead. */
int remote_check_url(const char *url, struct error *err);
/* Append the URL without user info, query and fragment: what may be printed and stored. Returns
 * 0, or -1 with err set. */
int remote_public_url(const char *url, struct buf *out, struct error *err);

/* Returns 0, or -1 with err set: ERR_USAGE for an invalid variable. Opens no connection. The
 * report is borrowed. */
int remote_new(const struct remote_settings *settings, struct remote **out, struct error *err);
void remote_free(struct remote *remote);

struct remote_file {
    const char *path; /* in the repository: "data/train.jsonl"; of a plain URL its last part */
    /* "hf://datasets/OWNER/NAME@<40 hex>/PATH", or the URL without its query. What is stored.
     */
    const char *public_name;
    uint64_t size_bytes;    /* UINT64_MAX: not known yet */
    const char *local_path; /* where its bytes are; NULL until remote_get() */
};

/* Find the files that a URL names: one file, those that a pattern matches, or all of a
 * repository; of a repository without PATH all files are returned, and the caller chooses.
 * Resolves the revision, and reports the commit as a note. Returns 0, or -1 with err set:
 * ERR_USAGE for a malformed URL; ERR_NOT_FOUND; ERR_DENIED for a repository that is private or
 * gated; ERR_BUSY if the server cannot be reached or answers that it is busy; ERR_CANCELLED
 * after a signal. */
int remote_find(struct remote *remote, const char *url, struct remote_files **out,
                struct error *err);
void remote_files_free(struct remote_files *files);
size_t remote_n_files(const struct remote_files *files);
const struct remote_file *remote_file(const struct remote_files *files, size_t i);
/* True if the URL named a whole repository or a folder of it: the caller chooses among the
 * files. */
bool remote_is_repository(const struct remote_files *files);
/* True if the URL named a folder of a repository. */
bool remote_is_folder(const struct remote_files *files);
/* Is it a dataset, and not a model? */
bool remote_is_dataset(const struct remote_files *files);
/* The 40 hex digits of the commit; empty for a plain URL. */
const char *remote_commit(const struct remote_files *files);
/* Bring the files with these numbers to this machine, several at a time, and set their
 * local_path. All of them are there and verified, or it fails and names what is missing; what
 * is complete stays. */
int remote_get(struct remote *remote, struct remote_files *files, const size_t *numbers,
               size_t n, struct error *err);

#endif
