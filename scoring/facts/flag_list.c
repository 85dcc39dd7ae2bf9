/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/facts/flag_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/text/utf8.h"
#include "scoring/facts/gram_table.h"
#include "scoring/facts/measured_text.h"
#include "scoring/facts/phrase.h"

enum {
    /* NFKC makes few texts longer, but some characters eleven times as long. */
    NORMAL_MAX_BYTES = 2 * FLAG_LIST_MAX_BYTES,
    /* A normalised word has at least a quarter of its bytes: a character of 4 can become 1. */
    NORMAL_SHRINKS = 4,
    ASCII_WORD_BYTES = 64,
    PREFETCH_TOKENS = 8,
    N_SEARCH_WORDS = 2 * FLAG_PHRASE_MAX_TOKENS,
};

/* Bits of a slot; the others are those of the hash of a beginning. */
enum { SLOT_USED = 1, SLOT_ENDS = 2, SLOT_BITS = 3 }; /* ENDS: the beginning is a phrase */

/*
 * The beginnings of all phrases: of "a b c" the words "a", "a b" and "a b c". A search goes on
 * as long as what it has read is a beginning. That is one access to memory a word; a trie of
 * numbered words needs four, and was slower on a list of 100,000 phrases.
 */
struct flag_list {
    uint64_t *slots; /* hash table of beginnings; 0: empty */
    size_t mask;     /* slots - 1 */
    size_t max_word_len;
    struct hash hash;
};

/* The hash of a beginning with one more word. */
static uint64_t extend_beginning(uint64_t beginning, uint64_t word)
{
    return gram_mix(beginning * GRAM_FACTOR + word);
}

/* Find the slot of a beginning: its own, or the empty one where it belongs. */
static uint64_t *beginning_slot(const struct flag_list *list, uint64_t beginning)
{
    /* The low bits of the hash are not in the slot. */
    size_t i = beginning >> 2 & list->mask;

    while (list->slots[i] != 0 && ((list->slots[i] ^ beginning) & ~(uint64_t)SLOT_BITS) != 0)
        i = (i + 1) & list->mask;
    return &list->slots[i];
}

/* A phrase as it is read. */
struct read_phrase {
    const struct buf *of;
    size_t start; /* in the normalised text */
    size_t len;
};

struct flag_parser {
    struct text_splitter *splitter;
    struct buf normal; /* all phrases, one after the other, their words separated by LF */
    struct read_phrase *phrases;
    size_t n;
    size_t cap;
    size_t n_tokens;
};

static int raise_line(size_t line, struct error *err, const char *what)
{
    return error_set(err, ERR_INPUT, "line %zu: %s", line, what);
}

static int add_phrase(struct flag_parser *parser, size_t start, struct error *err)
{
    if (parser->n == parser->cap) {
        const size_t cap = parser->cap ? 2 * parser->cap : 1024;
        struct read_phrase *grown = reallocarray(parser->phrases, cap, sizeof *grown);

        if (!grown)
            return error_nomem(err);
        parser->phrases = grown;
        parser->cap = cap;
    }
    parser->phrases[parser->n++] =
        (struct read_phrase){ &parser->normal, start, parser->normal.len - start };
    return 0;
}

/* Normalise the words and symbols of a line, and append them as a phrase. */
static int parse_phrase(struct flag_parser *parser, struct slice line, size_t number,
                        struct error *err)
{
    const size_t start = parser->normal.len;
    struct measured_text text;

    if (line.len > FLAG_PHRASE_MAX_BYTES)
        return raise_line(number, err, "a phrase has at most 1,024 bytes: shorten it");
    if (text_split(parser->splitter, line, &text, err) < 0)
        return -1;
    if (text.n_tokens == 0)
        return 0;
    if (text.n_tokens > FLAG_PHRASE_MAX_TOKENS)
        return raise_line(number, err, "a phrase has at most 64 words and symbols: shorten it");
    parser->n_tokens += text.n_tokens;
    if (parser->n_tokens > FLAG_LIST_MAX_TOKENS)
        return raise_line(number, err,
                          "the list has more than 500,000 words and symbols: shorten it");
    for (size_t i = 0; i < text.n_tokens; i++) {
        const struct text_token *token = &text.tokens[i];

        if ((i > 0 && buf_add(&parser->normal, "\n", 1, err) < 0) ||
            utf8_fold(slice_of(line.ptr + token->start, token->len), &parser->normal, err) < 0)
            return -1;
    }
    if (parser->normal.len > NORMAL_MAX_BYTES)
        return raise_line(number, err,
                          "the list has more than 8 MiB when it is normalised: shorten it");
    return add_phrase(parser, start, err);
}

static int parse_lines(struct flag_parser *parser, struct slice text, struct error *err)
{
    size_t number = 0;

    for (size_t start = 0; start < text.len;) {
        const char *lf = memchr(text.ptr + start, '\n', text.len - start);
        const size_t end = lf ? (size_t)(lf - text.ptr) : text.len;
        const struct slice line = trim_both(slice_of(text.ptr + start, end - start));

        number++;
        if (line.len > 0 && line.ptr[0] != '#' && parse_phrase(parser, line, number, err) < 0)
            return -1;
        start = end + 1;
    }
    return parser->n > 0 ? 0
                         : error_set(err, ERR_INPUT,
                                     "there is no word or phrase: write one on each line");
}

static int compare_phrases(const void *a, const void *b)
{
    const struct read_phrase *x = a, *y = b;
    const int order = memcmp(x->of->data + x->start, y->of->data + y->start,
                             x->len < y->len ? x->len : y->len);

    return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* Put the phrases in order, each once, and hash them: LF separates words, two of them phrases.
 */
static int sort_phrases(struct flag_parser *parser, struct hash *hash, struct error *err)
{
    struct read_phrase *phrases = parser->phrases;
    struct hash_stream *stream = NULL;
    size_t n = 0;

    if (hash_stream_new(&stream, err) < 0)
        return -1;
    qsort(phrases, parser->n, sizeof *phrases, compare_phrases);
    for (size_t i = 0; i < parser->n; i++) {
        if (n > 0 && compare_phrases(&phrases[n - 1], &phrases[i]) == 0)
            continue;
        phrases[n++] = phrases[i];
        hash_stream_add(stream, parser->normal.data + phrases[i].start, phrases[i].len);
        hash_stream_add(stream, "\n\n", 2);
    }
    parser->n = n;
    *hash = hash_stream_end(stream);
    hash_stream_free(stream);
    return 0;
}

/* Add all beginnings of a phrase, whose words LF separates. */
static void add_beginnings(struct flag_list *list, struct slice phrase)
{
    uint64_t beginning = 0;
    uint64_t *slot = NULL;

    for (size_t at = 0; at < phrase.len;) {
        const char *lf = memchr(phrase.ptr + at, '\n', phrase.len - at);
        const size_t end = lf ? (size_t)(lf - phrase.ptr) : phrase.len;

        beginning = extend_beginning(beginning, hash_u64(slice_of(phrase.ptr + at, end - at)));
        slot = beginning_slot(list, beginning);
        if (*slot == 0)
            *slot = (beginning & ~(uint64_t)SLOT_BITS) | SLOT_USED;
        if (end - at > list->max_word_len)
            list->max_word_len = end - at;
        at = end + 1;
    }
    *slot |= SLOT_ENDS;
}

static int build_list(struct flag_parser *parser, struct flag_list *list, struct error *err)
{
    size_t cap = 64;

    while (cap < 2 * parser->n_tokens)
        cap *= 2;
    list->mask = cap - 1;
    list->slots = calloc(cap, sizeof *list->slots);
    if (!list->slots)
        return error_nomem(err);
    if (sort_phrases(parser, &list->hash, err) < 0)
        return -1;
    for (size_t i = 0; i < parser->n; i++)
        add_beginnings(list, slice_of(parser->normal.data + parser->phrases[i].start,
                                      parser->phrases[i].len));
    return 0;
}

static int parse_valid(struct slice text, struct flag_list *list, struct error *err)
{
    struct flag_parser parser = { .n = 0 };
    int rc = -1;

    buf_init(&parser.normal, SIZE_MAX / 2);
    if (text_splitter_new(&parser.splitter, err) == 0 && parse_lines(&parser, text, err) == 0)
        rc = build_list(&parser, list, err);
    text_splitter_free(parser.splitter);
    free(parser.phrases);
    buf_release(&parser.normal);
    return rc;
}

/* Check the bytes, and get them as texts of samples are: in canonical form. `made` holds them
 * if they change. */
static int check_bytes(struct slice *text, struct buf *made, struct error *err)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    const size_t bad = utf8_bad_at(*text);
    size_t line = 1;

    if (text->len > FLAG_LIST_MAX_BYTES)
        return error_set(err, ERR_INPUT, "the list has more than 4 MiB: shorten it");
    if (bad < text->len) {
        for (size_t i = 0; i < bad; i++)
            line += text->ptr[i] == '\n';
        return raise_line(line, err, "is not valid UTF-8: save the file as UTF-8");
    }
    if (text->len >= 3 && memcmp(text->ptr, byte_order_mark, 3) == 0)
        *text = slice_of(text->ptr + 3, text->len - 3);
    if (utf8_is_canonical(*text))
        return 0;
    if (utf8_canonical(*text, made, err) < 0)
        return -1;
    *text = buf_slice(made);
    return 0;
}

int flag_list_parse(struct slice text, struct flag_list **out, struct error *err)
{
    struct flag_list *list = calloc(1, sizeof *list);
    struct buf canonical;
    int rc;

    if (!list)
        return error_nomem(err);
    buf_init(&canonical, SIZE_MAX / 2);
    rc = check_bytes(&text, &canonical, err);
    if (rc == 0)
        rc = parse_valid(text, list, err);
    buf_release(&canonical);
    if (rc < 0) {
        flag_list_free(list);
        return -1;
    }
    *out = list;
    return 0;
}

void flag_list_free(struct flag_list *list)
{
    if (!list)
        return;
    free(list->slots);
    free(list);
}

size_t flag_list_bytes(const struct flag_list *list)
{
    return sizeof *list + (list->mask + 1) * sizeof *list->slots;
}

struct hash flag_list_hash(const struct flag_list *list)
{
    return list->hash;
}

/* Is the character its own normal form, whatever stands beside it? Of ASCII all but capitals;
 * Han; Hangul. */
static bool is_normal(uint32_t code)
{
    return (code < 0x80 && (code < 'A' || code > 'Z')) || (code >= 0x3400 && code <= 0x9fff) ||
           (code >= 0xac00 && code <= 0xd7a3);
}

static bool is_normal_token(struct slice token)
{
    size_t len;

    for (size_t i = 0; i < token.len; i += len)
        if (!is_normal(utf8_first(slice_of(token.ptr + i, token.len - i), &len)))
            return false;
    return true;
}

/* Get the hash of an ASCII word in lower case. Returns false if it has other characters. */
static bool hash_ascii(struct slice token, uint64_t *out)
{
    char lower[ASCII_WORD_BYTES];

    if (token.len > sizeof lower)
        return false;
    for (size_t i = 0; i < token.len; i++) {
        if ((unsigned char)token.ptr[i] >= 0x80)
            return false;
        lower[i] = ascii_lower_byte(token.ptr[i]);
    }
    *out = hash_u64(slice_of(lower, token.len));
    return true;
}

/* A search of a text. Words are normalised once, although several phrases are tried at them. */
struct flag_search {
    const struct flag_list *list;
    const struct measured_text *text;
    struct buf normal; /* of one word */
    size_t n_hashed;   /* words and symbols of the text */
    /* Of the last of them; that of token i at i % N_SEARCH_WORDS. 0: not in the list. */
    uint64_t hashes[N_SEARCH_WORDS];
};

/* Get the hash of a word or symbol as it is normalised. Most need no normalisation, which takes
 * ten times as long as the rest. */
static int hash_word(struct flag_search *search, const struct text_token *token, uint64_t *out,
                     struct error *err)
{
    const struct slice bytes = slice_of(search->text->text.ptr + token->start, token->len);

    *out = 0;
    if (bytes.len > NORMAL_SHRINKS * search->list->max_word_len)
        return 0;
    if (is_normal_token(bytes)) {
        *out = token->hash;
        return 0;
    }
    if (hash_ascii(bytes, out))
        return 0;
    buf_clear(&search->normal);
    if (utf8_fold(bytes, &search->normal, err) < 0)
        return err->code == ERR_INPUT ? 0 : -1; /* invalid UTF-8 is not in the list */
    *out = hash_u64(buf_slice(&search->normal));
    return 0;
}

/* Get the hash of token i, which is the next to hash or one of the last. */
static int hash_of_token(struct flag_search *search, size_t i, uint64_t *out, struct error *err)
{
    uint64_t *hash = &search->hashes[i % N_SEARCH_WORDS];

    if (i == search->n_hashed) {
        if (hash_word(search, &search->text->tokens[i], hash, err) < 0)
            return -1;
        search->n_hashed++;
    }
    *out = *hash;
    return 0;
}

/* Find the longest phrase that begins at token i. Sets *end behind it; *end is i if there is
 * none. */
static int find_longest(struct flag_search *search, size_t i, size_t *end, struct error *err)
{
    uint64_t beginning = 0;

    *end = i;
    for (size_t at = i; at < search->text->n_tokens; at++) {
        uint64_t word;

        if (hash_of_token(search, at, &word, err) < 0)
            return -1;
        if (word == 0)
            return 0;
        beginning = extend_beginning(beginning, word);
        const uint64_t slot = *beginning_slot(search->list, beginning);
        if (slot == 0)
            return 0;
        if (slot & SLOT_ENDS)
            *end = at + 1;
    }
    return 0;
}

/* Load the slot of a word that the search comes to soon, as if it began a phrase. */
static void prefetch_slot(const struct flag_list *list, const struct text_token *token)
{
    __builtin_prefetch(&list->slots[extend_beginning(0, token->hash) >> 2 & list->mask]);
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
        if (i + PREFETCH_TOKENS < text->n_tokens)
            prefetch_slot(list, &text->tokens[i + PREFETCH_TOKENS]);
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
