/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of networks and devices, and bank accounts. */
#include "scoring/facts/personal_private.h"

/* Does a character here continue a code of letters and digits? */
static bool continues(struct slice text, size_t at, char joint)
{
    const char c = personal_byte(text, at);

    return personal_is_alnum(c) || c == '_' ||
           (c == joint && personal_is_alnum(personal_byte(text, at + 1)));
}

/* Words before a number of four parts that is no address. */
static const char *const version_words[] = {
    "version",
    "versions",
    "ver",
    "ver.",
    "v",
    "v.",
    "release",
    "rel.",
    "build",
    "firmware",
    "fw",
    "revision",
    "rev",
    "rev.",
    "update",
    "patch",
    "section",
    "sec.",
    "chapter",
    "clause",
    "article",
    "paragraph",
    "figure",
    "table",
    "step",
    "abschnitt",
    "kapitel",
    "secci\xc3\xb3n",
    "cap\xc3\xadtulo",
    "versi\xc3\xb3n",
    "vers\xc3\xa3o",
    "versione",
    "s\xc3\xbcr\xc3\xbcm",
    "\xc2\xa7",
    "\xd0\xb2\xd0\xb5\xd1\x80\xd1\x81\xd0\xb8\xd1\x8f",             /* Russian */
    "\xd0\xb2\xd0\xb5\xd1\x80\xd1\x81\xd0\xb8\xd0\xb8",             /* Russian, genitive */
    "\xd0\xb2\xd0\xb5\xd1\x80\xd1\x81\xd0\xb8\xd1\x8e",             /* Russian, accusative */
    "\xe7\x89\x88\xe6\x9c\xac",                                     /* Chinese */
    "\xe3\x83\x90\xe3\x83\xbc\xe3\x82\xb8\xe3\x83\xa7\xe3\x83\xb3", /* Japanese */
    "\xeb\xb2\x84\xec\xa0\x84",                                     /* Korean */
    "\xd8\xa7\xd9\x84\xd8\xa5\xd8\xb5\xd8\xaf\xd8\xa7\xd8\xb1",     /* Arabic */
    "\xe0\xa4\xb8\xe0\xa4\x82\xe0\xa4\xb8\xe0\xa5\x8d\xe0\xa4\x95\xe0\xa4\xb0\xe0\xa4\xa3",
    NULL, /* the last: Hindi */
};

/* Is the number the version of a package or product: name-1.2.3.4, ==1.2.3.4, Product/1.2.3.4?
 */
static bool follows_product(struct slice text, size_t at)
{
    const char before = personal_before(text, at, 1);
    size_t i = at - 1;

    if (before == '-' || before == '^' || before == '~')
        return !personal_is_digit(personal_before(text, at, 2));
    if (before == '=')
        return at >= 2 && memchr("=<>~!", text.ptr[at - 2], 5);
    if (before != '/' || at < 2)
        return false;
    while (i > 0 && at - i < 24 && personal_is_letter(text.ptr[i - 1]))
        i--;
    return i < at - 1 && personal_is_upper(text.ptr[i]) &&
           (i == 0 || (unsigned char)text.ptr[i - 1] >= 0x80 ||
            memchr(" \n(\"", text.ptr[i - 1], 4));
}

static bool is_version(struct slice text, size_t at)
{
    size_t end = at;

    if (at > 0 && follows_product(text, at))
        return true;
    while (end > 0 && at - end < 3 && memchr(" :=\"'", text.ptr[end - 1], 5))
        end--;
    return personal_ends_with_word(text, end, version_words);
}

/* Is the number that of a heading: at the start of a line, small parts, a title behind it? */
static bool is_heading(struct slice text, size_t at, size_t end, const unsigned parts[4])
{
    size_t start = at;

    while (start > 0 && at - start < 8 && memchr(" #*", text.ptr[start - 1], 3))
        start--;
    if (start > 0 && text.ptr[start - 1] != '\n')
        return false;
    for (int i = 0; i < 4; i++)
        if (parts[i] == 0 || parts[i] > 29)
            return false;
    const char next = personal_byte(text, end + 1);
    return personal_byte(text, end) == ' ' &&
           (personal_is_upper(next) || (unsigned char)next >= 0x80);
}

/* Addresses that no public host has: RFC 6890, and those for documentation. */
static bool is_private_ipv4(const unsigned p[4])
{
    const unsigned net = p[0] << 16 | p[1] << 8 | p[2];

    return p[0] == 0 || p[0] == 10 || p[0] == 127 || p[0] >= 224 ||
           (p[0] == 172 && p[1] >= 16 && p[1] < 32) || (p[0] == 192 && p[1] == 168) ||
           (p[0] == 169 && p[1] == 254) || (p[0] == 100 && p[1] >= 64 && p[1] < 128) ||
           (p[0] == 198 && (p[1] == 18 || p[1] == 19)) || net == 0xc00000 || net == 0xc00002 ||
           net == 0xc63364 || net == 0xcb0071;
}

bool personal_find_ipv4(struct slice text, size_t at, struct personal_hit *hit)
{
    unsigned parts[4] = { 0 };
    size_t end = at;

    for (int i = 0; i < 4; i++) {
        const size_t start = end;

        while (end - start < 4 && personal_is_digit(personal_byte(text, end)))
            parts[i] = parts[i] * 10 + (unsigned)(text.ptr[end++] - '0');
        if (end == start || parts[i] > 255 || (end - start > 1 && text.ptr[start] == '0'))
            return false;
        if (i < 3 && personal_byte(text, end++) != '.')
            return false;
    }
    const char before = personal_before(text, at, 1);
    if (continues(text, end, '.') || before == '.' || before == ',' ||
        is_heading(text, at, end, parts) || is_version(text, at))
        return false;
    const enum personal_kind kind = is_private_ipv4(parts) ? PERSONAL_IP_PRIVATE : PERSONAL_IP;
    *hit = (struct personal_hit){ at, end, kind, "ipv4" };
    return true;
}

/* Addresses of a link, a site, a group, for documentation, and local ones. */
static bool is_private_ipv6(unsigned first, unsigned second)
{
    return first == 0 || (first >= 0xfc00 && first <= 0xfdff) ||
           (first >= 0xfe80 && first <= 0xfebf) || first >= 0xff00 ||
           (first == 0x2001 && second == 0x0db8);
}

/* Read up to four hexadecimal digits. Returns their number. */
static size_t read_hex_group(struct slice text, size_t at, unsigned *value)
{
    size_t n = 0;

    *value = 0;
    while (n < 5 && personal_hex(personal_byte(text, at + n)) >= 0)
        *value = *value * 16 + (unsigned)personal_hex(text.ptr[at + n++]);
    return n;
}

/* Eight groups, of which one is longer than the pairs of a fingerprint; or, with "::", at least
 * two, of which the first has four digits: others are names of classes and slices of lists. */
bool personal_find_ipv6(struct slice text, size_t at, struct personal_hit *hit)
{
    unsigned groups[8], n = 0;
    bool is_short = false;
    size_t end = at, first_len = 0, longest = 0;

    while (n < 8) {
        const size_t len = read_hex_group(text, end, &groups[n]);

        if (len == 0 || len > 4)
            break;
        first_len = n == 0 ? len : first_len;
        longest = len > longest ? len : longest;
        end += len;
        n++;
        if (personal_byte(text, end) != ':')
            break;
        const bool is_gap = personal_byte(text, end + 1) == ':';
        if (is_gap && is_short)
            return false;
        if (!is_gap && personal_hex(personal_byte(text, end + 1)) < 0)
            break;
        is_short = is_short || is_gap;
        end += is_gap ? 2 : 1;
    }
    if (is_short ? n < 1 || first_len != 4 || (n < 2 && groups[0] < 0x2000)
                 : n != 8 || longest < 3)
        return false;
    const bool has_digit = personal_is_digit(text.ptr[at]) || groups[0] >= 0xfc00;
    if ((is_short && !has_digit) || continues(text, end, ':') ||
        personal_before(text, at, 1) == ':')
        return false;
    const enum personal_kind kind =
        is_private_ipv6(groups[0], n > 1 ? groups[1] : 0) ? PERSONAL_IP_PRIVATE : PERSONAL_IP;
    *hit = (struct personal_hit){ at, end, kind, "ipv6" };
    return true;
}

/* n groups of len hexadecimal digits with the same joint between. Returns the end; 0 if the
 * text is not that. *n_letters: digits from a to f. */
static size_t read_hex_groups(struct slice text, size_t at, size_t n, size_t len, char joint,
                              unsigned *n_letters)
{
    unsigned value;

    *n_letters = 0;
    for (size_t i = 0; i < n; i++) {
        if (read_hex_group(text, at, &value) != len)
            return 0;
        for (size_t j = 0; j < len; j++)
            *n_letters += personal_is_letter(text.ptr[at + j]);
        at += len;
        if (i + 1 < n && personal_byte(text, at++) != joint)
            return 0;
    }
    return continues(text, at, joint) ? 0 : at;
}

bool personal_find_mac(struct slice text, size_t at, struct personal_hit *hit)
{
    const char before = personal_before(text, at, 1);
    unsigned n_letters;
    size_t end;

    if (before == ':' || before == '-' || before == '.')
        return false;
    end = read_hex_groups(text, at, 6, 2, ':', &n_letters);
    if (end == 0) {
        /* With other joints, digits alone are a date and time, or a number of parts. */
        end = read_hex_groups(text, at, 6, 2, '-', &n_letters);
        if (end == 0)
            end = read_hex_groups(text, at, 3, 4, '.', &n_letters);
        if (end == 0 || n_letters == 0)
            return false;
    }
    *hit = (struct personal_hit){ at, end, PERSONAL_MAC, NULL };
    return true;
}

/* The lengths of the registry of IBANs: country, number of characters. */
static const char iban_lengths[] =
    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29"
    "ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20"
    "LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29"
    "PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20"
    "YE30";

static size_t iban_length(const char *country)
{
    for (const char *entry = iban_lengths; *entry; entry += 4)
        if (memcmp(entry, country, 2) == 0)
            return (size_t)(entry[2] - '0') * 10 + (size_t)(entry[3] - '0');
    return 0;
}

/* Add a character to a number, modulo 97. A letter is two digits, from 10 for A. */
static unsigned add_modulo(unsigned rest, char c)
{
    return personal_is_digit(c) ? (rest * 10 + (unsigned)(c - '0')) % 97
                                : (rest * 100 + (unsigned)(c - 'A') + 10) % 97;
}

bool personal_find_iban(struct slice text, size_t at, struct personal_hit *hit)
{
    const size_t len = at + 4 <= text.len ? iban_length(text.ptr + at) : 0;
    char code[40];
    size_t n = 0, end = at;

    if (len == 0)
        return false;
    while (n < len && end < text.len) {
        const char c = text.ptr[end];

        if (personal_is_digit(c) || personal_is_upper(c))
            code[n++] = c;
        else if (c != ' ' || n % 4 != 0 || end != at + n + n / 4 - 1)
            return false;
        end++;
    }
    if (n < len || (end != at + len && end != at + len + (len - 1) / 4) ||
        personal_is_alnum(personal_byte(text, end)) || !personal_is_digit(code[2]) ||
        !personal_is_digit(code[3]))
        return false;
    unsigned rest = 0;
    for (size_t i = 0; i < len; i++)
        rest = add_modulo(rest, code[(i + 4) % len]);
    if (rest != 1)
        return false;
    *hit = (struct personal_hit){ at, end, PERSONAL_IBAN, NULL };
    return true;
}
