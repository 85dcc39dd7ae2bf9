/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/card.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "stages/ingest/card_yaml.h"
#include "stages/ingest/split_name.h"

enum {
    CONFIGS_MAX = 20000,
    PATTERNS_MAX = 200000, /* of all configs */
    TEXT_MAX_BYTES = 4096, /* of a name or a pattern */
};

static const char DATA_FILES_FORM[] = "data_files must be a pattern, a list of patterns, or a "
                                      "list of mappings with `split` and `path`";

struct card_builder {
    struct arena *arena;
    struct card card;
    size_t n_patterns; /* of all configs so far */
};

/* The next line of the text with its line end; the line without it goes to *line. */
static struct slice after_line(struct slice text, struct slice *line)
{
    const char *end = text.len > 0 ? memchr(text.ptr, '\n', text.len) : NULL;
    const size_t len = end ? (size_t)(end - text.ptr) : text.len;
    const size_t n = end ? len + 1 : len;

    *line = slice_trim_end(slice_of(text.ptr, len));
    return slice_of(text.ptr + n, text.len - n);
}

static bool is_fence(struct slice line)
{
    return slice_equal(line, slice_text("---"));
}

/* Does the key stand at the start of the line, plain or in quotes? */
static bool begins_with_key(struct slice line, struct slice key)
{
    const bool is_quoted = line.len > 0 && strchr("\"'", line.ptr[0]);

    if (is_quoted)
        line = slice_of(line.ptr + 1, line.len - 1);
    return line.len > key.len && memcmp(line.ptr, key.ptr, key.len) == 0 &&
           strchr(is_quoted ? "\"'" : ": \t", line.ptr[key.len]);
}

/* Find the YAML of a card with a key `configs`, and the number of lines before it. A README.md
 * that has none is not parsed: it need not be a dataset card. */
static bool find_yaml(struct slice readme, struct slice *yaml, size_t *n_before)
{
    static const char bom[] = "\xef\xbb\xbf";
    struct slice line;
    bool has_configs = false;

    if (readme.len >= 3 && memcmp(readme.ptr, bom, 3) == 0)
        readme = slice_of(readme.ptr + 3, readme.len - 3);
    for (*n_before = 1; readme.len > 0; ++*n_before) {
        readme = after_line(readme, &line);
        if (line.len > 0)
            break;
    }
    if (readme.len == 0 || !is_fence(line))
        return false;
    const char *start = readme.ptr;
    while (readme.len > 0) {
        *yaml = slice_of(start, (size_t)(readme.ptr - start));
        readme = after_line(readme, &line);
        has_configs |= begins_with_key(line, slice_text("configs"));
        if (is_fence(line))
            return has_configs;
    }
    return false;
}

static const char *trim_slashes(struct arena *arena, const char *path)
{
    size_t len;

    while (*path == '/' || strncmp(path, "./", 2) == 0)
        path += *path == '/' ? 1 : 2;
    len = strlen(path);
    while (len > 0 && path[len - 1] == '/')
        len--;
    return strcmp(path, ".") == 0 ? "" : arena_copy(arena, slice_of(path, len)).ptr;
}

/* Check a name or a pattern. */
static int check_card_text(const struct card_node *node, const char *what, struct error *err)
{
    if (node->kind != CARD_TEXT || node->text[0] == '\0') {
        card_node_error(node, "must be a text", err);
        return error_prefix(err, "%s", what);
    }
    if (strlen(node->text) > TEXT_MAX_BYTES) {
        card_node_error(node, "is longer than 4096 bytes", err);
        return error_prefix(err, "%s", what);
    }
    return 0;
}

static int add_card_pattern(struct card_builder *builder, struct card_config *config,
                            size_t cap, const char *split, const struct card_node *path,
                            struct error *err)
{
    if (check_card_text(path, "path", err) < 0)
        return -1;
    if (builder->n_patterns++ == PATTERNS_MAX || config->n_patterns == cap)
        return card_node_error(path, "the configs have too many patterns", err);
    const char *pattern = path->text;
    while (strncmp(pattern, "./", 2) == 0)
        pattern += 2;
    config->patterns[config->n_patterns++] =
        (struct card_pattern){ .split = split, .path = pattern };
    return 0;
}

/* Count the patterns of a value: a text, a list of texts, or a list of mappings of these. */
static size_t count_patterns(const struct card_node *node)
{
    size_t n = node->kind == CARD_TEXT;

    if (node->kind == CARD_TEXT)
        return 1;
    for (const struct card_link *link = node->items; link && n <= PATTERNS_MAX;
         link = link->next) {
        const struct card_node *path =
            link->node->kind == CARD_MAPPING ? card_node_member(link->node, "path") : NULL;

        n++;
        for (const struct card_link *item = path ? path->items : NULL;
             item && n <= PATTERNS_MAX; item = item->next)
            n++;
    }
    return n;
}

/* Add the patterns of one split: a text or a list of texts. */
static int add_paths(struct card_builder *builder, struct card_config *config, size_t cap,
                     const char *split, const struct card_node *paths, struct error *err)
{
    if (paths->kind == CARD_TEXT)
        return add_card_pattern(builder, config, cap, split, paths, err);
    if (paths->kind == CARD_MAPPING)
        return card_node_error(paths, DATA_FILES_FORM, err);
    for (const struct card_link *link = paths->items; link; link = link->next) {
        if (link->node->kind != CARD_TEXT)
            return card_node_error(link->node, DATA_FILES_FORM, err);
        if (add_card_pattern(builder, config, cap, split, link->node, err) < 0)
            return -1;
    }
    return 0;
}

/* Add the patterns of a list of {split, path}. */
static int add_splits(struct card_builder *builder, struct card_config *config, size_t cap,
                      const struct card_node *list, struct error *err)
{
    for (const struct card_link *link = list->items; link; link = link->next) {
        const struct card_node *item = link->node;
        const struct card_node *split =
            item->kind == CARD_MAPPING ? card_node_member(item, "split") : NULL;
        const struct card_node *path =
            item->kind == CARD_MAPPING ? card_node_member(item, "path") : NULL;

        if (!split || !path)
            return card_node_error(item, DATA_FILES_FORM, err);
        if (check_card_text(split, "split", err) < 0 ||
            add_paths(builder, config, cap, split->text, path, err) < 0)
            return -1;
    }
    return 0;
}

static int add_data_files(struct card_builder *builder, struct card_config *config,
                          const struct card_node *files, struct error *err)
{
    const size_t cap = count_patterns(files);

    config->has_data_files = true;
    config->patterns = arena_alloc(builder->arena, cap + 1, sizeof *config->patterns);
    if (!config->patterns)
        return error_nomem(err);
    if (files->kind == CARD_MAPPING)
        return card_node_error(files, DATA_FILES_FORM, err);
    if (files->kind == CARD_LIST && files->items && files->items->node->kind == CARD_MAPPING)
        return add_splits(builder, config, cap, files, err);
    return add_paths(builder, config, cap, split_names[0], files, err);
}

static bool is_yaml_true(const struct card_node *node)
{
    static const char *const words[] = { "true", "True", "TRUE", "yes", "Yes", "YES" };

    for (size_t i = 0; node->kind == CARD_TEXT && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(node->text, words[i]) == 0)
            return true;
    return false;
}

static int read_config(struct card_builder *builder, const struct card_node *node,
                       struct card_config *out, struct error *err)
{
    if (node->kind != CARD_MAPPING)
        return card_node_error(node, "a config must be a mapping with `config_name`", err);
    const struct card_node *name = card_node_member(node, "config_name");
    const struct card_node *dir = card_node_member(node, "data_dir");
    const struct card_node *files = card_node_member(node, "data_files");
    const struct card_node *is_default = card_node_member(node, "default");

    if (!name)
        return card_node_error(node, "the config has no `config_name`", err);
    if (check_card_text(name, "config_name", err) < 0 ||
        (dir && check_card_text(dir, "data_dir", err) < 0))
        return -1;
    *out = (struct card_config){
        .name = name->text,
        .data_dir = dir ? trim_slashes(builder->arena, dir->text) : "",
        .is_default = is_default && is_yaml_true(is_default),
    };
    if (!out->data_dir)
        return error_nomem(err);
    return files ? add_data_files(builder, out, files, err) : 0;
}

static int read_configs(struct card_builder *builder, const struct card_node *list,
                        struct error *err)
{
    struct card *card = &builder->card;
    size_t n = 0;

    if (list->kind == CARD_TEXT && list->text[0] == '\0')
        return 0; /* `configs:` and nothing */
    if (list->kind != CARD_LIST)
        return card_node_error(list, "`configs` must be a list", err);
    for (const struct card_link *link = list->items; link; link = link->next)
        n++;
    if (n > CONFIGS_MAX)
        return card_node_error(list, "has too many configs", err);
    card->configs = arena_alloc(builder->arena, n + 1, sizeof *card->configs);
    if (!card->configs)
        return error_nomem(err);
    for (const struct card_link *link = list->items; link; link = link->next)
        if (read_config(builder, link->node, &card->configs[card->n_configs++], err) < 0)
            return -1;
    return 0;
}

int card_parse(struct slice readme, struct arena *arena, struct card *out, struct error *err)
{
    struct card_builder builder = { .arena = arena };
    const struct card_node *configs = NULL;
    struct slice yaml;
    size_t n_before;

    if (find_yaml(readme, &yaml, &n_before) &&
        card_yaml_find(yaml, n_before, "configs", arena, &configs, err) < 0)
        return -1;
    if (configs && read_configs(&builder, configs, err) < 0)
        return -1;
    *out = builder.card;
    return 0;
}
