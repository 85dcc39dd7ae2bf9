/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of how many words, sentences, paragraphs and the like a response has. */
#include "base/text/utf8.h"
#include "scoring/facts/constraint_private.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

size_t find_text(struct slice text, struct slice wanted, size_t from)
{
    if (wanted.len == 0)
        return SIZE_MAX;
    for (size_t i = from; i + wanted.len <= text.len; i++) {
        size_t same = 0;

        while (same < wanted.len && lower(text.ptr[i + same]) == lower(wanted.ptr[same]))
            same++;
        if (same == wanted.len)
            return i;
    }
    return SIZE_MAX;
}

static int64_t count_occurrences(struct slice text, struct slice wanted)
{
    int64_t n = 0;

    for (size_t i = 0; (i = find_text(text, wanted, i)) != SIZE_MAX; i += wanted.len)
        n++;
    return n;
}

/* Runs of letters, digits, marks and underscores; each wide character is a word. */
static int64_t count_word_runs(struct slice text, struct slice arg)
{
    int64_t n = 0;
    bool is_inside = false;
    size_t len;

    (void)arg;
    for (size_t i = 0; i < text.len; i += len) {
        const uint32_t code = utf8_first(slice_of(text.ptr + i, text.len - i), &len);
        const bool is_word =
            code == '_' || utf8_classes(code) & (UTF8_LETTER | UTF8_DIGIT | UTF8_MARK);

        n += is_word && (!is_inside || utf8_is_wide(code));
        is_inside = is_word;
    }
    return n;
}

static bool goes_on_in_lower_case(struct slice text, size_t at)
{
    while (at < text.len && memchr(" \n\t", text.ptr[at], 3))
        at++;
    return at < text.len && text.ptr[at] >= 'a' && text.ptr[at] <= 'z';
}

/* Does the full stop at `at` belong to an initial, an abbreviation, or an ellipsis inside a
 * sentence? */
static bool is_inside_sentence(struct slice text, size_t at)
{
    const char *titles = "mr|mrs|ms|dr|prof|st|vs|e.g|i.e|u.s|approx|p.s";
    const char *others = "etc|a.m|p.m|inc|jr|sr|co|ltd";
    size_t start = at, dots_end = at;

    while (dots_end < text.len && text.ptr[dots_end] == '.')
        dots_end++;
    if (dots_end > at + 1)
        return goes_on_in_lower_case(text, dots_end);
    while (start > 0 && at - start < 7 &&
           memchr("abcdefghijklmnopqrstuvwxyz.", lower(text.ptr[start - 1]), 27))
        start--;
    const struct slice word = slice_of(text.ptr + start, at - start);
    if (word.len == 1 && *word.ptr < 'a')
        return start == 0 || text.ptr[start - 1] == ' ';
    return is_one_of(word, titles, strlen(titles)) ||
           (is_one_of(word, others, strlen(others)) && goes_on_in_lower_case(text, at + 1));
}

/* Does a sentence end at `at`? Get the length of the mark with the marks and quotes behind it,
 * or of the character that is none. */
static bool is_sentence_end(struct slice text, size_t at, size_t *len)
{
    const uint32_t code = utf8_first(slice_of(text.ptr + at, text.len - at), len);

    if (code == 0x3002 || code == 0xff01 || code == 0xff1f || code == 0x0964)
        return true;
    if (code != '.' && code != '!' && code != '?')
        return false;
    size_t end = at + 1;
    while (end < text.len && memchr(".!?\"')]*_", text.ptr[end], 9))
        end++;
    *len = end - at;
    if (end == text.len)
        return true;
    return memchr(" \n\t", text.ptr[end], 3) && !(code == '.' && is_inside_sentence(text, at));
}

/* The rest behind the last end is a sentence if it has more than white space. */
static int64_t count_sentence_ends(struct slice text, struct slice arg)
{
    int64_t n = 0;
    size_t start = 0, len;

    (void)arg;
    for (size_t i = 0; i < text.len; i += len) {
        if (is_sentence_end(text, i, &len)) {
            n++;
            start = i + len;
        }
    }
    return n + !slice_is_blank(slice_of(text.ptr + start, text.len - start));
}

/* Count the stretches between dividers that are not blank. */
static int64_t count_divided(struct slice text, struct slice divider)
{
    int64_t n = 0;
    size_t start = 0, end;

    do {
        const size_t at = find_text(text, divider, start);

        end = at == SIZE_MAX ? text.len : at;
        n += !slice_is_blank(slice_of(text.ptr + start, end - start));
        start = end + divider.len;
    } while (end < text.len && start <= text.len);
    return n;
}

/* Lines that begin with "-", or with "*" and anything but another asterisk. */
static int64_t count_bullets(struct slice text, struct slice arg)
{
    int64_t n = 0;
    size_t len;

    (void)arg;
    for (size_t i = 0; i < text.len; i += len + 1) {
        const char *feed = memchr(text.ptr + i, '\n', text.len - i);

        len = feed ? (size_t)(feed - text.ptr) - i : text.len - i;
        const struct slice line = slice_trim_start(slice_of(text.ptr + i, len));
        n += line.len > 0 &&
             (line.ptr[0] == '-' || (line.ptr[0] == '*' && line.len > 1 && line.ptr[1] != '*'));
    }
    return n;
}

/* Count "[...]" within one line. */
static int64_t count_placeholders(struct slice text, struct slice arg)
{
    int64_t n = 0;
    bool is_open = false;

    (void)arg;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\n')
            is_open = false;
        else if (text.ptr[i] == ']') {
            n += is_open;
            is_open = false;
        } else if (text.ptr[i] == '[') {
            is_open = true;
        }
    }
    return n;
}

/* Count "*...*" and "**...**" within one line that are not blank inside. */
static int64_t count_highlights(struct slice text, struct slice arg)
{
    int64_t n = 0;

    (void)arg;
    size_t run, open = SIZE_MAX; /* where the marked text begins */

    for (size_t i = 0; i < text.len; i += run) {
        run = 1;
        if (text.ptr[i] == '\n')
            open = SIZE_MAX;
        if (text.ptr[i] != '*')
            continue;
        while (i + run < text.len && text.ptr[i + run] == '*')
            run++;
        const bool closes =
            open != SIZE_MAX && !slice_is_blank(slice_of(text.ptr + open, i - open));
        n += closes;
        open = closes ? SIZE_MAX : i + run;
    }
    return n;
}

/* Count the section word where a number follows it. */
static int64_t count_sections(struct slice text, struct slice word)
{
    int64_t n = 0;

    for (size_t i = 0; (i = find_text(text, word, i)) != SIZE_MAX; i += word.len) {
        size_t at = i + word.len;

        at += at < text.len && memchr(" \n\t", text.ptr[at], 3) != NULL;
        n += memcmp(text.ptr + i, word.ptr, word.len) == 0 && at < text.len &&
             text.ptr[at] >= '0' && text.ptr[at] <= '9';
    }
    return n;
}

/* Count words whose letters are all capitals. */
static int64_t count_capital_words(struct slice text, struct slice arg)
{
    int64_t n = 0;
    bool has_upper = false, has_other = false;
    size_t len;

    (void)arg;
    for (size_t i = 0; i < text.len; i += len) {
        const uint32_t code = utf8_first(slice_of(text.ptr + i, text.len - i), &len);
        const unsigned classes = utf8_classes(code);

        if (classes & UTF8_LETTER) {
            has_upper |= (classes & UTF8_UPPER) != 0;
            has_other |= !(classes & UTF8_UPPER);
        } else if (!(classes & (UTF8_DIGIT | UTF8_MARK)) && !memchr("-_'/.", (int)code, 5)) {
            n += has_upper && !has_other;
            has_upper = has_other = false;
        }
    }
    return n + (has_upper && !has_other);
}

/* arg: what divides paragraphs, the section word, the keyword or the letter. */
static int64_t (*const counters[N_COUNTED_CONSTRAINTS])(struct slice text, struct slice arg) = {
    [CONSTRAINT_WORDS] = count_word_runs,
    [CONSTRAINT_SENTENCES] = count_sentence_ends,
    [CONSTRAINT_PARAGRAPHS] = count_divided,
    [CONSTRAINT_BULLETS] = count_bullets,
    [CONSTRAINT_PLACEHOLDERS] = count_placeholders,
    [CONSTRAINT_HIGHLIGHTS] = count_highlights,
    [CONSTRAINT_SECTIONS] = count_sections,
    [CONSTRAINT_CAPITAL_WORDS] = count_capital_words,
    [CONSTRAINT_KEYWORD_COUNT] = count_occurrences,
    [CONSTRAINT_LETTER_COUNT] = count_occurrences,
};

int check_count(const struct constraint *constraint, struct slice response, struct finding *out,
                struct error *err)
{
    const struct slice divider = slice_text(constraint->has_dividers ? "***" : "\n\n");
    const bool is_divided = constraint->kind == CONSTRAINT_PARAGRAPHS;

    (void)err;
    out->n = counters[constraint->kind](response, is_divided ? divider : constraint->args[0]);
    out->kept = out->n >= constraint->min && out->n <= constraint->max;
    return 0;
}
