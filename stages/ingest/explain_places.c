/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/explain_places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/json.h"
#include "store/sample.h"

enum {
    PARTS_OF_SAMPLE = 5,
    PARTS_OF_TURN = 5,
    STRINGS_MAX = 200, /* of a member that are looked for */
    PART_MIN = 8,      /* bytes of a text that is found inside another one */
    QUOTED_BYTES = 256,
};

static void explain_add_place(struct places *places, enum place_part part, size_t turn,
                              struct slice text)
{
    if (text.ptr)
        places->items[places->n++] = (struct place){ .part = part, .turn = turn, .text = text };
}

static int parse_meta(struct places *places, struct error *err)
{
    enum json_issue issue;
    const char *detail;
    size_t at;

    if (json_new(&places->text_json, err) < 0)
        return -1;
    if (!places->sample->meta.ptr)
        return 0;
    if (json_new(&places->meta_json, err) < 0)
        return -1;
    return json_parse(places->meta_json, places->sample->meta, &places->meta, &issue, &at,
                      &detail, err);
}

static struct slice text_of_place(const struct turn *turn, enum place_part part)
{
    switch (part) {
    case PLACE_CONTENT:
        return turn->content;
    case PLACE_THOUGHT:
        return turn->thought;
    case PLACE_CALLS:
        return turn->calls;
    case PLACE_MEDIA:
        return turn->media;
    case PLACE_EXTRA:
        return turn->extra;
    case PLACE_ID:
    case PLACE_SYSTEM:
    case PLACE_CONTEXT:
    case PLACE_TOOLS:
    case PLACE_META:
        break;
    }
    return slice_of(NULL, 0);
}

int places_list(const struct sample *sample, struct places *out, struct error *err)
{
    *out = (struct places){ .sample = sample };
    out->items = calloc(PARTS_OF_SAMPLE + PARTS_OF_TURN * sample->n_turns, sizeof *out->items);
    if (!out->items)
        return error_nomem(err);
    explain_add_place(out, PLACE_ID, 0, sample->ext_id);
    explain_add_place(out, PLACE_SYSTEM, 0, sample->system);
    explain_add_place(out, PLACE_CONTEXT, 0, sample->context);
    explain_add_place(out, PLACE_TOOLS, 0, sample->tools);
    for (int part = PLACE_CONTENT; part <= PLACE_EXTRA; part++)
        for (size_t i = 0; i < sample->n_turns; i++)
            explain_add_place(out, (enum place_part)part, i,
                              text_of_place(&sample->turns[i], (enum place_part)part));
    explain_add_place(out, PLACE_META, 0, sample->meta);
    return parse_meta(out, err);
}

void places_release(struct places *places)
{
    free(places->items);
    json_free(places->meta_json);
    json_free(places->text_json);
}

static bool has_inside(struct slice whole, struct slice part)
{
    return part.len >= PART_MIN && memmem(whole.ptr, whole.len, part.ptr, part.len);
}

static bool is_json_part(enum place_part part)
{
    return part == PLACE_TOOLS || part == PLACE_META || part == PLACE_CALLS ||
           part == PLACE_MEDIA || part == PLACE_EXTRA;
}

/* Find the places that equal a text; if there are none, those that hold it or are part of it.
 */
static void explain_find_text(struct places *places, struct slice text)
{
    bool any = false;

    text = slice_trim(text);
    for (size_t i = 0; text.len > 0 && i < places->n; i++) {
        struct place *place = &places->items[i];

        if (!is_json_part(place->part) && slice_equal(slice_trim(place->text), text))
            any = place->is_found = true;
    }
    for (size_t i = 0; !any && i < places->n; i++) {
        struct place *place = &places->items[i];

        if (place->part != PLACE_META && place->part != PLACE_ID &&
            (has_inside(place->text, text) || has_inside(text, slice_trim(place->text))))
            place->is_found = true;
    }
}

/* Does a text hold a short one as a word of its own? */
static bool has_word(struct slice whole, struct slice word)
{
    static const char inner[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    const char *end = whole.ptr + whole.len;
    const char *at = whole.ptr;

    while ((at = memmem(at, (size_t)(end - at), word.ptr, word.len))) {
        const char *after = at + word.len;

        if ((at == whole.ptr || !memchr(inner, at[-1], sizeof inner - 1)) &&
            (after == end || !memchr(inner, *after, sizeof inner - 1)))
            return true;
        at++;
    }
    return false;
}

/* Find a text of a member that is nowhere else as a word of turns. */
static void find_word(struct places *places, struct slice text)
{
    text = slice_trim(text);
    for (size_t i = 0; text.len > 0 && i < places->n; i++)
        if (places->items[i].part == PLACE_CONTENT && has_word(places->items[i].text, text))
            places->items[i].is_found = true;
}

/* Find a number or a boolean, which became its text. */
static void find_scalar(struct places *places, const struct json_value *value)
{
    struct error ignored;
    struct buf buf;

    buf_init(&buf, 1 << 16);
    if (json_write(value, &buf, &ignored) == 0)
        explain_find_text(places, buf_slice(&buf));
    buf_release(&buf);
}

static bool any_found(const struct places *places)
{
    for (size_t i = 0; i < places->n; i++)
        if (places->items[i].is_found)
            return true;
    return false;
}

/* Find the texts of a value, or of the elements of its lists, as words: choices, and the letter
 * of the right one. */
static void explain_find_words(struct places *places, const struct json_value *value)
{
    const struct json_value *inner;
    struct slice name;
    size_t pos = 0;

    if (json_type(value) == JSON_STRING)
        find_word(places, json_text(value));
    for (size_t i = 0; json_type(value) == JSON_ARRAY && i < json_count(value); i++)
        explain_find_words(places, json_at(value, i));
    while (json_member_next(value, &pos, &name, &inner) == 1)
        explain_find_words(places, inner);
}

/* Words about a message, not its text. */
static bool is_about_message(struct slice name)
{
    static const char *const words[] = { "role", "from", "type", "id", "name" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (slice_equal(name, slice_text(words[i])))
            return true;
    return false;
}

/* Find a text in the forms of tools, calls and media, which are JSON. */
static void find_in_forms(struct places *places, struct slice text)
{
    char quoted[QUOTED_BYTES];

    if (text.len == 0 || text.len + 3 > sizeof quoted)
        return;
    snprintf(quoted, sizeof quoted, "\"%.*s\"", (int)text.len, text.ptr);
    for (size_t i = 0; i < places->n; i++) {
        const enum place_part part = places->items[i].part;

        if ((part == PLACE_TOOLS || part == PLACE_CALLS || part == PLACE_MEDIA) &&
            memmem(places->items[i].text.ptr, places->items[i].text.len, quoted, text.len + 2))
            places->items[i].is_found = true;
    }
}

static void explain_find_value(struct places *places, const struct json_value *value,
                               size_t *n_left);

/* Find a text. If it is JSON, such as tools or arguments of a call, find its values, too. */
static void find_string(struct places *places, struct slice text, size_t *n_left)
{
    const struct json_value *inner;
    enum json_issue issue;
    struct error ignored;
    const char *detail;
    size_t at;

    explain_find_text(places, text);
    find_in_forms(places, text);
    if (places->in_text || text.len == 0 || !memchr("[{", text.ptr[0], 2))
        return;
    if (json_parse(places->text_json, text, &inner, &issue, &at, &detail, &ignored) < 0)
        return;
    places->in_text = true;
    explain_find_value(places, inner, n_left);
    places->in_text = false;
}

static void explain_find_value(struct places *places, const struct json_value *value,
                               size_t *n_left)
{
    const struct json_value *inner;
    struct slice name;
    size_t pos = 0;

    if (*n_left == 0)
        return;
    switch (json_type(value)) {
    case JSON_STRING:
        --*n_left;
        find_string(places, json_text(value), n_left);
        break;
    case JSON_NUMBER:
    case JSON_BOOL:
        --*n_left;
        find_scalar(places, value);
        break;
    case JSON_ARRAY:
        for (size_t i = 0; i < json_count(value); i++)
            explain_find_value(places, json_at(value, i), n_left);
        break;
    case JSON_OBJECT:
        while (json_member_next(value, &pos, &name, &inner) == 1)
            if (!is_about_message(name))
                explain_find_value(places, inner, n_left);
            else if (slice_equal(name, slice_text("name")))
                find_in_forms(places, json_text(inner));
        break;
    case JSON_NULL:
        break;
    }
}

/* Is the member in meta, or, of an object that was opened, are its members? */
static bool is_in_meta(const struct places *places, struct slice name,
                       const struct json_value *value)
{
    const struct json_value *inner;
    size_t pos = 0;

    if (json_get(places->meta, name.ptr))
        return true;
    while (json_member_next(value, &pos, &name, &inner) == 1)
        if (inner && json_get(places->meta, name.ptr))
            return true;
    return false;
}

/* A tool is named in its definition, and where it is called. */
static void part_tools(struct places *places, bool is_definition)
{
    bool in_tools = false;
    bool in_calls = false;

    for (size_t i = 0; i < places->n; i++) {
        in_tools =
            in_tools || (places->items[i].part == PLACE_TOOLS && places->items[i].is_found);
        in_calls =
            in_calls || (places->items[i].part == PLACE_CALLS && places->items[i].is_found);
    }
    for (size_t i = 0; in_tools && in_calls && i < places->n; i++)
        if (places->items[i].part == (is_definition ? PLACE_CALLS : PLACE_TOOLS))
            places->items[i].is_found = false;
}

/* What the context holds is its own, also where a word of it is the answer. */
static void keep_context(struct places *places)
{
    bool in_context = false;

    for (size_t i = 0; i < places->n; i++)
        in_context =
            in_context || (places->items[i].part == PLACE_CONTEXT && places->items[i].is_found);
    for (size_t i = 0; in_context && i < places->n; i++)
        places->items[i].is_found = places->items[i].part == PLACE_CONTEXT;
}

/* A value of another member may equal the id by chance, as the argument 0 of a call. */
static void drop_chance_id(struct places *places, struct slice name)
{
    bool elsewhere = false;

    if (name.len >= 2 && strncasecmp(name.ptr + name.len - 2, "id", 2) == 0)
        return;
    for (size_t i = 0; i < places->n; i++)
        elsewhere =
            elsewhere || (places->items[i].part != PLACE_ID && places->items[i].is_found);
    for (size_t i = 0; elsewhere && i < places->n; i++)
        if (places->items[i].part == PLACE_ID)
            places->items[i].is_found = false;
}

void places_find(struct places *places, struct slice name, const struct json_value *value)
{
    const bool in_meta = is_in_meta(places, name, value);
    size_t n_left = STRINGS_MAX;

    for (size_t i = 0; i < places->n; i++)
        places->items[i].is_found = places->items[i].part == PLACE_META && in_meta;
    if (!in_meta || json_type(value) == JSON_ARRAY || json_type(value) == JSON_OBJECT)
        explain_find_value(places, value, &n_left);
    if (!any_found(places))
        explain_find_words(places, value);
    if (slice_equal(name, slice_text("context")))
        keep_context(places);
    drop_chance_id(places, name);
    part_tools(places, slice_equal(name, slice_text("tools")) ||
                           slice_equal(name, slice_text("functions")));
}

/* The last of the found places from i on that are contents of turns, one after the other. */
static size_t last_in_row(const struct places *places, size_t i)
{
    size_t last = i;

    for (size_t k = i + 1; k < places->n; k++) {
        if (places->items[k].part != PLACE_CONTENT)
            continue;
        if (!places->items[k].is_found || places->items[k].turn != places->items[last].turn + 1)
            break;
        last = k;
    }
    return last;
}

static void name_turn(const struct places *places, size_t i, const char *what, char *out,
                      size_t size)
{
    const size_t turn = places->items[i].turn;
    const struct slice role = places->sample->turns[turn].role;
    const enum turn_side side = places->sample->turns[turn].side;

    snprintf(out, size, "%sturn %zu (%s%s%.*s)", what, turn + 1,
             side ? turn_side_name(side) : "", side ? " " : "", (int)role.len, role.ptr);
}

static void name_place(const struct places *places, size_t i, char *out, size_t size)
{
    static const char *const names[] = {
        [PLACE_ID] = "id",
        [PLACE_SYSTEM] = "system",
        [PLACE_CONTEXT] = "context",
        [PLACE_TOOLS] = "tools",
        [PLACE_META] = "meta",
        [PLACE_CONTENT] = "",
        [PLACE_THOUGHT] = "thought of ",
        [PLACE_CALLS] = "calls of ",
        [PLACE_MEDIA] = "media of ",
        [PLACE_EXTRA] = "extra of ",
    };
    const enum place_part part = places->items[i].part;

    if (part < PLACE_CONTENT)
        snprintf(out, size, "%s", names[part]);
    else
        name_turn(places, i, names[part], out, size);
}

bool places_next(const struct places *places, size_t *i, char *out, size_t size)
{
    while (*i < places->n && !places->items[*i].is_found)
        ++*i;
    if (*i == places->n)
        return false;
    const size_t last = places->items[*i].part == PLACE_CONTENT ? last_in_row(places, *i) : *i;
    if (last == *i) {
        name_place(places, (*i)++, out, size);
        return true;
    }
    snprintf(out, size, "turns %zu to %zu", places->items[*i].turn + 1,
             places->items[last].turn + 1);
    *i = last + 1;
    return true;
}
