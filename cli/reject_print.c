/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/reject_print.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "base/text/escape.h"
#include "base/text/utf8.h"
#include "stages/record/defect.h"
#include "store/source.h"

enum { LINE_MAX_BYTES = 1 << 26, SHOWN_MAX_BYTES = 64 * 1024 };

static int add_reject_text(const struct reject_row *row, struct buf *line, struct error *err)
{
    const struct reject *reject = &row->reject;
    const enum defect defect = defect_find(reject->class);
    const struct slice shown = slice_of(
        reject->raw.ptr, reject->raw.len < SHOWN_MAX_BYTES ? reject->raw.len : SHOWN_MAX_BYTES);

    char rows[40] = "";

    if (reject->n_rows > 1)
        snprintf(rows, sizeof rows, ", %" PRIu64 " rows", reject->n_rows);
    if (buf_printf(line, err, "reject %" PRId64 " of run %" PRId64 "\nwhere   ", row->reject_id,
                   row->run_id) < 0 ||
        escape_add(line, row->path, err) < 0 ||
        buf_printf(
            line, err, ", line %" PRIu64 ", byte %" PRIu64 ", %" PRIu64 " bytes%s\nclass   %s",
            reject->line, reject->byte_offset, reject->byte_len, rows, reject->class) < 0 ||
        (defect != DEFECT_NONE &&
         buf_printf(line, err, ": %s", defect_classes[defect].what) < 0) ||
        buf_add_text(line, "\ndetail  ", err) < 0 ||
        escape_add(line, reject->detail, err) < 0 ||
        buf_add_text(line, "\nrecord  ", err) < 0 || escape_add(line, shown, err) < 0)
        return -1;
    if (shown.len < reject->byte_len &&
        buf_printf(line, err, "\n        (the first %zu bytes)", shown.len) < 0)
        return -1;
    return 0;
}

static int add_reject_json(const struct reject_row *row, struct buf *line, struct error *err)
{
    const struct reject *reject = &row->reject;
    struct jsonout json;
    struct buf record;

    buf_init(&record, LINE_MAX_BYTES);
    if (utf8_repair(reject->raw, &record, err) < 0) {
        buf_release(&record);
        return -1;
    }
    jsonout_init(&json, line);
    jsonout_object_begin(&json);
    jsonout_key(&json, "schema");
    jsonout_text(&json, slice_text("curate.reject/1"));
    jsonout_key(&json, "reject_id");
    jsonout_int(&json, row->reject_id);
    jsonout_key(&json, "run_id");
    jsonout_int(&json, row->run_id);
    jsonout_key(&json, "source");
    jsonout_text(&json, row->source);
    jsonout_key(&json, "path");
    jsonout_text(&json, row->path);
    jsonout_key(&json, "line");
    jsonout_int(&json, (int64_t)reject->line);
    jsonout_key(&json, "byte_offset");
    jsonout_int(&json, (int64_t)reject->byte_offset);
    jsonout_key(&json, "byte_len");
    jsonout_int(&json, (int64_t)reject->byte_len);
    jsonout_key(&json, "n_rows");
    jsonout_int(&json, (int64_t)reject->n_rows);
    jsonout_key(&json, "class");
    jsonout_text(&json, slice_text(reject->class));
    jsonout_key(&json, "detail");
    jsonout_text(&json, reject->detail);
    jsonout_key(&json, "record");
    jsonout_text(&json, buf_slice(&record));
    jsonout_object_end(&json);
    const int rc = jsonout_end(&json, err);
    buf_release(&record);
    return rc;
}

static int find_reject(struct reject_scan *scan, int64_t reject_id, struct reject_row *row,
                       struct error *err)
{
    const int rc = reject_scan_next(scan, row, err);

    if (rc < 0)
        return -1;
    if (rc == 0 || row->reject_id != reject_id)
        return error_set(err, ERR_NOT_FOUND,
                         "there is no reject %" PRId64 "; 'curate rejects' lists them",
                         reject_id);
    return 0;
}

int reject_print(struct store *store, int64_t reject_id, bool as_json, struct error *err)
{
    const struct reject_filter filter = { .after_id = reject_id - 1, .limit = 1 };
    struct reject_scan *scan = NULL;
    struct reject_row row;
    struct buf line;
    int rc = -1;

    buf_init(&line, LINE_MAX_BYTES);
    if (reject_scan_open(store, &filter, &scan, err) == 0 &&
        find_reject(scan, reject_id, &row, err) == 0 &&
        (as_json ? add_reject_json(&row, &line, err) : add_reject_text(&row, &line, err)) ==
            0) {
        puts(line.data);
        rc = 0;
    }
    reject_scan_close(scan);
    buf_release(&line);
    return rc;
}
