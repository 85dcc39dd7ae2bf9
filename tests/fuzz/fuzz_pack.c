/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pack of hashes of an evaluation, and a search with what was read of it. The input is the
 * lines of the pack, a NUL, and a text to search.
 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json/json.h"
#include "base/text/utf8.h"
#include "stages/decontaminate/decontaminate_private.h"

static const struct contamination_rule rule = {
    .ngram = 8, .covered = .5, .longest = 30, .answers = true
};

static void require(bool holds, const char *invariant)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", invariant);
    abort();
}

/* Read the lines of a pack, until one of them is malformed. Returns whether all were read. */
static bool read_lines(struct json *json, struct slice pack, struct pack_reader *reader,
                       struct read_evaluation *evaluation)
{
    struct error err;

    while (pack.len > 0) {
        const char *lf = memchr(pack.ptr, '\n', pack.len);
        const size_t len = lf ? (size_t)(lf - pack.ptr) : pack.len;
        const size_t n_items = evaluation->n_items;
        const struct json_value *record = NULL;
        enum json_issue issue;
        const char *detail;
        size_t at;

        require(
            json_parse(json, slice_of(pack.ptr, len), &record, &issue, &at, &detail, &err) == 0,
            "memory suffices");
        if (!record || (!reader->begun && !pack_matches(record)))
            return false;
        const bool is_item = reader->begun;
        if (pack_read_record(reader, record, evaluation, &rule, &err) < 0)
            return false;
        require(evaluation->n_items == n_items + is_item, "a line is the head or an item");
        pack = slice_of(pack.ptr + len, pack.len - len);
        pack = slice_of(pack.ptr + (lf != NULL), pack.len - (lf != NULL));
    }
    return reader->begun;
}

static void check_hits(const struct contamination_found *found, size_t n_items, size_t text_len)
{
    require(found->covered >= 0 && found->covered <= 1, "covered is a share");
    for (size_t i = 0; i < found->n_hits; i++) {
        const struct contamination_hit *hit = &found->hits[i];

        require(hit->item < n_items, "the item exists");
        require(i == 0 || found->hits[i - 1].item < hit->item, "hits are ordered by item");
        require(hit->covered >= 0 && hit->covered <= found->covered, "the most is covered");
        require(hit->longest <= found->longest, "the longest is no shorter");
        for (size_t k = 0; k < hit->n_spans; k++) {
            const struct contamination_span *span = &found->spans[hit->first_span + k];

            require(span->start < span->end && span->end <= text_len, "a span is in the text");
        }
    }
}

static void search_text(struct read_evaluation *evaluation, struct slice text)
{
    const struct contamination_index *index = evaluation->index;
    const struct contamination_text searched = { .text = text,
                                                 .for_prompts = true,
                                                 .for_answers = true };
    struct contamination_search *search = NULL;
    struct contamination_found found;
    struct error err;

    require(contamination_index_finish(evaluation->index, &err) == 0 &&
                contamination_search_new(&index, 1, &search, &err) == 0 &&
                contamination_search_run(search, &searched, 1, &found, &err) == 0,
            "memory suffices");
    check_hits(&found, evaluation->n_items, text.len);
    contamination_search_free(search);
}

static void check_digest(const struct read_evaluation *evaluation,
                         const struct pack_reader *reader)
{
    uint8_t digest[DIGEST_BYTES];
    struct error err;

    require(contamination_index_digest(evaluation->index, digest, &err) == 0,
            "memory suffices");
    require(memcmp(digest, reader->digest, sizeof digest) == 0 &&
                (int64_t)evaluation->n_items == reader->n_items,
            "an accepted pack is what its first line says");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const uint8_t *nul = len > 0 ? memchr(data, 0, len) : NULL;
    const size_t pack_len = nul ? (size_t)(nul - data) : len;
    const struct slice pack = slice_of((const char *)data, pack_len);
    const struct slice text =
        nul ? slice_of((const char *)nul + 1, len - pack_len - 1) : slice_of("", 0);
    struct read_evaluation evaluation = { .path = "fuzz" };
    struct pack_reader reader = { .begun = false };
    struct json *json = NULL;
    struct error err;

    arena_init(&evaluation.arena);
    require(json_new(&json, &err) == 0 &&
                contamination_index_new(&rule, &evaluation.index, &err) == 0,
            "memory suffices");
    if (read_lines(json, pack, &reader, &evaluation) &&
        pack_check_end(&reader, &evaluation, &err) == 0)
        check_digest(&evaluation, &reader);
    if (evaluation.n_items > 0 && utf8_bad_at(text) == text.len)
        search_text(&evaluation, text);
    evaluation_release(&evaluation);
    json_free(json);
    return 0;
}
