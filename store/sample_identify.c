/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/json.h"
#include "base/text/utf8.h"
#include "store/migrate_private.h"
#include "store/sample.h"

enum { CANONICAL_MAX_BYTES = 1 << 30 };

struct identifier {
    struct hash_stream *stream;
    struct buf canonical; /* canonical form of a text that was not canonical, or of JSON */
    struct buf piece;     /* canonical form of the content between two media */
    struct json *json;
};

int identifier_new(struct identifier **out, struct error *err)
{
    struct identifier *identifier = calloc(1, sizeof *identifier);

    if (!identifier)
        return error_nomem(err);
    buf_init(&identifier->canonical, CANONICAL_MAX_BYTES);
    buf_init(&identifier->piece, CANONICAL_MAX_BYTES);
    if (hash_stream_new(&identifier->stream, err) < 0 || json_new(&identifier->json, err) < 0) {
        identifier_free(identifier);
        return -1;
    }
    *out = identifier;
    return 0;
}

void identifier_free(struct identifier *identifier)
{
    if (!identifier)
        return;
    hash_stream_free(identifier->stream);
    json_free(identifier->json);
    buf_release(&identifier->canonical);
    buf_release(&identifier->piece);
    free(identifier);
}

/* Replace *text by its canonical form, valid until the next call. Most texts are canonical
 * already. */
static int canonicalize_text(struct identifier *identifier, struct slice *text,
                             struct error *err)
{
    if (!text->ptr || utf8_is_canonical(*text))
        return 0;
    buf_clear(&identifier->canonical);
    if (utf8_canonical(*text, &identifier->canonical, err) < 0)
        return -1;
    *text = buf_slice(&identifier->canonical);
    return 0;
}

/*
 * Hash one part: its tag (one letter), whether it is present, its length in eight bytes, lowest
 * first, and its bytes. This makes the hashed sequence unique for each sample.
 */
static void hash_part(struct identifier *identifier, char tag, struct slice bytes)
{
    unsigned char head[10] = { (unsigned char)tag, bytes.ptr != NULL };

    for (int i = 0; i < 8; i++)
        head[2 + i] = (unsigned char)((uint64_t)bytes.len >> (8 * i));
    hash_stream_add(identifier->stream, head, sizeof head);
    if (bytes.ptr)
        hash_stream_add(identifier->stream, bytes.ptr, bytes.len);
}

static int hash_canonical_text(struct identifier *identifier, char tag, struct slice text,
                               struct error *err)
{
    if (canonicalize_text(identifier, &text, err) < 0)
        return -1;
    hash_part(identifier, tag, text);
    return 0;
}

static int parse_json_of_sample(struct identifier *identifier, struct slice text,
                                const struct json_value **value, struct error *err)
{
    const char *detail = NULL;
    enum json_issue issue;
    size_t at;

    if (json_parse(identifier->json, text, value, &issue, &at, &detail, err) < 0)
        return -1;
    if (issue != JSON_OK)
        return error_set(err, ERR_INPUT, "JSON of a sample: byte %zu: %s", at, detail);
    return 0;
}

static int hash_json(struct identifier *identifier, char tag, struct slice text,
                     struct error *err)
{
    const struct json_value *value = NULL;

    if (!text.ptr) {
        hash_part(identifier, tag, text);
        return 0;
    }
    if (parse_json_of_sample(identifier, text, &value, err) < 0)
        return -1;
    buf_clear(&identifier->canonical);
    if (json_write_canonical(value, &identifier->canonical, err) < 0)
        return -1;
    hash_part(identifier, tag, buf_slice(&identifier->canonical));
    return 0;
}

/* Fields that came with identity version 2 add a part only if they are there. So a sample
 * without them, and without extra, has the hash that version 1 gave it. */
static int hash_optional_json(struct identifier *identifier, char tag, struct slice text,
                              struct error *err)
{
    return text.ptr ? hash_json(identifier, tag, text, err) : 0;
}

/* Get the place of a medium; SIZE_MAX if it is not behind the last one, or if the medium is not
 * of the three members that a reader gives it. */
static size_t place_of_medium(const struct json_value *medium, struct slice content,
                              size_t last)
{
    int64_t at = -1;

    if (json_count(medium) != 3 || !json_get(medium, "type") || !json_get(medium, "part") ||
        json_type(json_get(medium, "at")) != JSON_NUMBER ||
        !json_int(json_get(medium, "at"), &at) || at < 0 || (uint64_t)at < last ||
        (uint64_t)at > content.len)
        return SIZE_MAX;
    return (size_t)at;
}

/* Write a medium as json_write_canonical() does, but with the place `at`. */
static int write_medium(struct identifier *identifier, const struct json_value *medium,
                        size_t at, struct error *err)
{
    struct buf *out = &identifier->canonical;

    if (buf_printf(out, err, "%s{\"at\":%zu,\"part\":", out->len == 0 ? "[" : ",", at) < 0 ||
        json_write_canonical(json_get(medium, "part"), out, err) < 0 ||
        buf_add_text(out, ",\"type\":", err) < 0 ||
        json_write_canonical(json_get(medium, "type"), out, err) < 0)
        return -1;
    return buf_add_text(out, "}", err);
}

/* Write media with the places that they have in the canonical form of the content. Returns 1, 0
 * if one has no place, or -1. */
static int place_media(struct identifier *identifier, const struct json_value *media,
                       struct slice content, struct error *err)
{
    size_t last = 0, canonical_at = 0;

    buf_clear(&identifier->canonical);
    for (size_t i = 0; i < json_count(media); i++) {
        const size_t at = place_of_medium(json_at(media, i), content, last);

        if (at == SIZE_MAX)
            return 0;
        buf_clear(&identifier->piece);
        if (utf8_canonical(slice_of(content.ptr + last, at - last), &identifier->piece, err) <
            0)
            return -1;
        canonical_at += identifier->piece.len;
        if (write_medium(identifier, json_at(media, i), canonical_at, err) < 0)
            return -1;
        last = at;
    }
    return buf_add_text(&identifier->canonical, "]", err) < 0 ? -1 : 1;
}

static int hash_media(struct identifier *identifier, const struct turn *turn, struct error *err)
{
    const struct json_value *media = NULL;

    if (!turn->media.ptr || utf8_is_canonical(turn->content))
        return hash_optional_json(identifier, 'm', turn->media, err);
    if (parse_json_of_sample(identifier, turn->media, &media, err) < 0)
        return -1;
    const int placed =
        json_count(media) > 0 ? place_media(identifier, media, turn->content, err) : 0;
    if (placed < 1)
        return placed < 0 ? -1 : hash_json(identifier, 'm', turn->media, err);
    hash_part(identifier, 'm', buf_slice(&identifier->canonical));
    return 0;
}

static int hash_turn(struct identifier *identifier, const struct turn *turn, struct error *err)
{
    const struct slice side = slice_text(turn_side_name(turn->side));

    if (hash_canonical_text(identifier, 'r', turn->role, err) < 0 ||
        hash_canonical_text(identifier, 't', turn->content, err) < 0 ||
        hash_json(identifier, 'x', turn->extra, err) < 0)
        return -1;
    if (turn->thought.ptr && hash_canonical_text(identifier, 'h', turn->thought, err) < 0)
        return -1;
    if (hash_optional_json(identifier, 'a', turn->calls, err) < 0 ||
        hash_media(identifier, turn, err) < 0)
        return -1;
    if (turn->trained == TURN_TRAINED_NO)
        hash_part(identifier, 'n', slice_of("", 0));
    if (turn->side != TURN_SIDE_PROMPT)
        hash_part(identifier, 'd', side);
    return 0;
}

/* The hash of the sample covers the hash of its context, so that the context is read only once.
 */
static int hash_context(struct identifier *identifier, struct sample *sample, struct error *err)
{
    struct slice text = sample->context;

    if (!text.ptr) {
        hash_part(identifier, 'c', text);
        return 0;
    }
    if (canonicalize_text(identifier, &text, err) < 0)
        return -1;
    sample->context_hash = hash_bytes(text);
    hash_part(identifier, 'c',
              slice_of((const char *)sample->context_hash.bytes, sizeof sample->context_hash));
    return 0;
}

int sample_identify_v1(struct identifier *identifier, const struct sample *sample,
                       struct hash *out, struct error *err)
{
    struct sample copy = *sample;

    hash_stream_reset(identifier->stream);
    hash_part(identifier, 'k', slice_text(sample_kind_name(sample->kind)));
    if (hash_canonical_text(identifier, 's', sample->system, err) < 0 ||
        hash_context(identifier, &copy, err) < 0)
        return -1;
    for (size_t i = 0; i < sample->n_turns; i++)
        if (hash_canonical_text(identifier, 'r', sample->turns[i].role, err) < 0 ||
            hash_canonical_text(identifier, 't', sample->turns[i].content, err) < 0 ||
            hash_canonical_text(identifier, 'x', sample->turns[i].extra, err) < 0)
            return -1;
    *out = hash_stream_end(identifier->stream);
    return 0;
}

int sample_identify(struct identifier *identifier, struct sample *sample, struct error *err)
{
    hash_stream_reset(identifier->stream);
    hash_part(identifier, 'k', slice_text(sample_kind_name(sample->kind)));
    if (hash_canonical_text(identifier, 's', sample->system, err) < 0 ||
        hash_context(identifier, sample, err) < 0 ||
        hash_optional_json(identifier, 'f', sample->tools, err) < 0)
        return -1;
    for (size_t i = 0; i < sample->n_turns; i++)
        if (hash_turn(identifier, &sample->turns[i], err) < 0)
            return -1;
    sample->hash = hash_stream_end(identifier->stream);
    return 0;
}
