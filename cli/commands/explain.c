/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "cli/command.h"
#include "cli/explain.h"
#include "cli/summary.h"

enum { JSON_MAX_BYTES = 1 << 20 };

/* The first kind needs no word: `curate explain nll` is `curate explain metric nll`. */
static const struct explain_kind *const kinds[] = { &explain_metrics, &explain_facts,
                                                    &explain_rejects, &explain_statuses };
enum { N_KINDS = sizeof kinds / sizeof *kinds };

struct explain_args {
    struct text_list words;
};

static const struct option positional = {
    OPTION_LIST,
    0,
    "words",
    offsetof(struct explain_args, words),
    "[KIND] NAME",
    .help = "what to explain; without KIND a metric, without NAME everything is listed",
};

static bool find_entry(const struct explain_kind *kind, const char *name,
                       struct explain_entry *out)
{
    for (size_t i = 0;; i++) {
        *out = (struct explain_entry){ 0 };
        if (!kind->entry(i, out))
            return false;
        if (strcmp(out->name, name) == 0)
            return true;
    }
}

static int unknown_entry(const struct explain_kind *kind, const char *name, struct error *err)
{
    const char *nearest = NULL;
    size_t least = 3;
    struct explain_entry entry = { 0 };

    for (size_t i = 0; i < N_KINDS; i++)
        if (find_entry(kinds[i], name, &entry))
            return error_set(err, ERR_USAGE,
                             "there is no %s '%s'; did you mean 'curate explain %s %s'?",
                             kind->name, name, kinds[i]->name, name);
    entry = (struct explain_entry){ 0 };
    for (size_t i = 0; kind->entry(i, &entry); i++) {
        const size_t distance = option_distance(entry.name, name, 2);

        if (distance < least) {
            nearest = entry.name;
            least = distance;
        }
        entry = (struct explain_entry){ 0 };
    }
    if (nearest)
        return error_set(err, ERR_USAGE, "there is no %s '%s'; did you mean '%s'?", kind->name,
                         name, nearest);
    return error_set(err, ERR_USAGE, "there is no %s '%s'; 'curate explain' lists them",
                     kind->name, name);
}

/* Print the entry as one JSON object; `whole` adds its page. */
static int print_entry_json(const struct explain_kind *kind, const struct explain_entry *entry,
                            bool whole, struct error *err)
{
    struct buf buf;
    struct jsonout json;

    buf_init(&buf, JSON_MAX_BYTES);
    jsonout_init(&json, &buf);
    jsonout_object_begin(&json);
    jsonout_key(&json, "schema");
    jsonout_text(&json, slice_text("curate.explain/1"));
    jsonout_key(&json, "kind");
    jsonout_text(&json, slice_text(kind->name));
    jsonout_key(&json, "name");
    jsonout_text(&json, slice_text(entry->name));
    jsonout_key(&json, "summary");
    jsonout_text(&json, slice_text(entry->summary));
    for (size_t i = 0; i < entry->facts.n_facts; i++)
        summary_add_fact(&json, &entry->facts.facts[i]);
    if (whole) {
        jsonout_key(&json, "page");
        jsonout_text(&json, slice_text(entry->page));
    }
    jsonout_object_end(&json);
    const int rc = jsonout_end(&json, err);
    if (rc == 0)
        puts(buf.data);
    buf_release(&buf);
    return rc;
}

static void print_page(const struct explain_entry *entry)
{
    printf("%s - %s\n\n", entry->name, entry->summary);
    for (size_t i = 0; i < entry->facts.n_facts; i++) {
        const struct stage_fact *fact = &entry->facts.facts[i];

        printf("%s%s ", i > 0 ? ", " : "", fact->key);
        if (fact->type == STAGE_FACT_INT)
            printf("%lld", (long long)fact->integer);
        else if (fact->type == STAGE_FACT_REAL)
            printf("%g", fact->real);
        else
            fputs(fact->text, stdout);
    }
    printf("%s%s", entry->facts.n_facts > 0 ? "\n\n" : "", entry->page);
}

static int list_kind(const struct cli *cli, const struct explain_kind *kind, struct error *err)
{
    struct explain_entry entry = { 0 };

    if (!cli->json)
        printf("%s:\n", kind->title);
    for (size_t i = 0; kind->entry(i, &entry); i++) {
        if (!cli->json)
            printf("  %-20s %s%s\n", entry.name, entry.summary,
                   entry.is_left_out ? " (left out of this build)" : "");
        else if (print_entry_json(kind, &entry, false, err) < 0)
            return -1;
        entry = (struct explain_entry){ 0 };
    }
    return 0;
}

static const struct explain_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < N_KINDS; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

static int explain(const struct cli *cli, const struct explain_kind *kind, const char *name,
                   struct error *err)
{
    struct explain_entry entry;

    if (!find_entry(kind, name, &entry))
        return unknown_entry(kind, name, err);
    if (cli->json)
        return print_entry_json(kind, &entry, true, err);
    print_page(&entry);
    return 0;
}

static int unknown_kind(const char *name, struct error *err)
{
    char names[128] = "";
    size_t n = 0;

    for (size_t i = 0; i < N_KINDS && n < sizeof names; i++)
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i > 0 ? ", " : "",
                              kinds[i]->name);
    return error_set(err, ERR_USAGE, "there is no kind '%s': choose one of %s", name, names);
}

static int cmd_explain_run(struct cli *cli, const void *args, struct error *err)
{
    const struct text_list *words = &((const struct explain_args *)args)->words;
    const struct explain_kind *kind = words->n > 0 ? find_kind(words->items[0]) : NULL;

    if (words->n > 2)
        return error_set(err, ERR_USAGE, "'%s' is one argument too many", words->items[2]);
    if (words->n == 2 && !kind)
        return unknown_kind(words->items[0], err);
    if (words->n == 2)
        return explain(cli, kind, words->items[1], err);
    if (words->n == 1)
        return kind ? list_kind(cli, kind, err) : explain(cli, kinds[0], words->items[0], err);
    for (size_t i = 0; i < N_KINDS; i++) {
        if (i > 0 && !cli->json)
            putchar('\n');
        if (list_kind(cli, kinds[i], err) < 0)
            return -1;
    }
    return 0;
}

const struct command cmd_explain = {
    .name = "explain",
    .summary = "explain a metric, a class of rejects, or a missing score",
    .positional = &positional,
    .args_size = sizeof(struct explain_args),
    .defaults = &(const struct explain_args){ .words = { 0 } },
    .run = cmd_explain_run,
};
