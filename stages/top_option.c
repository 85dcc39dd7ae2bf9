/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/top_option.h"

enum { PERMYRIAD = 10000 };

/* Decimal digits from *at on; false when there is none or they do not fit. */
static bool read_digits(const char **at, uint64_t *out)
{
    const char *first = *at;

    *out = 0;
    for (; **at >= '0' && **at <= '9'; ++*at)
        if (__builtin_mul_overflow(*out, (uint64_t)10, out) ||
            __builtin_add_overflow(*out, (uint64_t)(**at - '0'), out))
            return false;
    return *at > first;
}

/* "10", or "12.5%" as 1,250 parts of 10,000: in whole numbers, for 0.1 is none in binary. */
bool top_parse(const char *text, uint64_t *top_n, uint64_t *top_per_10000)
{
    const char *at = text;
    uint64_t whole;

    if (!read_digits(&at, &whole))
        return false;
    if (!*at) {
        *top_n = whole;
        return whole > 0;
    }
    if (whole > 100)
        return false;
    uint64_t parts = whole * (PERMYRIAD / 100);
    if (*at == '.') {
        uint64_t unit = PERMYRIAD / 100;

        at++;
        for (int i = 0; i < TOP_DECIMALS && *at >= '0' && *at <= '9'; i++, at++) {
            unit /= 10;
            parts += unit * (uint64_t)(*at - '0');
        }
        if (at[-1] == '.')
            return false;
    }
    *top_per_10000 = parts;
    return at[0] == '%' && !at[1] && parts > 0 && parts <= PERMYRIAD;
}
