/* SPDX-License-Identifier: Apache-2.0 */
/* Decimals, dates, times and identifiers, which JSON has as texts. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/table/cell.h"

enum {
    DAYS_PER_ERA = 146097, /* 400 years */
    DAY_SECONDS = 86400,
    DAYS_TO_MARCH_0000 = 719468, /* from 0000-03-01 to 1970-01-01 */
    JULIAN_OF_1970 = 2440588,
    BILLION = 1000000000,
};

/* Get a / b rounded down, and the rest, which is not negative. */
static int64_t divide_down(int64_t a, int64_t b, int64_t *rest)
{
    const int64_t quotient = a / b - (a % b < 0);

    *rest = a % b + (a % b < 0 ? b : 0);
    return quotient;
}

/* Write the magnitude of a decimal in 32-bit words, the highest first. Returns false if the
 * number is negative. */
static bool decimal_words(struct slice big_endian, uint32_t words[CELL_DECIMAL_BYTES / 4])
{
    const bool negative = big_endian.len > 0 && (unsigned char)big_endian.ptr[0] >= 0x80;
    const size_t n_words = CELL_DECIMAL_BYTES / 4;
    uint64_t carry = negative;

    memset(words, negative ? 0xff : 0, CELL_DECIMAL_BYTES);
    for (size_t i = 0; i < big_endian.len; i++) {
        const size_t from_end = big_endian.len - 1 - i;
        uint32_t *word = words + n_words - 1 - from_end / 4;
        const unsigned shift = (unsigned)(from_end % 4) * 8;

        *word &= ~(UINT32_C(0xff) << shift);
        *word |= (uint32_t)(unsigned char)big_endian.ptr[i] << shift;
    }
    for (size_t i = n_words; negative && i-- > 0;) {
        carry += ~words[i];
        words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return !negative;
}

/* Divide the number by ten. Returns the rest. */
static unsigned next_digit(uint32_t words[CELL_DECIMAL_BYTES / 4])
{
    uint64_t rest = 0;

    for (size_t i = 0; i < CELL_DECIMAL_BYTES / 4; i++) {
        const uint64_t value = rest << 32 | words[i];

        words[i] = (uint32_t)(value / 10);
        rest = value % 10;
    }
    return (unsigned)rest;
}

int cell_decimal(struct buf *out, struct slice big_endian, int32_t scale, struct error *err)
{
    static const uint32_t zero[CELL_DECIMAL_BYTES / 4];
    uint32_t words[CELL_DECIMAL_BYTES / 4];
    char text[CELL_DECIMAL_BYTES * 3 + CELL_DECIMAL_SCALE + 8];
    char *const end = text + sizeof text;
    char *first = end;

    if (big_endian.len > CELL_DECIMAL_BYTES || scale < 0 || scale > CELL_DECIMAL_SCALE)
        return cell_bytes(out, big_endian, err);
    const bool negative = !decimal_words(big_endian, words);
    *--first = '"';
    for (int32_t place = 0; place <= scale || memcmp(words, zero, sizeof zero) != 0; place++) {
        if (place == scale && scale > 0)
            *--first = '.';
        *--first = (char)('0' + next_digit(words));
    }
    if (negative)
        *--first = '-';
    *--first = '"';
    return buf_add(out, first, (size_t)(end - first), err);
}

/* Write the date without quotes, at most 32 bytes with the NUL. Returns its length. */
static int put_date(char out[32], int64_t days)
{
    int64_t day, era;

    /* Years begin in March here, so that a leap day is the last day of its year. The offset is
     * added to the rest, so that no number of days overflows. */
    era = divide_down(days, DAYS_PER_ERA, &day);
    day += DAYS_TO_MARCH_0000 % DAYS_PER_ERA;
    era += DAYS_TO_MARCH_0000 / DAYS_PER_ERA + day / DAYS_PER_ERA;
    day %= DAYS_PER_ERA;

    const int64_t year_of_era = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    const int64_t day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month = (5 * day_of_year + 2) / 153; /* 0 is March */
    const int64_t day_of_month = day_of_year - (153 * month + 2) / 5 + 1;
    const int64_t year = era * 400 + year_of_era + (month >= 10);

    return snprintf(out, 32, year < 0 || year > 9999 ? "%+05lld-%02d-%02d" : "%04lld-%02d-%02d",
                    (long long)year, (int)(month < 10 ? month + 3 : month - 9),
                    (int)day_of_month);
}

int cell_date(struct buf *out, int64_t days, struct error *err)
{
    char date[32];

    put_date(date, days);
    return buf_printf(out, err, "\"%s\"", date);
}

static int64_t units_per_second(enum cell_unit unit)
{
    static const int64_t units[] = { 1, 1000, 1000000, BILLION };

    return units[unit];
}

/* Write a fraction of a second, at most 16 bytes with the NUL: ".123" of milliseconds. */
static void put_fraction(char out[16], int64_t fraction, enum cell_unit unit)
{
    out[0] = '\0';
    if (unit != CELL_SECONDS)
        snprintf(out, 16, ".%0*d", (int)unit * 3, (int)fraction);
}

static int add_timestamp(struct buf *out, int64_t seconds, int64_t fraction,
                         enum cell_unit unit, bool is_utc, struct error *err)
{
    char date[32], digits[16];
    int64_t second;

    put_date(date, divide_down(seconds, DAY_SECONDS, &second));
    put_fraction(digits, fraction, unit);
    return buf_printf(out, err, "\"%sT%02d:%02d:%02d%s%s\"", date, (int)(second / 3600),
                      (int)(second / 60 % 60), (int)(second % 60), digits, is_utc ? "Z" : "");
}

int cell_timestamp(struct buf *out, int64_t value, enum cell_unit unit, bool is_utc,
                   struct error *err)
{
    int64_t fraction;
    const int64_t seconds = divide_down(value, units_per_second(unit), &fraction);

    return add_timestamp(out, seconds, fraction, unit, is_utc, err);
}

int cell_int96(struct buf *out, const uint8_t bytes[12], struct error *err)
{
    uint64_t nanos = 0;
    uint32_t julian = 0;

    for (size_t i = 8; i-- > 0;)
        nanos = nanos << 8 | bytes[i];
    for (size_t i = 12; i-- > 8;)
        julian = julian << 8 | bytes[i];
    const int64_t days = (int64_t)(int32_t)julian - JULIAN_OF_1970;
    return add_timestamp(out, days * DAY_SECONDS + (int64_t)(nanos / BILLION),
                         (int64_t)(nanos % BILLION), CELL_NANOS, false, err);
}

int cell_time(struct buf *out, int64_t value, enum cell_unit unit, struct error *err)
{
    const uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    const uint64_t units = (uint64_t)units_per_second(unit);
    const uint64_t seconds = magnitude / units;
    char digits[16];

    put_fraction(digits, (int64_t)(magnitude % units), unit);
    return buf_printf(out, err, "\"%s%02llu:%02d:%02d%s\"", value < 0 ? "-" : "",
                      (unsigned long long)(seconds / 3600), (int)(seconds / 60 % 60),
                      (int)(seconds % 60), digits);
}

int cell_uuid(struct buf *out, const uint8_t bytes[16], struct error *err)
{
    char text[40];
    int n = 0;

    text[n++] = '"';
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text[n++] = '-';
        text[n++] = "0123456789abcdef"[bytes[i] >> 4];
        text[n++] = "0123456789abcdef"[bytes[i] & 15];
    }
    text[n++] = '"';
    return buf_add(out, text, (size_t)n, err);
}
