/* SPDX-License-Identifier: Apache-2.0 */
/* The forms of phone numbers. */
#include "scoring/facts/personal_phone.h"

#include "scoring/facts/personal_private.h"

/* Codes of countries with the least and the most digits behind the code, in the order of the
 * first digit; codes that are not here have 6 to 12. */
static const struct country {
    const char *code;
    unsigned char min, max;
} countries[] = {
    { "1", 10, 10 },  { "20", 8, 10 },  { "27", 9, 9 },   { "212", 9, 9 },  { "213", 8, 9 },
    { "216", 8, 8 },  { "234", 8, 10 }, { "254", 9, 9 },  { "30", 10, 10 }, { "31", 9, 9 },
    { "32", 8, 9 },   { "33", 9, 9 },   { "34", 9, 9 },   { "351", 9, 9 },  { "353", 7, 9 },
    { "358", 6, 11 }, { "36", 8, 9 },   { "380", 9, 9 },  { "39", 8, 11 },  { "40", 9, 9 },
    { "41", 9, 9 },   { "420", 9, 9 },  { "43", 7, 12 },  { "44", 9, 10 },  { "45", 8, 8 },
    { "46", 7, 9 },   { "47", 8, 8 },   { "48", 9, 9 },   { "49", 7, 11 },  { "51", 8, 9 },
    { "52", 10, 10 }, { "54", 10, 11 }, { "55", 10, 11 }, { "56", 9, 9 },   { "57", 10, 10 },
    { "60", 8, 10 },  { "61", 9, 9 },   { "62", 8, 12 },  { "63", 8, 10 },  { "64", 8, 10 },
    { "65", 8, 8 },   { "66", 8, 9 },   { "7", 10, 10 },  { "81", 9, 10 },  { "82", 8, 10 },
    { "84", 9, 10 },  { "852", 8, 8 },  { "86", 10, 11 }, { "886", 8, 9 },  { "90", 10, 10 },
    { "91", 10, 10 }, { "92", 9, 10 },  { "966", 8, 9 },  { "971", 8, 9 },  { "972", 8, 9 },
    { "98", 10, 10 },
};
enum { N_COUNTRIES = sizeof countries / sizeof *countries };

/* The least and the most digits of an international number, with the code of its country. */
static bool find_lengths(const char *digits, size_t n, size_t *min, size_t *max)
{
    for (size_t i = 0; i < N_COUNTRIES; i++) {
        const size_t len = strlen(countries[i].code);

        if (n > len && memcmp(digits, countries[i].code, len) == 0) {
            *min = len + countries[i].min;
            *max = len + countries[i].max;
            return true;
        }
    }
    *min = 9;
    *max = 15;
    return n > 0 && digits[0] != '0' && digits[0] != '1' && digits[0] != '7';
}

/* Words that announce a phone number. ASCII letters match in both cases. */
static const char *const phone_words[] = {
    /* clang-format off */
    /* English */
    "tel", "tel.", "tlf", "tlf.", "phone", "telephone", "mobile", "cell", "fax", "call",
    "reach", "dial", "ring", "whatsapp", "sms", "hotline", "ph.",
    /* German */
    "telefon", "telefonnummer", "handy", "handynummer", "mobil", "mobilnummer", "fon",
    "rufnummer", "anrufen", "erreichbar",
    /* French */
    "t\xc3\xa9l", "t\xc3\xa9l.", "t\xc3\xa9l\xc3\xa9phone", "portable", "appelez", "appeler",
    "joindre",
    /* Spanish, Italian, Portuguese */
    "tel\xc3\xa9" "fono", "telefono", "telefone", "m\xc3\xb3vil", "celular", "cellulare",
    "llame", "ll\xc3\xa1meme", "ll\xc3\xa1mame", "ligue", "chiama",
    /* Dutch, Turkish */
    "telefoon", "telefonu", "cep", "gsm", "telefonum",
    /* Russian, with a capital too */
    "\xd1\x82\xd0\xb5\xd0\xbb", "\xd1\x82\xd0\xb5\xd0\xbb.", "\xd0\xa2\xd0\xb5\xd0\xbb.",
    "\xd1\x82\xd0\xb5\xd0\xbb\xd0\xb5\xd1\x84\xd0\xbe\xd0\xbd",
    "\xd0\xa2\xd0\xb5\xd0\xbb\xd0\xb5\xd1\x84\xd0\xbe\xd0\xbd",
    "\xd1\x82\xd0\xb5\xd0\xbb\xd0\xb5\xd1\x84\xd0\xbe\xd0\xbd\xd1\x83",
    "\xd1\x82\xd0\xb5\xd0\xbb\xd0\xb5\xd1\x84\xd0\xbe\xd0\xbd\xd0\xb0",
    "\xd0\xb7\xd0\xb2\xd0\xbe\xd0\xbd\xd0\xb8\xd1\x82\xd0\xb5",
    "\xd0\x97\xd0\xb2\xd0\xbe\xd0\xbd\xd0\xb8\xd1\x82\xd0\xb5",
    "\xd0\xbf\xd0\xbe\xd0\xb7\xd0\xb2\xd0\xbe\xd0\xbd\xd0\xb8\xd1\x82\xd0\xb5",
    /* Chinese */
    "\xe7\x94\xb5\xe8\xaf\x9d", "\xe6\x89\x8b\xe6\x9c\xba",
    "\xe6\x89\x8b\xe6\x9c\xba\xe5\x8f\xb7",
    "\xe6\x89\x8b\xe6\x9c\xba\xe5\x8f\xb7\xe7\xa0\x81",
    "\xe7\x94\xb5\xe8\xaf\x9d\xe5\x8f\xb7\xe7\xa0\x81", "\xe8\x87\xb4\xe7\x94\xb5",
    /* Japanese */
    "\xe9\x9b\xbb\xe8\xa9\xb1", "\xe9\x9b\xbb\xe8\xa9\xb1\xe7\x95\xaa\xe5\x8f\xb7",
    "\xe6\x90\xba\xe5\xb8\xaf", "\xe6\x90\xba\xe5\xb8\xaf\xe9\x9b\xbb\xe8\xa9\xb1",
    /* Korean */
    "\xec\xa0\x84\xed\x99\x94", "\xec\xa0\x84\xed\x99\x94\xeb\xb2\x88\xed\x98\xb8",
    "\xed\x9c\xb4\xeb\x8c\x80\xed\x8f\xb0",
    /* Arabic */
    "\xd9\x87\xd8\xa7\xd8\xaa\xd9\x81", "\xd8\xa7\xd9\x84\xd9\x87\xd8\xa7\xd8\xaa\xd9\x81",
    "\xd8\xac\xd9\x88\xd8\xa7\xd9\x84", "\xd8\xa7\xd9\x84\xd8\xac\xd9\x88\xd8\xa7\xd9\x84",
    "\xd8\xa7\xd8\xaa\xd8\xb5\xd9\x84",
    /* Hindi */
    "\xe0\xa4\xab\xe0\xa5\x8b\xe0\xa4\xa8",
    "\xe0\xa4\xab\xe0\xa4\xbc\xe0\xa5\x8b\xe0\xa4\xa8",
    "\xe0\xa4\xae\xe0\xa5\x8b\xe0\xa4\xac\xe0\xa4\xbe\xe0\xa4\x87\xe0\xa4\xb2",
    NULL,
    /* clang-format on */
};
/* Words between such a word and the number. */
static const char *const link_words[] = {
    /* clang-format off */
    "is", "at", "on", "no.", "number", "under", "me", "us", "them", "to", "ist", "unter",
    "lautet", "nr.", "uns", "mich", "est", "le", "au", "num\xc3\xa9ro", "es", "el", "al",
    "n\xc2\xba", "n\xc3\xbamero", "para", "o", "\xd0\xbf\xd0\xbe",
    "\xd0\xbd\xd0\xbe\xd0\xbc\xd0\xb5\xd1\x80\xd1\x83", "\xd8\xa8\xd9\x8a",
    "\xd8\xb9\xd9\x84\xd9\x89", "\xd8\xa7\xd9\x84\xd8\xb1\xd9\x82\xd9\x85",
    "\xd8\xb1\xd9\x82\xd9\x85", "\xe0\xa4\xa8\xe0\xa4\x82\xe0\xa4\xac\xe0\xa4\xb0",
    "\xe0\xa4\xaa\xe0\xa4\xb0",
    NULL,
    /* clang-format on */
};
enum { MAX_LINK_WORDS = 3, MAX_LINK_BYTES = 40 };

/* Is there a word of phones directly before, perhaps with marks and short words between? */
static bool is_announced(struct slice text, size_t at)
{
    size_t end = at;

    for (int i = 0; i <= MAX_LINK_WORDS; i++) {
        while (end > 0 && at - end < MAX_LINK_BYTES && memchr(" :=\"*`(", text.ptr[end - 1], 7))
            end--;
        /* A colon as wide as an ideograph. */
        if (end >= 3 && memcmp(text.ptr + end - 3, "\xef\xbc\x9a", 3) == 0)
            end -= 3;
        if (personal_ends_with_word(text, end, phone_words))
            return true;
        if (!personal_ends_with_word(text, end, link_words))
            return false;
        while (end > 0 && at - end < MAX_LINK_BYTES && text.ptr[end - 1] != ' ')
            end--;
    }
    return false;
}

static bool all_joints(const struct number_phrase *phrase, size_t n, const char *allowed)
{
    for (size_t i = 0; i + 1 < n; i++)
        if (!strchr(allowed, phrase->groups[i].joint))
            return false;
    return true;
}

/* Do the groups have these lengths? At most 8, ending with 0. */
static bool has_lengths(const struct number_phrase *phrase, size_t first, const char *lengths)
{
    size_t i = 0;

    for (; lengths[i]; i++)
        if (first + i >= phrase->n ||
            phrase->groups[first + i].len != (size_t)(lengths[i] - '0'))
            return false;
    return true;
}

/* Is the number, or its beginning, a date: 2024-05-17, 17.05.2024, or two years? */
static bool is_date(const struct number_phrase *phrase)
{
    const char *digits = phrase->digits;
    const bool has_year = memcmp(digits, "19", 2) == 0 || memcmp(digits, "20", 2) == 0;

    if (phrase->n_digits < 8)
        return false;
    return (has_year && (has_lengths(phrase, 0, "422") || has_lengths(phrase, 0, "44"))) ||
           has_lengths(phrase, 0, "224") || has_lengths(phrase, 0, "124") ||
           has_lengths(phrase, 0, "214") ||
           (phrase->n == 1 && phrase->n_digits == 8 && has_year);
}

/* Are the groups a list of numbers that grow by one: 01 02 03 04 05? */
static bool is_sequence(const struct number_phrase *phrase, size_t n)
{
    const char *digits = phrase->digits;

    for (size_t i = 1; i < n; i++) {
        const size_t last = phrase->groups[i].n_digits;
        const size_t before = phrase->groups[i - 1].n_digits;

        if (digits[last - 1] != (digits[before - 1] == '9' ? '0' : digits[before - 1] + 1))
            return false;
    }
    return n > 2;
}

/* + or 00, the code of the country, the number. "(0)" is not dialled. */
static bool is_international(const struct number_phrase *phrase, size_t skip, size_t *n_groups)
{
    const char *digits = phrase->digits + skip;
    size_t trunk = 0, min, max, fits = 0;

    if (phrase->n_digits <= skip + 6 ||
        !find_lengths(digits, phrase->n_digits - skip, &min, &max))
        return false;
    for (size_t i = 0; i < phrase->n; i++) {
        const struct number_group *group = &phrase->groups[i];

        trunk += i > 0 && group->len == 1 && phrase->digits[group->n_digits - 1] == '0' &&
                 phrase->groups[i - 1].joint == '(';
        const size_t n = group->n_digits - skip - trunk;
        if (n > max)
            break;
        if (n >= min)
            fits = i + 1;
    }
    *n_groups = fits;
    return fits > 0 && !(phrase->overflows && fits == phrase->n);
}

/* (212) 555-0123, 212-555-0123, 212.555.0123, each perhaps behind a 1 or an 8. */
static size_t match_american(const struct number_phrase *phrase)
{
    const char first = phrase->digits[0];
    const size_t skip = phrase->groups[0].len == 1 && (first == '1' || first == '8');
    const char *digits = phrase->digits + skip;
    const char joint = phrase->groups[skip].joint;
    const bool has_codes = digits[0] >= '2' && digits[3] >= '2';

    if (phrase->n_digits < 10 + skip)
        return 0;
    /* 8 (495) 123-45-67: the first digit of the number may be any. */
    if (skip && first == '8' && has_lengths(phrase, 1, "3322") && joint != '.')
        return 5;
    const bool in_brackets = phrase->lead == '(' || (skip && phrase->groups[0].joint == '(');
    if (!has_codes || !has_lengths(phrase, skip, "334") || !(joint == ')' || !in_brackets))
        return 0;
    if (!in_brackets && (joint != '-' && joint != '.'))
        return 0;
    return !in_brackets && phrase->groups[skip + 1].joint != joint ? 0 : skip + 3;
}

/* (11) 91234-5678, (0171) 1234567: a code in brackets, and a number of six digits or more. */
static bool is_bracketed(const struct number_phrase *phrase)
{
    const struct number_group *first = &phrase->groups[0];

    return phrase->lead == '(' && first->joint == ')' && phrase->n >= 2 && phrase->n <= 5 &&
           (first->len == 2 || first->len == 3 ||
            (first->len <= 5 && phrase->digits[0] == '0')) &&
           phrase->n_digits >= 9 && phrase->n_digits <= 12;
}

/* 030 1234567, 06 12 34 56 78, 090-1234-5678: an area code with 0. */
static bool is_trunked(const struct number_phrase *phrase)
{
    const struct number_group *first = &phrase->groups[0];
    size_t n_zeros = 0;

    for (size_t i = 0; i < phrase->n; i++)
        n_zeros += phrase->digits[phrase->groups[i].n_digits - phrase->groups[i].len] == '0';
    if (phrase->lead || phrase->digits[0] != '0' || phrase->digits[1] == '0' ||
        first->len < 2 || first->len > 5 || phrase->n < 2 || phrase->n > 5 ||
        n_zeros == phrase->n)
        return false;
    const bool has_dots = all_joints(phrase, phrase->n, ".");
    return phrase->n_digits >= 9 && phrase->n_digits <= 12 &&
           (has_dots ? phrase->n >= 3 : all_joints(phrase, phrase->n, " -/")) &&
           !is_sequence(phrase, phrase->n);
}

/* 138-1234-5678, 138 1234 5678: mobile numbers of China. */
static bool is_chinese(const struct number_phrase *phrase)
{
    const char joint = phrase->groups[0].joint;

    return !phrase->lead && phrase->n == 3 && has_lengths(phrase, 0, "344") &&
           phrase->digits[0] == '1' && phrase->digits[1] >= '3' &&
           (joint == ' ' || joint == '-') && phrase->groups[1].joint == joint;
}

/* Is there another group of digits before, as in a list or a longer number? */
static bool follows_group(struct slice text, size_t at)
{
    const char joint = personal_before(text, at, 1);

    return (joint == ' ' || joint == '-') && personal_is_digit(personal_before(text, at, 2));
}

const char *personal_phone_form(struct slice text, const struct number_phrase *phrase,
                                size_t *n_groups)
{
    const bool has_prefix = memcmp(phrase->digits, "00", 2) == 0;

    *n_groups = phrase->n;
    if (phrase->lead == '+')
        return is_international(phrase, 0, n_groups) ? "international" : NULL;
    if (phrase->lead != '(' && follows_group(text, phrase->start))
        return NULL;
    if (has_prefix && !phrase->lead)
        return (phrase->n > 1 || is_announced(text, phrase->start)) &&
                       is_international(phrase, 2, n_groups)
                   ? "international"
                   : NULL;
    const size_t american = match_american(phrase);
    if (american > 0) {
        *n_groups = american;
        return "national";
    }
    if (phrase->overflows || is_date(phrase))
        return NULL;
    if (is_bracketed(phrase) || is_trunked(phrase) || is_chinese(phrase))
        return "national";
    const bool is_plain = phrase->n_digits >= 7 && phrase->n_digits <= 12 &&
                          all_joints(phrase, phrase->n, " -/()");
    return is_plain && is_announced(text, phrase->start) ? "national" : NULL;
}
