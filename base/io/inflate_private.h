/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inflate_private.h - the state of decompression. inflate.c reads the file and keeps marks; the
 * file of each codec decompresses with one library.
 */
#ifndef CURATE_INFLATE_PRIVATE_H
#define CURATE_INFLATE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/io/inflate.h"

enum {
    INFLATE_BLOCK_BYTES = 128 * 1024,
    INFLATE_MARKS_MAX = 512,
    INFLATE_WINDOW_BYTES = 128 << 20, /* larger windows need memory, see inflate.h */
};

/* A compressed format. Functions return 0, or -1 with err set, unless the comment says
 * otherwise. */
struct inflate_codec {
    const char *name;
    bool starts_in_member; /* the step after open or reset is inside a member */
    /* Does a file with these first bytes have the format? */
    bool (*matches)(const uint8_t *head, size_t n);
    int (*open)(void **state, struct error *err);
    void (*close)(void *state); /* also NULL */
    /* Get ready for the start of a member. */
    int (*reset)(void *state, struct error *err);
    /* Decompress some input. Returns the number of bytes written to out, or -1. 0 means that
     * more steps are needed or, if *end is set, that the file ends. Output before corrupt data
     * is returned first: the step sets in->failed and in->failure. */
    ssize_t (*step)(struct inflate *in, void *out, size_t n, bool *end, struct error *err);
};

extern const struct inflate_codec inflate_gzip;
extern const struct inflate_codec inflate_zstd;
extern const struct inflate_codec inflate_xz;
extern const struct inflate_codec inflate_bzip2;

struct inflate {
    char *name;
    int fd; /* -1: the source is read */
    bool owns_fd;
    struct inflate_source source;
    bool detected; /* codec is known; not before a read, because standard input may wait */
    const struct inflate_codec *codec; /* NULL: plain */
    void *state;                       /* of the codec */

    uint8_t *block; /* compressed bytes of the file; block[pos..len) are unused */
    size_t pos;
    size_t len;
    uint64_t base; /* offset of block[0] in the file */
    bool at_end;   /* the file ends at block[len] */

    bool in_member;      /* inside a member, frame or stream of the format */
    uint64_t max_memory; /* inflate_limit_memory() */
    uint64_t n_returned; /* decompressed bytes so far */
    struct inflate_mark
        marks[INFLATE_MARKS_MAX]; /* starts of members, ascending; one or more */
    size_t n_marks;
    bool failed; /* every further read fails with `failure` */
    struct error failure;
};

/* Read until the block has at least `want` unused bytes, or fewer at the end of the file. */
int inflate_fill(struct inflate *in, size_t want, struct error *err);
/* Find the next member and reset the codec for it. Skips zeros, which tapes and block devices
 * leave after the last member, and xz between streams. Returns 1, 0 at the end of the file, or
 * -1. */
int inflate_find_member(struct inflate *in, struct error *err);
/* Add a mark at the start of a member. */
void inflate_add_mark(struct inflate *in, uint64_t stream_offset);
/* Check that the memory for a window is allowed. ERR_INPUT if it is not; `command` decompresses
 * the data of its standard input to its standard output. */
int inflate_check_window(const struct inflate *in, uint64_t window_bytes, const char *command,
                         struct error *err);
/* Raise ERR_INPUT with the position. Return -1. */
int inflate_raise_truncated(const struct inflate *in, struct error *err);
int inflate_raise_corrupt(const struct inflate *in, const char *why, struct error *err);

#endif
