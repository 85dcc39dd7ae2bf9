/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/error.h"
#include "base/parquet/plan.h"
#include "base/table/cell.h"

#define WRITER(name)                                                                           \
    static int write_##name(const struct plan_node *node, const struct parquet_batch *batch,   \
                            size_t i, struct plan_writer *to)

/* node is unused where the meaning needs nothing but the value. */
WRITER(nothing)
{
    (void)node, (void)batch, (void)i;
    return cell_null(to->out, to->err);
}

WRITER(bool)
{
    (void)node;
    return cell_bool(to->out, batch->values.booleans[i] != 0, to->err);
}

WRITER(int32)
{
    (void)node;
    return cell_int(to->out, batch->values.ints[i], to->err);
}

WRITER(int64)
{
    (void)node;
    return cell_int(to->out, batch->values.longs[i], to->err);
}

WRITER(uint32)
{
    (void)node;
    return cell_uint(to->out, (uint32_t)batch->values.ints[i], to->err);
}

WRITER(uint64)
{
    (void)node;
    return cell_uint(to->out, (uint64_t)batch->values.longs[i], to->err);
}

WRITER(float)
{
    (void)node;
    return cell_float(to->out, batch->values.floats[i], to->err);
}

WRITER(double)
{
    (void)node;
    return cell_double(to->out, batch->values.doubles[i], to->err);
}

static int write_decimal(const struct plan_node *node, uint64_t value, size_t n,
                         struct plan_writer *to)
{
    char bytes[8];

    for (size_t i = n; i-- > 0; value >>= 8)
        bytes[i] = (char)(value & 0xff);
    return cell_decimal(to->out, slice_of(bytes, n), node->element->scale, to->err);
}

WRITER(decimal32)
{
    return write_decimal(node, (uint32_t)batch->values.ints[i], 4, to);
}

WRITER(decimal64)
{
    return write_decimal(node, (uint64_t)batch->values.longs[i], 8, to);
}

WRITER(date)
{
    (void)node;
    return cell_date(to->out, batch->values.ints[i], to->err);
}

WRITER(time32)
{
    return cell_time(to->out, batch->values.ints[i], (enum cell_unit)node->element->unit,
                     to->err);
}

WRITER(time64)
{
    return cell_time(to->out, batch->values.longs[i], (enum cell_unit)node->element->unit,
                     to->err);
}

WRITER(timestamp)
{
    return cell_timestamp(to->out, batch->values.longs[i], (enum cell_unit)node->element->unit,
                          node->element->is_utc, to->err);
}

WRITER(decimal_bytes)
{
    return cell_decimal(to->out, batch->values.bytes[i], node->element->scale, to->err);
}

/* The bytes of a value of a fixed length. */
static const uint8_t *fixed_bytes(const struct parquet_batch *batch, size_t i)
{
    return (const uint8_t *)batch->values.bytes[i].ptr;
}

WRITER(half)
{
    const uint8_t *bytes = fixed_bytes(batch, i);

    (void)node;
    return cell_half(to->out, (uint16_t)(bytes[0] | bytes[1] << 8), to->err);
}

WRITER(int96)
{
    (void)node;
    return cell_int96(to->out, fixed_bytes(batch, i), to->err);
}

WRITER(uuid)
{
    (void)node;
    return cell_uuid(to->out, fixed_bytes(batch, i), to->err);
}

WRITER(text)
{
    (void)node;
    return cell_text(to->out, batch->values.bytes[i], to->err);
}

WRITER(json)
{
    (void)node;
    return cell_json(to->out, batch->values.bytes[i], &to->bad_json, to->err);
}

WRITER(bytes)
{
    (void)node;
    return cell_bytes(to->out, batch->values.bytes[i], to->err);
}

int plan_write_value(const struct plan_node *node, const struct parquet_batch *batch, size_t i,
                     struct plan_writer *to)
{
    static int (*const writers[])(const struct plan_node *node,
                                  const struct parquet_batch *batch, size_t i,
                                  struct plan_writer *to) = {
        [PLAN_NOTHING] = write_nothing,
        [PLAN_BOOL] = write_bool,
        [PLAN_INT32] = write_int32,
        [PLAN_INT64] = write_int64,
        [PLAN_UINT32] = write_uint32,
        [PLAN_UINT64] = write_uint64,
        [PLAN_FLOAT] = write_float,
        [PLAN_DOUBLE] = write_double,
        [PLAN_DECIMAL32] = write_decimal32,
        [PLAN_DECIMAL64] = write_decimal64,
        [PLAN_DATE] = write_date,
        [PLAN_TIME32] = write_time32,
        [PLAN_TIME64] = write_time64,
        [PLAN_TIMESTAMP] = write_timestamp,
        [PLAN_DECIMAL_BYTES] = write_decimal_bytes,
        [PLAN_HALF] = write_half,
        [PLAN_INT96] = write_int96,
        [PLAN_UUID] = write_uuid,
        [PLAN_TEXT] = write_text,
        [PLAN_JSON] = write_json,
        [PLAN_BYTES] = write_bytes,
    };

    return writers[node->value](node, batch, i, to);
}
