/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/text/glob.h"
#include "stages/ingest/container.h"
#include "stages/ingest/repository_private.h"
#include "stages/ingest/split_name.h"

enum {
    PARTS_MAX = 4000000,
    PARTS_FIRST = 64,
    PATTERN_MAX_BYTES = 8192 + 2, /* data_dir, "/", path: see card.c */
};

/* Bytes of patterns times bytes of paths. Real cards need a thousandth of it; it takes seconds.
 */
static const uint64_t WORK_MAX = (uint64_t)10 << 30;

static const char default_config[] = "default";

static const struct {
    const char *ending;
    enum data_kind kind;
} endings[] = {
    { ".parquet", KIND_PARQUET }, { ".arrow", KIND_ARROW },   { ".jsonl", KIND_JSON },
    { ".ipc", KIND_ARROW },       { ".feather", KIND_ARROW }, { ".json", KIND_JSON },
    { ".ndjson", KIND_JSON },     { ".csv", KIND_CSV },       { ".tsv", KIND_CSV },
    { ".txt", KIND_TEXT },
};

/* Files that describe a dataset. */
static const char *const described_by[] = { "config.json", "dataset_info.json",
                                            "dataset_infos.json", "dataset_dict.json",
                                            "state.json" };

static struct slice file_name(struct slice path)
{
    size_t at = path.len;

    while (at > 0 && path.ptr[at - 1] != '/')
        at--;
    return slice_of(path.ptr + at, path.len - at);
}

enum data_kind repository_kind(struct slice path)
{
    char name[64];
    const size_t n = path.len < sizeof name - 1 ? path.len : sizeof name - 1;

    /* Endings are short: the last bytes decide. */
    memcpy(name, path.ptr + path.len - n, n);
    name[n] = '\0';
    const size_t len = container_unpacked_len(name);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const size_t ending = strlen(endings[i].ending);

        if (len > ending && strncasecmp(name + len - ending, endings[i].ending, ending) == 0)
            return endings[i].kind;
    }
    return KIND_NONE;
}

/* The folders of a path that begin with "__", and the parts that begin with a dot. */
static void count_special(struct slice path, size_t *n_special, size_t *n_hidden)
{
    size_t start = 0;

    *n_special = 0;
    *n_hidden = 0;
    for (size_t i = 0; i <= path.len; i++) {
        if (i < path.len && path.ptr[i] != '/')
            continue;
        *n_hidden += i > start && path.ptr[start] == '.';
        *n_special += i < path.len && i >= start + 2 && memcmp(path.ptr + start, "__", 2) == 0;
        start = i + 1;
    }
}

static bool describes_dataset(struct slice path)
{
    const struct slice name = file_name(path);

    for (size_t i = 0; i < sizeof described_by / sizeof described_by[0]; i++)
        if (slice_equal(name, slice_text(described_by[i])))
            return true;
    return false;
}

static bool is_plain(struct slice path)
{
    size_t n_special, n_hidden;

    count_special(path, &n_special, &n_hidden);
    return n_special == 0 && n_hidden == 0;
}

bool repository_is_data(const struct listed_path *file)
{
    return file->kind != KIND_NONE && is_plain(file->path) && !describes_dataset(file->path);
}

static int add_part(struct repository_parts *parts, const struct part *part, struct error *err)
{
    if (parts->n == PARTS_MAX)
        return error_set(err, ERR_INPUT, "README.md: its configs name more than %d files",
                         (int)PARTS_MAX);
    if (parts->n == parts->cap) {
        const size_t cap = parts->cap > 0 ? parts->cap * 2 : PARTS_FIRST;
        struct part *grown = realloc(parts->parts, cap * sizeof *grown);

        if (!grown)
            return error_nomem(err);
        parts->parts = grown;
        parts->cap = cap;
    }
    parts->parts[parts->n++] = *part;
    return 0;
}

/* The first file whose path is not before the text, compared by the text's length. */
static size_t first_with_prefix(const struct repository_parts *parts, struct slice prefix,
                                bool behind)
{
    size_t low = 0, high = parts->n_files;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct slice path = parts->files[middle].path;
        const size_t n = path.len < prefix.len ? path.len : prefix.len;
        int order = n > 0 ? memcmp(path.ptr, prefix.ptr, n) : 0;

        if (order == 0 && path.len < prefix.len)
            order = -1;
        if (order < 0 || (behind && order == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Does the pattern match the file, as Python's `datasets` matches? */
static bool pattern_matches(const char *pattern, const struct listed_path *file)
{
    const struct slice text = slice_text(pattern);
    size_t path_special, path_hidden, pattern_special, pattern_hidden;

    if (file->kind == KIND_NONE || !glob_matches(pattern, file->path))
        return false;
    if (describes_dataset(file->path) && !slice_equal(file_name(file->path), file_name(text)))
        return false;
    count_special(file->path, &path_special, &path_hidden);
    count_special(text, &pattern_special, &pattern_hidden);
    return path_special == pattern_special && path_hidden == pattern_hidden;
}

static int add_work(struct repository_parts *parts, uint64_t work, struct error *err)
{
    parts->work += work;
    if (parts->work <= WORK_MAX)
        return 0;
    return error_set(err, ERR_INPUT,
                     "README.md: its configs have too many patterns for so many files: name "
                     "the files that you want");
}

static int add_matches(struct repository_parts *parts, const struct card_config *config,
                       const struct card_pattern *pattern, struct error *err)
{
    char text[PATTERN_MAX_BYTES];
    const int printed = snprintf(text, sizeof text, "%s%s%s", config->data_dir,
                                 config->data_dir[0] ? "/" : "", pattern->path);
    const size_t len = printed < 0 ? 0 : (size_t)printed;

    if (len == 0 || len >= sizeof text)
        return 0;
    const struct slice prefix = slice_of(text, strcspn(text, "*?["));
    const size_t end = first_with_prefix(parts, prefix, true);
    const size_t before = parts->n;
    const bool is_exact = repository_kind(slice_of(text, len)) != KIND_NONE;

    for (size_t i = first_with_prefix(parts, prefix, false); i < end; i++) {
        const struct part part = { i, config->name, pattern->split, is_exact };

        if (add_work(parts, (uint64_t)(len + 1) * parts->files[i].path.len, err) < 0)
            return -1;
        if (pattern_matches(text, &parts->files[i]) && add_part(parts, &part, err) < 0)
            return -1;
    }
    if (parts->n == before && parts->n_unmatched++ < UNMATCHED_MAX)
        parts->unmatched[parts->n_unmatched - 1] =
            (struct unmatched){ config->name, pattern->path };
    return 0;
}

/* The ways to find splits by names, tried in this order. */
enum split_rule { BY_SHARDS, BY_FOLDERS, BY_FILE_NAMES, ALL_TRAIN };

/* The split of a file by one rule; NULL if the rule finds none. Sets *failed when memory runs
 * out. */
static const char *split_by(enum split_rule rule, struct slice path, struct arena *arena,
                            bool *failed)
{
    if (rule == BY_SHARDS) {
        const struct slice shard = split_of_shard(path);

        if (!shard.ptr)
            return NULL;
        const char *split = arena_copy(arena, shard).ptr;
        *failed |= !split;
        return split;
    }
    const int split = rule == BY_FOLDERS      ? split_of_folders(path)
                      : rule == BY_FILE_NAMES ? split_of_file_name(path)
                                              : 0;
    return split == NO_SPLIT ? NULL : split_names[split];
}

/* Add the data files below a folder whose split the rule finds. */
static int add_by_rule(struct repository_parts *parts, enum split_rule rule, const char *config,
                       struct slice folder, struct error *err)
{
    const size_t end = first_with_prefix(parts, folder, true);
    bool failed = false;

    for (size_t i = first_with_prefix(parts, folder, false); i < end; i++) {
        const struct slice path = parts->files[i].path;
        const struct slice below = slice_of(path.ptr + folder.len, path.len - folder.len);
        const struct listed_path inside = { below, 0, parts->files[i].kind };
        if (add_work(parts, path.len + 1, err) < 0)
            return -1;
        const char *split =
            repository_is_data(&inside) ? split_by(rule, below, parts->arena, &failed) : NULL;

        if (failed)
            return error_nomem(err);
        const struct part part = { i, config, split, false };
        if (split && add_part(parts, &part, err) < 0)
            return -1;
    }
    return 0;
}

/* Add the data files of a config whose files the card does not name. */
static int add_by_names(struct repository_parts *parts, const char *config,
                        const char *data_dir, struct error *err)
{
    const size_t dir = strlen(data_dir);
    const size_t before = parts->n;
    char *folder = arena_alloc(parts->arena, dir + 2, 1);

    if (!folder)
        return error_nomem(err);
    memcpy(folder, data_dir, dir);
    memcpy(folder + dir, dir > 0 ? "/" : "", dir > 0 ? 2 : 1);
    for (enum split_rule rule = BY_SHARDS; rule <= ALL_TRAIN && parts->n == before; rule++)
        if (add_by_rule(parts, rule, config, slice_text(folder), err) < 0)
            return -1;
    return 0;
}

/* Are all data files CONFIG/SPLIT/0000.parquet? */
static bool is_conversion(const struct repository_parts *parts)
{
    struct slice config, split;
    size_t n = 0;

    for (size_t i = 0; i < parts->n_files; i++) {
        if (!repository_is_data(&parts->files[i]))
            continue;
        if (!split_of_conversion(parts->files[i].path, &config, &split))
            return false;
        n++;
    }
    return n > 0;
}

static int add_conversion(struct repository_parts *parts, struct error *err)
{
    const char *last = NULL; /* files of a config stand together */

    for (size_t i = 0; i < parts->n_files; i++) {
        struct slice config, split;

        if (!repository_is_data(&parts->files[i]) ||
            !split_of_conversion(parts->files[i].path, &config, &split))
            continue;
        if (!last || !slice_equal(slice_text(last), config))
            last = arena_copy(parts->arena, config).ptr;
        const struct part part = { i, last, arena_copy(parts->arena, split).ptr, true };
        if (!part.config || !part.split)
            return error_nomem(err);
        if (add_part(parts, &part, err) < 0)
            return -1;
    }
    return 0;
}

int repository_find_parts(struct repository_parts *parts, const struct card *card,
                          struct error *err)
{
    if (card->n_configs == 0)
        return is_conversion(parts) ? add_conversion(parts, err)
                                    : add_by_names(parts, default_config, "", err);
    for (size_t i = 0; i < card->n_configs; i++) {
        const struct card_config *config = &card->configs[i];

        if (!config->has_data_files &&
            add_by_names(parts, config->name, config->data_dir, err) < 0)
            return -1;
        for (size_t j = 0; j < config->n_patterns; j++)
            if (add_matches(parts, config, &config->patterns[j], err) < 0)
                return -1;
    }
    return 0;
}
