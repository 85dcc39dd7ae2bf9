/* SPDX-License-Identifier: Apache-2.0 */
/* How many words and phrases of a list that the user names a text has. */
#include "base/error.h"
#include "base/text/utf8.h"
#include "scoring/facts/flag_list.h"
#include "scoring/facts/flag_list_private.h"
#include "scoring/facts/measured_text.h"
#include "scoring/facts/measurer.h"

enum { FLAGGED_WORDS, FLAGGED_SHARE, N_FLAGGED };

static const struct fact flagged_facts[N_FLAGGED] = {
    [FLAGGED_WORDS] = { "flagged_words", FACT_INTEGER, "phrases",
                        "words and phrases of the list of --flagged-words" },
    [FLAGGED_SHARE] = { "flagged_share", FACT_REAL, "share", "words of them among the words" },
};

enum {
    ASCII_WORD_BYTES = 64,
    /* A normalised word has at least a quarter of its bytes: a character of 4 can become 1. */
    NORMAL_SHRINKS = 4,
};

/* Is the character its own normal form, whatever stands beside it? Of ASCII all but capitals;
 * Han; Hangul. */
static bool is_normal(uint32_t code)
{
    return (code < 0x80 && (code < 'A' || code > 'Z')) || (code >= 0x3400 && code <= 0x9fff) ||
           (code >= 0xac00 && code <= 0xd7a3);
}

static bool is_ascii(struct slice token)
{
    for (size_t i = 0; i < token.len; i++)
        if ((unsigned char)token.ptr[i] >= 0x80)
            return false;
    return true;
}

static bool is_normal_token(struct slice token)
{
    size_t len;

    for (size_t i = 0; i < token.len; i += len)
        if (!is_normal(utf8_first(slice_of(token.ptr + i, token.len - i), &len)))
            return false;
    return true;
}

static uint32_t find_normal(const struct flag_list *list, struct slice word, uint64_t hash)
{
    return word.len > list->max_word_len ? FLAG_NO_WORD : flag_slot_of(list, word, hash)->id;
}

static uint32_t find_ascii(const struct flag_list *list, struct slice token)
{
    char lower[ASCII_WORD_BYTES];

    for (size_t i = 0; i < token.len; i++)
        lower[i] = (char)(token.ptr[i] >= 'A' && token.ptr[i] <= 'Z' ? token.ptr[i] | 0x20
                                                                     : token.ptr[i]);
    const struct slice word = slice_of(lower, token.len);
    return find_normal(list, word, hash_u64(word));
}

enum { N_SEARCH_IDS = 2 * FLAG_PHRASE_MAX_TOKENS };

/* A search of a text. The words of a phrase that was tried are looked up once, although the
 * next phrase may begin in the middle of them. */
struct flag_search {
    const struct flag_list *list;
    const struct measured_text *text;
    struct buf normal;          /* of one word */
    size_t n_looked_up;         /* tokens of the text */
    uint32_t ids[N_SEARCH_IDS]; /* of the last of them; that of token i at i % N_SEARCH_IDS */
};

/* Find the id of a word or symbol in the list; FLAG_NO_WORD if the list lacks it. Most need no
 * normalisation, which takes ten times as long as the rest. */
static int find_id(struct flag_search *search, const struct text_token *token, uint32_t *out,
                   struct error *err)
{
    const struct flag_list *list = search->list;
    const struct slice bytes = slice_of(search->text->text.ptr + token->start, token->len);

    *out = FLAG_NO_WORD;
    if (bytes.len > NORMAL_SHRINKS * list->max_word_len)
        return 0;
    if (is_normal_token(bytes)) {
        *out = find_normal(list, bytes, token->hash);
        return 0;
    }
    if (bytes.len <= ASCII_WORD_BYTES && is_ascii(bytes)) {
        *out = find_ascii(list, bytes);
        return 0;
    }
    buf_clear(&search->normal);
    if (utf8_fold(bytes, &search->normal, err) < 0)
        return err->code == ERR_INPUT ? 0 : -1; /* invalid UTF-8 is no word of the list */
    const struct slice word = buf_slice(&search->normal);
    *out = find_normal(list, word, hash_u64(word));
    return 0;
}

/* Get the id of token i, which is the next to look up or one of the last. */
static int id_of_token(struct flag_search *search, size_t i, uint32_t *out, struct error *err)
{
    uint32_t *id = &search->ids[i % N_SEARCH_IDS];

    if (i == search->n_looked_up) {
        if (find_id(search, &search->text->tokens[i], id, err) < 0)
            return -1;
        search->n_looked_up++;
    }
    *out = *id;
    return 0;
}

/* Find the longest phrase that begins at token i. Sets *end behind it; *end is i if there is
 * none. */
static int find_longest(struct flag_search *search, size_t i, size_t *end, struct error *err)
{
    const struct flag_list *list = search->list;
    uint32_t node = 0;

    *end = i;
    for (size_t at = i; at < search->text->n_tokens; at++) {
        uint32_t word;

        if (id_of_token(search, at, &word, err) < 0)
            return -1;
        if (word == FLAG_NO_WORD)
            return 0;
        node = flag_edge_of(list, node, word)->to;
        if (node == 0)
            return 0;
        if (list->ends[node])
            *end = at + 1;
    }
    return 0;
}

int flag_list_find(const struct flag_list *list, const struct measured_text *text,
                   struct flag_counts *out, struct error *err)
{
    struct flag_search search = { .list = list, .text = text };
    struct flag_counts counts = { 0 };
    size_t end;
    int rc = 0;

    buf_init(&search.normal, SIZE_MAX / 2);
    for (size_t i = 0; i<text->n_tokens; i = end> i ? end : i + 1) {
        rc = find_longest(&search, i, &end, err);
        if (rc < 0)
            break;
        counts.n_phrases += end > i;
        for (size_t at = i; at < end; at++)
            counts.n_words += text->tokens[at].is_word;
    }
    buf_release(&search.normal);
    *out = counts;
    return rc;
}

static int measure_flagged(const struct measured_text *text,
                           const struct measure_options *options, struct fact_value *out,
                           struct error *err)
{
    struct flag_counts counts;

    if (flag_list_find(options->flagged_words, text, &counts, err) < 0)
        return -1;
    out[FLAGGED_WORDS].integer = (int64_t)counts.n_phrases;
    out[FLAGGED_SHARE].real = share_of(counts.n_words, text->n_words);
    return 0;
}

const struct measurer measurer_flagged = {
    .name = "flagged",
    .version = 1,
    .summary = "words and phrases of a list that you name",
    .facts = flagged_facts,
    .n_facts = N_FLAGGED,
    .parts = PARTS_WHOLE_AND_EACH,
    .of_turns = true,
    .needs_flagged_words = true,
    .measure = measure_flagged,
};
