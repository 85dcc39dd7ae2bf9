#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the Parquet files of this folder, with the rows that pyarrow reads from them as JSON lines:
make.py FOLDER SEEDS. Needs pyarrow, polars, duckdb and datasets; it is run by hand, not by
`make test`. SEEDS gets a part of the files, for fuzzing.

SHAPE-WRITER-OPTIONS.parquet has the rows of SHAPE.jsonl, or of a file of its own where its types
make a difference. handmade.py writes the files that no current writer emits.
"""
import base64
import datetime
import decimal
import json
import os
import shutil
import sys
import uuid

import datasets
import duckdb
import numpy
import polars
import pyarrow as pa
import pyarrow.parquet as pq

import handmade

CODECS = ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]
MAX_BYTES = 10240
UTC = datetime.timezone.utc
ODD = 'a "quoted" \\ word\n\tr\u00e9sum\u00e9 \u4e2d\u6587 \U0001f600 \x01\x1f\x7f'


def message(role, content):
    return {"role": role, "content": content}


def alpaca(n):
    rows = [{"instruction": f"Say {i} in words.", "input": None if i % 3 else "",
             "output": f"The number {i} is {'big' if i > 5 else 'small'}. " * (i % 4)}
            for i in range(n)]
    rows[1]["output"] = ODD
    return pa.Table.from_pylist(rows)


def messages():
    rows = [{"messages": [message("system", "Be brief."), message("user", f"What is {i}?"),
                          message("assistant", f"It is {i}.")], "source": "made"}
            for i in range(6)]
    rows[1]["messages"] = []
    rows[2]["messages"] = None
    rows[3]["messages"][2]["content"] = None
    rows[4]["messages"][1] = None
    rows[5]["messages"] = [message("user", ODD)] * 20
    return pa.Table.from_pylist(rows)


def calls():
    """Messages with the calls of tools, as structs that pad each other with nulls."""
    call = {"id": "c1", "type": "function",
            "function": {"name": "add", "arguments": "{\"a\": 1}"}}
    return pa.Table.from_pylist([
        {"messages": [{"role": "user", "content": "1 + 2", "tool_calls": None, "name": None},
                      {"role": "assistant", "content": None, "tool_calls": [call, call],
                       "name": None},
                      {"role": "tool", "content": "3", "tool_calls": [], "name": "add"}]},
        {"messages": [{"role": "user", "content": "none", "tool_calls": [], "name": "n"}]}])


def sharegpt():
    return pa.Table.from_pylist([
        {"id": f"i{i}", "conversations": [{"from": "human", "value": "q" * i},
                                          {"from": "gpt", "value": None if i == 2 else "a"}]}
        for i in range(5)])


def lists():
    kind = pa.struct([("a", pa.list_(pa.list_(pa.int32()))), ("b", pa.list_(pa.string()))])
    rows = [{"a": [[1, 2], [], None, [3]], "b": ["x", None, ""]}, {"a": [], "b": []},
            {"a": None, "b": None}, {"a": [[]], "b": [None]}, {"a": [None], "b": ["y"] * 40},
            {"a": [[None, 4]] * 9, "b": ["z"]}]
    return pa.Table.from_pylist(rows, schema=pa.schema(list(kind)))


def structs():
    inner = pa.struct([("x", pa.int64()), ("y", pa.struct([("z", pa.string())]))])
    rows = [{"s": {"x": 1, "y": {"z": "a"}}, "t": [{"x": None, "y": None}]},
            {"s": None, "t": []}, {"s": {"x": None, "y": {"z": None}}, "t": None},
            {"s": {"x": 2, "y": None}, "t": [None, {"x": 3, "y": {"z": "b"}}]}]
    return pa.Table.from_pylist(rows, schema=pa.schema([("s", inner), ("t", pa.list_(inner))]))


def nulls():
    return pa.table({"system": pa.nulls(4), "tools": pa.array([[], None, [], [None]],
                                                               pa.list_(pa.null())),
                     "text": ["a", None, "b", None]})


def maps():
    text = pa.map_(pa.string(), pa.int32())
    number = pa.map_(pa.int32(), pa.string())
    return pa.table({"m": pa.array([[("x", 7), ("y", None)], None, [], [(ODD, 1)]], text),
                     "n": pa.array([[(1, "a")], [], None, [(2, None), (3, "b")]], number)})


def numbers():
    limits = {"i8": (-2**7, 2**7 - 1), "i16": (-2**15, 2**15 - 1), "i32": (-2**31, 2**31 - 1),
              "i64": (-2**63, 2**63 - 1), "u8": (0, 2**8 - 1), "u16": (0, 2**16 - 1),
              "u32": (0, 2**32 - 1), "u64": (0, 2**64 - 1)}
    kinds = {"i8": pa.int8(), "i16": pa.int16(), "i32": pa.int32(), "i64": pa.int64(),
             "u8": pa.uint8(), "u16": pa.uint16(), "u32": pa.uint32(), "u64": pa.uint64()}
    columns = {k: pa.array([lo, None, hi, 7], kinds[k]) for k, (lo, hi) in limits.items()}
    columns["f32"] = pa.array([0.1, -1e20, None, 1e-45], pa.float32())
    columns["f64"] = pa.array([0.1, 1e16, -1e-05, None], pa.float64())
    columns["flag"] = pa.array([True, None, False, True])
    return pa.table(columns)


def times():
    day = datetime.date
    ms, us, ns = (pa.array([0, None, 1700000000123456789 // 10**k, -1]) for k in (6, 3, 0))
    return pa.table({
        "date": pa.array([day(2024, 2, 29), None, day(1, 1, 1), day(9999, 12, 31)]),
        "us": us.cast(pa.timestamp("us")), "utc": us.cast(pa.timestamp("us", "UTC")),
        "ms": ms.cast(pa.timestamp("ms")), "ns": ns.cast(pa.timestamp("ns")),
        "t": pa.array([0, None, 3723000001, 86399999999]).cast(pa.time64("us"))})


def odd_types():
    fixed = [d.bytes for d in (uuid.UUID(int=1), uuid.UUID(int=2**128 - 1))]
    number = decimal.Decimal
    return pa.table({
        "d5": pa.array([number("1.23"), number("-0.01"), None], pa.decimal128(5, 2)),
        "d18": pa.array([number("123456789012345.678"), None, number(0)], pa.decimal128(18, 3)),
        "d38": pa.array([number(-10**37), number(1), None], pa.decimal128(38, 0)),
        "d76": pa.array([None, number(10**75) / 10**10, number(-1)], pa.decimal256(76, 10)),
        "half": pa.array([numpy.float16(0.1), numpy.float16(65504), None], pa.float16()),
        "uuid": pa.array(fixed + [None], pa.uuid()),
        "bytes": pa.array([b"text", b"\xff\xfe", None], pa.binary()),
        "fixed": pa.array([b"abc", None, b"\x80\0\1"], pa.binary(3)),
        "t32": pa.array([1, None, 86399999], pa.time32("ms")),
        "wide": pa.array(["a", None, "a"], pa.large_string()),
        "few": pa.array(["a", "b", None]).dictionary_encode(),
        "view": pa.array(["view", None, "longer than twelve bytes"], pa.string_view()),
        "pair": pa.array([[1, 2], None, [3, None]], pa.list_(pa.int32(), 2))})


def special():
    return pa.table({"f": pa.array([float("nan"), float("inf"), -float("inf"), -0.0]),
                     "g": pa.array([float("nan"), None, float("inf"), 1.5], pa.float32())})


def split():
    """Texts that fill the dictionary, so that the writer changes to PLAIN inside a chunk."""
    return pa.table({"text": [f"{i % 50:03d} " + chr(97 + i % 26) * 60 for i in range(120)]})


def tools():
    """Values of mixed types, which datasets stores as JSON."""
    call = {"role": "assistant", "content": None,
            "tool_calls": [{"function": {"name": "f", "arguments": {"x": 1, "y": [None, "z"]}}}]}
    rows = [{"messages": [message("user", "a"), call],
             "tools": [{"name": "f", "parameters": {"a": [1, "x"], "b": {"c": 2.5}}}]},
            {"messages": [message("user", [{"type": "text", "text": ODD}])], "tools": None},
            {"messages": [], "tools": [{"name": "g", "parameters": {"a": []}}]}]
    return datasets.Dataset.from_list(rows, on_mixed_types="use_json")


def image():
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    return pa.table({"text": ["a", "b"], "image": pa.array([{"bytes": b"\x89PNG", "path": "p"},
                                                            None], kind),
                     "clips": pa.array([[{"bytes": b"\xff", "path": None}], []],
                                       pa.list_(kind))})


def as_float(value, kind):
    if value != value or value in (float("inf"), -float("inf")):
        return json.dumps(value)
    if pa.types.is_float64(kind):
        return repr(value)
    return str(numpy.float32(value))


def as_time(seconds, digits, unit):
    at = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    fraction = f".{digits:0{unit}d}" if unit else ""
    return at, fraction


def as_text(kind, value):
    """A value that JSON has as text."""
    units = {"s": 0, "ms": 3, "us": 6, "ns": 9}
    if pa.types.is_timestamp(kind):
        unit = units[kind.unit]
        at, fraction = as_time(value.value // 10**unit, value.value % 10**unit, unit)
        return at.isoformat() + fraction + ("Z" if kind.tz else "")
    if pa.types.is_time(kind):
        unit = units[kind.unit]
        at, fraction = as_time(value.value // 10**unit, value.value % 10**unit, unit)
        return at.time().isoformat() + fraction
    if pa.types.is_decimal(kind):
        return f"{value.as_py():f}"
    return str(value.as_py())


def as_json(value):
    """The JSON of a scalar of pyarrow, as docs/design.md describes it."""
    kind = value.type
    if not value.is_valid:
        return "null"
    if isinstance(kind, pa.JsonType):
        return json.dumps(json.loads(value.as_py()), ensure_ascii=False, separators=(",", ":"))
    if isinstance(kind, pa.UuidType):
        return f'"{value.as_py()}"'
    if pa.types.is_dictionary(kind):
        return as_json(pa.scalar(value.as_py()))
    if pa.types.is_struct(kind):
        members = (json.dumps(f.name) + ":" + as_json(value[f.name]) for f in kind)
        return "{" + ",".join(members) + "}"
    if pa.types.is_map(kind):
        pairs = [(as_json(e["key"]), as_json(e["value"])) for e in value.values]
        if not pa.types.is_integer(kind.key_type):
            return "{" + ",".join(f"{k}:{v}" for k, v in pairs) + "}"
        return "[" + ",".join(f'{{"key":{k},"value":{v}}}' for k, v in pairs) + "]"
    if pa.types.is_nested(kind):
        return "[" + ",".join(map(as_json, value.values)) + "]"
    if pa.types.is_floating(kind):
        return as_float(value.as_py(), kind)
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return json.dumps(value.as_py())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or (
            pa.types.is_fixed_size_binary(kind)):
        try:
            return json.dumps(value.as_py().decode(), ensure_ascii=False)
        except UnicodeDecodeError:
            return '{"$base64":"' + base64.b64encode(value.as_py()).decode() + '"}'
    return json.dumps(as_text(kind, value), ensure_ascii=False)


def is_media(kind):
    while pa.types.is_list(kind) or pa.types.is_large_list(kind):
        kind = kind.value_type
    return pa.types.is_struct(kind) and {f.name for f in kind} == {"bytes", "path"}


def rows_of(path):
    return rows_of_table(pq.read_table(path))


def rows_of_table(table):
    table = table.select([f.name for f in table.schema if not is_media(f.type)])
    names = [json.dumps(n) for n in table.column_names]
    lines = []
    for i in range(table.num_rows):
        members = (n + ":" + as_json(table.column(k)[i]) for k, n in enumerate(names))
        lines.append("{" + ",".join(members) + "}\n")
    return "".join(lines)


class Folder:
    def __init__(self, path):
        self.path = path
        self.shapes = {}

    def write(self, name, writer, is_readable=True):
        """Write a file by a function of its path, and its rows unless its shape has the same. A
        file that pyarrow cannot read has those of its shape."""
        path = os.path.join(self.path, name + ".parquet")
        writer(path)
        if os.path.getsize(path) > MAX_BYTES:
            raise ValueError(f"{name}: {os.path.getsize(path)} bytes")
        shape = name.split("-")[0]
        rows = rows_of(path) if is_readable else self.shapes[shape]
        if shape in self.shapes and self.shapes[shape] == rows:
            return
        where = name if shape in self.shapes else shape
        self.shapes.setdefault(shape, rows)
        with open(os.path.join(self.path, where + ".jsonl"), "w", encoding="utf-8") as file:
            file.write(rows)

    def pyarrow(self, name, table, **options):
        self.write(name, lambda path: pq.write_table(table, path, **options))

    def polars(self, name, table, codec, **options):
        codec = "uncompressed" if codec == "none" else codec
        frame = polars.from_arrow(table)
        self.write(name, lambda path: frame.write_parquet(path, compression=codec, **options))

    def duckdb(self, name, table, codec, more="", is_readable=True):
        codec = {"none": "uncompressed", "lz4": "lz4_raw"}.get(codec, codec)
        connection = duckdb.connect()
        connection.register("t", table)
        self.write(name, lambda path: connection.execute(
            f"COPY t TO '{path}' (FORMAT parquet, COMPRESSION {codec}{more})"), is_readable)

    def datasets(self, name, table):
        if isinstance(table, pa.Table):
            table = datasets.Dataset(datasets.table.InMemoryTable(table))
        self.write(name, lambda path: table.to_parquet(path))


def write_codecs(folder):
    for shape, table in (("alpaca", alpaca(12)), ("messages", messages())):
        for codec in CODECS:
            for version in (1, 2):
                folder.pyarrow(f"{shape}-pyarrow-{codec}-v{version}", table, compression=codec,
                               data_page_version=f"{version}.0")
            folder.polars(f"{shape}-polars-{codec}", table, codec)
            folder.duckdb(f"{shape}-duckdb-{codec}", table, codec)
        folder.duckdb(f"{shape}-duckdb-version2", table, "snappy", ", PARQUET_VERSION v2")
        folder.datasets(f"{shape}-datasets", table)


def write_encodings(folder):
    text = alpaca(12)
    number = numbers()
    narrow = {"i64": "DELTA_BINARY_PACKED", "i32": "DELTA_BINARY_PACKED"}
    split_bytes = {n: "BYTE_STREAM_SPLIT" for n in ("i32", "i64", "f32", "f64")}
    for version in (1, 2):
        kind = {"use_dictionary": False, "data_page_version": f"{version}.0",
                "compression": "none"}
        for encoding in ("PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"):
            folder.pyarrow(f"alpaca-pyarrow-{encoding.lower()}-v{version}", text,
                           column_encoding={n: encoding for n in text.column_names}, **kind)
        for name, encoding in (("plain", {}), ("packed", narrow), ("split", split_bytes),
                               ("rle", {"flag": "RLE"})):
            folder.pyarrow(f"numbers-pyarrow-{name}-v{version}", number,
                           column_encoding=encoding, **kind)
        fixed = {"uuid": "DELTA_BYTE_ARRAY", "fixed": "BYTE_STREAM_SPLIT"}
        folder.pyarrow(f"odd-pyarrow-fixed-v{version}", odd_types(), column_encoding=fixed,
                       store_decimal_as_integer=True, **kind)


def write_shapes(folder):
    """The other shapes by all writers that have their types."""
    shapes = {"calls": calls(), "sharegpt": sharegpt(), "lists": lists(), "structs": structs(),
              "nulls": nulls(), "maps": maps(), "numbers": numbers(), "times": times(),
              "odd": odd_types(), "special": special(), "empty": alpaca(12).slice(0, 0),
              "one": alpaca(2).slice(1), "image": image()}
    for shape, table in shapes.items():
        folder.pyarrow(f"{shape}-pyarrow-v1", table)
        folder.pyarrow(f"{shape}-pyarrow-v2", table, data_page_version="2.0",
                       compression="zstd", data_page_size=64, write_batch_size=2)
        if shape not in ("maps", "odd"):
            folder.polars(f"{shape}-polars", table, "zstd")
        if shape not in ("odd", "empty", "nulls", "image"):
            folder.duckdb(f"{shape}-duckdb", table, "snappy")
            # DuckDB 2.0 writes deltas of 33 bits for INT32, which pyarrow 26 does not read.
            folder.duckdb(f"{shape}-duckdb-version2", table, "zstd", ", PARQUET_VERSION v2",
                          is_readable=shape != "numbers")
        if shape not in ("odd", "maps"):
            folder.datasets(f"{shape}-datasets", table)
    folder.pyarrow("times-pyarrow-int96", times().select(["date", "ns"]),
                   use_deprecated_int96_timestamps=True)
    folder.pyarrow("lists-pyarrow-item", lists(), use_compliant_nested_type=False)
    folder.datasets("tools-datasets", tools())


def write_layouts(folder):
    """Several row groups, several pages, and a dictionary that is given up."""
    for shape, table in (("alpaca", alpaca(12)), ("messages", messages()), ("lists", lists())):
        folder.pyarrow(f"{shape}-pyarrow-groups", table, row_group_size=2)
        folder.polars(f"{shape}-polars-groups", table, "snappy", row_group_size=3)
        folder.pyarrow(f"{shape}-pyarrow-pages", table, data_page_size=1, write_batch_size=1,
                       write_page_checksum=True)
    for version in (1, 2):
        folder.pyarrow(f"split-pyarrow-v{version}", split(), dictionary_pagesize_limit=1000,
                       write_batch_size=8, data_page_version=f"{version}.0")
    folder.polars("split-polars", split(), "zstd", data_page_size=500)
    folder.duckdb("split-duckdb", split(), "snappy", ", DICTIONARY_SIZE_LIMIT 20")
    long = pa.table({"text": ["0123456789abcdef" * n for n in (1, 12500, 40000)]})
    for codec in ("zstd", "gzip", "brotli"):
        pq.write_table(long, os.path.join(folder.path, f"long-pyarrow-{codec}.parquet"),
                       compression=codec, use_dictionary=False, write_statistics=False)


def copy_seeds(where, seeds):
    """All files that were made by hand, and one of each writer for each shape."""
    endings = ("-polars", "-duckdb-version2", "-pyarrow-v1", "-datasets")
    for name in sorted(os.listdir(where)):
        stem, ending = os.path.splitext(name)
        if ending == ".parquet" and ("-" not in stem or stem.endswith(endings)):
            shutil.copyfile(os.path.join(where, name), os.path.join(seeds, stem))


def main():
    where, seeds = sys.argv[1:]
    datasets.disable_progress_bars()
    folder = Folder(where)
    write_codecs(folder)
    write_encodings(folder)
    write_shapes(folder)
    write_layouts(folder)
    handmade.write_all(where)
    copy_seeds(where, seeds)


if __name__ == "__main__":
    main()
