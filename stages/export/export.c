/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export - write a selection as a training file, in rank order.
 *
 * The file appears complete or not at all. An existing file is compared by content: it stays if
 * it holds the same bytes, and is replaced only with --force if not.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/report.h"
#include "stages/export/layouts/layout.h"
#include "stages/export/layouts/layout_list.h" /* generated: LAYOUT_LIST */
#include "stages/export/manifest.h"
#include "stages/export/pack.h"
#include "stages/export/redact.h"
#include "stages/record/media_form.h"
#include "stages/record/roles.h"
#include "stages/stage.h"
#include "store/output.h"
#include "store/sample.h"
#include "store/selection.h"
#include "store/split.h"
#include "store/store.h"

struct export_args {
    const char *selection;
    int to; /* index in layouts[], or TO_PLAN */
    const char *output;
    enum roles_policy roles;
    enum media_form media;
    struct text_list redact;
    const char *split;
    bool force;
    bool skip;
    bool allow_empty;
    struct pack_args pack;
};

/* Indices in layouts[], for the default of --to; behind them what holds no texts. */
#define X(name) LAYOUT_##name,
enum { LAYOUT_LIST TO_PLAN };
#undef X

static const char *export_to_name(int to)
{
    return to < TO_PLAN ? layout_name(to) : to == TO_PLAN ? "plan" : NULL;
}

static const struct option options[] = {
    { OPTION_CHOICE, 0, "to", offsetof(struct export_args, to), "FORMAT",
      .help = "layout of the records; plan: the packs of --pack",
      .choice_name = export_to_name },
    { OPTION_TEXT, 'o', "output", offsetof(struct export_args, output), "FILE|-",
      .help = "file to write; - is standard output" },
    { OPTION_LIST, 0, "redact", offsetof(struct export_args, redact), "KIND[,KIND]",
      .help = "replace personal data of these kinds by placeholders, or all" },
    { OPTION_TEXT, 0, "split", offsetof(struct export_args, split), "[NAME:]PART",
      .help = "only samples in a part of a split; NAME is split if it is left out" },
    { OPTION_FLAG, 0, "force", offsetof(struct export_args, force), NULL,
      .help = "replace a file that differs" },
    { OPTION_FLAG, 0, "skip", offsetof(struct export_args, skip), NULL,
      .help = "leave out samples that the layout cannot hold, instead of failing" },
    { OPTION_FLAG, 0, "allow-empty", offsetof(struct export_args, allow_empty), NULL,
      .help = "write an empty file if there is no sample to write" },
    { OPTION_CHOICE, 0, "roles", offsetof(struct export_args, roles), "HOW",
      .help = "what to do with turns that do not alternate", .choices = roles_names },
    { OPTION_CHOICE, 0, "media", offsetof(struct export_args, media), "FORM",
      .help = "form of images, video and audio: marks with lists, or parts",
      .choices = media_form_names },
    { OPTION_INT, 0, "pack", offsetof(struct export_args, pack.length), "LENGTH",
      .help = "with --to plan: put samples into packs of at most so many tokens",
      .unset = "none", .min = 1, .max = PACKING_MAX_LENGTH },
    { OPTION_CHOICE, 0, "pack-method", offsetof(struct export_args, pack.method), "METHOD",
      .help = "how to pack: best fit decreasing, batches of equal length, or cut anywhere",
      .choices = pack_method_names },
    { OPTION_CHOICE, 0, "pack-long", offsetof(struct export_args, pack.when_long), "HOW",
      .help = "what to do with samples that are longer than a pack",
      .choices = pack_long_names },
    { OPTION_SHARE, 0, "margin", offsetof(struct export_args, pack.margin), "N|P%",
      .help = "tokens of a pack to leave free, for another tokenizer or a template" },
    { OPTION_INT, 0, "pack-min", offsetof(struct export_args, pack.min_length), "N",
      .help = "leave out samples with fewer tokens", .max = PACKING_MAX_LENGTH },
    { OPTION_INT, 0, "pack-batch", offsetof(struct export_args, pack.n_batch), "N",
      .help = "samples of a sorted batch, or packs of a training step: orders and weighs them",
      .unset = "none", .min = 1, .max = 1000000 },
    { OPTION_INT, 0, "pack-seed", offsetof(struct export_args, pack.seed), "N",
      .help = "number that decides the order of sorted batches" },
    { .type = OPTION_END },
};

static const struct option positional = { OPTION_TEXT, 0,
                                          "selection", offsetof(struct export_args, selection),
                                          "SELECTION", .help = "the selection to write" };

static const struct export_args defaults = { .to = LAYOUT_messages };

enum { RECORD_MAX_BYTES = 1 << 30, STOP_EVERY = 256 };

/* The state of a run. */
struct exporting {
    const struct stage_context *context;
    const struct export_args *args;
    const struct layout *layout; /* NULL: a plan */
    struct pack_plan plan;
    struct arena arena; /* texts of the current sample */
    struct sample_reader *reader;
    unsigned kinds;              /* of --redact, as bits; 0: it was not given */
    struct redaction *redaction; /* NULL without --redact */
    uint64_t n_redacted;         /* places that were replaced in the samples written */
    struct file_out *file;       /* NULL in a dry run */
    struct digest *digest;
    struct buf record;
    uint64_t n_written;
    uint64_t n_elsewhere; /* samples of the selection that are not in the part of --split */
    uint64_t n_skipped;
    uint64_t n_changed;   /* samples whose turns roles_apply() changed */
    uint64_t n_converted; /* samples whose media media_form_apply() changed */
    uint64_t n_bytes;
};

static int export_check(const void *arguments, void *config, struct error *err)
{
    const struct export_args *args = arguments;

    unsigned *kinds = config;

    if (redaction_parse(&args->redact, kinds, err) < 0)
        return -1;
    if (!args->output || !*args->output)
        return error_set(err, ERR_USAGE,
                         "no output file: use -o FILE, or -o - for standard output");
    if (args->to == TO_PLAN &&
        (*kinds || args->roles != ROLES_KEEP || args->media != MEDIA_KEEP))
        return error_set(err, ERR_USAGE,
                         "--%s changes texts, and a plan holds none: leave it out",
                         *kinds                      ? "redact"
                         : args->roles != ROLES_KEEP ? "roles"
                                                     : "media");
    return pack_check(&args->pack, args->to == TO_PLAN, err);
}

/* Leave out a sample, or fail without --skip. */
static int leave_out(struct exporting *export, int64_t sample_id, const char *cannot,
                     const char *why, const char *advice, struct error *err)
{
    if (!export->args->skip)
        return error_set(
            err, ERR_INPUT,
            "sample %lld: cannot be %s: %s: use %s--skip to leave such samples out",
            (long long)sample_id, cannot, why, advice);
    if (export->n_skipped++ == 0)
        report_note(export->context->report, "sample %lld and others like it are left out: %s",
                    (long long)sample_id, why);
    return 0;
}

/* Leave out a sample that the layout cannot hold. */
static int skip_sample(struct exporting *export, int64_t sample_id, const char *why,
                       struct error *err)
{
    char cannot[64];

    snprintf(cannot, sizeof cannot, "written as %s", export->layout->name);
    return leave_out(export, sample_id, cannot, why,
                     "--to jsonl, which holds every sample, or ", err);
}

/* Leave out a sample with data that no placeholder can replace. */
static int skip_unredacted(struct exporting *export, int64_t sample_id, const char *why,
                           struct error *err)
{
    return leave_out(export, sample_id, "redacted", why, "", err);
}

enum { LEFT_OUT = 2 };

/* Apply --roles to the turns: 1 when they changed, 0 when not, LEFT_OUT, -1. */
static int apply_roles(struct exporting *export, struct sample *sample, struct error *err)
{
    arena_clear(&export->arena);
    if (export->args->roles == ROLES_DROP && !roles_alternate(sample)) {
        export->n_skipped++;
        return LEFT_OUT;
    }
    const int changed = roles_apply(sample, export->args->roles, &export->arena, err);
    export->n_changed += changed == 1;
    return changed;
}

/* Write the record as a line. */
static int write_record(struct exporting *export, struct error *err)
{
    if (buf_add(&export->record, "\n", 1, err) < 0)
        return -1;
    const struct slice bytes = buf_slice(&export->record);
    if (digest_add(export->digest, bytes.ptr, bytes.len, err) < 0 ||
        (export->file && file_out_add(export->file, bytes, err) < 0))
        return -1;
    export->n_bytes += bytes.len;
    return 0;
}

static int write_sample(struct exporting *export, int64_t sample_id, struct error *err)
{
    struct sample sample;
    const char *why = NULL;
    const int found = sample_read(export->reader, sample_id, &sample, err);

    if (found < 0)
        return -1;
    if (found == 0)
        return error_set(err, ERR_INPUT,
                         "sample %lld is selected but does not exist: run 'curate fsck'",
                         (long long)sample_id);
    const int redacted = export->redaction
                             ? redaction_apply(export->redaction, sample_id, &sample, &why, err)
                             : 1;
    if (redacted <= 0)
        return redacted < 0 ? -1 : skip_unredacted(export, sample_id, why, err);
    const int roles = apply_roles(export, &sample, err);
    if (roles < 0)
        return -1;
    if (roles == LEFT_OUT)
        return 0;
    const int converted = media_form_apply(&sample, export->args->media, &export->arena, err);
    if (converted < 0)
        return -1;
    buf_clear(&export->record);
    const int fits = export->layout->write(&sample, &export->record, &why, err);
    if (fits < 0)
        return error_prefix(err, "sample %lld", (long long)sample_id);
    if (fits == 0)
        return skip_sample(export, sample_id, why, err);
    const int clean = export->redaction ? redaction_check(export->redaction,
                                                          buf_slice(&export->record), &why, err)
                                        : 1;
    if (clean <= 0)
        return clean < 0 ? -1 : skip_unredacted(export, sample_id, why, err);
    if (write_record(export, err) < 0)
        return -1;
    export->n_written++;
    export->n_converted += converted == 1;
    export->n_redacted += export->redaction ? redaction_count(export->redaction) : 0;
    return 0;
}

/* Report that n records are done. ERR_CANCELLED if the user asks to stop. */
static int report_written(struct report *report, uint64_t n, struct error *err)
{
    report->done = n;
    if (n % STOP_EVERY != 1)
        return 0;
    const int signal = report_stop(report);
    if (signal)
        return error_set_sys(err, ERR_CANCELLED, signal,
                             "stopped by signal %d; nothing was written", signal);
    report_tick(report);
    return 0;
}

static int write_samples(struct exporting *export, const struct id_list *ids, struct error *err)
{
    struct report *report = export->context->report;

    report->unit = "samples";
    report->total = ids->n;
    for (size_t i = 0; i < ids->n; i++) {
        if (write_sample(export, ids->ids[i], err) < 0 ||
            report_written(report, i + 1, err) < 0)
            return -1;
    }
    return 0;
}

/* Pack the samples and write a line for each pack. */
static int write_plan(struct exporting *export, const struct id_list *ids, struct error *err)
{
    const struct export_args *args = export->args;
    struct report *report = export->context->report;
    struct pack_plan *plan = &export->plan;

    if (pack_plan_make(export->context->store, &args->pack, ids, args->skip, plan, err) < 0)
        return -1;
    pack_plan_report(plan, &args->pack, report);
    report->unit = "packs";
    report->total = plan->packing.n_packs;
    for (size_t i = 0; i < plan->packing.n_packs; i++) {
        buf_clear(&export->record);
        if (pack_plan_add(plan, i, &export->record, err) < 0 || write_record(export, err) < 0 ||
            report_written(report, i + 1, err) < 0)
            return -1;
    }
    export->n_written = plan->n_samples;
    export->n_skipped = ids->n - plan->n_samples;
    return 0;
}

/* An empty training file is rarely meant, and would replace a good one with --force. */
static int export_check_empty(const struct exporting *export, struct error *err)
{
    const struct export_args *args = export->args;

    if (export->n_written > 0 || args->allow_empty)
        return 0;
    return error_set(err, ERR_INPUT, "selection '%s': %s: use --allow-empty for an empty file",
                     args->selection,
                     export->n_skipped > 0     ? "every sample was left out"
                     : export->n_elsewhere > 0 ? "no sample is in the part of --split"
                                               : "holds no sample");
}

/* Compare the output file with the new bytes: "new" when there is none, "unchanged" for the
 * same bytes, "replaced" for others with --force. */
static int compare_output(const struct export_args *args, const uint8_t sha256[DIGEST_BYTES],
                          const char **outcome, struct error *err)
{
    struct stat st;
    uint8_t found[DIGEST_BYTES];

    *outcome = "new";
    if (file_is_stdout(args->output) || stat(args->output, &st) < 0 || !S_ISREG(st.st_mode))
        return 0; /* file_out_open() has reported other problems of the path */
    if (digest_file(args->output, found, err) < 0)
        return -1;
    *outcome = memcmp(found, sha256, DIGEST_BYTES) == 0 ? "unchanged" : "replaced";
    if (strcmp(*outcome, "replaced") == 0 && !args->force)
        return error_set(err, ERR_CANTCREATE,
                         "%s: exists with other content: use --force to replace it",
                         args->output);
    return 0;
}

/* Store the row of the export. */
static int store_export_row(struct exporting *export, const struct export_row *row,
                            struct error *err)
{
    struct store *store = export->context->store;

    if (store_begin(store, err) < 0)
        return -1;
    if (export_add(store, row, export->context->run_id, err) == 0)
        return store_commit(store, err);
    store_rollback(store);
    return -1;
}

/* Move the file to its place, store the row, and write the manifest last: a manifest means that
 * all is done. After a kill, the next run completes what is missing. */
static int finish_export(struct exporting *export, const char *outcome,
                         const uint8_t sha256[DIGEST_BYTES], struct error *err)
{
    struct export_row row = { .selection = export->args->selection,
                              .format = export_to_name(export->args->to),
                              .path = export->args->output,
                              .n_samples = export->n_written,
                              .n_bytes = export->n_bytes,
                              .split = export->args->split,
                              .is_redacted = export->redaction,
                              .n_redacted = export->n_redacted };

    memcpy(row.sha256, sha256, DIGEST_BYTES);
    if (strcmp(outcome, "unchanged") != 0 &&
        (export_manifest_remove(row.path, err) < 0 || file_out_commit(export->file, err) < 0))
        return -1;
    if (selection_fact(export->context->store, row.selection, &export->arena, &row.fact,
                       &row.order, err) < 0 ||
        store_export_row(export, &row, err) < 0)
        return -1;
    return export_manifest_write(&row, err);
}

static int export_ids(struct exporting *export, const struct id_list *ids, const char **outcome,
                      struct error *err)
{
    const struct stage_context *context = export->context;
    uint8_t sha256[DIGEST_BYTES];

    if (export->kinds &&
        redaction_new(context->store, export->kinds, &export->redaction, err) < 0)
        return -1;
    if (sample_reader_new(context->store, &export->reader, err) < 0 ||
        digest_new(&export->digest, err) < 0)
        return -1;
    if (output_check(context->store, export->args->output, err) < 0 ||
        export_manifest_check(export->args->output, err) < 0)
        return -1;
    if (!context->dry_run && file_out_open(export->args->output, &export->file, err) < 0)
        return -1;
    if ((export->layout ? write_samples : write_plan)(export, ids, err) < 0 ||
        export_check_empty(export, err) < 0 || digest_end(export->digest, sha256, err) < 0 ||
        compare_output(export->args, sha256, outcome, err) < 0)
        return -1;
    return context->dry_run ? 0 : finish_export(export, *outcome, sha256, err);
}

/* Keep the samples of the selection that are in the part that --split names. */
static int keep_split_part(struct exporting *export, struct id_list *ids, struct error *err)
{
    const char *text = export->args->split;
    const char *colon = strchr(text, ':');
    const char *part = colon ? colon + 1 : text;
    const struct slice name =
        colon ? slice_of(text, (size_t)(colon - text)) : slice_text("split");
    const char *split = arena_copy(&export->arena, name).ptr;
    struct id_list of_part = { 0 };
    size_t n = 0;

    if (!split)
        return error_nomem(err);
    if (split_list_samples(export->context->store, split, part, &of_part, err) < 0)
        return error_prefix(err, "--split %s", text);
    for (size_t i = 0; i < ids->n; i++)
        if (id_list_holds(&of_part, ids->ids[i]))
            ids->ids[n++] = ids->ids[i];
    export->n_elsewhere = ids->n - n;
    ids->n = n;
    id_list_release(&of_part);
    return 0;
}

static int export_run(const struct stage_context *context, const void *arguments,
                      const void *config, struct stage_result *result, struct error *err)
{
    const struct export_args *args = arguments;
    const unsigned *kinds = config;
    struct exporting export = {
        .context = context,
        .args = args,
        .layout = args->to == TO_PLAN ? NULL : layouts[args->to],
        .kinds = *kinds,
    };
    struct id_list ids = { 0 };
    const char *outcome = "new";
    int rc = -1;

    if (context->stdout_taken && file_is_stdout(args->output))
        return error_set(
            err, ERR_USAGE,
            "-o -: --json prints to standard output, too: name a file with -o FILE");
    if (selection_load(context->store, args->selection, &ids, NULL, err) < 0)
        return -1;
    arena_init(&export.arena);
    buf_init(&export.record, RECORD_MAX_BYTES);
    if ((args->split && keep_split_part(&export, &ids, err) < 0) ||
        export_ids(&export, &ids, &outcome, err) < 0)
        goto done;
    stage_fact_text(result, "selection", args->selection);
    stage_fact_text(result, "to", export_to_name(args->to));
    stage_fact_text(result, "output", args->output);
    stage_fact_text(result, "result", outcome);
    stage_fact_int(result, "exported", (int64_t) export.n_written);
    stage_fact_int(result, "skipped", (int64_t) export.n_skipped);
    if (args->split)
        stage_fact_int(result, "elsewhere", (int64_t) export.n_elsewhere);
    if (args->roles == ROLES_MERGE || args->roles == ROLES_TRIM)
        stage_fact_int(result, "changed", (int64_t) export.n_changed);
    if (args->media != MEDIA_KEEP)
        stage_fact_int(result, "converted", (int64_t) export.n_converted);
    if (export.redaction)
        stage_fact_int(result, "redacted", (int64_t) export.n_redacted);
    if (args->to == TO_PLAN)
        pack_plan_facts(&export.plan, result);
    stage_fact_int(result, "bytes", (int64_t) export.n_bytes);
    rc = 0;
done:
    file_out_close(export.file);
    digest_free(export.digest);
    sample_reader_free(export.reader);
    redaction_free(export.redaction);
    pack_plan_release(&export.plan);
    arena_release(&export.arena);
    buf_release(&export.record);
    id_list_release(&ids);
    return rc;
}

const struct stage stage_export = {
    .name = "export",
    .summary = "write a selection as a training file, in rank order",
    .description =
        "Writes one JSON object for each line. The file appears complete or not at all. An\n"
        "existing file with the same bytes stays; one with other bytes is replaced only with\n"
        "--force. An empty file is written only with --allow-empty. FILE.manifest, written\n"
        "last, says what FILE holds, with its SHA-256.",
    .options = options,
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct export_args),
    .config_size = sizeof(unsigned),
    .defaults = &defaults,
    .check = export_check,
    .run = export_run,
};
