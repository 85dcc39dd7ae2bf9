/* SPDX-License-Identifier: Apache-2.0 */
/* Which members of a record are the prompt and the answer of an item. */
#include <string.h>

#include "base/buf.h"
#include "base/json/json.h"
#include "base/option.h"
#include "stages/decontaminate/decontaminate_private.h"

enum { ITEM_TEXT_MAX_BYTES = 1 << 30 };

/* The first of these names that holds a text counts. */
static const char *const prompt_names[] = { "question", "prompt", "instruction",
                                            "problem",  "query",  NULL };
static const char *const answer_names[] = { "answer",     "response", "output", "solution",
                                            "completion", "target",   NULL };
static const char *const id_names[] = { "id", "task_id", "question_id", "uid", "idx", NULL };

int item_fields_parse(const struct text_list *texts, const char *option,
                      struct item_fields *out, struct error *err)
{
    if (texts->n > EVALUATION_FIELDS_MAX)
        return error_set(err, ERR_USAGE, "--%s: at most %d paths", option,
                         EVALUATION_FIELDS_MAX);
    for (unsigned i = 0; i < texts->n; i++)
        if (json_path_parse(texts->items[i], &out->paths[i], err) < 0)
            return error_prefix(err, "--%s %s", option, texts->items[i]);
    out->n = texts->n;
    return 0;
}

/* What a walk along paths collects. */
struct field_walk {
    struct buf text;
    bool found;
    struct error *err;
};

static int add_field_value(void *arg, const struct json_value *value)
{
    struct field_walk *walk = arg;
    const enum json_type type = json_type(value);

    if (type != JSON_STRING && type != JSON_NUMBER && type != JSON_BOOL)
        return 0;
    if (walk->found && buf_add_text(&walk->text, "\n", walk->err) < 0)
        return -1;
    walk->found = true;
    return type == JSON_STRING ? buf_add_slice(&walk->text, json_text(value), walk->err)
                               : json_write(value, &walk->text, walk->err);
}

/* Join the texts at all paths by newlines. *out keeps ptr NULL if there is none. */
static int find_by_paths(const struct item_fields *fields, const struct json_value *record,
                         struct arena *arena, struct slice *out, struct error *err)
{
    struct field_walk walk = { .err = err };
    int rc = 0;

    buf_init(&walk.text, ITEM_TEXT_MAX_BYTES);
    for (size_t i = 0; rc == 0 && i < fields->n; i++)
        rc = json_path_walk(record, &fields->paths[i], add_field_value, &walk);
    if (rc == 0 && walk.found) {
        *out = arena_copy(arena, buf_slice(&walk.text));
        rc = out->ptr ? 0 : error_nomem(err);
    }
    buf_release(&walk.text);
    return rc;
}

static struct slice find_by_names(const struct json_value *record, const char *const *names)
{
    for (; *names; names++) {
        const struct slice text = json_text(json_get_nocase(record, *names));

        if (text.ptr && !slice_is_blank(text))
            return text;
    }
    return (struct slice){ NULL, 0 };
}

/* An instruction may have an input, which belongs to the prompt. */
static int append_input(const struct json_value *record, struct arena *arena,
                        struct slice *prompt, struct error *err)
{
    const struct slice input = json_text(json_get_nocase(record, "input"));
    char *joined;

    if (!input.ptr || slice_is_blank(input) ||
        !slice_equal(*prompt, json_text(json_get_nocase(record, "instruction"))))
        return 0;
    joined = arena_alloc(arena, prompt->len + input.len + 1, 1);
    if (!joined)
        return error_nomem(err);
    memcpy(joined, prompt->ptr, prompt->len);
    joined[prompt->len] = '\n';
    memcpy(joined + prompt->len + 1, input.ptr, input.len);
    *prompt = slice_of(joined, prompt->len + input.len + 1);
    return 0;
}

int item_fields_find(const struct evaluation_source *source, const struct json_value *record,
                     struct arena *arena, struct slice *prompt, struct slice *answer,
                     struct error *err)
{
    *prompt = *answer = (struct slice){ NULL, 0 };
    if (json_type(record) != JSON_OBJECT)
        return 0;
    if (source->prompt.n > 0) {
        if (find_by_paths(&source->prompt, record, arena, prompt, err) < 0)
            return -1;
    } else {
        *prompt = find_by_names(record, prompt_names);
        if (prompt->ptr && append_input(record, arena, prompt, err) < 0)
            return -1;
    }
    if (source->answer.n > 0) {
        if (find_by_paths(&source->answer, record, arena, answer, err) < 0)
            return -1;
    } else {
        *answer = find_by_names(record, answer_names);
    }
    /* An answer under a usual name is no item if no prompt is: other shapes have such names. */
    return prompt->ptr || (source->answer.n > 0 && answer->ptr);
}

struct slice item_id_find(const struct json_value *record, struct arena *arena)
{
    struct field_walk walk = { .found = false };
    struct slice id = { NULL, 0 };
    struct error ignored;

    walk.err = &ignored;
    buf_init(&walk.text, ITEM_TEXT_MAX_BYTES);
    for (size_t i = 0; json_type(record) == JSON_OBJECT && id_names[i] && !walk.found; i++)
        if (add_field_value(&walk, json_get_nocase(record, id_names[i])) < 0)
            break;
    if (walk.found)
        id = arena_copy(arena, buf_slice(&walk.text));
    buf_release(&walk.text);
    return id;
}
