/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "stages/import/import_private.h"
#include "store/sample.h"
#include "store/sample_place.h"

enum { SHOWN_BYTES = 80 };

static int shown_bytes(struct slice key)
{
    return key.len < SHOWN_BYTES ? (int)key.len : SHOWN_BYTES;
}

/* Find the samples of the record that begins on a line of a source. Returns their number; the
 * row is rejected if it is not 1. */
static int find_by_place(const struct import_finder *finder, struct import_row *row,
                         int64_t ids[2])
{
    const int shown = shown_bytes(row->key);
    const int64_t line = row->line_key + 1 - finder->first_line;
    int64_t source_id = 0;
    const size_t n_sources = sample_places_source(finder->places, row->key, &source_id);

    if (n_sources != 1) {
        row->rejected_for = n_sources == 0 ? DEFECT_NO_SUCH_SAMPLE : DEFECT_AMBIGUOUS_KEY;
        snprintf(row->detail, sizeof row->detail, "%s source has the name '%.*s'",
                 n_sources == 0 ? "no" : "more than one", shown, row->key.ptr);
        return 0;
    }
    const size_t n = sample_places_find(finder->places, source_id, line, ids);
    if (n == 1)
        return 1;
    row->rejected_for = n == 0 ? DEFECT_NO_SUCH_SAMPLE : DEFECT_AMBIGUOUS_KEY;
    snprintf(row->detail, sizeof row->detail,
             n == 0 ? "source '%.*s' has no sample of line %" PRId64
                    : "source '%.*s' has several samples of line %" PRId64,
             shown, row->key.ptr, line);
    return (int)n;
}

int import_find_sample(const struct import_finder *finder, struct import_row *row,
                       int64_t *sample_id, struct error *err)
{
    const enum import_key key = finder->key;
    int64_t ids[2] = { 0 };
    const int n = key == KEY_PLACE ? find_by_place(finder, row, ids)
                  : key == KEY_EXT_ID
                      ? sample_find_ext_id(finder->store, finder->source, row->key, ids, err)
                      : sample_find_hash(finder->store, row->key, ids, err);

    if (n < 0)
        return -1;
    if (row->rejected_for)
        return 0;
    const int shown = shown_bytes(row->key);
    if (n == 0) {
        row->rejected_for = DEFECT_NO_SUCH_SAMPLE;
        snprintf(row->detail, sizeof row->detail, "no sample has the %s '%.*s'",
                 key == KEY_EXT_ID ? "id" : "hash", shown, row->key.ptr);
    } else if (n > 1) {
        row->rejected_for = DEFECT_AMBIGUOUS_KEY;
        snprintf(row->detail, sizeof row->detail,
                 "samples %" PRId64 " and %" PRId64 " both have the id '%.*s'", ids[0], ids[1],
                 shown, row->key.ptr);
    }
    *sample_id = ids[0];
    return n == 1;
}
