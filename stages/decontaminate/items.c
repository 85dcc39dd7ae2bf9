/* SPDX-License-Identifier: Apache-2.0 */
/* Read the items of an evaluation, from whatever files a corpus can be read from. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/io/frame.h"
#include "base/json/json.h"
#include "base/net/remote.h"
#include "base/report.h"
#include "stages/decontaminate/decontaminate_private.h"
#include "stages/ingest/parse.h"
#include "stages/ingest/record_files.h"

enum { ITEM_RECORD_BYTES = 256 << 20, URL_MAX_BYTES = 1 << 20 };

/* The state of reading one evaluation. */
struct item_walk {
    const struct evaluation_source *source;
    struct read_evaluation *evaluation;
    struct json *json;
    struct parser *parser;
    struct arena arena; /* of one record */
    struct pack_reader pack;
    bool any;           /* a record was read */
    struct slice place; /* of the record */
};

int evaluation_add_read(struct read_evaluation *evaluation, struct slice place,
                        struct slice prompt, struct slice answer, struct error *err)
{
    struct read_item item = { .prompt = prompt, .answer = answer };

    if (evaluation->n_items == evaluation->items_cap) {
        const size_t wider = evaluation->items_cap > 0 ? 2 * evaluation->items_cap : 256;
        struct read_item *items = reallocarray(evaluation->items, wider, sizeof *items);

        if (!items)
            return error_nomem(err);
        evaluation->items = items;
        evaluation->items_cap = wider;
    }
    item.place = arena_copy(&evaluation->arena, place);
    if (prompt.ptr)
        item.prompt = arena_copy(&evaluation->arena, prompt);
    if (answer.ptr)
        item.answer = arena_copy(&evaluation->arena, answer);
    if (!item.place.ptr || (prompt.ptr && !item.prompt.ptr) || (answer.ptr && !item.answer.ptr))
        return error_nomem(err);
    evaluation->items[evaluation->n_items++] = item;
    return 0;
}

static int check_evaluation_memory(const struct item_walk *walk, struct error *err)
{
    const struct read_evaluation *evaluation = walk->evaluation;
    const uint64_t limit = walk->source->max_memory;
    const uint64_t held =
        contamination_index_counts(evaluation->index).n_bytes + evaluation->arena.total_bytes;

    if (limit == 0 || held < limit / 2)
        return 0;
    return error_set(
        err, ERR_NOMEM,
        "%s: the n-grams of its items need more than half of --max-memory, %" PRIu64
        " MiB: allow more memory, or search for a part of the evaluation",
        evaluation->path, limit >> 20);
}

static int add_item_texts(struct item_walk *walk, struct slice prompt, struct slice answer,
                          struct error *err)
{
    struct read_evaluation *evaluation = walk->evaluation;

    if (evaluation_add_read(evaluation, walk->place, prompt, answer, err) < 0 ||
        contamination_index_add(evaluation->index, prompt, answer, err) < 0)
        return -1;
    return check_evaluation_memory(walk, err);
}

/* Count a record without an item, and remember the first. */
static int count_no_item(struct item_walk *walk, const char *path,
                         const struct frame_record *record, const char *why)
{
    struct read_evaluation *evaluation = walk->evaluation;

    if (evaluation->n_rejected == 0)
        snprintf(evaluation->first_reject, sizeof evaluation->first_reject,
                 "%s: line %" PRIu64 ": %s", path, record->line, why);
    evaluation->n_rejected += 1 + record->n_more_rows;
    return 0;
}

/* Join the texts of all turns that are the user's, or take the context of a plain text. */
static int join_prompt(struct item_walk *walk, const struct sample *sample, struct slice *out,
                       struct error *err)
{
    size_t len = 0;
    char *text;

    *out = sample->context;
    for (size_t i = 0; i < sample->n_turns; i++)
        if (slice_equal(sample->turns[i].role, slice_text("user")))
            len += sample->turns[i].content.len + 1;
    if (len == 0)
        return 0;
    text = arena_alloc(&walk->arena, len, 1);
    if (!text)
        return error_nomem(err);
    *out = slice_of(text, len - 1);
    for (size_t i = 0; i < sample->n_turns; i++) {
        const struct slice content = sample->turns[i].content;

        if (!slice_equal(sample->turns[i].role, slice_text("user")))
            continue;
        if (content.len > 0)
            memcpy(text, content.ptr, content.len);
        text[content.len] = '\n';
        text += content.len + 1;
    }
    return 0;
}

/* A sample of a record whose members have other names. */
struct sample_item {
    struct item_walk *walk;
    const char *path;
};

static int add_sample_item(void *arg, const struct frame_record *record, struct parsed *parsed,
                           struct error *err)
{
    const struct sample_item *item = arg;
    struct item_walk *walk = item->walk;
    struct slice prompt;
    char why[160];

    if (parsed->rejected_for) {
        snprintf(why, sizeof why, "%s: %.*s", defect_classes[parsed->rejected_for].name,
                 (int)parsed->detail.len, parsed->detail.ptr);
        return count_no_item(walk, item->path, record, why);
    }
    if (join_prompt(walk, &parsed->sample, &prompt, err) < 0)
        return -1;
    return add_item_texts(walk, prompt, sample_response(&parsed->sample), err);
}

/* Set the place of a record: its id, or its line. */
static int set_item_place(struct item_walk *walk, const struct json_value *value,
                          const struct frame_record *record, struct error *err)
{
    char line[32];

    walk->place = item_id_find(value, &walk->arena);
    if (walk->place.ptr)
        return 0;
    snprintf(line, sizeof line, "line %" PRIu64, record->line);
    walk->place = arena_copy(&walk->arena, slice_text(line));
    return walk->place.ptr ? 0 : error_nomem(err);
}

static int read_item_value(struct item_walk *walk, const char *path,
                           const struct frame_record *record, const struct json_value *value,
                           struct error *err)
{
    const struct evaluation_source *source = walk->source;
    struct sample_item item = { .walk = walk, .path = path };
    const struct parse_sink sink = { .each = add_sample_item, .arg = &item };
    struct slice prompt, answer;

    if (set_item_place(walk, value, record, err) < 0)
        return -1;
    const int rc = item_fields_find(source, value, &walk->arena, &prompt, &answer, err);
    if (rc < 0)
        return -1;
    if (rc == 1)
        return add_item_texts(walk, prompt, answer, err);
    if (source->prompt.n > 0)
        return count_no_item(walk, path, record,
                             "there is no text at the paths of --prompt-field");
    return parse_each(walk->parser, record, NULL, false, &walk->arena, &sink, err);
}

static int read_item_record(void *arg, const char *path, const struct frame_record *record,
                            struct error *err)
{
    struct item_walk *walk = arg;
    const struct json_value *value = NULL;
    const char *detail = "malformed";
    enum json_issue issue = JSON_OK;
    size_t issue_at = 0;
    const bool is_first = !walk->any;

    walk->any = true;
    arena_clear(&walk->arena);
    if (record->issue == FRAME_OK &&
        json_parse(walk->json, record->text, &value, &issue, &issue_at, &detail, err) < 0)
        return -1;
    if (is_first && value && pack_matches(value))
        walk->evaluation->is_pack = true;
    if (!value && walk->evaluation->is_pack)
        return error_set(err, ERR_INPUT, "%s: line %" PRIu64 ": the pack is malformed: %s",
                         path, record->line, detail);
    if (!value)
        return count_no_item(walk, path, record, detail);
    if (!walk->evaluation->is_pack)
        return read_item_value(walk, path, record, value, err);
    if (pack_read_record(&walk->pack, value, walk->evaluation, &walk->source->rule, err) < 0)
        return error_prefix(err, "%s: line %" PRIu64, path, record->line);
    return check_evaluation_memory(walk, err);
}

/* Name the evaluation after its path: the last part, without endings, without a commit. */
static void name_of_path(const char *path, char *out, size_t size)
{
    static const char *const endings[] = { ".gz",   ".zst",  ".xz",      ".bz2", ".jsonl",
                                           ".json", ".csv",  ".parquet", ".tsv", ".arrow",
                                           ".txt",  ".pack", NULL };
    const char *end = path + strcspn(path, remote_is_url(path) ? "@?#" : "");
    const char *start;

    while (end > path && end[-1] == '/')
        end--;
    for (start = end; start > path && start[-1] != '/'; start--)
        ;
    for (size_t i = 0; endings[i]; i++) {
        const size_t len = strlen(endings[i]);

        if ((size_t)(end - start) > len && memcmp(end - len, endings[i], len) == 0)
            end -= len;
    }
    snprintf(out, size, "%.*s", (int)(end - start), start);
}

static int finish_evaluation(const struct item_walk *walk, struct error *err)
{
    struct read_evaluation *evaluation = walk->evaluation;

    if (evaluation->is_pack && pack_check_end(&walk->pack, evaluation, err) < 0)
        return error_prefix(err, "%s", evaluation->path);
    if (evaluation->n_items == 0 && evaluation->n_rejected > 0)
        return error_set(err, ERR_INPUT,
                         "%s: no record holds an item: name its texts with --prompt-field and "
                         "--answer-field",
                         evaluation->first_reject);
    if (evaluation->n_items == 0)
        return error_set(err, ERR_INPUT, "%s: holds no items", evaluation->path);
    if (evaluation->n_rejected > 0)
        report_note(walk->source->report,
                    "%" PRIu64 " records hold no item of an evaluation, the first: %s",
                    evaluation->n_rejected, evaluation->first_reject);
    if (contamination_index_finish(evaluation->index, err) < 0)
        return -1;
    const struct contamination_counts counts = contamination_index_counts(evaluation->index);
    evaluation->n_common = (int64_t)counts.n_common;
    evaluation->n_not_checkable = (int64_t)counts.n_not_checkable;
    if (walk->source->name)
        snprintf(evaluation->name, sizeof evaluation->name, "%s", walk->source->name);
    else if (!evaluation->is_pack)
        name_of_path(evaluation->path, evaluation->name, sizeof evaluation->name);
    return check_evaluation_memory(walk, err);
}

/* Of a URL, set the path to what may be printed and stored: neither user info nor query. */
static int hide_secrets(struct read_evaluation *evaluation, struct error *err)
{
    struct buf url;
    int rc = 0;

    if (!remote_is_url(evaluation->path))
        return 0;
    buf_init(&url, URL_MAX_BYTES);
    rc = remote_public_url(evaluation->path, &url, err);
    if (rc == 0) {
        const char *path = arena_copy(&evaluation->arena, buf_slice(&url)).ptr;

        evaluation->path = path ? path : "";
        rc = path ? 0 : error_nomem(err);
    }
    buf_release(&url);
    return rc;
}

int evaluation_read(const struct evaluation_source *source, struct read_evaluation *out,
                    struct error *err)
{
    const struct record_files files = {
        .name = source->argument,
        .config = source->config,
        .split = source->split,
        .fetcher = source->fetcher,
        .report = source->report,
        .max_memory = source->max_memory,
        .max_record_bytes = ITEM_RECORD_BYTES,
    };
    struct item_walk walk = { .source = source, .evaluation = out };
    int rc = -1;

    *out = (struct read_evaluation){ .path = source->argument };
    arena_init(&out->arena);
    arena_init(&walk.arena);
    if (hide_secrets(out, err) == 0 &&
        contamination_index_new(&source->rule, &out->index, err) == 0 &&
        json_new(&walk.json, err) == 0 && record_parser_new(&walk.parser, err) == 0)
        rc = record_files_each(&files, read_item_record, &walk, err);
    if (rc == 0)
        rc = finish_evaluation(&walk, err);
    parser_free(walk.parser);
    json_free(walk.json);
    arena_release(&walk.arena);
    return rc;
}

void evaluation_release(struct read_evaluation *evaluation)
{
    contamination_index_free(evaluation->index);
    free(evaluation->items);
    if (evaluation->path)
        arena_release(&evaluation->arena);
    *evaluation = (struct read_evaluation){ .n_items = 0 };
}
