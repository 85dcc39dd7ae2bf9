/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hub_name.h - names of repositories and files of the Hugging Face Hub.
 *
 * hf://[models/|datasets/]OWNER/NAME[@REVISION][/PATH], and the web pages that mean the same:
 * https://huggingface.co/[datasets/]OWNER/NAME[/{blob,resolve,raw,tree}/REVISION[/PATH]]. PATH
 * of hf:// may be a pattern (base/text/glob.h). PATH of a web page is percent-decoded, and is
 * no pattern.
 *
 * What a parsed name holds is safe as a part of a path in the cache: no component is empty,
 * "." or "..", nothing begins with '/', and there is no backslash or control character.
 */
#ifndef CURATE_HUB_NAME_H
#define CURATE_HUB_NAME_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;
struct error;

enum {
    HUB_ID_BYTES = 196,       /* two names of at most 96 bytes */
    HUB_REVISION_BYTES = 256, /* with NUL, as the next */
    HUB_PATH_BYTES = 2048,
    HUB_COMMIT_BYTES = 41, /* 40 hex digits and NUL */
};

enum hub_kind { HUB_MODEL, HUB_DATASET };

struct hub_name {
    enum hub_kind kind;
    char id[HUB_ID_BYTES];             /* "OWNER/NAME" */
    char revision[HUB_REVISION_BYTES]; /* "main" if the URL has none */
    char path[HUB_PATH_BYTES];         /* without '/' at its ends; "": the repository */
    bool is_pattern;                   /* path holds '*' or '?' of hf:// */
    bool is_folder;                    /* the URL says that path is a folder */
};

/* Parse a URL. endpoint is the address of the Hub without '/' at its end; pages of
 * huggingface.co and hf.co are recognised as well. Returns 1 and *out, 0 if the URL is none of
 * the Hub, or -1 with ERR_USAGE: what is wrong and what to write instead. */
int hub_name_parse(const char *url, const char *endpoint, struct hub_name *out,
                   struct error *err);

/* True if the bytes are 40 lower-case hex digits. */
bool hub_is_commit(struct slice text);
/* True if the bytes are n lower-case hex digits. */
bool hub_is_hex(struct slice text, size_t n);
/* True if the path may be a file's place below a folder (see above), and is short enough. */
bool hub_path_is_safe(struct slice path);
/* True if the path is that of a file below the folder; "" is the repository. */
bool hub_path_is_below(const char *folder, struct slice path);

/* Append URLs: that of a file; that of the commit of the name's revision; that of the listing
 * of a folder at a commit. Return 0, or -1 with err set. */
int hub_file_url(struct buf *out, const char *endpoint, const struct hub_name *name,
                 const char *revision, const char *path, struct error *err);
int hub_revision_url(struct buf *out, const char *endpoint, const struct hub_name *name,
                     struct error *err);
int hub_tree_url(struct buf *out, const char *endpoint, const struct hub_name *name,
                 const char *commit, const char *folder, struct error *err);
/* Append "hf://[datasets/]OWNER/NAME@REVISION[/PATH]". */
int hub_public_name(struct buf *out, const struct hub_name *name, const char *revision,
                    const char *path, struct error *err);

#endif
