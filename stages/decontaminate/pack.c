/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "scoring/duplicates/words.h"
#include "stages/decontaminate/decontaminate_private.h"

enum { PACK_VERSION = 1, HASH_DIGITS = 16, PACK_LINE_BYTES = 1 << 30 };

bool pack_matches(const struct json_value *record)
{
    int64_t version;

    return json_int(json_get(record, "curate_pack"), &version);
}

/* The value of a hex digit; 16: it is none. */
static unsigned hex_digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* Read 16 hex digits. */
static bool read_hash(const char *digits, uint64_t *out)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < HASH_DIGITS; i++) {
        const unsigned digit = hex_digit_value(digits[i]);

        if (digit > 15)
            return false;
        hash = hash << 4 | digit;
    }
    *out = hash;
    return true;
}

static bool read_pack_digest(struct slice hex, uint8_t out[DIGEST_BYTES])
{
    if (hex.len != 2 * (size_t)DIGEST_BYTES)
        return false;
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        const unsigned high = hex_digit_value(hex.ptr[2 * i]);
        const unsigned low = hex_digit_value(hex.ptr[2 * i + 1]);

        if (high > 15 || low > 15)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static int read_pack_head(struct pack_reader *reader, const struct json_value *record,
                          struct read_evaluation *evaluation,
                          const struct contamination_rule *rule, struct error *err)
{
    const struct slice name = json_text(json_get(record, "name"));
    int64_t version = 0;
    int64_t ngram = 0;
    int64_t words = 0;

    if (!json_int(json_get(record, "curate_pack"), &version) || version != PACK_VERSION ||
        !json_int(json_get(record, "words"), &words) || words != WORDS_VERSION)
        return error_set(err, ERR_UNSUPPORTED,
                         "the pack was made by another version of curate: make it again");
    if (!json_int(json_get(record, "ngram"), &ngram) || ngram < CONTAMINATION_NGRAM_LEAST ||
        ngram > CONTAMINATION_NGRAM_MOST || !name.ptr || name.len == 0 ||
        name.len >= sizeof evaluation->name ||
        !json_int(json_get(record, "items"), &reader->n_items) || reader->n_items < 1 ||
        !read_pack_digest(json_text(json_get(record, "digest")), reader->digest))
        return error_set(err, ERR_INPUT, "the first line of the pack is malformed");
    if (ngram != (int64_t)rule->ngram)
        return error_set(err, ERR_USAGE,
                         "the pack has n-grams of %" PRId64 " words: use --ngram %" PRId64,
                         ngram, ngram);
    snprintf(evaluation->name, sizeof evaluation->name, "%.*s", (int)name.len, name.ptr);
    reader->begun = true;
    return 0;
}

/* Read one side of an item. The hashes are in the arena of the evaluation. */
static int read_pack_side(const struct json_value *record, bool of_answer, unsigned ngram,
                          struct arena *arena, struct contamination_hashes *out,
                          struct error *err)
{
    const struct slice hex = json_text(json_get(record, of_answer ? "answer" : "prompt"));
    int64_t n_words = 0;
    uint64_t *grams;

    if (!json_int(json_get(record, of_answer ? "answer_words" : "prompt_words"), &n_words) ||
        n_words < 0 || n_words > UINT32_MAX || !hex.ptr || hex.len % HASH_DIGITS != 0 ||
        hex.len / HASH_DIGITS != contamination_count_grams((uint32_t)n_words, of_answer, ngram))
        return error_set(err, ERR_INPUT, "the %s of the item is malformed",
                         of_answer ? "answer" : "prompt");
    const size_t n = hex.len / HASH_DIGITS;
    grams = arena_alloc(arena, n + 1, sizeof *grams);
    if (!grams)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++)
        if (!read_hash(hex.ptr + i * HASH_DIGITS, &grams[i]))
            return error_set(err, ERR_INPUT, "hash %zu of the %s is malformed", i + 1,
                             of_answer ? "answer" : "prompt");
    *out =
        (struct contamination_hashes){ .n_words = (uint32_t)n_words, .grams = grams, .n = n };
    return 0;
}

static int read_pack_item(const struct json_value *record, struct read_evaluation *evaluation,
                          const struct contamination_rule *rule, struct arena *arena,
                          struct error *err)
{
    const struct slice none = { NULL, 0 };
    const struct slice place = json_text(json_get(record, "place"));
    struct contamination_hashes prompt, answer;

    if (!place.ptr)
        return error_set(err, ERR_INPUT, "the item has no place");
    if (read_pack_side(record, false, rule->ngram, arena, &prompt, err) < 0 ||
        read_pack_side(record, true, rule->ngram, arena, &answer, err) < 0 ||
        contamination_index_add_hashes(evaluation->index, &prompt, &answer, err) < 0)
        return -1;
    return evaluation_add_read(evaluation, place, none, none, err);
}

int pack_read_record(struct pack_reader *reader, const struct json_value *record,
                     struct read_evaluation *evaluation, const struct contamination_rule *rule,
                     struct error *err)
{
    struct arena arena;

    if (!reader->begun)
        return read_pack_head(reader, record, evaluation, rule, err);
    if ((int64_t)evaluation->n_items == reader->n_items)
        return error_set(err, ERR_INPUT,
                         "the pack has more items than its first line says, %" PRId64,
                         reader->n_items);
    arena_init(&arena);
    const int rc = read_pack_item(record, evaluation, rule, &arena, err);
    arena_release(&arena);
    return rc;
}

int pack_check_end(const struct pack_reader *reader, const struct read_evaluation *evaluation,
                   struct error *err)
{
    uint8_t digest[DIGEST_BYTES];

    if ((int64_t)evaluation->n_items != reader->n_items)
        return error_set(err, ERR_INPUT,
                         "the pack is truncated: it has %zu of %" PRId64
                         " items: get the file again",
                         evaluation->n_items, reader->n_items);
    if (contamination_index_digest(evaluation->index, digest, err) < 0)
        return -1;
    if (memcmp(digest, reader->digest, sizeof digest) != 0)
        return error_set(
            err, ERR_INPUT,
            "the pack is corrupt: its hashes do not match its digest: get the file "
            "again");
    return 0;
}

static void write_pack_side(struct jsonout *json, const struct contamination_hashes *side,
                            bool of_answer, char *hex)
{
    for (size_t i = 0; i < side->n; i++)
        snprintf(hex + i * HASH_DIGITS, HASH_DIGITS + 1, "%016" PRIx64, side->grams[i]);
    jsonout_key(json, of_answer ? "answer_words" : "prompt_words");
    jsonout_int(json, side->n_words);
    jsonout_key(json, of_answer ? "answer" : "prompt");
    jsonout_text(json, slice_of(hex, side->n * HASH_DIGITS));
}

static int write_pack_item(const struct read_evaluation *evaluation, size_t i, struct buf *line,
                           struct error *err)
{
    const struct contamination_hashes sides[] = {
        contamination_index_hashes(evaluation->index, i, false),
        contamination_index_hashes(evaluation->index, i, true)
    };
    const size_t most = sides[0].n > sides[1].n ? sides[0].n : sides[1].n;
    char *hex = malloc(most * HASH_DIGITS + 1);
    struct jsonout json;

    if (!hex)
        return error_nomem(err);
    jsonout_init(&json, line);
    jsonout_object_begin(&json);
    jsonout_key(&json, "place");
    jsonout_text(&json, evaluation->items[i].place);
    write_pack_side(&json, &sides[0], false, hex);
    write_pack_side(&json, &sides[1], true, hex);
    jsonout_object_end(&json);
    free(hex);
    if (jsonout_end(&json, err) < 0)
        return -1;
    return buf_add_text(line, "\n", err);
}

static int write_pack_head(const struct read_evaluation *evaluation,
                           const struct contamination_rule *rule, struct buf *line,
                           struct error *err)
{
    uint8_t digest[DIGEST_BYTES];
    char hex[2 * DIGEST_BYTES + 1];
    struct jsonout json;

    if (contamination_index_digest(evaluation->index, digest, err) < 0)
        return -1;
    digest_hex(digest, DIGEST_BYTES, hex);
    jsonout_init(&json, line);
    jsonout_object_begin(&json);
    jsonout_key(&json, "curate_pack");
    jsonout_int(&json, PACK_VERSION);
    jsonout_key(&json, "name");
    jsonout_text(&json, slice_text(evaluation->name));
    jsonout_key(&json, "ngram");
    jsonout_int(&json, rule->ngram);
    jsonout_key(&json, "words");
    jsonout_int(&json, WORDS_VERSION);
    jsonout_key(&json, "items");
    jsonout_int(&json, (int64_t)evaluation->n_items);
    jsonout_key(&json, "digest");
    jsonout_text(&json, slice_text(hex));
    jsonout_object_end(&json);
    if (jsonout_end(&json, err) < 0)
        return -1;
    return buf_add_text(line, "\n", err);
}

static int write_pack_lines(const struct read_evaluation *evaluation,
                            const struct contamination_rule *rule, struct file_out *file,
                            struct buf *line, struct error *err)
{
    if (write_pack_head(evaluation, rule, line, err) < 0)
        return -1;
    for (size_t i = 0; i < evaluation->n_items; i++) {
        if (file_out_add(file, buf_slice(line), err) < 0)
            return -1;
        buf_clear(line);
        if (write_pack_item(evaluation, i, line, err) < 0)
            return -1;
    }
    return file_out_add(file, buf_slice(line), err);
}

int pack_write(const struct read_evaluation *evaluation, const struct contamination_rule *rule,
               const char *path, struct error *err)
{
    struct file_out *file = NULL;
    struct buf line;
    int rc = -1;

    if (file_out_open(path, &file, err) < 0)
        return -1;
    buf_init(&line, PACK_LINE_BYTES);
    if (write_pack_lines(evaluation, rule, file, &line, err) == 0)
        rc = file_out_commit(file, err);
    buf_release(&line);
    file_out_close(file);
    return rc;
}
