/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/select/target_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/io/frame.h"
#include "base/net/remote.h"
#include "base/report.h"
#include "scoring/selection/dsir.h"
#include "stages/ingest/parse.h"
#include "stages/ingest/record_files.h"
#include "stages/select/making.h"
#include "stages/stage.h"
#include "store/sample.h"
#include "store/selection.h"

enum { RECORD_BYTES = 256 << 20, TEXT_BYTES = 1 << 30, DETAIL_BYTES = 160 };

struct file_walk {
    struct making *making;
    struct id_list *same;
    struct parser *parser;
    struct arena arena; /* of one record */
    struct buf text;
    uint64_t n_samples;
    uint64_t n_rejected;
    char first_reject[DETAIL_BYTES];
};

int target_is_file(struct store *store, const char *name, bool *out, struct error *err)
{
    int64_t id;

    *out = false;
    if (remote_is_url(name)) {
        if (strncmp(name, "hf://", 5) != 0)
            return error_set(err, ERR_USAGE,
                             "%s: only a URL that begins with hf:// can be a target: run "
                             "'curate fetch' and name the file",
                             name);
        *out = true;
        return 0;
    }
    if (selection_find(store, name, &id, err) == 0)
        return 0;
    if (err->code != ERR_NOT_FOUND || access(name, F_OK) < 0)
        return -1;
    *out = true;
    return 0;
}

/* Append what the texts of stored samples are made of: store/dedup_text.h, "whole". */
static int add_whole(const struct sample *sample, struct buf *out, struct error *err)
{
    const struct slice first =
        sample->kind == SAMPLE_TEXT ? sample->context : sample_instruction(sample);
    const struct slice second = sample_response(sample);

    if (buf_add_slice(out, first, err) < 0 ||
        (first.len > 0 && second.len > 0 && buf_add(out, "\n", 1, err) < 0))
        return -1;
    return buf_add_slice(out, second, err);
}

/* The list has room for the next power of 2. */
static int append_id(struct id_list *list, int64_t id, struct error *err)
{
    if ((list->n & (list->n - 1)) == 0) {
        int64_t *ids = reallocarray(list->ids, list->n > 0 ? 2 * list->n : 1, sizeof *ids);

        if (!ids)
            return error_nomem(err);
        list->ids = ids;
    }
    list->ids[list->n++] = id;
    return 0;
}

/* A stored sample with the same content cannot be selected. */
static int leave_out_same(struct file_walk *walk, const struct hash *hash, struct error *err)
{
    char hex[2 * HASH_BYTES + 1];
    int64_t ids[2];

    for (size_t i = 0; i < HASH_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash->bytes[i]);
    const int n = sample_find_hash(walk->making->store, slice_text(hex), ids, err);
    if (n <= 0)
        return n;
    return append_id(walk->same, ids[0], err);
}

static int add_target_sample(void *arg, const struct frame_record *record,
                             struct parsed *parsed, struct error *err)
{
    struct file_walk *walk = arg;

    if (parsed->rejected_for) {
        if (walk->n_rejected == 0)
            snprintf(walk->first_reject, sizeof walk->first_reject,
                     "line %" PRIu64 ": %s: %.*s", record->line,
                     defect_classes[parsed->rejected_for].name, (int)parsed->detail.len,
                     parsed->detail.ptr);
        walk->n_rejected += 1 + parsed->n_more_rows;
        return 0;
    }
    walk->n_samples++;
    buf_clear(&walk->text);
    if (add_whole(&parsed->sample, &walk->text, err) < 0 ||
        dsir_add(walk->making->dsir, DSIR_TARGET, buf_slice(&walk->text), err) < 0)
        return -1;
    return leave_out_same(walk, &parsed->sample.hash, err);
}

static int read_target_record(void *arg, const char *path, const struct frame_record *record,
                              struct error *err)
{
    struct file_walk *walk = arg;
    const struct parse_sink sink = { .each = add_target_sample, .arg = walk };

    (void)path;
    arena_clear(&walk->arena);
    return parse_each(walk->parser, record, NULL, false, &walk->arena, &sink, err);
}

static int read_target_file(struct making *making, const char *name, struct id_list *same,
                            struct error *err)
{
    const struct stage_context *context = making->spec->context;
    const struct record_files files = { .name = name,
                                        .fetcher = context->fetcher,
                                        .report = context->report,
                                        .max_record_bytes = RECORD_BYTES };
    struct file_walk walk = { .making = making, .same = same };
    int rc = -1;

    arena_init(&walk.arena);
    buf_init(&walk.text, TEXT_BYTES);
    if (record_parser_new(&walk.parser, err) == 0)
        rc = record_files_each(&files, read_target_record, &walk, err);
    if (rc == 0 && walk.n_samples == 0)
        rc = error_set(err, ERR_INPUT, "--target %s: holds no sample%s%s", name,
                       walk.n_rejected > 0 ? ": " : "", walk.first_reject);
    if (rc == 0 && walk.n_rejected > 0)
        report_note(context->report,
                    "target %s: records that are no samples: %" PRIu64 ", the first: %s", name,
                    walk.n_rejected, walk.first_reject);
    making->target.n_target += walk.n_samples;
    parser_free(walk.parser);
    buf_release(&walk.text);
    arena_release(&walk.arena);
    return rc;
}

int target_read_files(struct making *making, struct id_list *same, struct error *err)
{
    const struct target_spec *target = making->spec->target;

    if (target->n_files > 0 && dsir_new(&making->dsir, err) < 0)
        return -1;
    for (size_t i = 0; i < target->n_files; i++)
        if (read_target_file(making, target->files[i], same, err) < 0)
            return -1;
    return 0;
}
