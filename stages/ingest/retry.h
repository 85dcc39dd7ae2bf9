/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retry.h - give the records that were refused another try.
 *
 * A stage like the others, but not in the registry: its command is `curate rejects retry`.
 */
#ifndef CURATE_RETRY_H
#define CURATE_RETRY_H

#include <stdbool.h>

#include "base/option.h"
#include "stages/ingest/formats/format.h"
#include "stages/stage.h"

struct retry_args {
    const char *class; /* only these; NULL for all */
    int format;        /* of format_choice() */
    enum format_split split;
    struct text_list on;
    bool strict;
};

extern const struct stage stage_retry;

#endif
