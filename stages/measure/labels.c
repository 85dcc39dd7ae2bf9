/* SPDX-License-Identifier: Apache-2.0 */
/* Labels: values of meta that become columns beside the facts. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "base/option.h"
#include "scoring/scorer.h"
#include "stages/measure/measure_private.h"

/* A name is also that of a group, "label_NAME", whose names have at most 63 characters. */
enum { LABEL_BYTES_MAX = 1024, LABEL_NAME_MAX = 57 };

/* Of the tree of a meta. The limit depends neither on --max-memory nor on the threads, so the
 * same labels are always missing. */
enum { LABEL_TREE_BYTES = 4 << 20 };

/* Check the name of a label, so that a mistake ends a command before it begins. */
static int check_label_name(const char *text, const char *name,
                            const struct measure_labels *before, struct error *err)
{
    const size_t len = strlen(name);

    if (len > LABEL_NAME_MAX || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != len ||
        (name[0] >= '0' && name[0] <= '9'))
        return error_set(err, ERR_USAGE,
                         "--label %s: a name has lower-case letters, digits and _, at most %d "
                         "of them, and does not begin with a digit",
                         text, LABEL_NAME_MAX);
    if (measurer_of_fact(name) || scorer_find(name))
        return error_set(err, ERR_USAGE, "--label %s: a %s has this name: choose another", text,
                         scorer_find(name) ? "metric" : "fact");
    if (strcmp(name, "length") == 0)
        return error_set(
            err, ERR_USAGE,
            "--label %s: 'profile --by length' has another meaning: choose another "
            "name",
            text);
    for (size_t i = 0; i < before->n; i++)
        if (strcmp(before->items[i].name, name) == 0)
            return error_set(err, ERR_USAGE, "--label %s: the name was given before", text);
    return 0;
}

/* Most values lie in meta itself: make the path without the first step "meta". */
static void strip_meta(const struct json_path *path, struct json_path *out)
{
    *out = (struct json_path){ .n = 0 };
    if (path->n < 2 || path->steps[0].type != STEP_MEMBER ||
        !slice_equal(path->steps[0].name, slice_text("meta")))
        return;
    out->n = path->n - 1;
    memcpy(out->steps, path->steps + 1, out->n * sizeof out->steps[0]);
}

static int parse_label(const char *text, const struct measure_labels *before,
                       struct arena *arena, struct measure_label *out, struct error *err)
{
    const char *equals = strchr(text, '=');

    if (!equals || equals == text)
        return error_set(err, ERR_USAGE,
                         "--label %s: write NAME=PATH, such as domain=meta.category", text);
    out->name = arena_copy(arena, slice_of(text, (size_t)(equals - text))).ptr;
    if (!out->name)
        return error_nomem(err);
    out->path_text = equals + 1;
    if (json_path_parse(out->path_text, &out->path, err) < 0)
        return error_prefix(err, "--label %s", text);
    strip_meta(&out->path, &out->path_in_meta);
    return check_label_name(text, out->name, before, err);
}

int measure_labels_parse(const struct text_list *texts, struct arena *arena,
                         struct measure_labels *out, struct error *err)
{
    *out = (struct measure_labels){ .n = 0 };
    out->items = arena_alloc(arena, texts->n + 1, sizeof *out->items);
    if (!out->items)
        return error_nomem(err);
    for (unsigned i = 0; i < texts->n; i++) {
        if (parse_label(texts->items[i], out, arena, &out->items[i], err) < 0)
            return -1;
        out->n++;
    }
    return 0;
}

int measure_label_group(const struct measure_label *label, struct arena *arena,
                        struct fact_group *out, struct error *err)
{
    struct fact_column *column = arena_alloc(arena, 1, sizeof *column);
    struct jsonout json;
    struct buf text;
    int rc;

    *out = (struct fact_group){ .version = 1, .columns = column, .n_columns = 1 };
    if (!column)
        return error_nomem(err);
    *column = (struct fact_column){ label->name, CELL_TEXT, "label" };
    buf_init(&text, SIZE_MAX / 4);
    jsonout_init(&json, &text);
    jsonout_object_begin(&json);
    jsonout_key(&json, "path");
    jsonout_text(&json, slice_text(label->path_text));
    jsonout_object_end(&json);
    rc = jsonout_end(&json, err);
    if (rc == 0) {
        out->params = arena_copy(arena, buf_slice(&text));
        buf_clear(&text);
        rc = buf_printf(&text, err, "label_%s", label->name);
    }
    if (rc == 0) {
        out->name = arena_copy(arena, buf_slice(&text)).ptr;
        if (!out->params.ptr || !out->name)
            rc = error_nomem(err);
    }
    buf_release(&text);
    return rc;
}

struct label_reader {
    struct json *json;
    struct buf text;
};

int label_reader_new(struct label_reader **out, struct error *err)
{
    struct label_reader *reader = calloc(1, sizeof *reader);

    if (!reader)
        return error_nomem(err);
    buf_init(&reader->text, SIZE_MAX / 4);
    if (json_new(&reader->json, err) < 0) {
        free(reader);
        return -1;
    }
    json_limit(reader->json, LABEL_TREE_BYTES);
    *out = reader;
    return 0;
}

void label_reader_free(struct label_reader *reader)
{
    if (!reader)
        return;
    json_free(reader->json);
    buf_release(&reader->text);
    free(reader);
}

/* Receives the first value that a path leads to. */
static int receive_label(void *arg, const struct json_value *value)
{
    *(const struct json_value **)arg = value;
    return 1;
}

/* Write the value as the text of a label: a string as it is, a number and a boolean as JSON. */
static int write_label(const struct json_value *value, struct buf *text, struct fact_value *out,
                       struct error *err)
{
    const enum json_type type = json_type(value);
    const struct slice string = json_text(value);

    buf_clear(text);
    if (type == JSON_NULL)
        out->reason = "no_label";
    else if (type == JSON_ARRAY || type == JSON_OBJECT ||
             (string.ptr && memchr(string.ptr, '\0', string.len)))
        out->reason = "not_a_label";
    else if (string.ptr)
        return buf_add_slice(text, string, err);
    else
        return json_write(value, text, err);
    return 0;
}

static int read_label(struct label_reader *reader, const struct measure_label *label,
                      const struct json_value *meta, struct arena *arena,
                      struct fact_value *out, struct error *err)
{
    const struct json_value *value = NULL;

    (void)json_path_walk(meta, &label->path, receive_label, &value);
    if (!value && label->path_in_meta.n > 0)
        (void)json_path_walk(meta, &label->path_in_meta, receive_label, &value);
    if (write_label(value, &reader->text, out, err) < 0)
        return -1;
    if (!out->reason && reader->text.len > LABEL_BYTES_MAX)
        out->reason = "not_a_label";
    if (out->reason)
        return 0;
    out->text = arena_copy(arena, buf_slice(&reader->text)).ptr;
    return out->text ? 0 : error_nomem(err);
}

int label_reader_run(struct label_reader *reader, const struct measure_labels *labels,
                     const struct measured_sample *sample, struct fact_value *out,
                     struct error *err)
{
    const struct json_value *meta = NULL;
    const char *detail;
    enum json_issue issue = JSON_OK;
    size_t at;

    if (labels->n > 0 && sample->meta.len > 0 &&
        json_parse(reader->json, sample->meta, &meta, &issue, &at, &detail, err) < 0)
        return -1;
    for (size_t i = 0; i < labels->n; i++) {
        out[i] = (struct fact_value){ .reason = NULL };
        if (issue == JSON_TOO_LARGE)
            out[i].reason = "meta_too_large";
        else if (read_label(reader, &labels->items[i], meta, sample->arena, &out[i], err) < 0)
            return -1;
    }
    return 0;
}
