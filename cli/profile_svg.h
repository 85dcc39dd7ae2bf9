/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile_svg.h - draw the curves of a profile as one SVG image.
 *
 * The image has its styles inside, for light and dark pages, no script and nothing to fetch. A
 * title and a description of each panel are there for readers who cannot see it. Text of the
 * corpus is escaped. The same curves give the same bytes.
 *
 * Functions return 0, or -1 with err set.
 */
#ifndef CURATE_PROFILE_SVG_H
#define CURATE_PROFILE_SVG_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "store/profile_curve.h"

struct error;

enum { PROFILE_PANELS_MAX = 200 };

struct profile_svg {
    struct buf panels;
    size_t n_panels;
};

struct profile_panel {
    const char *title;            /* the fact and the group */
    const char *weight;           /* "tokens" or "words"; NULL: samples only */
    struct curve_count all;       /* what is 100 % */
    uint64_t n_missing;           /* samples without a value */
    const struct curve_point *at; /* the quantiles of 0 to 100 %, n of them */
    size_t n;
};

void profile_svg_init(struct profile_svg *svg);
void profile_svg_release(struct profile_svg *svg);
/* Add a panel. ERR_USAGE after PROFILE_PANELS_MAX of them. */
int profile_svg_add(struct profile_svg *svg, const struct profile_panel *panel,
                    struct error *err);
/* Write the image to a file, which appears complete or not at all. */
int profile_svg_write(const struct profile_svg *svg, const char *path, struct error *err);

#endif
