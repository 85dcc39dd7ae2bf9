/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keep.h - the options --keep and --prefer: which of similar samples is kept.
 */
#ifndef CURATE_KEEP_H
#define CURATE_KEEP_H

#include "base/option.h"

struct arena;
struct buf;
struct dedup_order;
struct error;

struct keep_args {
    const char *keep; /* "longest", NAME or lowest:NAME */
    const char *model;
    struct text_list prefer; /* sources, several in a text with commas between them */
};

#define KEEP_DEFAULTS                                                                          \
    {                                                                                          \
        .keep = "longest"                                                                      \
    }

/* Entries of an option table; member: the keep_args in the struct of arguments. */
#define KEEP_OPTIONS(args, member)                                                             \
    { OPTION_TEXT,                                                                             \
      0,                                                                                       \
      "keep",                                                                                  \
      offsetof(args, member.keep),                                                             \
      "longest|[lowest:]NAME",                                                                 \
      .help = "keep the longest text, or the best by a metric or fact" },                      \
        { OPTION_TEXT,  0,                                                                     \
          "keep-model", offsetof(args, member.model),                                          \
          "NAME",       .help = "which model's scores --keep uses" },                          \
    {                                                                                          \
        OPTION_LIST, 0, "prefer", offsetof(args, member.prefer), "SOURCE,...",                 \
            .help = "of equally good ones, keep that of the first source"                      \
    }

/* Parse the arguments; field as in dedup_spec. *out borrows from them and from the arena.
 * Returns 0, or -1 with err set: ERR_USAGE. */
int keep_parse(const struct keep_args *args, const char *field, struct arena *arena,
               struct dedup_order *out, struct error *err);
/* Append an order as canonical JSON. Returns 0, or -1 with err set. */
int keep_json(const struct dedup_order *order, struct buf *out, struct error *err);

#endif
