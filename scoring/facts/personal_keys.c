/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and tokens with a known beginning, private keys in PEM, JSON web tokens. */
#include "scoring/facts/personal_private.h"

enum key_alphabet { KEY_UPPER, KEY_ALNUM, KEY_WORD, KEY_URL, KEY_DOTTED };

struct key_form {
    const char *start;
    const char *detail;
    enum key_alphabet alphabet;
    unsigned min;        /* characters behind the start */
    unsigned max;        /* 0: no maximum */
    unsigned min_digits; /* see looks_random() */
};

/* A start that begins another one stands behind it. */
static const struct key_form forms[] = {
    { "AKIA", "aws", KEY_UPPER, 16, 16, 0 },
    { "ASIA", "aws", KEY_UPPER, 16, 16, 1 },
    { "AIza", "google", KEY_URL, 35, 35, 1 },
    { "github_pat_", "github", KEY_WORD, 60, 0, 4 },
    { "ghp_", "github", KEY_ALNUM, 36, 0, 2 },
    { "gho_", "github", KEY_ALNUM, 36, 0, 2 },
    { "ghu_", "github", KEY_ALNUM, 36, 0, 2 },
    { "ghs_", "github", KEY_ALNUM, 36, 0, 2 },
    { "ghr_", "github", KEY_ALNUM, 36, 0, 2 },
    { "glpat-", "gitlab", KEY_URL, 20, 0, 1 },
    { "hf_", "huggingface", KEY_ALNUM, 30, 0, 0 },
    { "npm_", "npm", KEY_ALNUM, 36, 36, 2 },
    { "pypi-", "pypi", KEY_URL, 80, 0, 4 },
    { "rk_live_", "stripe", KEY_ALNUM, 16, 0, 1 },
    { "rk_test_", "stripe", KEY_ALNUM, 16, 0, 1 },
    { "sk-ant-", "anthropic", KEY_URL, 32, 0, 3 },
    { "sk-", "openai", KEY_URL, 32, 0, 3 },
    { "sk_live_", "stripe", KEY_ALNUM, 16, 0, 1 },
    { "sk_test_", "stripe", KEY_ALNUM, 16, 0, 1 },
    { "xoxa-", "slack", KEY_URL, 20, 0, 6 },
    { "xoxb-", "slack", KEY_URL, 20, 0, 6 },
    { "xoxe-", "slack", KEY_URL, 20, 0, 6 },
    { "xoxp-", "slack", KEY_URL, 20, 0, 6 },
    { "xoxr-", "slack", KEY_URL, 20, 0, 6 },
    { "xoxs-", "slack", KEY_URL, 20, 0, 6 },
    { "SG.", "sendgrid", KEY_DOTTED, 60, 70, 2 },
};
enum { N_FORMS = sizeof forms / sizeof *forms, KEY_MIN_DISTINCT = 6 };

static bool is_key_byte(char c, enum key_alphabet alphabet)
{
    if (personal_is_digit(c) || personal_is_upper(c))
        return true;
    if (alphabet == KEY_UPPER)
        return false;
    return personal_is_letter(c) || (c == '_' && alphabet != KEY_ALNUM) ||
           (c == '-' && alphabet >= KEY_URL) || (c == '.' && alphabet == KEY_DOTTED);
}

/* Where a key ends; with a maximum, at most one byte behind it. */
static size_t skip_key(struct slice text, size_t at, enum key_alphabet alphabet, size_t max)
{
    const size_t last = max > 0 && text.len - at > max ? at + max + 1 : text.len;

    while (at < last && is_key_byte(text.ptr[at], alphabet))
        at++;
    return at;
}

/* A key is random: it has many different characters, and digits, or a quarter of its letters in
 * each case. ghp_xxxxxxxx stands for a key, sk-loading-indicator is a name. */
static bool looks_random(struct slice key, unsigned min_digits)
{
    uint64_t seen = 0;
    unsigned n_digits = 0, n_upper = 0;

    for (size_t i = 0; i < key.len; i++) {
        n_digits += personal_is_digit(key.ptr[i]);
        n_upper += personal_is_upper(key.ptr[i]);
        seen |= UINT64_C(1) << ((unsigned char)key.ptr[i] & 63);
    }
    const bool is_mixed = n_upper >= key.len / 4 && key.len - n_upper - n_digits >= key.len / 4;
    return (n_digits >= min_digits || is_mixed) &&
           __builtin_popcountll(seen) >= KEY_MIN_DISTINCT;
}

static bool starts_with(struct slice text, size_t at, const char *start)
{
    const size_t len = strlen(start);

    return text.len - at >= len && memcmp(text.ptr + at, start, len) == 0;
}

static bool find_form(struct slice text, size_t at, struct personal_hit *hit)
{
    for (size_t i = 0; i < N_FORMS; i++) {
        const struct key_form *form = &forms[i];

        if (form->start[0] != text.ptr[at] || !starts_with(text, at, form->start))
            continue;
        const size_t tail = at + strlen(form->start);
        size_t end = skip_key(text, tail, form->alphabet, form->max);
        /* A hyphen or full stop behind a key belongs to the sentence. */
        while (end > tail && (text.ptr[end - 1] == '-' || text.ptr[end - 1] == '.'))
            end--;
        const size_t len = end - tail;
        if (len < form->min || (form->max && len > form->max) ||
            personal_is_alnum(personal_byte(text, end)) ||
            !looks_random(slice_of(text.ptr + tail, len), form->min_digits))
            return false;
        *hit = (struct personal_hit){ at, end, PERSONAL_SECRET, form->detail };
        return true;
    }
    return false;
}

enum { TOKEN_PART_MIN = 10 };

/* A JSON web token: three parts in base64, of which the first two begin with '{"'. */
static bool find_web_token(struct slice text, size_t at, struct personal_hit *hit)
{
    size_t end = at;

    for (int part = 0; part < 3; part++) {
        const size_t start = end;

        if (part < 2 && (text.len - start < 3 || memcmp(text.ptr + start, "eyJ", 3) != 0))
            return false;
        end = skip_key(text, start, KEY_URL, 0);
        if (end - start < TOKEN_PART_MIN)
            return false;
        if (part < 2 && personal_byte(text, end++) != '.')
            return false;
    }
    *hit = (struct personal_hit){ at, end, PERSONAL_SECRET, "web_token" };
    return true;
}

enum { PEM_LABEL_MAX = 40, PEM_BODY_MIN = 32 };

/* The bytes between the lines of a PEM block: base64, headers, and line ends that may be
 * written as \n. */
static bool is_pem_byte(char c)
{
    return personal_is_alnum(c) || (c && memchr("+/=\n\r \\:,\t", c, 10));
}

/* Where a line of a PEM block ends: -----BEGIN ... PRIVATE KEY----- or the same with END. */
static size_t find_pem_line(struct slice text, size_t at, const char *word)
{
    if (!starts_with(text, at, "-----") || !starts_with(text, at + 5, word))
        return 0;
    size_t end = at + 5 + strlen(word);
    const size_t label = end;
    while (end < text.len && end - label < PEM_LABEL_MAX &&
           (personal_is_upper(text.ptr[end]) || text.ptr[end] == ' '))
        end++;
    if (!starts_with(text, end, "-----") ||
        (!personal_ends_with_word(text, end, (const char *const[]){ "private key", NULL }) &&
         !personal_ends_with_word(text, end,
                                  (const char *const[]){ "private key block", NULL })))
        return 0;
    return end + 5;
}

/* A block without its last line was truncated, and is a secret all the same. A block without a
 * long run of base64 is text about keys. */
static bool find_pem(struct slice text, size_t at, struct personal_hit *hit)
{
    const size_t body = find_pem_line(text, at, "BEGIN");
    size_t end = body, run = 0, longest = 0;

    if (body == 0)
        return false;
    for (; end < text.len; end++) {
        const char c = text.ptr[end];

        if (!is_pem_byte(c) && (c != '-' || starts_with(text, end, "-----")))
            break;
        run = personal_is_alnum(c) || c == '+' || c == '/' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    const size_t last = end < text.len ? find_pem_line(text, end, "END") : 0;
    if (longest < PEM_BODY_MIN)
        return false;
    while (end > body && memchr("\n\r \t\\", text.ptr[end - 1], 5))
        end--;
    *hit = (struct personal_hit){ at, last ? last : end, PERSONAL_SECRET, "private_key" };
    return true;
}

bool personal_find_key(struct slice text, size_t at, struct personal_hit *hit)
{
    /* Behind a hyphen stands the rest of a longer name; that was scanned already. */
    if (personal_before(text, at, 1) == '-')
        return false;
    switch (text.ptr[at]) {
    case '-':
        return find_pem(text, at, hit);
    case 'e':
        return find_web_token(text, at, hit);
    case 'A':
    case 'S':
    case 'g':
    case 'h':
    case 'n':
    case 'p':
    case 'r':
    case 's':
    case 'x':
        return find_form(text, at, hit);
    default:
        return false;
    }
}
