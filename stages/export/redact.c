/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/export/redact.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/json/json.h"
#include "base/option.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/personal.h"
#include "store/fact.h"
#include "store/sample.h"

enum { N_BUCKETS = 256, TEXT_MAX_BYTES = 1 << 30 };

/* A text that was replaced, in a list of those with the same hash. */
struct replaced {
    struct replaced *next;
    struct slice value;
    enum personal_kind kind;
    unsigned number;
};

struct redaction {
    struct store *store;
    unsigned kinds;
    struct arena arena; /* of the current sample */
    struct replaced *buckets[N_BUCKETS];
    unsigned n_numbers[N_PERSONAL_KINDS];
    uint64_t n_places;
    struct buf text;
    struct json *parser;
};

static int kind_of_name(struct slice name)
{
    for (int kind = 0; personal_kind_name(kind); kind++)
        if (slice_equal(name, slice_text(personal_kind_name(kind))))
            return kind;
    return -1;
}

static int parse_kinds(const char *item, unsigned *kinds, struct error *err)
{
    for (const char *at = item; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        const struct slice name = slice_of(at, strcspn(at, ","));
        const int kind = kind_of_name(name);

        if (kind < 0 && !slice_equal(name, slice_text("all")))
            return error_set(err, ERR_USAGE,
                             "--redact %.*s: not a kind: use email, ip, ip_private, phone, "
                             "card, iban, mac, secret or all",
                             (int)name.len, name.ptr);
        *kinds |= kind < 0 ? (1U << N_PERSONAL_KINDS) - 1 : 1U << kind;
    }
    return 0;
}

int redaction_parse(const struct text_list *list, unsigned *kinds, struct error *err)
{
    *kinds = 0;
    for (unsigned i = 0; i < list->n; i++)
        if (parse_kinds(list->items[i], kinds, err) < 0)
            return -1;
    return 0;
}

int redaction_new(struct store *store, unsigned kinds, struct redaction **out,
                  struct error *err)
{
    struct redaction *redaction = calloc(1, sizeof *redaction);

    *out = redaction;
    if (!redaction)
        return error_nomem(err);
    redaction->store = store;
    redaction->kinds = kinds;
    arena_init(&redaction->arena);
    buf_init(&redaction->text, TEXT_MAX_BYTES);
    return json_new(&redaction->parser, err);
}

void redaction_free(struct redaction *redaction)
{
    if (!redaction)
        return;
    arena_release(&redaction->arena);
    buf_release(&redaction->text);
    json_free(redaction->parser);
    free(redaction);
}

uint64_t redaction_count(const struct redaction *redaction)
{
    return redaction->n_places;
}

/* Find the number of a value, or give it the next one of its kind. 0 with err set: ERR_NOMEM.
 */
static unsigned number_of(struct redaction *redaction, enum personal_kind kind,
                          struct slice value, struct error *err)
{
    struct replaced **bucket = &redaction->buckets[hash_u64(value) % N_BUCKETS];

    for (struct replaced *item = *bucket; item; item = item->next)
        if (item->kind == kind && slice_equal(item->value, value))
            return item->number;
    struct replaced *item = arena_alloc(&redaction->arena, 1, sizeof *item);
    if (!item) {
        error_nomem(err);
        return 0;
    }
    *item = (struct replaced){ *bucket, value, kind, ++redaction->n_numbers[kind] };
    *bucket = item;
    return item->number;
}

/* Append the text up to a place and its placeholder. value is borrowed from the sample. */
static int add_placeholder(struct redaction *redaction, struct slice text, size_t from,
                           const struct personal_hit *hit, struct error *err)
{
    const struct slice value = slice_of(text.ptr + hit->start, hit->end - hit->start);
    const unsigned number = number_of(redaction, hit->kind, value, err);
    char name[32];
    size_t len = 0;

    if (number == 0 || buf_add(&redaction->text, text.ptr + from, hit->start - from, err) < 0)
        return -1;
    for (const char *c = personal_kind_name((int)hit->kind); *c; c++)
        name[len++] = (char)toupper((unsigned char)*c);
    redaction->n_places++;
    return buf_printf(&redaction->text, err, "[%.*s_%u]", (int)len, name, number);
}

/* Replace the hits of a text, which ascend. Returns 1 if there are some, 0 or -1. */
static int replace_hits(struct redaction *redaction, struct slice *text,
                        const struct personal_hit *hits, size_t n, struct error *err)
{
    size_t from = 0;

    if (n == 0)
        return 0;
    buf_clear(&redaction->text);
    for (size_t i = 0; i < n; i++) {
        if (add_placeholder(redaction, *text, from, &hits[i], err) < 0)
            return -1;
        from = hits[i].end;
    }
    if (buf_add(&redaction->text, text->ptr + from, text->len - from, err) < 0)
        return -1;
    *text = arena_copy(&redaction->arena, buf_slice(&redaction->text));
    return text->ptr ? 1 : error_nomem(err);
}

/* Replace the stored spans of one text. `turn` is as in struct fact_span. */
static int replace_spans(struct redaction *redaction, struct slice *text, int64_t turn,
                         const struct fact_span *spans, size_t n, struct error *err)
{
    struct personal_hit *hits = arena_alloc(&redaction->arena, n + 1, sizeof *hits);
    size_t n_hits = 0, from = 0;

    if (!hits)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const int kind = kind_of_name(slice_text(spans[i].kind));

        if (spans[i].turn != turn || kind < 0 || !(redaction->kinds >> kind & 1))
            continue;
        if (spans[i].start < from || spans[i].end <= spans[i].start || spans[i].end > text->len)
            return error_set(err, ERR_INPUT,
                             "a stored span is outside of its text: run 'curate fsck'");
        from = spans[i].end;
        hits[n_hits++] = (struct personal_hit){ spans[i].start, spans[i].end,
                                                (enum personal_kind)kind, NULL };
    }
    return replace_hits(redaction, text, hits, n_hits, err);
}

/* Spans of thoughts are not stored: the measurer counts what is said. Find them here. */
static int replace_found(struct redaction *redaction, struct slice *text, struct error *err)
{
    struct personal_hit hit;
    size_t at = 0, from = 0;

    buf_clear(&redaction->text);
    while (personal_next(*text, &at, &hit)) {
        if (!(redaction->kinds >> hit.kind & 1))
            continue;
        if (add_placeholder(redaction, *text, from, &hit, err) < 0)
            return -1;
        from = hit.end;
    }
    if (from == 0)
        return 0;
    if (buf_add(&redaction->text, text->ptr + from, text->len - from, err) < 0)
        return -1;
    *text = arena_copy(&redaction->arena, buf_slice(&redaction->text));
    return text->ptr ? 0 : error_nomem(err);
}

/* Redact a sample with the spans that are stored of it. */
static int redact_texts(struct redaction *redaction, struct sample *sample,
                        const struct fact_span *spans, size_t n, const char **why,
                        struct error *err)
{
    if (replace_spans(redaction, &sample->system, -2, spans, n, err) < 0 ||
        replace_spans(redaction, &sample->context, -1, spans, n, err) < 0)
        return -1;
    for (size_t i = 0; i < sample->n_turns; i++) {
        struct turn *turn = &sample->turns[i];
        const int changed = replace_spans(redaction, &turn->content, (int64_t)i, spans, n, err);

        if (changed < 0 ||
            (turn->thought.ptr && replace_found(redaction, &turn->thought, err) < 0))
            return -1;
        if (changed && turn->media.ptr) {
            *why = "a turn with media has text to redact";
            return 0;
        }
    }
    return 1;
}

int redaction_apply(struct redaction *redaction, int64_t sample_id, struct sample *sample,
                    const char **why, struct error *err)
{
    struct fact_span *spans = NULL;
    size_t n = 0;

    arena_clear(&redaction->arena);
    memset(redaction->buckets, 0, sizeof redaction->buckets);
    memset(redaction->n_numbers, 0, sizeof redaction->n_numbers);
    redaction->n_places = 0;
    const struct measurer *personal = measurer_find("personal");
    const int found = fact_read_spans(redaction->store, sample_id, personal->name,
                                      personal->version, &redaction->arena, &spans, &n, err);
    if (found == 0)
        return error_set(err, ERR_INPUT,
                         "sample %" PRId64 ": its personal data was not measured by this "
                         "version: run 'curate measure personal'",
                         sample_id);
    const int rc = found < 0 ? -1 : redact_texts(redaction, sample, spans, n, why, err);
    return rc < 0 ? error_prefix(err, "sample %" PRId64, sample_id) : rc;
}

static bool is_clean(const struct redaction *redaction, struct slice text)
{
    struct personal_hit hit;
    size_t at = 0;

    while (personal_next(text, &at, &hit))
        if (redaction->kinds >> hit.kind & 1)
            return false;
    return true;
}

/* Numbers are searched as well: a card may be one. */
static bool is_clean_value(const struct redaction *redaction, const struct json_value *value)
{
    const struct json_value *member;
    char digits[32];
    struct slice key;
    int64_t number;
    size_t pos = 0;

    switch (json_type(value)) {
    case JSON_STRING:
        return is_clean(redaction, json_text(value));
    case JSON_NUMBER:
        if (!json_int(value, &number))
            return true;
        snprintf(digits, sizeof digits, "%" PRId64, number);
        return is_clean(redaction, slice_text(digits));
    case JSON_ARRAY:
        for (size_t i = 0; i < json_count(value); i++)
            if (!is_clean_value(redaction, json_at(value, i)))
                return false;
        return true;
    case JSON_OBJECT:
        while (json_member_next(value, &pos, &key, &member))
            if (!is_clean(redaction, key) || !is_clean_value(redaction, member))
                return false;
        return true;
    case JSON_NULL:
    case JSON_BOOL:
        break;
    }
    return true;
}

int redaction_check(struct redaction *redaction, struct slice record, const char **why,
                    struct error *err)
{
    const struct json_value *value = NULL;
    enum json_issue issue;
    const char *detail;
    size_t at;

    if (json_parse(redaction->parser, record, &value, &issue, &at, &detail, err) < 0)
        return -1;
    if (value && is_clean_value(redaction, value))
        return 1;
    *why = "its id, meta, tools, calls or another member has data that cannot be redacted";
    return 0;
}
