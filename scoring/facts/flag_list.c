/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing a list of phrases. */
#include "scoring/facts/flag_list.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/text/utf8.h"
#include "scoring/facts/flag_list_private.h"
#include "scoring/facts/measured_text.h"
#include "scoring/facts/phrase.h"

/* A character may become eleven times as long when it is normalised. */
enum { FLAG_NORMAL_MAX_BYTES = 12 * FLAG_LIST_MAX_BYTES };

/* A phrase as it is read: where it stands in the normalised text. */
struct read_phrase {
    const struct buf *of;
    size_t start;
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
                          "the list has more than 1,000,000 words and symbols: shorten it");
    for (size_t i = 0; i < text.n_tokens; i++) {
        const struct text_token *token = &text.tokens[i];

        if ((i > 0 && buf_add(&parser->normal, "\n", 1, err) < 0) ||
            utf8_fold(slice_of(line.ptr + token->start, token->len), &parser->normal, err) < 0)
            return -1;
    }
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

/* Copy the different phrases in order, and hash them. */
static int sort_phrases(struct flag_parser *parser, struct flag_list *list, struct error *err)
{
    struct read_phrase *phrases = parser->phrases;
    size_t n = 0;

    qsort(phrases, parser->n, sizeof *phrases, compare_phrases);
    if (buf_reserve(&list->bytes, parser->normal.len + 2 * parser->n, err) < 0)
        return -1;
    for (size_t i = 0; i < parser->n; i++) {
        const struct read_phrase phrase = phrases[i];

        if (n > 0 && compare_phrases(&phrases[n - 1], &phrase) == 0)
            continue;
        const size_t start = list->bytes.len;
        if (buf_add(&list->bytes, parser->normal.data + phrase.start, phrase.len, err) < 0 ||
            buf_add(&list->bytes, "\n\n", 2, err) < 0)
            return -1;
        phrases[n++] = phrase;
        phrases[n - 1].of = &list->bytes;
        phrases[n - 1].start = start;
    }
    parser->n = list->n_phrases = n;
    return 0;
}

/* Make the tables for n words and symbols, of which at most n are different. */
static int make_tables(struct flag_list *list, size_t n, struct error *err)
{
    size_t cap = 64;

    while (cap < 2 * n)
        cap *= 2;
    list->mask = cap - 1;
    list->cap = n;
    list->slots = calloc(cap, sizeof *list->slots);
    list->edges = calloc(cap, sizeof *list->edges);
    list->words = calloc(n, sizeof *list->words);
    list->ends = calloc(n + 1, sizeof *list->ends);
    list->n_nodes = 1;
    return list->slots && list->edges && list->words && list->ends ? 0 : error_nomem(err);
}

/* Get the id of a word of the list, which is new or not. */
static uint32_t add_flag_word(struct flag_list *list, size_t start, size_t len)
{
    const struct slice word = slice_of(list->bytes.data + start, len);
    const uint64_t hash = hash_u64(word);
    struct flag_slot *slot = flag_slot_of(list, word, hash);

    if (slot->id == FLAG_NO_WORD) {
        list->words[list->n_words++] = (struct flag_word){ (uint32_t)start, (uint32_t)len };
        *slot = (struct flag_slot){ (uint32_t)(hash >> 32), (uint32_t)list->n_words };
        if (len > list->max_word_len)
            list->max_word_len = len;
    }
    return slot->id;
}

static void add_to_trie(struct flag_list *list, const struct read_phrase *phrase)
{
    const size_t end = phrase->start + phrase->len;
    uint32_t node = 0;

    for (size_t at = phrase->start; at < end;) {
        const char *lf = memchr(list->bytes.data + at, '\n', end - at);
        const size_t word_end = lf ? (size_t)(lf - list->bytes.data) : end;
        const uint32_t word = add_flag_word(list, at, word_end - at);
        struct flag_edge *edge = flag_edge_of(list, node, word);

        if (edge->to == 0)
            *edge = (struct flag_edge){ node, word, (uint32_t)list->n_nodes++ };
        node = edge->to;
        at = word_end + 1;
    }
    list->ends[node] = 1;
}

static int build_list(struct flag_parser *parser, struct flag_list *list, struct error *err)
{
    if (sort_phrases(parser, list, err) < 0 || make_tables(list, parser->n_tokens, err) < 0)
        return -1;
    for (size_t i = 0; i < parser->n; i++)
        add_to_trie(list, &parser->phrases[i]);
    list->hash = hash_bytes(buf_slice(&list->bytes));
    return 0;
}

static int parse_valid(struct slice text, struct flag_list *list, struct error *err)
{
    struct flag_parser parser = { .n = 0 };
    int rc = -1;

    buf_init(&parser.normal, FLAG_NORMAL_MAX_BYTES);
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
        return error_set(err, ERR_INPUT, "the list has more than 16 MiB: shorten it");
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
    buf_init(&list->bytes, FLAG_NORMAL_MAX_BYTES);
    buf_init(&canonical, FLAG_NORMAL_MAX_BYTES);
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
    buf_release(&list->bytes);
    free(list->words);
    free(list->slots);
    free(list->edges);
    free(list->ends);
    free(list);
}

size_t flag_list_count(const struct flag_list *list)
{
    return list->n_phrases;
}

size_t flag_list_bytes(const struct flag_list *list)
{
    return sizeof *list + list->bytes.cap + list->cap * (sizeof *list->words + 1) +
           (list->mask + 1) * (sizeof *list->slots + sizeof *list->edges);
}

struct hash flag_list_hash(const struct flag_list *list)
{
    return list->hash;
}
