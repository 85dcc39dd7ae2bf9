/* SPDX-License-Identifier: Apache-2.0 */
/*
 * card.h - the part of a dataset card (README.md) that says which files belong to which config
 * and split.
 *
 * A card begins with YAML between two lines "---". Its key `configs` is a list:
 *
 *     configs:
 *     - config_name: en
 *       data_dir: data            # optional: paths are relative to it
 *       default: true             # optional
 *       data_files:               # optional: a pattern, a list of patterns, or
 *       - split: train
 *         path: en/train-*        # a pattern or a list of patterns
 *
 * The text is not trusted: size, depth, aliases and counts are limited.
 */
#ifndef CURATE_CARD_H
#define CURATE_CARD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;
struct error;

/* At most so much of a README.md needs to be read: the YAML must end in it. */
enum { CARD_MAX_BYTES = 16 << 20 };

struct card_pattern {
    const char *split; /* "train" if the card names none */
    const char *path;  /* a pattern, see base/text/glob.h, without "./" in front */
};

struct card_config {
    const char *name;
    const char *data_dir; /* without slashes around it; "" if the card has none */
    bool is_default;
    bool has_data_files; /* false: the splits are found by the names of the files */
    struct card_pattern *patterns;
    size_t n_patterns;
};

struct card {
    struct card_config *configs; /* in the order of the card */
    size_t n_configs;            /* 0: the card has no `configs` */
};

/* Read a card into the arena. Returns 0, or -1 with err set: ERR_INPUT with the line if
 * `configs` cannot be read or a limit is exceeded, ERR_NOMEM. */
int card_parse(struct slice readme, struct arena *arena, struct card *out, struct error *err);

#endif
