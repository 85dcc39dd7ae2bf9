/* SPDX-License-Identifier: Apache-2.0 */
/* Markup, addresses and brackets in a text. */
#include <stdlib.h>
#include <string.h>

#include "scoring/facts/measured_text.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/phrase.h"

enum {
    HTML_TAG_SHARE,
    HTML_TAGS,
    HTML_ENTITIES,
    URLS,
    URL_SHARE,
    BRACKET_SHARE,
    CURLY_BRACES,
    LOREM_IPSUM,
    N_MARKUP_FACTS,
};

static const struct fact markup_facts[N_MARKUP_FACTS] = {
    [HTML_TAG_SHARE] = { "html_tag_share", FACT_REAL, "share", "characters in HTML tags" },
    [HTML_TAGS] = { "html_tags", FACT_INTEGER, "tags", "HTML tags" },
    [HTML_ENTITIES] = { "html_entities", FACT_INTEGER, "entities", "HTML entities" },
    [URLS] = { "urls", FACT_INTEGER, "addresses", "web addresses" },
    [URL_SHARE] = { "url_share", FACT_REAL, "share", "characters in web addresses" },
    [BRACKET_SHARE] = { "bracket_share", FACT_REAL, "share", "brackets and braces" },
    [CURLY_BRACES] = { "curly_braces", FACT_INTEGER, "characters", "{ and }" },
    [LOREM_IPSUM] = { "lorem_ipsum", FACT_INTEGER, "phrases", "\"lorem ipsum\"" },
};

/* The elements of HTML, without those of one letter, sorted. */
static const char *const html_elements[] = {
    "abbr",     "address",    "area",    "article",  "aside",    "audio",  "base",
    "big",      "blockquote", "body",    "br",       "button",   "canvas", "caption",
    "center",   "cite",       "code",    "col",      "colgroup", "dd",     "del",
    "details",  "dfn",        "div",     "dl",       "dt",       "em",     "embed",
    "fieldset", "figcaption", "figure",  "font",     "footer",   "form",   "frame",
    "h1",       "h2",         "h3",      "h4",       "h5",       "h6",     "head",
    "header",   "hr",         "html",    "iframe",   "img",      "input",  "ins",
    "kbd",      "label",      "legend",  "li",       "link",     "main",   "map",
    "mark",     "meta",       "nav",     "noscript", "object",   "ol",     "optgroup",
    "option",   "param",      "picture", "pre",      "samp",     "script", "section",
    "select",   "small",      "source",  "span",     "strike",   "strong", "style",
    "sub",      "summary",    "sup",     "svg",      "table",    "tbody",  "td",
    "template", "textarea",   "tfoot",   "th",       "thead",    "time",   "title",
    "tr",       "tt",         "ul",      "var",      "video",    "wbr",
};
enum {
    N_HTML_ELEMENTS = sizeof html_elements / sizeof *html_elements,
    ELEMENT_MAX = 10,
    ENTITY_MAX = 32,
};

static bool is_ascii_letter(char byte)
{
    const char lower = ascii_lower_byte(byte);

    return lower >= 'a' && lower <= 'z';
}

static bool is_ascii_alnum(char byte)
{
    return is_ascii_letter(byte) || (byte >= '0' && byte <= '9');
}

static int compare_to_element(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

static bool is_html_element(struct slice name)
{
    char lower[ELEMENT_MAX + 1] = "";

    if (name.len == 1)
        return strchr("abipqsu", ascii_lower_byte(name.ptr[0])) != NULL;
    if (name.len == 0 || name.len > ELEMENT_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++)
        lower[i] = ascii_lower_byte(name.ptr[i]);
    return bsearch(lower, html_elements, N_HTML_ELEMENTS, sizeof *html_elements,
                   compare_to_element) != NULL;
}

/* The length of the tag or comment that the text begins with; 0: none. A tag ends before the
 * next '<', so that each byte is looked at once. */
static size_t html_tag_len(struct slice text)
{
    const size_t name_at = text.len > 1 && text.ptr[1] == '/' ? 2 : 1;
    size_t at = name_at;

    while (at < text.len && is_ascii_alnum(text.ptr[at]))
        at++;
    const bool is_known = is_html_element(slice_of(text.ptr + name_at, at - name_at)) &&
                          at < text.len && memchr(" \t\n/>", text.ptr[at], 5);
    if (!is_known && phrase_len_at(text, "<!--") == 0 && phrase_len_at(text, "<!doctype") == 0)
        return 0;
    for (at = name_at; at < text.len && text.ptr[at] != '<'; at++)
        if (text.ptr[at] == '>')
            return at + 1;
    return 0;
}

/* The length of the entity that the text begins with, &amp; or &#39;, or 0. */
static size_t html_entity_len(struct slice text)
{
    size_t at = text.len > 1 && text.ptr[1] == '#' ? 2 : 1;
    const size_t from = at;

    while (at < text.len && at < ENTITY_MAX && is_ascii_alnum(text.ptr[at]))
        at++;
    return at > from + (from == 1) && at < text.len && text.ptr[at] == ';' ? at + 1 : 0;
}

static bool ends_url(char byte)
{
    return (unsigned char)byte <= ' ' || memchr("<>\"`{}|\\^", byte, 9);
}

/* The length of the web address that the text begins with, or 0. */
static size_t url_len(struct slice text)
{
    static const char *const beginnings[] = { "https://", "http://", "ftp://", "www.", NULL };
    size_t begin = 0;
    size_t at;

    for (size_t i = 0; beginnings[i] && begin == 0; i++)
        begin = phrase_len_at(text, beginnings[i]);
    if (begin == 0 || begin == text.len || ends_url(text.ptr[begin]))
        return 0;
    at = begin;
    while (at < text.len && !ends_url(text.ptr[at]))
        at++;
    while (at > begin && memchr(".,;:!?)]'*", text.ptr[at - 1], 10))
        at--;
    return at > begin ? at : 0;
}

struct markup_counts {
    size_t n_tags;
    size_t n_tag_chars;
    size_t n_entities;
    size_t n_urls;
    size_t n_url_chars;
    size_t n_brackets;
    size_t n_braces;
    size_t n_lorem;
};

static size_t count_chars_of(struct slice text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return n;
}

/* Count what begins with a letter. Returns how many bytes to pass over. */
static size_t count_words_at(struct slice rest, struct markup_counts *out)
{
    const size_t len = url_len(rest);

    out->n_lorem += phrase_len_at(rest, "lorem ipsum") > 0;
    if (len == 0)
        return 1;
    out->n_urls++;
    out->n_url_chars += count_chars_of(slice_of(rest.ptr, len));
    return len;
}

/* Count what begins with a sign. Returns how many bytes to pass over. */
static size_t count_signs_at(struct slice rest, struct markup_counts *out)
{
    const char byte = rest.ptr[0];
    size_t len = 0;

    if (byte == '<') {
        len = html_tag_len(rest);
        out->n_tags += len > 0;
        out->n_tag_chars += count_chars_of(slice_of(rest.ptr, len));
    } else if (byte == '&') {
        len = html_entity_len(rest);
        out->n_entities += len > 0;
    } else {
        out->n_braces += byte == '{' || byte == '}';
        out->n_brackets += memchr("()[]{}", byte, 6) != NULL;
    }
    return len > 0 ? len : 1;
}

static int measure_markup(const struct measured_text *text,
                          const struct measure_options *options, struct fact_value *out,
                          struct error *err)
{
    const struct slice all = text->text;
    struct markup_counts counts = { 0 };
    bool in_word = false; /* the byte before is a letter or a digit */

    (void)options;
    (void)err;
    for (size_t i = 0; i < all.len;) {
        const struct slice rest = slice_of(all.ptr + i, all.len - i);
        const bool is_alnum = is_ascii_alnum(all.ptr[i]);

        if (!is_alnum)
            i += count_signs_at(rest, &counts);
        else
            i += in_word ? 1 : count_words_at(rest, &counts);
        in_word = is_alnum;
    }
    out[HTML_TAG_SHARE].real = share_of(counts.n_tag_chars, text->n_chars);
    out[HTML_TAGS].integer = (int64_t)counts.n_tags;
    out[HTML_ENTITIES].integer = (int64_t)counts.n_entities;
    out[URLS].integer = (int64_t)counts.n_urls;
    out[URL_SHARE].real = share_of(counts.n_url_chars, text->n_chars);
    out[BRACKET_SHARE].real = share_of(counts.n_brackets, text->n_chars);
    out[CURLY_BRACES].integer = (int64_t)counts.n_braces;
    out[LOREM_IPSUM].integer = (int64_t)counts.n_lorem;
    return 0;
}

const struct measurer measurer_markup = {
    .name = "markup",
    .version = 1,
    .summary = "HTML, web addresses, brackets",
    .facts = markup_facts,
    .n_facts = N_MARKUP_FACTS,
    .parts = 1 << PART_ALL | 1 << PART_CONTEXT | 1 << PART_RESPONSE,
    .measure = measure_markup,
};
