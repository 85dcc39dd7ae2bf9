/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retry.h - read the rejected records again, with other options or by a newer version.
 *
 * A stage that is not in the registry: its command is `curate rejects retry`.
 */
#ifndef CURATE_RETRY_H
#define CURATE_RETRY_H

#include <stdbool.h>

#include "base/option.h"
#include "stages/ingest/formats/format.h"
#include "stages/stage.h"

struct retry_args {
    const char *class; /* only rejects of this class; NULL for all */
    int format;        /* of format_choice() */
    enum format_split split;
    enum format_split old_split; /* by --split, the old name of --context-split */
    enum format_paths oasst;
    struct text_list on;
    bool strict;
    struct text_list map;
    struct text_list role;
};

extern const struct stage stage_retry;

#endif
