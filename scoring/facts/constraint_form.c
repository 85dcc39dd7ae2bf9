/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of the words, the language and the form of a response. */
#include "base/json/json_check.h"
#include "base/text/language.h"
#include "base/text/utf8.h"
#include "scoring/facts/constraint_private.h"

/* Report a constraint as broken by `what` unless it is kept. */
static int report(struct finding *out, bool kept, const char *what)
{
    out->kept = kept;
    out->what = slice_text(what);
    return 0;
}

int check_keywords(const struct constraint *constraint, struct slice response,
                   struct finding *out, struct error *err)
{
    (void)err;
    out->kept = true;
    for (size_t i = 0; i < constraint->n_args && out->kept; i++) {
        out->kept = find_text(response, constraint->args[i], 0) != SIZE_MAX;
        out->what = constraint->args[i];
    }
    return 0;
}

static bool is_word_at(struct slice text, size_t at)
{
    return at < text.len &&
           ((text.ptr[at] >= '0' && text.ptr[at] <= '9') || text.ptr[at] == '_' ||
            ((text.ptr[at] | 0x20) >= 'a' && (text.ptr[at] | 0x20) <= 'z') ||
            (unsigned char)text.ptr[at] >= 0x80);
}

/* Is the word in the text, not as a part of another? */
static bool has_whole_word(struct slice text, struct slice word)
{
    for (size_t i = 0; (i = find_text(text, word, i)) != SIZE_MAX; i++)
        if ((i == 0 || !is_word_at(text, i - 1)) && !is_word_at(text, i + word.len))
            return true;
    return false;
}

int check_forbidden_words(const struct constraint *constraint, struct slice response,
                          struct finding *out, struct error *err)
{
    (void)err;
    out->kept = true;
    for (size_t i = 0; i < constraint->n_args && out->kept; i++) {
        out->kept = !has_whole_word(response, constraint->args[i]);
        out->what = constraint->args[i];
    }
    return 0;
}

int check_language(const struct constraint *constraint, struct slice response,
                   struct finding *out, struct error *err)
{
    const char *code;

    if (language_identify(response, NULL, &code, err) < 0)
        return -1;
    out->is_unknown = !code;
    return report(out, code && language_same(code, constraint->language), code ? code : "");
}

/* Get paragraph n, from 1, of those that two line ends separate. len 0: there is none. */
static struct slice find_paragraph(struct slice text, int64_t n)
{
    for (size_t start = 0, end; start < text.len; start = end + 2) {
        const size_t at = find_text(text, slice_text("\n\n"), start);

        end = at == SIZE_MAX ? text.len : at;
        const struct slice paragraph = slice_trim(slice_of(text.ptr + start, end - start));
        if (paragraph.len > 0 && --n == 0)
            return paragraph;
    }
    return slice_of("", 0);
}

int check_paragraph_first_word(const struct constraint *constraint, struct slice response,
                               struct finding *out, struct error *err)
{
    struct slice paragraph = find_paragraph(response, constraint->min);
    const struct slice word = constraint->args[0];

    (void)err;
    while (paragraph.len > 0 && memchr("'\"", paragraph.ptr[0], 2))
        paragraph = slice_of(paragraph.ptr + 1, paragraph.len - 1);
    const bool begins =
        find_text(slice_of(paragraph.ptr, word.len <= paragraph.len ? word.len : 0), word, 0) ==
        0;
    const bool ends = begins && (paragraph.len == word.len ||
                                 memchr(" \n\t.,?!'\"", paragraph.ptr[word.len], 9));
    return report(out, begins && ends,
                  paragraph.len > 0 ? "another first word" : "no such paragraph");
}

/* Letters of the marker with a full stop behind each, and a space between them or not. */
int check_postscript(const struct constraint *constraint, struct slice response,
                     struct finding *out, struct error *err)
{
    const bool is_second = constraint->args[0].len == 5; /* "P.P.S" */
    static const char *const first[] = { "P.S.", "P. S.", NULL };
    static const char *const second[] = { "P.P.S", "P. P.S", "P.P. S", "P. P. S", NULL };
    bool kept = false;

    (void)err;
    for (const char *const *form = is_second ? second : first; *form && !kept; form++)
        kept = find_text(response, slice_text(*form), 0) != SIZE_MAX;
    return report(out, kept, "none");
}

/* "<<", something else than angle brackets and blanks, ">>" on one line. */
int check_title(const struct constraint *constraint, struct slice response, struct finding *out,
                struct error *err)
{
    bool kept = false, is_open = false, has_text = false;

    (void)constraint;
    (void)err;
    for (size_t i = 0; i < response.len && !kept; i++) {
        const char c = response.ptr[i];
        const bool is_double = i + 1 < response.len && response.ptr[i + 1] == c;

        if (c == '\n') {
            is_open = has_text = false;
        } else if (c == '<' && is_double) {
            is_open = true;
        } else if (c == '>' && is_double) {
            kept = is_open && has_text;
        } else if (is_open && c != '<' && c != '>' && c != ' ' && c != '\t') {
            has_text = true;
        }
    }
    return report(out, kept, "no title");
}

int check_choice(const struct constraint *constraint, struct slice response,
                 struct finding *out, struct error *err)
{
    bool kept = false;

    (void)err;
    for (size_t i = 0; i < constraint->n_args && !kept; i++)
        kept = find_text(response, constraint->args[i], 0) != SIZE_MAX;
    return report(out, kept, "none of them");
}

int check_json(const struct constraint *constraint, struct slice response, struct finding *out,
               struct error *err)
{
    struct json_check check;
    struct slice text = slice_trim(response);

    (void)constraint;
    (void)err;
    if (find_text(text, slice_text("```json"), 0) == 0)
        text = slice_of(text.ptr + 7, text.len - 7);
    else if (find_text(text, slice_text("```"), 0) == 0)
        text = slice_of(text.ptr + 3, text.len - 3);
    if (text.len >= 3 && memcmp(text.ptr + text.len - 3, "```", 3) == 0)
        text.len -= 3;
    return report(out, json_check(slice_trim(text), &check), "not JSON");
}

int check_repeat_prompt(const struct constraint *constraint, struct slice response,
                        struct finding *out, struct error *err)
{
    struct slice text = slice_trim(response);
    const struct slice prompt = constraint->args[0];

    (void)err;
    text.len = text.len < prompt.len ? 0 : prompt.len;
    return report(out, find_text(text, prompt, 0) == 0, "not repeated");
}

int check_two_responses(const struct constraint *constraint, struct slice response,
                        struct finding *out, struct error *err)
{
    const struct slice divider = slice_text("******");
    struct slice found[2];
    size_t n = 0, start = 0, end;
    bool is_odd = false; /* a blank one between two others */

    (void)constraint;
    (void)err;
    do {
        const size_t at = find_text(response, divider, start);

        end = at == SIZE_MAX ? response.len : at;
        const struct slice one = slice_trim(slice_of(response.ptr + start, end - start));
        if (one.len == 0)
            is_odd |= start > 0 && at != SIZE_MAX;
        else if (n++ < 2)
            found[n - 1] = one;
        start = end + divider.len;
    } while (end < response.len && start <= response.len);
    if (n == 2 && !is_odd)
        return report(out, !slice_equal(found[0], found[1]), "the same twice");
    return report(out, false, n < 2 ? "fewer" : n > 2 ? "more" : "an empty one");
}

int check_end_phrase(const struct constraint *constraint, struct slice response,
                     struct finding *out, struct error *err)
{
    struct slice text = slice_trim(response);
    const struct slice phrase = slice_trim(constraint->args[0]);

    (void)err;
    while (text.len > 0 && text.ptr[text.len - 1] == '"')
        text.len--;
    const size_t start = text.len < phrase.len ? text.len : text.len - phrase.len;
    return report(out, find_text(text, phrase, start) == start, "another end");
}

int check_quotation(const struct constraint *constraint, struct slice response,
                    struct finding *out, struct error *err)
{
    const struct slice text = slice_trim(response);

    (void)constraint;
    (void)err;
    return report(out, text.len > 1 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"',
                  "no quotation marks around it");
}

/* Letters of scripts without cases count as lower case. */
static void find_cases(struct slice text, bool *has_upper, bool *has_lower)
{
    size_t len;

    *has_upper = *has_lower = false;
    for (size_t i = 0; i < text.len; i += len) {
        const uint32_t code = utf8_first(slice_of(text.ptr + i, text.len - i), &len);
        const unsigned classes = utf8_classes(code);

        *has_upper |= (classes & UTF8_UPPER) != 0;
        *has_lower |= classes & UTF8_LETTER && !(classes & UTF8_UPPER);
    }
}

int check_all_capitals(const struct constraint *constraint, struct slice response,
                       struct finding *out, struct error *err)
{
    bool has_upper, has_lower;

    (void)constraint;
    (void)err;
    find_cases(response, &has_upper, &has_lower);
    return report(out, has_upper && !has_lower, has_lower ? "other letters" : "no letters");
}

int check_all_lowercase(const struct constraint *constraint, struct slice response,
                        struct finding *out, struct error *err)
{
    bool has_upper, has_lower;

    (void)constraint;
    (void)err;
    find_cases(response, &has_upper, &has_lower);
    return report(out, has_lower && !has_upper, has_upper ? "capital letters" : "no letters");
}

int check_no_commas(const struct constraint *constraint, struct slice response,
                    struct finding *out, struct error *err)
{
    (void)constraint;
    (void)err;
    return report(out, !memchr(response.ptr, ',', response.len), "a comma");
}
