/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parquet/thrift.h"

enum { DEPTH_MAX = 32, VARINT_BYTES_MAX = 10 };

void thrift_init(struct thrift *thrift, struct slice bytes)
{
    const uint8_t *at = (const uint8_t *)bytes.ptr;

    *thrift = (struct thrift){ .at = at, .end = bytes.len > 0 ? at + bytes.len : at };
}

void thrift_fail(struct thrift *thrift, const char *issue)
{
    if (!thrift->issue)
        thrift->issue = issue;
}

static void fail_truncated(struct thrift *thrift)
{
    if (!thrift->issue)
        thrift->is_truncated = true;
    thrift_fail(thrift, "it is truncated");
}

static size_t thrift_left(const struct thrift *thrift)
{
    return (size_t)(thrift->end - thrift->at);
}

static uint8_t read_byte(struct thrift *thrift)
{
    if (thrift->issue)
        return 0;
    if (thrift->at == thrift->end) {
        fail_truncated(thrift);
        return 0;
    }
    return *thrift->at++;
}

static uint64_t read_varint(struct thrift *thrift)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < VARINT_BYTES_MAX; i++) {
        const uint8_t byte = read_byte(thrift);

        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80)
            return thrift->issue ? 0 : value;
    }
    thrift_fail(thrift, "an integer is longer than 64 bits");
    return 0;
}

static int64_t read_zigzag(struct thrift *thrift)
{
    const uint64_t value = read_varint(thrift);

    return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

bool thrift_next(struct thrift *thrift, struct thrift_field *field)
{
    const uint8_t head = read_byte(thrift);
    const unsigned delta = head >> 4;
    const int64_t id = delta > 0   ? (int64_t)field->id + delta
                       : head != 0 ? read_zigzag(thrift)
                                   : 0;

    if (thrift->issue || head == THRIFT_STOP)
        return false;
    if (id < INT16_MIN || id > INT16_MAX) {
        thrift_fail(thrift, "the number of a field is too large");
        return false;
    }
    field->id = (int32_t)id;
    field->type = head & 0x0f;
    return true;
}

bool thrift_bool(struct thrift *thrift, uint8_t type)
{
    if (type != THRIFT_TRUE && type != THRIFT_FALSE)
        thrift_fail(thrift, "a field that must be a boolean has another type");
    return type == THRIFT_TRUE && !thrift->issue;
}

int64_t thrift_int(struct thrift *thrift, uint8_t type)
{
    if (type == THRIFT_I8)
        return (int8_t)read_byte(thrift);
    if (type >= THRIFT_I16 && type <= THRIFT_I64)
        return read_zigzag(thrift);
    thrift_fail(thrift, "a field that must be an integer has another type");
    return 0;
}

int32_t thrift_i32(struct thrift *thrift, uint8_t type)
{
    const int64_t value = thrift_int(thrift, type);

    if (value < INT32_MIN || value > INT32_MAX)
        thrift_fail(thrift, "an integer does not fit into 32 bits");
    return thrift->issue ? 0 : (int32_t)value;
}

struct slice thrift_binary(struct thrift *thrift, uint8_t type)
{
    if (type != THRIFT_BINARY)
        thrift_fail(thrift, "a field that must be text has another type");
    const uint64_t len = thrift->issue ? 0 : read_varint(thrift);
    if (len > thrift_left(thrift))
        fail_truncated(thrift);
    if (thrift->issue)
        return slice_of("", 0);
    thrift->at += len;
    return slice_of((const char *)thrift->at - len, (size_t)len);
}

void thrift_expect_struct(struct thrift *thrift, uint8_t type)
{
    if (type != THRIFT_STRUCT)
        thrift_fail(thrift, "a field that must be a struct has another type");
}

/* The number of elements and their type. Every element has at least one byte, so a number that
 * exceeds the bytes left is a claim only. */
static size_t read_list_head(struct thrift *thrift, uint8_t *element)
{
    const uint8_t head = read_byte(thrift);
    const uint64_t n = head >> 4 == 0x0f ? read_varint(thrift) : head >> 4;

    *element = head & 0x0f;
    if (n > thrift_left(thrift))
        fail_truncated(thrift);
    return thrift->issue ? 0 : (size_t)n;
}

size_t thrift_list(struct thrift *thrift, uint8_t type, enum thrift_type element)
{
    uint8_t found;

    if (type != THRIFT_LIST && type != THRIFT_SET)
        thrift_fail(thrift, "a field that must be a list has another type");
    const size_t n = read_list_head(thrift, &found);
    if (n > 0 && found != element)
        thrift_fail(thrift, "the elements of a list have another type");
    return thrift->issue ? 0 : n;
}

static void skip_bytes(struct thrift *thrift, size_t n)
{
    if (thrift->issue)
        return;
    if (n > thrift_left(thrift))
        fail_truncated(thrift);
    else
        thrift->at += n;
}

static void skip_value(struct thrift *thrift, uint8_t type, unsigned depth, bool is_element);

static void skip_list(struct thrift *thrift, unsigned depth)
{
    uint8_t element = 0;
    const size_t n = read_list_head(thrift, &element);

    for (size_t i = 0; i < n && !thrift->issue; i++)
        skip_value(thrift, element, depth, true);
}

static void skip_map(struct thrift *thrift, unsigned depth)
{
    const uint64_t n = read_varint(thrift);
    const uint8_t types = n > 0 ? read_byte(thrift) : 0;

    for (uint64_t i = 0; i < n && !thrift->issue; i++) {
        skip_value(thrift, types >> 4, depth, true);
        skip_value(thrift, types & 0x0f, depth, true);
    }
}

/* A boolean that is an element has a byte of its own; one that is a field has none. */
static void skip_value(struct thrift *thrift, uint8_t type, unsigned depth, bool is_element)
{
    struct thrift_field field = { 0 };

    if (depth > DEPTH_MAX)
        thrift_fail(thrift, "values are nested more than 32 deep");
    if (thrift->issue)
        return;
    if (type == THRIFT_TRUE || type == THRIFT_FALSE)
        skip_bytes(thrift, is_element ? 1 : 0);
    else if (type == THRIFT_I8)
        skip_bytes(thrift, 1);
    else if (type >= THRIFT_I16 && type <= THRIFT_I64)
        read_varint(thrift);
    else if (type == THRIFT_DOUBLE)
        skip_bytes(thrift, 8);
    else if (type == THRIFT_BINARY)
        thrift_binary(thrift, type);
    else if (type == THRIFT_LIST || type == THRIFT_SET)
        skip_list(thrift, depth + 1);
    else if (type == THRIFT_MAP)
        skip_map(thrift, depth + 1);
    else if (type == THRIFT_STRUCT)
        while (thrift_next(thrift, &field))
            skip_value(thrift, field.type, depth + 1, false);
    else
        thrift_fail(thrift, "a value has an unknown type");
}

void thrift_skip(struct thrift *thrift, uint8_t type)
{
    skip_value(thrift, type, 0, false);
}
