/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/summary.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "base/text/escape.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "stages/stage.h"

enum { FACT_MAX_BYTES = 1 << 16 };

/* Is the text one word that needs no escapes? */
static bool summary_text_is_plain(struct slice text)
{
    struct error ignored;
    struct buf shown;

    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == ' ' || text.ptr[i] == '\t' || text.ptr[i] == '\n' ||
            text.ptr[i] == '"')
            return false;
    buf_init(&shown, FACT_MAX_BYTES);
    const bool plain =
        escape_add(&shown, text, &ignored) == 0 && slice_equal(buf_slice(&shown), text);
    buf_release(&shown);
    return plain;
}

/* Text with blanks would look like several pairs, and a name may hold control sequences of a
 * terminal. So such text is written as JSON with escapes. */
static void print_fact_text(const char *key, const char *text)
{
    struct buf quoted, shown;
    struct jsonout json;
    struct error ignored;

    if (summary_text_is_plain(slice_text(text))) {
        fprintf(stderr, " %s=%s", key, text);
        return;
    }
    buf_init(&quoted, FACT_MAX_BYTES);
    buf_init(&shown, FACT_MAX_BYTES);
    jsonout_init(&json, &quoted);
    jsonout_text(&json, slice_text(text));
    if (jsonout_end(&json, &ignored) == 0 &&
        escape_add(&shown, buf_slice(&quoted), &ignored) == 0)
        fprintf(stderr, " %s=%s", key, shown.data);
    buf_release(&quoted);
    buf_release(&shown);
}

static void print_fact(const struct stage_fact *fact)
{
    switch (fact->type) {
    case STAGE_FACT_INT:
        fprintf(stderr, " %s=%lld", fact->key, (long long)fact->integer);
        break;
    case STAGE_FACT_REAL:
        fprintf(stderr, fact->real >= 1000 ? " %s=%.0f" : " %s=%.4g", fact->key, fact->real);
        break;
    case STAGE_FACT_TEXT:
        print_fact_text(fact->key, fact->text);
        break;
    }
}

void summary_add_fact(struct jsonout *json, const struct stage_fact *fact)
{
    jsonout_key(json, fact->key);
    switch (fact->type) {
    case STAGE_FACT_INT:
        jsonout_int(json, fact->integer);
        break;
    case STAGE_FACT_REAL:
        jsonout_double(json, fact->real);
        break;
    case STAGE_FACT_TEXT:
        jsonout_text(json, slice_text(fact->text));
        break;
    }
}

static void print_summary_json(const struct cli *cli, const char *name, const char *status,
                               int64_t run_id, const struct stage_result *result)
{
    char schema[64];
    struct buf buf;
    struct jsonout json;
    struct error err;

    snprintf(schema, sizeof schema, "curate.%s/1", name);
    for (char *blank = schema; (blank = strchr(blank, ' ')) != NULL;)
        *blank = '-';
    buf_init(&buf, FACT_MAX_BYTES);
    jsonout_init(&json, &buf);
    jsonout_object_begin(&json);
    jsonout_key(&json, "schema");
    jsonout_text(&json, slice_text(schema));
    jsonout_key(&json, "status");
    jsonout_text(&json, slice_text(status));
    for (size_t i = 0; i < result->n_facts; i++)
        summary_add_fact(&json, &result->facts[i]);
    if (run_id > 0) {
        jsonout_key(&json, "run");
        jsonout_int(&json, run_id);
    }
    if (cli->db) {
        jsonout_key(&json, "db");
        jsonout_text(&json, slice_text(cli->db));
    }
    jsonout_object_end(&json);
    if (jsonout_end(&json, &err) == 0)
        puts(buf.data);
    else
        fprintf(stderr, "curate %s: %s\n", name, err.msg);
    buf_release(&buf);
}

void summary_print(const struct cli *cli, const char *name, const char *status, int64_t run_id,
                   const struct stage_result *result)
{
    progress_clear(cli->report.arg);
    if (cli->json) {
        print_summary_json(cli, name, status, run_id, result);
        return;
    }
    if (cli->quiet)
        return;
    fprintf(stderr, "curate %s: %s", name, status);
    for (size_t i = 0; i < result->n_facts; i++)
        print_fact(&result->facts[i]);
    if (run_id > 0)
        fprintf(stderr, " run=%lld", (long long)run_id);
    if (cli->db)
        print_fact_text("db", cli->db);
    fputc('\n', stderr);
}
