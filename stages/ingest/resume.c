/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/report.h"
#include "stages/ingest/ingest_private.h"
#include "stages/stage.h"
#include "store/source.h"
#include "store/store.h"

/* Can reading continue at the position? Reports what the run does with the file. */
static bool can_resume(const struct ingest *ingest, const struct ingest_file *file,
                       const struct position *position)
{
    struct report *report = ingest->context->report;

    if (memcmp(&position->settings, &ingest->settings.hash, sizeof position->settings) != 0) {
        report_note(report, "%s: the earlier run had other options; reading from the beginning",
                    file->path);
        return false;
    }
    if (!file_stamp_equal(&position->stamp, &file->stamp)) {
        report_note(report,
                    "%s: changed since the earlier run was stopped; reading from the beginning",
                    file->path);
        return false;
    }
    if (position->done)
        report_note(report, "%s: the earlier run read it to the end", file->path);
    else
        report_note(report, "%s: continuing after record %" PRIu64 ", at line %" PRIu64,
                    file->path, position->n_read, position->place.line);
    return true;
}

static int find_position(struct ingest *ingest, struct ingest_file *file, struct error *err)
{
    struct position position;

    if (file_stamp(file->local_path, &file->stamp, err) < 0)
        return -1;
    const int found = position_claim(ingest->context->store, file->source, file->path,
                                     ingest->context->run_id, &position, err);
    if (found < 0)
        return -1;
    if (found == 0 || !can_resume(ingest, file, &position))
        return 0;
    struct position *from = arena_alloc(&ingest->files.arena, 1, sizeof *from);
    if (!from)
        return error_nomem(err);
    *from = position;
    file->from = from;
    return 0;
}

static int find_all_positions(struct ingest *ingest, struct error *err)
{
    if (position_sweep(ingest->context->store, err) < 0)
        return -1;
    for (size_t i = 0; i < ingest->files.n; i++) {
        struct ingest_file *file = &ingest->files.items[i];

        if (file->has_size && find_position(ingest, file, err) < 0)
            return -1;
        /* Of a file that was read to the end, too: the card may say something else now. */
        if ((file->config || file->split) &&
            source_file_set_split(ingest->context->store, file->source, file->path,
                                  file->config, file->split, err) < 0)
            return -1;
    }
    return 0;
}

int ingest_find_positions(struct ingest *ingest, struct error *err)
{
    struct store *store = ingest->context->store;

    if (ingest->context->dry_run)
        return 0;
    if (store_begin(store, err) < 0)
        return -1;
    if (find_all_positions(ingest, err) == 0 && store_commit(store, err) == 0)
        return 0;
    store_rollback(store);
    return -1;
}

int ingest_clear_positions(struct ingest *ingest, struct error *err)
{
    struct store *store = ingest->context->store;

    if (ingest->context->dry_run)
        return 0;
    if (store_begin(store, err) < 0)
        return -1;
    if (position_clear(store, ingest->context->run_id, err) == 0 &&
        store_commit(store, err) == 0)
        return 0;
    store_rollback(store);
    return -1;
}
