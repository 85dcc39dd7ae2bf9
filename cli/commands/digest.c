/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "cli/command.h"
#include "stages/ingest/corpus_samples.h"
#include "store/content.h"
#include "store/sample.h"
#include "store/store.h"

struct digest_args {
    const char *selection;
    const char *export;
    bool parts;
    bool samples;
};

static const struct option opts[] = {
    { OPTION_TEXT, 0, "selection", offsetof(struct digest_args, selection), "NAME",
      .help = "digest of the samples of a selection" },
    { OPTION_TEXT, 0, "export", offsetof(struct digest_args, export), "FILE|-",
      .help = "digest of the samples of an exported file" },
    { OPTION_FLAG, 0, "samples", offsetof(struct digest_args, samples), NULL,
      .help = "digest of all samples, as a policy names them" },
    { OPTION_FLAG, 0, "parts", offsetof(struct digest_args, parts), NULL,
      .help = "also print the digest of each table of the database" },
    { .type = OPTION_END },
};

enum { HEX_BYTES = 2 * DIGEST_BYTES + 1, LINE_MAX_BYTES = 1 << 20 };

static void add_sum(struct jsonout *json, const struct content_sum *sum, const char *unit)
{
    char hex[HEX_BYTES];

    digest_hex(sum->bytes, DIGEST_BYTES, hex);
    jsonout_key(json, "digest");
    jsonout_text(json, slice_text(hex));
    jsonout_key(json, unit);
    jsonout_int(json, (int64_t)sum->n);
}

static void add_parts(struct jsonout *json, const struct content_database *database)
{
    jsonout_key(json, "parts");
    jsonout_array_begin(json);
    for (size_t p = 0; p < database->n_parts; p++) {
        jsonout_object_begin(json);
        jsonout_key(json, "table");
        jsonout_text(json, slice_text(database->parts[p].name));
        add_sum(json, &database->parts[p].sum, "rows");
        jsonout_object_end(json);
    }
    jsonout_array_end(json);
}

/* The object is about a database or about samples; the other one is NULL. */
static int print_digest_json(const char *of, const char *name,
                             const struct content_database *database,
                             const struct content_sum *samples, struct error *err)
{
    char hex[HEX_BYTES];
    struct jsonout json;
    struct buf line;

    buf_init(&line, LINE_MAX_BYTES);
    jsonout_init(&json, &line);
    jsonout_object_begin(&json);
    jsonout_key(&json, "schema");
    jsonout_text(&json, slice_text("curate.digest/1"));
    jsonout_key(&json, "of");
    jsonout_text(&json, slice_text(of));
    jsonout_key(&json, "name");
    jsonout_text(&json, slice_text(name));
    if (samples) {
        add_sum(&json, samples, "samples");
    } else {
        digest_hex(database->digest, DIGEST_BYTES, hex);
        jsonout_key(&json, "digest");
        jsonout_text(&json, slice_text(hex));
        add_parts(&json, database);
    }
    jsonout_object_end(&json);
    const int rc = jsonout_end(&json, err);
    if (rc == 0)
        puts(line.data);
    buf_release(&line);
    return rc;
}

static int print_samples_digest(const struct cli *cli, const char *of, const char *name,
                                const struct content_sum *sum, struct error *err)
{
    char hex[HEX_BYTES];

    if (cli->json)
        return print_digest_json(of, name, NULL, sum, err);
    digest_hex(sum->bytes, DIGEST_BYTES, hex);
    printf("%s  %s\n", hex, name);
    return 0;
}

static int print_database_digest(const struct cli *cli, const struct content_database *database,
                                 bool parts, struct error *err)
{
    char hex[HEX_BYTES];

    if (cli->json)
        return print_digest_json("database", cli->db, database, NULL, err);
    for (size_t p = 0; parts && p < database->n_parts; p++) {
        digest_hex(database->parts[p].sum.bytes, DIGEST_BYTES, hex);
        printf("%s  %s, %" PRIu64 " rows\n", hex, database->parts[p].name,
               database->parts[p].sum.n);
    }
    digest_hex(database->digest, DIGEST_BYTES, hex);
    printf("%s  %s\n", hex, cli->db);
    return 0;
}

struct export_sum {
    struct content *content;
    struct content_sum sum;
};

static int add_export_sample(void *arg, const struct sample *sample, struct error *err)
{
    struct export_sum *e = arg;

    return content_add_sample(e->content, &sample->hash, &e->sum, err);
}

static int digest_export(struct cli *cli, struct content *content, const char *path,
                         struct error *err)
{
    struct export_sum e = { .content = content };

    if (corpus_samples(path, &cli->report, add_export_sample, &e, err) < 0)
        return -1;
    return print_samples_digest(cli, "export", path, &e.sum, err);
}

static int digest_database(struct cli *cli, struct content *content,
                           const struct digest_args *args, struct error *err)
{
    struct content_database database;
    struct content_sum samples = { .n = 0 };
    struct store *store = NULL;
    int rc = -1;

    if (command_open_store(cli, &store, err) < 0)
        return -1;
    if (args->samples) {
        if (content_of_samples(content, store, &samples, err) == 0)
            rc = print_samples_digest(cli, "samples", cli->db, &samples, err);
    } else if (args->selection) {
        if (content_of_selection(content, store, args->selection, &samples, err) == 0)
            rc = print_samples_digest(cli, "selection", args->selection, &samples, err);
    } else if (content_of_database(content, store, &database, err) == 0) {
        rc = print_database_digest(cli, &database, args->parts, err);
    }
    store_close(store);
    return rc;
}

static int cmd_digest_run(struct cli *cli, const void *args, struct error *err)
{
    const struct digest_args *a = args;
    struct content *content = NULL;

    if ((a->selection != NULL) + (a->export != NULL) + (int)a->parts + (int)a->samples > 1)
        return error_set(
            err, ERR_USAGE,
            "--selection, --export, --samples and --parts exclude each other: give one of "
            "them");
    if (content_new(cli->report.stop_signal, &content, err) < 0)
        return -1;
    const int rc = a->export ? digest_export(cli, content, a->export, err)
                             : digest_database(cli, content, a, err);
    content_free(content);
    return rc;
}

const struct command cmd_digest = {
    .name = "digest",
    .summary = "print the digest of a database, a selection or an export",
    .description =
        "The number is a SHA-256 in hexadecimal. Two databases with the same contents have\n"
        "the same digest: it does not depend on order, row ids, times or the log of runs. A\n"
        "selection and a file exported from it have the same digest if the file holds\n"
        "exactly the samples of the selection.",
    .options = opts,
    .args_size = sizeof(struct digest_args),
    .defaults = &(const struct digest_args){ .selection = NULL },
    .run = cmd_digest_run,
};
