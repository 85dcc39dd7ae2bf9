/* SPDX-License-Identifier: Apache-2.0 */
/* Card numbers and phone numbers: groups of digits. */
#include "scoring/facts/personal_phone.h"

#include "scoring/facts/personal_private.h"

/* The bytes between two groups: one of " -./", "( ", ") ", or a no-break space. Returns their
 * number; 0 if no group follows. */
static size_t read_joint(struct slice text, size_t at, char *joint)
{
    const char c = personal_byte(text, at);
    size_t len = c && memchr(" -./()", c, 6) ? 1 : 0;

    *joint = c;
    if ((unsigned char)c == 0xc2 && (unsigned char)personal_byte(text, at + 1) == 0xa0) {
        *joint = ' ';
        len = 2;
    }
    if (len == 0)
        return 0;
    const char next = personal_byte(text, at + len);
    if ((c == ')' && (next == ' ' || next == '-')) || (c == ' ' && next == '(') ||
        (c == '-' && next == '(')) {
        *joint = next == '(' ? next : c;
        len++;
    }
    return personal_is_digit(personal_byte(text, at + len)) ? len : 0;
}

/* Read groups of digits from `at` on, and stop at the first group that would be too much. */
static void read_phrase(struct slice text, size_t at, struct number_phrase *out)
{
    memset(out, 0, sizeof *out);
    out->start = at;
    if (text.ptr[at] == '+' || text.ptr[at] == '(')
        out->lead = text.ptr[at++];
    while (out->n < PHRASE_GROUPS) {
        struct number_group *group = &out->groups[out->n];

        group->start = at;
        while (personal_is_digit(personal_byte(text, at)) && at - group->start <= PHRASE_DIGITS)
            at++;
        group->len = at - group->start;
        if (group->len == 0 || out->n_digits + group->len > PHRASE_DIGITS) {
            out->overflows = group->len > 0;
            return;
        }
        memcpy(out->digits + out->n_digits, text.ptr + group->start, group->len);
        out->n_digits += group->len;
        group->end = at;
        group->n_digits = out->n_digits;
        out->n++;
        at += read_joint(text, at, &group->joint);
        if (at == group->end) {
            group->joint = 0;
            return;
        }
    }
    out->overflows = true;
}

/* Does something here make the number a part of a longer one, a word or an address? */
static bool ends_inside(struct slice text, size_t end)
{
    const char c = personal_byte(text, end);
    const char next = personal_byte(text, end + 1);

    return personal_is_alnum(c) || c == '_' || c == '@' || c == '%' ||
           (c && memchr(".,:-", c, 4) && personal_is_digit(next)) ||
           (c == '-' && personal_is_letter(next));
}

static bool begins_inside(struct slice text, size_t at)
{
    const char c = personal_before(text, at, 1);
    const char back = personal_before(text, at, 2);

    return personal_is_alnum(c) || c == '_' || c == '#' || c == '$' ||
           (c && memchr(".,:-/", c, 5) &&
            (personal_is_digit(back) || personal_is_letter(back)) &&
            !(c == ':' && personal_is_letter(back))) ||
           (c == '/' && back == '/');
}

/* The check digit of Luhn. */
static bool has_luhn(const char *digits, size_t n)
{
    unsigned sum = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned digit = (unsigned)(digits[n - 1 - i] - '0');

        if (i % 2 == 1)
            digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
        sum += digit;
    }
    return sum % 10 == 0;
}

/* Ranges of issuers, by the first six digits, and the lengths of their numbers as bits. */
#define LENGTH(n) (1U << (n))
static const struct issuer {
    unsigned first, last;
    unsigned lengths;
    const char *name;
} issuers[] = {
    { 220000, 220499, LENGTH(16), "mir" },
    { 222100, 272099, LENGTH(16), "mastercard" },
    { 300000, 305999, LENGTH(14), "diners" },
    { 340000, 349999, LENGTH(15), "amex" },
    { 352800, 358999, LENGTH(16), "jcb" },
    { 360000, 369999, LENGTH(14), "diners" },
    { 370000, 379999, LENGTH(15), "amex" },
    { 380000, 399999, LENGTH(14), "diners" },
    { 400000, 499999, LENGTH(13) | LENGTH(16) | LENGTH(19), "visa" },
    { 510000, 559999, LENGTH(16), "mastercard" },
    { 601100, 601199, LENGTH(16) | LENGTH(19), "discover" },
    { 620000, 629999, LENGTH(16) | LENGTH(17) | LENGTH(18) | LENGTH(19), "unionpay" },
    { 644000, 659999, LENGTH(16) | LENGTH(19), "discover" },
};
enum { N_ISSUERS = sizeof issuers / sizeof *issuers };

static const char *find_issuer(const char *digits, size_t n)
{
    unsigned prefix = 0;

    for (size_t i = 0; i < 6; i++)
        prefix = prefix * 10 + (unsigned)(digits[i] - '0');
    for (size_t i = 0; i < N_ISSUERS; i++)
        if (prefix >= issuers[i].first && prefix <= issuers[i].last &&
            issuers[i].lengths >> n & 1)
            return issuers[i].name;
    return NULL;
}

/* Are the first n groups written as on a card: one group, fours, 4-6-5 or 4-6-4, with the same
 * joint between? */
static bool is_card_layout(const struct number_phrase *phrase, size_t n)
{
    const struct number_group *groups = phrase->groups;

    if (n == 1)
        return true;
    for (size_t i = 0; i + 1 < n; i++)
        if (groups[i].joint != groups[0].joint ||
            (groups[i].joint != ' ' && groups[i].joint != '-'))
            return false;
    if (groups[0].len != 4)
        return false;
    if (n == 3 && groups[1].len == 6)
        return groups[2].len == 5 || groups[2].len == 4;
    for (size_t i = 1; i + 1 < n; i++)
        if (groups[i].len != 4)
            return false;
    return n >= 4 && groups[n - 1].len <= 4;
}

static bool find_card(struct slice text, const struct number_phrase *phrase,
                      struct personal_hit *hit)
{
    const char joint = personal_before(text, phrase->start, 1);

    /* The end of a longer number in groups, such as an account. */
    if (joint == phrase->groups[0].joint &&
        personal_is_digit(personal_before(text, phrase->start, 2)))
        return false;
    for (size_t n = phrase->n; n > 0 && !phrase->lead; n--) {
        const struct number_group *last = &phrase->groups[n - 1];
        const size_t n_digits = last->n_digits;

        if (n_digits < 13 || n_digits > 19 || !is_card_layout(phrase, n) ||
            ends_inside(text, last->end) || !has_luhn(phrase->digits, n_digits))
            continue;
        const char *issuer = find_issuer(phrase->digits, n_digits);
        if (!issuer)
            continue;
        *hit = (struct personal_hit){ phrase->start, last->end, PERSONAL_CARD, issuer };
        return true;
    }
    return false;
}

bool personal_find_number(struct slice text, size_t at, struct personal_hit *hit)
{
    struct number_phrase phrase;
    size_t n;

    if (begins_inside(text, at))
        return false;
    read_phrase(text, at, &phrase);
    if (phrase.n_digits < 7)
        return false;
    if (find_card(text, &phrase, hit))
        return true;
    const char *form = personal_phone_form(text, &phrase, &n);
    if (!form || ends_inside(text, phrase.groups[n - 1].end))
        return false;
    *hit = (struct personal_hit){ at, phrase.groups[n - 1].end, PERSONAL_PHONE, form };
    return true;
}
