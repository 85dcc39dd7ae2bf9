#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write Parquet files of random schemas, values and options, with their rows:
random_tables.py FOLDER NUMBER SEED. Run by hand, before

    CURATE_PARQUET=FOLDER build-test/tests/test_parquet_table

which compares all files of the folder that have a .jsonl.
"""
import os
import random
import sys

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq

import make

WORDS = ["", "a", "user", "assistant", make.ODD, "long text " * 9, "\u00e9" * 30]


def random_field(rng, name, depth):
    """A column of nulls cannot be required."""
    kind = random_type(rng, depth)
    return pa.field(name, kind, pa.types.is_null(kind) or rng.random() < 0.8)


def random_type(rng, depth):
    leaves = [pa.string(), pa.string(), pa.int32(), pa.int64(), pa.uint8(), pa.uint64(),
              pa.float64(), pa.float32(), pa.bool_(), pa.binary(), pa.date32(),
              pa.timestamp("us", "UTC"), pa.time64("us"), pa.decimal128(12, 3), pa.null(),
              pa.dictionary(pa.int32(), pa.string()), pa.large_string()]
    kind = rng.random()
    if depth == 0 or kind < 0.4:
        return rng.choice(leaves)
    if kind < 0.65:
        return pa.list_(random_field(rng, "item", depth - 1))
    if kind < 0.72:
        return pa.map_(rng.choice([pa.string(), pa.int32()]), random_type(rng, depth - 1))
    return pa.struct([random_field(rng, f"f{i}", depth - 1)
                      for i in range(rng.randint(1, 4))])


def random_value(rng, kind, nullable=True):
    if pa.types.is_null(kind) or (nullable and rng.random() < 0.25):
        return None
    if pa.types.is_map(kind):
        keys = {random_value(rng, kind.key_type, False) for _ in range(rng.randint(0, 4))}
        return [(k, random_value(rng, kind.item_type)) for k in sorted(keys)]
    if pa.types.is_list(kind):
        n = rng.choice([0, 0, 1, 2, 3, 12])
        field = kind.value_field
        return [random_value(rng, field.type, field.nullable) for _ in range(n)]
    if pa.types.is_struct(kind):
        return {f.name: random_value(rng, f.type, f.nullable) for f in kind}
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or (
            pa.types.is_dictionary(kind)):
        return rng.choice(WORDS)
    if pa.types.is_binary(kind):
        return rng.choice([b"text", b"\xff\x00", b""])
    if pa.types.is_boolean(kind):
        return rng.random() < 0.5
    if pa.types.is_floating(kind):
        return rng.choice([0.5, -1e-7, 1e20, float(rng.randint(-9, 9))])
    if pa.types.is_decimal(kind):
        return make.decimal.Decimal(rng.randint(-10**8, 10**8)) / 1000
    if pa.types.is_integer(kind):
        return rng.randint(0, 255) if kind.bit_width == 8 else rng.choice([0, 1, 7, 2**31 - 1])
    day = make.datetime.datetime(2024, 2, 29, tzinfo=make.UTC)
    at = day + make.datetime.timedelta(microseconds=rng.randint(0, 10**10))
    if pa.types.is_date(kind):
        return at.date()
    return at.time() if pa.types.is_time(kind) else at


def random_table(rng):
    fields = [random_field(rng, f"c{i}", rng.randint(0, 4)) for i in range(rng.randint(1, 5))]
    n = rng.choice([0, 1, 2, 7, 40, 300])
    columns = [pa.array([random_value(rng, f.type, f.nullable) for _ in range(n)], f.type)
               for f in fields]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def write_pyarrow(rng, table, path):
    pq.write_table(table, path, compression=rng.choice(make.CODECS),
                   data_page_version=rng.choice(["1.0", "2.0"]),
                   data_page_size=rng.choice([1, 100, 1 << 20]),
                   write_batch_size=rng.choice([1, 3, 1024]),
                   row_group_size=rng.choice([1, 5, 1000]),
                   use_dictionary=rng.random() < 0.6,
                   dictionary_pagesize_limit=rng.choice([20, 1 << 20]),
                   write_page_checksum=rng.random() < 0.5,
                   use_compliant_nested_type=rng.random() < 0.8,
                   store_schema=rng.random() < 0.7)


def write_polars(rng, table, path):
    codec = rng.choice(["uncompressed", "snappy", "gzip", "zstd", "lz4", "brotli"])
    polars.from_arrow(table).write_parquet(path, compression=codec,
                                           row_group_size=rng.choice([2, 1000]),
                                           data_page_size=rng.choice([10, 1 << 20]))


def write_duckdb(rng, table, path):
    connection = duckdb.connect()
    connection.register("t", table)
    version = rng.choice(["v1", "v2"])
    connection.execute(f"COPY t TO '{path}' (FORMAT parquet, PARQUET_VERSION {version})")


def main():
    folder, number, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.makedirs(folder, exist_ok=True)
    n_skipped = 0
    for i in range(number):
        rng = random.Random(seed * 1000003 + i)
        stem = os.path.join(folder, f"random{seed}_{i}")
        table = random_table(rng)
        writer = rng.choice([write_pyarrow, write_pyarrow, write_polars, write_duckdb])
        try:
            writer(rng, table, stem + ".parquet")
            # pyarrow 26 loses rows of some nested columns that are required, when it reads.
            rows = (make.rows_of_table(table) if writer == write_pyarrow
                    else make.rows_of(stem + ".parquet"))
        except (pa.ArrowException, polars.exceptions.PolarsError, duckdb.Error, OSError,
                polars.exceptions.PanicException) as error:
            # What a writer cannot write, or pyarrow cannot read back, is no test of ours.
            n_skipped += 1
            print(f"{stem}: {writer.__name__}: {str(error)[:90]}")
            if os.path.exists(stem + ".parquet"):
                os.remove(stem + ".parquet")
            continue
        with open(stem + ".jsonl", "w", encoding="utf-8") as file:
            file.write(rows)
    print(f"{number - n_skipped} files, {n_skipped} left out")


if __name__ == "__main__":
    main()
