/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/repository.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/report.h"
#include "stages/ingest/repository_private.h"
#include "stages/ingest/split_name.h"

enum {
    LIST_BYTES = 240, /* of a list of names in a message */
    NAME_BYTES = 60,  /* of one of them */
};

static const char *const kind_names[N_KINDS] = {
    [KIND_TEXT] = "text",   [KIND_CSV] = "CSV",         [KIND_JSON] = "JSON",
    [KIND_ARROW] = "Arrow", [KIND_PARQUET] = "Parquet",
};

static int compare_listed_paths(const void *a, const void *b)
{
    const struct listed_path *left = a, *right = b;
    const size_t n = left->path.len < right->path.len ? left->path.len : right->path.len;
    const int order = n > 0 ? memcmp(left->path.ptr, right->path.ptr, n) : 0;

    return order != 0 ? order
                      : (left->path.len > right->path.len) - (left->path.len < right->path.len);
}

/* A file is asked for if its config and split are. */
static bool is_asked(const struct repository_query *query, const char *config,
                     const char *split)
{
    return (!query->config || (config && strcmp(query->config, config) == 0)) &&
           (!query->split || (split && strcmp(query->split, split) == 0));
}

/* Names for a message: "en, de and 3 more". */
struct name_list {
    char text[LIST_BYTES];
    size_t n;
    size_t n_more;
    const char *seen[32]; /* the last names, because equal names mostly stand together */
};

static void add_known_name(struct name_list *list, const char *name)
{
    const size_t len = strlen(list->text);
    const size_t n_seen = sizeof list->seen / sizeof list->seen[0];

    for (size_t i = 0; i < n_seen && i < list->n + list->n_more; i++)
        if (strcmp(list->seen[i], name) == 0)
            return;
    list->seen[(list->n + list->n_more) % n_seen] = name;
    if (list->n_more > 0 || len + NAME_BYTES + 32 > sizeof list->text) {
        list->n_more++;
        return;
    }
    snprintf(list->text + len, sizeof list->text - len, "%s%.*s", len > 0 ? ", " : "",
             (int)NAME_BYTES, name);
    list->n++;
}

static int raise_unknown(const struct repository_query *query, const char *what,
                         const char *asked, struct name_list *list, struct error *err)
{
    const size_t len = strlen(list->text);

    if (list->n_more > 0)
        snprintf(list->text + len, sizeof list->text - len, " and %zu more", list->n_more);
    if (list->n == 0)
        return error_set(err, ERR_NOT_FOUND, "%s: no %s '%.60s': its files belong to no %s",
                         query->name, what, asked, what);
    return error_set(err, ERR_NOT_FOUND, "%s: no %s '%.60s': it has %s", query->name, what,
                     asked, list->text);
}

/* No file is asked for: is the config unknown, or the split? */
static int raise_nothing(const struct repository_query *query, const struct part *parts,
                         size_t n, struct error *err)
{
    struct name_list configs = { .n = 0 }, splits = { .n = 0 };
    bool has_config = !query->config;

    for (size_t i = 0; i < n; i++) {
        const bool is_config =
            query->config && parts[i].config && strcmp(parts[i].config, query->config) == 0;

        has_config |= is_config;
        if (parts[i].config)
            add_known_name(&configs, parts[i].config);
        if (parts[i].split && (is_config || !query->config))
            add_known_name(&splits, parts[i].split);
    }
    if (!has_config)
        return raise_unknown(query, "config", query->config, &configs, err);
    if (query->split)
        return raise_unknown(query, "split", query->split, &splits, err);
    return error_set(err, ERR_NOT_FOUND,
                     "%s: no file of this dataset ends in .parquet, .arrow, .jsonl, .json, "
                     ".ndjson, .csv, .tsv or .txt: name other files one by one",
                     query->name);
}

/* Is a config of the card asked for, but none of its files there? */
static const char *find_empty_config(const struct repository_query *query,
                                     const struct card *card,
                                     const struct repository_parts *parts)
{
    const char *config = NULL;

    for (size_t i = 0; i < card->n_configs && !config; i++)
        if (!query->config || strcmp(query->config, card->configs[i].name) == 0)
            config = card->configs[i].name;
    for (size_t i = 0; i < parts->n && config; i++)
        if (!query->config || strcmp(query->config, parts->parts[i].config) == 0)
            return NULL;
    return config;
}

/* Keep the first part of each file that is asked for. */
static int choose_parts(const struct repository_query *query,
                        const struct repository_parts *parts, struct repository *out,
                        struct error *err)
{
    const struct part **chosen = calloc(query->n_paths + 1, sizeof *chosen);
    size_t n = 0;

    out->files = arena_alloc(&out->arena, query->n_paths + 1, sizeof *out->files);
    if (!chosen || !out->files) {
        free(chosen);
        return error_nomem(err);
    }
    for (size_t i = 0; i < parts->n; i++) {
        const struct part *part = &parts->parts[i];
        const struct part **slot = &chosen[parts->files[part->file].number];

        if (!*slot && is_asked(query, part->config, part->split))
            *slot = part;
    }
    for (size_t i = 0; i < query->n_paths; i++)
        if (chosen[i])
            out->files[n++] =
                (struct repository_file){ i, chosen[i]->config, chosen[i]->split };
    free(chosen);
    out->n = n;
    return 0;
}

/* The kind that most files of a config have. Texts count only where there is nothing else:
 * beside data they are about it. */
static enum data_kind common_kind(const struct repository_parts *parts, size_t from, size_t to)
{
    size_t counts[N_KINDS] = { 0 };
    enum data_kind common = KIND_NONE;

    for (size_t i = from; i < to; i++)
        counts[parts->files[parts->parts[i].file].kind]++;
    for (enum data_kind kind = KIND_CSV; kind < N_KINDS; kind++)
        if (counts[kind] > 0 && counts[kind] >= counts[common])
            common = kind;
    return common == KIND_NONE && counts[KIND_TEXT] > 0 ? KIND_TEXT : common;
}

/* Of each config, drop the files that have another kind than most of them. */
static void drop_other_kinds(const struct repository_query *query,
                             struct repository_parts *parts)
{
    size_t n = 0;

    for (size_t from = 0, to; from < parts->n; from = to) {
        const char *config = parts->parts[from].config;
        size_t n_dropped = 0;

        for (to = from; to < parts->n && strcmp(parts->parts[to].config, config) == 0;)
            to++;
        const enum data_kind kind = common_kind(parts, from, to);
        for (size_t i = from; i < to; i++) {
            if (parts->parts[i].is_exact || parts->files[parts->parts[i].file].kind == kind)
                parts->parts[n++] = parts->parts[i];
            else
                n_dropped++;
        }
        if (n_dropped > 0 && is_asked(query, config, query->split) && query->report)
            report_note(query->report,
                        "%s: passed over %zu file%s of config %s: most of its files are %s",
                        query->name, n_dropped, n_dropped == 1 ? "" : "s", config,
                        kind_names[kind]);
    }
    parts->n = n;
}

/* Report data files that belong to no config, and patterns of the card without a file. */
static int report_left_out(const struct repository_query *query,
                           const struct repository_parts *parts, struct error *err)
{
    bool *is_part = query->report ? calloc(parts->n_files + 1, sizeof *is_part) : NULL;
    const struct listed_path *first = NULL;
    size_t n = 0;

    if (!query->report)
        return 0;
    if (!is_part)
        return error_nomem(err);
    for (size_t i = 0; i < parts->n; i++)
        is_part[parts->parts[i].file] = true;
    for (size_t i = 0; i < parts->n_files; i++) {
        if (is_part[i] || !repository_is_data(&parts->files[i]) ||
            parts->files[i].kind == KIND_TEXT)
            continue;
        first = first ? first : &parts->files[i];
        n++;
    }
    free(is_part);
    if (n > 0)
        report_note(query->report,
                    "%s: passed over %zu file%s in no split of the dataset: %s%s", query->name,
                    n, n == 1 ? "" : "s", query->paths[first->number], n > 1 ? ", ..." : "");
    for (size_t i = 0; i < parts->n_unmatched && i < UNMATCHED_MAX; i++)
        if (is_asked(query, parts->unmatched[i].config, query->split))
            report_note(query->report, "%s: config %s: no data file matches %s", query->name,
                        parts->unmatched[i].config, parts->unmatched[i].pattern);
    return 0;
}

/* Read the card if there is one. */
static int read_card(const struct repository_query *query, struct arena *arena,
                     struct card *out, struct error *err)
{
    size_t number = query->n_paths;
    struct buf readme;

    for (size_t i = 0; query->read_file && i < query->n_paths; i++)
        if (strcmp(query->paths[i], "README.md") == 0)
            number = i;
    buf_init(&readme, CARD_MAX_BYTES + 1);
    int rc = number < query->n_paths ? query->read_file(query->state, number, &readme, err) : 0;
    if (rc == 0) {
        rc = card_parse(readme.len > 0 ? buf_slice(&readme) : slice_of("", 0), arena, out, err);
        if (rc < 0 && err->code == ERR_INPUT)
            error_prefix(err, "%s/README.md", query->name);
    }
    buf_release(&readme);
    return rc;
}

static int list_paths(const struct repository_query *query, struct repository_parts *parts,
                      struct error *err)
{
    parts->files = arena_alloc(parts->arena, query->n_paths + 1, sizeof *parts->files);
    if (!parts->files)
        return error_nomem(err);
    for (size_t i = 0; i < query->n_paths; i++) {
        const struct slice path = slice_text(query->paths[i]);

        parts->files[i] = (struct listed_path){ path, i, repository_kind(path) };
    }
    parts->n_files = query->n_paths;
    if (parts->n_files > 1)
        qsort(parts->files, parts->n_files, sizeof *parts->files, compare_listed_paths);
    return 0;
}

/* Choose by configs and splits. */
static int choose_whole(const struct repository_query *query, struct repository *out,
                        struct error *err)
{
    struct repository_parts parts = { .arena = &out->arena };
    struct card card = { .n_configs = 0 };

    if (read_card(query, &out->arena, &card, err) < 0)
        return -1;
    int rc = list_paths(query, &parts, err);
    if (rc == 0)
        rc = repository_find_parts(&parts, &card, err);
    if (rc == 0) {
        drop_other_kinds(query, &parts);
        rc = report_left_out(query, &parts, err);
    }
    if (rc == 0)
        rc = choose_parts(query, &parts, out, err);
    if (rc == 0 && out->n == 0) {
        const char *empty = find_empty_config(query, &card, &parts);

        rc = empty
                 ? error_set(err, ERR_NOT_FOUND,
                             "%s: config '%.60s' of README.md has no data files: its patterns "
                             "match none",
                             query->name, empty)
                 : raise_nothing(query, parts.parts, parts.n, err);
    }
    free(parts.parts);
    return rc;
}

/* Find config and split of one file by its path alone. */
static int name_file(struct arena *arena, const char *path, struct repository_file *out,
                     struct error *err)
{
    const struct slice text = slice_text(path);
    struct slice config = { NULL, 0 }, split = split_of_shard(text);
    int word = NO_SPLIT;

    if (!split.ptr && !split_of_conversion(text, &config, &split)) {
        word = split_of_folders(text);
        if (word == NO_SPLIT)
            word = split_of_file_name(text);
    }
    out->config = config.ptr ? arena_copy(arena, config).ptr : NULL;
    out->split = split.ptr ? arena_copy(arena, split).ptr : NULL;
    if ((config.ptr && !out->config) || (split.ptr && !out->split))
        return error_nomem(err);
    if (word != NO_SPLIT)
        out->split = split_names[word];
    return 0;
}

/* The kind of a data file, or KIND_NONE. */
static enum data_kind data_kind_of(const char *path)
{
    const struct listed_path file = { slice_text(path), 0, repository_kind(slice_text(path)) };

    return repository_is_data(&file) ? file.kind : KIND_NONE;
}

/* The least kind that is read from a folder: texts count only where there is nothing else. */
static enum data_kind least_kind(const struct repository_query *query)
{
    for (size_t i = 0; i < query->n_paths; i++)
        if (data_kind_of(query->paths[i]) > KIND_TEXT)
            return KIND_CSV;
    return KIND_TEXT;
}

/* Choose among files that were named one by one, or those of a folder. */
static int choose_named(const struct repository_query *query, struct repository *out,
                        struct error *err)
{
    const enum data_kind least = query->is_folder ? least_kind(query) : KIND_NONE;
    struct part *parts = calloc(query->n_paths + 1, sizeof *parts);
    size_t n_parts = 0;
    int rc = 0;

    out->files = arena_alloc(&out->arena, query->n_paths + 1, sizeof *out->files);
    if (!parts || !out->files) {
        free(parts);
        return error_nomem(err);
    }
    for (size_t i = 0; rc == 0 && i < query->n_paths; i++) {
        struct repository_file file = { .number = i };

        if (query->is_folder && data_kind_of(query->paths[i]) < least)
            continue;
        rc = name_file(&out->arena, query->paths[i], &file, err);
        parts[n_parts++] = (struct part){ i, file.config, file.split, true };
        if (rc == 0 && is_asked(query, file.config, file.split))
            out->files[out->n++] = file;
    }
    if (rc == 0 && out->n == 0 && (query->config || query->split || query->is_folder))
        rc = raise_nothing(query, parts, n_parts, err);
    free(parts);
    return rc;
}

int repository_choose(const struct repository_query *query, struct repository *out,
                      struct error *err)
{
    struct repository repository = { .n = 0 };

    arena_init(&repository.arena);
    if ((query->is_whole ? choose_whole(query, &repository, err)
                         : choose_named(query, &repository, err)) < 0) {
        repository_release(&repository);
        return -1;
    }
    *out = repository;
    return 0;
}

void repository_release(struct repository *repository)
{
    arena_release(&repository->arena);
    *repository = (struct repository){ .n = 0 };
}

bool repository_has_shards(const char *const *paths, size_t n_paths)
{
    for (size_t i = 0; i < n_paths; i++) {
        const struct slice path = slice_text(paths[i]);

        if (repository_kind(path) != KIND_NONE && split_of_shard(path).ptr)
            return true;
    }
    return false;
}
