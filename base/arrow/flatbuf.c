/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arrow/flatbuf.h"

enum {
    OFFSET_BYTES = 4,  /* of a reference */
    VTABLE_HEADER = 4, /* the size of the vtable and that of the table, 2 bytes each */
};

void flatbuf_init(struct flatbuf *buf, struct slice bytes)
{
    *buf = (struct flatbuf){ .bytes = (const uint8_t *)bytes.ptr, .len = bytes.len };
}

static void set_bad(struct flatbuf *buf, size_t at)
{
    if (!buf->bad)
        buf->bad_at = at;
    buf->bad = true;
}

/* Read a little-endian number at `at`. Bytes behind the end are bad. */
static uint64_t load(struct flatbuf *buf, size_t at, size_t n_bytes)
{
    uint64_t value = 0;

    if (buf->bad || at > buf->len || n_bytes > buf->len - at) {
        set_bad(buf, at);
        return 0;
    }
    for (size_t i = 0; i < n_bytes; i++)
        value |= (uint64_t)buf->bytes[at + i] << (8 * i);
    return value;
}

static struct flat_table open_flat_table(struct flatbuf *buf, size_t at)
{
    const struct flat_table absent = { .buf = buf };
    const int64_t vtable = (int64_t)at - (int32_t)load(buf, at, OFFSET_BYTES);

    if (buf->bad || vtable < 0 || vtable > (int64_t)buf->len) {
        set_bad(buf, at);
        return absent;
    }
    const size_t start = (size_t)vtable;
    const size_t vtable_bytes = load(buf, start, 2);
    const size_t n_bytes = load(buf, start + 2, 2);
    if (buf->bad || vtable_bytes < VTABLE_HEADER || vtable_bytes > buf->len - start ||
        n_bytes < OFFSET_BYTES || n_bytes > buf->len - at) {
        set_bad(buf, at);
        return absent;
    }
    return (struct flat_table){
        .buf = buf,
        .at = at,
        .n_bytes = n_bytes,
        .members = start + VTABLE_HEADER,
        .n_members = (vtable_bytes - VTABLE_HEADER) / 2,
    };
}

/* Follow the reference at `at`. Returns 0 if it is bad. */
static size_t follow(struct flatbuf *buf, size_t at)
{
    const size_t distance = load(buf, at, OFFSET_BYTES);

    if (buf->bad || distance == 0 || distance > buf->len - at) {
        set_bad(buf, at);
        return 0;
    }
    return at + distance;
}

struct flat_table flat_root(struct flatbuf *buf)
{
    const size_t at = follow(buf, 0);

    return at == 0 ? (struct flat_table){ .buf = buf } : open_flat_table(buf, at);
}

/* The place of a member of n_bytes; 0 if it is absent. */
static size_t member_at(const struct flat_table *table, unsigned member, size_t n_bytes)
{
    if (table->at == 0 || table->buf->bad || member >= table->n_members)
        return 0;
    const size_t offset = load(table->buf, table->members + 2 * (size_t)member, 2);
    if (offset == 0)
        return 0;
    if (offset < OFFSET_BYTES || offset > table->n_bytes || n_bytes > table->n_bytes - offset) {
        set_bad(table->buf, table->at);
        return 0;
    }
    return table->at + offset;
}

static int64_t sign_extend(uint64_t value, size_t n_bytes)
{
    const uint64_t sign = UINT64_C(1) << (8 * n_bytes - 1);

    return (int64_t)((value ^ sign) - sign);
}

int64_t flat_int(const struct flat_table *table, unsigned member, size_t n_bytes,
                 int64_t absent)
{
    const size_t at = member_at(table, member, n_bytes);

    return at == 0 ? absent : sign_extend(load(table->buf, at, n_bytes), n_bytes);
}

bool flat_bool(const struct flat_table *table, unsigned member)
{
    return flat_int(table, member, 1, 0) != 0;
}

struct flat_table flat_table(const struct flat_table *table, unsigned member)
{
    const size_t at = member_at(table, member, OFFSET_BYTES);
    const size_t target = at == 0 ? 0 : follow(table->buf, at);

    return target == 0 ? (struct flat_table){ .buf = table->buf }
                       : open_flat_table(table->buf, target);
}

struct flat_list flat_list(const struct flat_table *table, unsigned member,
                           size_t element_bytes)
{
    struct flatbuf *buf = table->buf;
    const struct flat_list absent = { .buf = buf };
    const size_t at = member_at(table, member, OFFSET_BYTES);
    const size_t target = at == 0 ? 0 : follow(buf, at);

    if (target == 0)
        return absent;
    const size_t n = load(buf, target, OFFSET_BYTES);
    if (buf->bad || n > (buf->len - target - OFFSET_BYTES) / element_bytes) {
        set_bad(buf, target);
        return absent;
    }
    return (struct flat_list){ buf, target + OFFSET_BYTES, n, element_bytes };
}

struct slice flat_text(const struct flat_table *table, unsigned member)
{
    const struct flat_list list = flat_list(table, member, 1);

    return list.at == 0 ? (struct slice){ NULL, 0 }
                        : slice_of((const char *)table->buf->bytes + list.at, list.n);
}

struct flat_table flat_list_table(const struct flat_list *list, size_t i)
{
    const size_t at = follow(list->buf, list->at + i * OFFSET_BYTES);

    return at == 0 ? (struct flat_table){ .buf = list->buf } : open_flat_table(list->buf, at);
}

int64_t flat_list_int64(const struct flat_list *list, size_t i, size_t offset)
{
    return (int64_t)load(list->buf, list->at + i * list->element_bytes + offset, 8);
}
