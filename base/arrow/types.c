/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/arrow/schema_private.h"
#include "base/error.h"

enum { UNIT_DAY = 0, UNIT_MILLIS = 1 };

/* The widths in bits that a type may have; 0 ends the list. */
static const unsigned integer_bits[] = { 8, 16, 32, 64, 128, 0 };
static const unsigned decimal_bits[] = { 32, 64, 128, 256, 0 };
static const unsigned time_bits[] = { 32, 64, 0 };

static int set_bits(struct arrow_field *field, int64_t bits, const unsigned *allowed,
                    const char *what, struct error *err)
{
    for (; *allowed != 0; allowed++) {
        if (bits == *allowed) {
            field->bits = *allowed;
            return 0;
        }
    }
    return error_set(err, ERR_INPUT, "%s has %" PRId64 " bits", what, bits);
}

static int set_unit(struct arrow_field *field, int64_t unit, struct error *err)
{
    static const enum cell_unit units[] = { CELL_SECONDS, CELL_MILLIS, CELL_MICROS,
                                            CELL_NANOS };

    if (unit < 0 || unit >= (int64_t)(sizeof units / sizeof units[0]))
        return error_set(err, ERR_INPUT, "a time has the unit %" PRId64, unit);
    field->unit = units[unit];
    return 0;
}

static int parse_float_type(const struct flat_table *type, struct arrow_field *field,
                            struct error *err)
{
    static const unsigned bits[] = { 16, 32, 64 };
    const int64_t precision = flat_int(type, 0, 2, 0);

    if (precision < 0 || precision >= (int64_t)(sizeof bits / sizeof bits[0]))
        return error_set(err, ERR_INPUT, "a float has the precision %" PRId64, precision);
    field->bits = bits[precision];
    return 0;
}

static int parse_decimal_type(const struct flat_table *type, struct arrow_field *field,
                              struct error *err)
{
    field->scale = (int32_t)flat_int(type, 1, 4, 0);
    if (field->scale < 0)
        field->refused = "decimal with a negative scale";
    return set_bits(field, flat_int(type, 2, 4, 128), decimal_bits, "a decimal", err);
}

static int parse_date_type(const struct flat_table *type, struct arrow_field *field,
                           struct error *err)
{
    const int64_t unit = flat_int(type, 0, 2, UNIT_MILLIS);

    if (unit != UNIT_DAY && unit != UNIT_MILLIS)
        return error_set(err, ERR_INPUT, "a date has the unit %" PRId64, unit);
    field->bits = unit == UNIT_DAY ? 32 : 64;
    return 0;
}

static int parse_time_type(const struct flat_table *type, struct arrow_field *field,
                           struct error *err)
{
    return set_unit(field, flat_int(type, 0, 2, UNIT_MILLIS), err) < 0
               ? -1
               : set_bits(field, flat_int(type, 1, 4, 32), time_bits, "a time", err);
}

static int parse_timestamp_type(const struct flat_table *type, struct arrow_field *field,
                                struct error *err)
{
    field->bits = 64;
    field->is_utc = flat_text(type, 1).len > 0;
    return set_unit(field, flat_int(type, 0, 2, 0), err);
}

static int parse_interval_type(const struct flat_table *type, struct arrow_field *field,
                               struct error *err)
{
    static const unsigned bits[] = { 32, 64, 128 }; /* months; days and millis; all and nanos */
    const int64_t unit = flat_int(type, 0, 2, 0);

    if (unit < 0 || unit >= (int64_t)(sizeof bits / sizeof bits[0]))
        return error_set(err, ERR_INPUT, "an interval has the unit %" PRId64, unit);
    field->bits = bits[unit];
    field->refused = "interval";
    return 0;
}

static int parse_fixed_type(const struct flat_table *type, struct arrow_field *field,
                            struct error *err)
{
    const int64_t n = flat_int(type, 0, 4, 0);

    if (n < 0)
        return error_set(err, ERR_INPUT, "a field of fixed size has the size %" PRId64, n);
    field->n_each = (uint32_t)n;
    return 0;
}

/* The types that have members. */
static int parse_type_members(const struct flat_table *type, struct arrow_field *field,
                              struct error *err)
{
    switch (field->type) {
    case ARROW_INT:
        field->is_signed = flat_bool(type, 1);
        return set_bits(field, flat_int(type, 0, 4, 0), integer_bits, "an integer", err);
    case ARROW_FLOAT:
        return parse_float_type(type, field, err);
    case ARROW_DECIMAL:
        return parse_decimal_type(type, field, err);
    case ARROW_DATE:
        return parse_date_type(type, field, err);
    case ARROW_TIME:
        return parse_time_type(type, field, err);
    case ARROW_TIMESTAMP:
        return parse_timestamp_type(type, field, err);
    case ARROW_INTERVAL:
        return parse_interval_type(type, field, err);
    case ARROW_DURATION:
        field->bits = 64;
        return set_unit(field, flat_int(type, 0, 2, UNIT_MILLIS), err);
    case ARROW_FIXED_BINARY:
    case ARROW_FIXED_LIST:
        return parse_fixed_type(type, field, err);
    case ARROW_UNION:
        field->is_dense = flat_int(type, 0, 2, 0) == 1;
        field->refused = "union";
        return 0;
    case ARROW_RUN_END_ENCODED:
        field->refused = "run-end encoded";
        return 0;
    case ARROW_NULL:
    case ARROW_BINARY:
    case ARROW_UTF8:
    case ARROW_BOOL:
    case ARROW_LIST:
    case ARROW_STRUCT:
    case ARROW_MAP:
    case ARROW_LARGE_BINARY:
    case ARROW_LARGE_UTF8:
    case ARROW_LARGE_LIST:
    case ARROW_BINARY_VIEW:
    case ARROW_UTF8_VIEW:
    case ARROW_LIST_VIEW:
    case ARROW_LARGE_LIST_VIEW:
        break;
    }
    return 0;
}

int arrow_type_parse(int64_t number, const struct flat_table *type, struct arrow_field *field,
                     struct error *err)
{
    /* The buffers of a type that is not known cannot be counted, so the columns behind it
     * cannot be found. */
    if (number < ARROW_NULL || number > ARROW_LARGE_LIST_VIEW)
        return error_set(err, ERR_UNSUPPORTED,
                         "a field has the type %" PRId64 ", which is not known", number);
    field->type = (enum arrow_type)number;
    return parse_type_members(type, field, err);
}

void arrow_type_extend(struct arrow_field *field, struct slice name)
{
    const bool is_text = field->type == ARROW_UTF8 || field->type == ARROW_LARGE_UTF8 ||
                         field->type == ARROW_UTF8_VIEW;

    if (is_text && slice_equal(name, slice_text("arrow.json")))
        field->extension = ARROW_JSON;
    else if (field->type == ARROW_FIXED_BINARY && field->n_each == 16 &&
             slice_equal(name, slice_text("arrow.uuid")))
        field->extension = ARROW_UUID;
    else if (field->type == ARROW_INT && field->bits == 8 &&
             slice_equal(name, slice_text("arrow.bool8")))
        field->extension = ARROW_BOOL8;
}
