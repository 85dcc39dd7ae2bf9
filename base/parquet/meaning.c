/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "base/parquet/parquet_private.h"

/* The members of LogicalType and the values of ConvertedType, by the numbers of parquet.thrift.
 */
enum logical {
    LOGICAL_STRING = 1,
    LOGICAL_MAP,
    LOGICAL_LIST,
    LOGICAL_ENUM,
    LOGICAL_DECIMAL,
    LOGICAL_DATE,
    LOGICAL_TIME,
    LOGICAL_TIMESTAMP,
    LOGICAL_INTERVAL,
    LOGICAL_INTEGER,
    LOGICAL_UNKNOWN,
    LOGICAL_JSON,
    LOGICAL_BSON,
    LOGICAL_UUID,
    LOGICAL_FLOAT16,
    LOGICAL_VARIANT,
    LOGICAL_GEOMETRY,
    LOGICAL_GEOGRAPHY,
};

enum converted {
    CONVERTED_UTF8,
    CONVERTED_MAP,
    CONVERTED_MAP_KEY_VALUE,
    CONVERTED_LIST,
    CONVERTED_ENUM,
    CONVERTED_DECIMAL,
    CONVERTED_DATE,
    CONVERTED_TIME_MILLIS,
    CONVERTED_TIME_MICROS,
    CONVERTED_TIMESTAMP_MILLIS,
    CONVERTED_TIMESTAMP_MICROS,
    CONVERTED_UINT_8,
    CONVERTED_UINT_64 = 14,
    CONVERTED_INT_8,
    CONVERTED_INT_64 = 18,
    CONVERTED_JSON,
    CONVERTED_BSON,
    CONVERTED_INTERVAL,
};

enum { SCALE_MAX = 76 /* digits of 32 bytes */ };

#define REFUSED(name)                                                                          \
    {                                                                                          \
        PARQUET_REFUSED, name                                                                  \
    }

struct named_meaning {
    enum parquet_meaning meaning;
    const char *refused;
};

/* INTEGER is here as unsigned; a signed one becomes PARQUET_PLAIN. */
static const struct named_meaning logicals[] = {
    [LOGICAL_STRING] = { PARQUET_TEXT, NULL },
    [LOGICAL_MAP] = { PARQUET_MAP, NULL },
    [LOGICAL_LIST] = { PARQUET_LIST, NULL },
    [LOGICAL_ENUM] = { PARQUET_TEXT, NULL },
    [LOGICAL_DECIMAL] = { PARQUET_DECIMAL, NULL },
    [LOGICAL_DATE] = { PARQUET_DATE, NULL },
    [LOGICAL_TIME] = { PARQUET_TIME, NULL },
    [LOGICAL_TIMESTAMP] = { PARQUET_TIMESTAMP, NULL },
    [LOGICAL_INTERVAL] = REFUSED("INTERVAL"),
    [LOGICAL_INTEGER] = { PARQUET_UNSIGNED, NULL },
    [LOGICAL_UNKNOWN] = { PARQUET_NULL, NULL },
    [LOGICAL_JSON] = { PARQUET_JSON, NULL },
    [LOGICAL_BSON] = REFUSED("BSON"),
    [LOGICAL_UUID] = { PARQUET_UUID, NULL },
    [LOGICAL_FLOAT16] = { PARQUET_HALF, NULL },
    [LOGICAL_VARIANT] = REFUSED("VARIANT"),
    [LOGICAL_GEOMETRY] = REFUSED("GEOMETRY"),
    [LOGICAL_GEOGRAPHY] = REFUSED("GEOGRAPHY"),
};

static const struct named_meaning converteds[] = {
    [CONVERTED_UTF8] = { PARQUET_TEXT, NULL },
    [CONVERTED_MAP] = { PARQUET_MAP, NULL },
    [CONVERTED_MAP_KEY_VALUE] = { PARQUET_MAP, NULL },
    [CONVERTED_LIST] = { PARQUET_LIST, NULL },
    [CONVERTED_ENUM] = { PARQUET_TEXT, NULL },
    [CONVERTED_DECIMAL] = { PARQUET_DECIMAL, NULL },
    [CONVERTED_DATE] = { PARQUET_DATE, NULL },
    [CONVERTED_TIME_MILLIS] = { PARQUET_TIME, NULL },
    [CONVERTED_TIME_MICROS] = { PARQUET_TIME, NULL },
    [CONVERTED_TIMESTAMP_MILLIS] = { PARQUET_TIMESTAMP, NULL },
    [CONVERTED_TIMESTAMP_MICROS] = { PARQUET_TIMESTAMP, NULL },
    [CONVERTED_UINT_8] = { PARQUET_UNSIGNED, NULL },
    [12] = { PARQUET_UNSIGNED, NULL },
    [13] = { PARQUET_UNSIGNED, NULL },
    [CONVERTED_UINT_64] = { PARQUET_UNSIGNED, NULL },
    [CONVERTED_INT_8] = { PARQUET_PLAIN, NULL },
    [16] = { PARQUET_PLAIN, NULL },
    [17] = { PARQUET_PLAIN, NULL },
    [CONVERTED_INT_64] = { PARQUET_PLAIN, NULL },
    [CONVERTED_JSON] = { PARQUET_JSON, NULL },
    [CONVERTED_BSON] = REFUSED("BSON"),
    [CONVERTED_INTERVAL] = REFUSED("INTERVAL"),
};

static void refuse(struct parquet_element *element, const char *name)
{
    element->meaning = PARQUET_REFUSED;
    element->refused = name;
}

static void set_from_logical(struct parquet_element *element, const struct schema_node *node)
{
    if ((size_t)node->logical >= sizeof logicals / sizeof *logicals || node->logical < 0) {
        refuse(element, "an unknown logical type");
        return;
    }
    element->meaning = logicals[node->logical].meaning;
    element->refused = logicals[node->logical].refused;
    element->scale = node->logical_scale;
    element->is_utc = node->is_utc;
    element->unit = node->unit >= 1 && node->unit <= 3 ? (uint8_t)node->unit : 0;
    if (node->logical == LOGICAL_INTEGER) {
        const int bits = node->bit_width;

        if (bits == 8 || bits == 16 || bits == 32 || bits == 64)
            element->bits = (uint8_t)bits;
        else
            refuse(element, "an integer of an unknown width");
        if (node->is_signed && element->meaning == PARQUET_UNSIGNED)
            element->meaning = PARQUET_PLAIN;
    }
}

static void set_from_converted(struct parquet_element *element, const struct schema_node *node)
{
    const int32_t converted = node->converted;

    if ((size_t)converted >= sizeof converteds / sizeof *converteds) {
        refuse(element, "an unknown converted type");
        return;
    }
    element->meaning = converteds[converted].meaning;
    element->refused = converteds[converted].refused;
    element->scale = node->scale;
    element->is_utc = true; /* of TIME and TIMESTAMP: so says the format */
    if (converted == CONVERTED_TIME_MILLIS || converted == CONVERTED_TIMESTAMP_MILLIS)
        element->unit = 1;
    if (converted == CONVERTED_TIME_MICROS || converted == CONVERTED_TIMESTAMP_MICROS)
        element->unit = 2;
    if (converted >= CONVERTED_UINT_8 && converted <= CONVERTED_UINT_64)
        element->bits = (uint8_t)(8 << (converted - CONVERTED_UINT_8));
    if (converted >= CONVERTED_INT_8 && converted <= CONVERTED_INT_64)
        element->bits = (uint8_t)(8 << (converted - CONVERTED_INT_8));
}

/* Do the values have the physical type that the meaning has? */
static bool fits(const struct parquet_element *element)
{
    const enum parquet_type type = element->type;
    const bool is_int = type == PARQUET_INT32 || type == PARQUET_INT64;
    const bool is_bytes = type == PARQUET_BYTE_ARRAY || type == PARQUET_FIXED;
    const bool is_fixed = type == PARQUET_FIXED;

    if (element->is_group)
        return element->meaning == PARQUET_PLAIN || element->meaning == PARQUET_LIST ||
               element->meaning == PARQUET_MAP;
    switch (element->meaning) {
    case PARQUET_PLAIN:
        return element->bits == 0 ||
               (is_int && (element->bits == 64) == (type == PARQUET_INT64));
    case PARQUET_UNSIGNED:
        return is_int && (element->bits == 64) == (type == PARQUET_INT64);
    case PARQUET_TEXT:
    case PARQUET_JSON:
        return is_bytes;
    case PARQUET_LIST:
    case PARQUET_MAP:
        return false;
    case PARQUET_DECIMAL:
        return (is_int || is_bytes) && element->scale >= 0 && element->scale <= SCALE_MAX;
    case PARQUET_DATE:
        return type == PARQUET_INT32;
    case PARQUET_TIME:
        return element->unit == 1 ? type == PARQUET_INT32
                                  : element->unit > 1 && type == PARQUET_INT64;
    case PARQUET_TIMESTAMP:
        return element->unit > 0 && type == PARQUET_INT64;
    case PARQUET_UUID:
        return is_fixed && element->type_length == 16;
    case PARQUET_HALF:
        return is_fixed && element->type_length == 2;
    case PARQUET_NULL:
    case PARQUET_REFUSED:
        return true;
    }
    return false;
}

void schema_set_meaning(struct parquet_element *element, const struct schema_node *node)
{
    if (node->logical != 0)
        set_from_logical(element, node);
    else if (node->converted >= 0)
        set_from_converted(element, node);
    if (element->meaning != PARQUET_REFUSED && !fits(element))
        refuse(element, "a logical type that does not fit the physical type");
    if (!element->is_group && element->bits == 0)
        element->bits = element->type == PARQUET_INT64 ? 64 : 32;
}
