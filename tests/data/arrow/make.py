#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the Arrow files of this folder and the rows that they hold: make.py [FOLDER].

NAME.arrow is a file of pyarrow, polars or datasets. NAME.jsonl has its rows as curate writes them,
made from the values that pyarrow reads, by the rules of base/table/cell.h. Needs pyarrow 26,
polars 2.1 and datasets 5.2; the tests need only the files.
"""
import base64
import datetime
import decimal
import json
import os
import shutil
import sys
import tempfile

import datasets
import numpy
import polars
import pyarrow as pa
import pyarrow.ipc as ipc

OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}


def quote(text):
    return json.dumps(text, ensure_ascii=False)


def number(value):
    """A float as JSON, in the shortest text that reads back as the same number."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, float):
        return repr(value)
    return repr(float(str(value)))


def clock(count, unit):
    """A time of day, from the number of its units since midnight."""
    per = 10 ** DIGITS[unit]
    seconds, part = divmod(count, per)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return text + (f".{part:0{DIGITS[unit]}d}" if DIGITS[unit] else "")


def moment(count, unit, zone):
    per = 10 ** DIGITS[unit]
    days, rest = divmod(count, 86400 * per)
    day = datetime.date(1970, 1, 1) + datetime.timedelta(days=days)
    return f"{day.isoformat()}T{clock(rest, unit)}{'Z' if zone else ''}"


def raw(scalar):
    """The integer that a scalar of a time is."""
    return scalar.cast(pa.int32() if scalar.type.bit_width == 32 else pa.int64()).as_py()


def is_text(kind):
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or \
        pa.types.is_string_view(kind)


def octets(value):
    try:
        return quote(value.decode("utf-8"))
    except UnicodeDecodeError:
        return '{"$base64":' + quote(base64.b64encode(value).decode("ascii")) + "}"


def mapped(scalar, kind):
    pairs = [(cell(entry["key"]), cell(entry["value"])) for entry in scalar.values]
    if is_text(kind.key_type):
        return "{" + ",".join(f"{key}:{value}" for key, value in pairs) + "}"
    return "[" + ",".join(f'{{"key":{key},"value":{value}}}' for key, value in pairs) + "]"


def timed(scalar, kind):
    types = pa.types
    if types.is_date32(kind):
        return quote(scalar.as_py().isoformat())
    if types.is_date64(kind):
        return quote(moment(raw(scalar), "ms", None)[:10])
    if types.is_time(kind):
        return quote(clock(raw(scalar), kind.unit))
    if types.is_timestamp(kind):
        return quote(moment(raw(scalar), kind.unit, kind.tz))
    return str(raw(scalar))


def nested(scalar, kind):
    types = pa.types
    if types.is_map(kind):
        return mapped(scalar, kind)
    if types.is_struct(kind):
        return "{" + ",".join(f"{quote(kind[i].name)}:{cell(scalar[i])}"
                              for i in range(kind.num_fields)) + "}"
    return "[" + ",".join(cell(value) for value in scalar.values) + "]"


def extended(scalar, kind):
    storage = scalar.value
    if kind.extension_name == "arrow.json":
        return storage.as_py()
    if kind.extension_name == "arrow.bool8":
        return "true" if storage.as_py() else "false"
    if kind.extension_name == "arrow.uuid":
        text = storage.as_py().hex()
        return quote("-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:])))
    return cell(storage)


def cell(scalar):
    """A scalar of pyarrow as JSON."""
    kind, types = scalar.type, pa.types
    if not scalar.is_valid:
        return "null"
    if isinstance(kind, pa.BaseExtensionType):
        return extended(scalar, kind)
    if types.is_dictionary(kind):
        return cell(scalar.dictionary[scalar.index.as_py()])
    if types.is_boolean(kind):
        return "true" if scalar.as_py() else "false"
    if types.is_integer(kind):
        return str(scalar.as_py())
    if types.is_floating(kind):
        width = {16: numpy.float32, 32: numpy.float32, 64: float}[kind.bit_width]
        return number(width(scalar.as_py()))
    if types.is_decimal(kind):
        return quote(format(scalar.as_py(), "f"))
    if is_text(kind):
        return quote(scalar.as_py())
    if types.is_temporal(kind):
        return timed(scalar, kind)
    if types.is_nested(kind):
        return nested(scalar, kind)
    return octets(scalar.as_py())


def rows(batches):
    for batch in batches:
        for i in range(batch.num_rows):
            yield "{" + ",".join(f"{quote(batch.schema.names[k])}:{cell(batch.column(k)[i])}"
                                 for k in range(batch.num_columns)) + "}"


def write_rows(name, lines):
    with open(os.path.join(OUT, name + ".jsonl"), "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)


def write(name, batches, file=False, **options):
    """Write batches with pyarrow, and their rows."""
    how = ipc.IpcWriteOptions(**options)
    make = ipc.new_file if file else ipc.new_stream
    with make(os.path.join(OUT, name + ".arrow"), batches[0].schema, options=how) as writer:
        for batch in batches:
            writer.write_batch(batch)
    write_rows(name, rows(batches))


def batch(columns):
    return pa.RecordBatch.from_arrays([array for _, array in columns],
                                      schema=pa.schema([pa.field(name, array.type)
                                                        for name, array in columns]))


def integers():
    for bits in (8, 16, 32, 64):
        low, high = -2 ** (bits - 1), 2 ** (bits - 1) - 1
        yield f"i{bits}", pa.array([low, None, high, 0], getattr(pa, f"int{bits}")())
        yield f"u{bits}", pa.array([2 ** bits - 1, 0, None, 1], getattr(pa, f"uint{bits}")())


def floats():
    values = [0.1, None, float("nan"), -1.5e300]
    yield "half", pa.array([numpy.float16(0.1), None, numpy.float16("inf"),
                            numpy.float16(-65504)], pa.float16())
    yield "float", pa.array([0.1, None, float("-inf"), 16777216.0], pa.float32())
    yield "double", pa.array(values, pa.float64())


def decimals():
    for bits, digits in ((32, 9), (64, 18), (128, 38), (256, 76)):
        kind = getattr(pa, f"decimal{bits}")(digits, 2)
        most = decimal.Decimal("9" * (digits - 2) + ".99")
        with decimal.localcontext() as context:
            context.prec = 80
            yield f"decimal{bits}", pa.array([decimal.Decimal("1.23"), None, -most,
                                              decimal.Decimal("-0.05")], kind)
    yield "whole", pa.array([decimal.Decimal(12), None, decimal.Decimal(-7), decimal.Decimal(0)],
                            pa.decimal128(5, 0))


def times():
    moments = [0, None, 1700000000123456789, -1]
    for unit, digits in DIGITS.items():
        counts = [m if m is None else m // 10 ** (9 - digits) for m in moments]
        yield f"at_{unit}", pa.array(counts, pa.timestamp(unit))
        yield f"utc_{unit}", pa.array(counts, pa.timestamp(unit, tz="Europe/Berlin"))
        yield f"took_{unit}", pa.array(counts, pa.duration(unit))
        kind = pa.time32(unit) if digits < 6 else pa.time64(unit)
        noon = [0, None, 43200 * 10 ** digits + 1, 86400 * 10 ** digits - 1]
        yield f"time_{unit}", pa.array(noon, kind)
    yield "date32", pa.array([0, None, 19782, -1], pa.date32())
    yield "date64", pa.array([0, None, 19782 * 86400000, -86400000], pa.date64())


def texts():
    values = ["a", None, "", "twelve bytes \u00e9\u6f22 \"quoted\"\\\n\t\x01"]
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        yield str(kind), pa.array(values, kind)
    some = [b"plain", None, b"\xff\x00 more than twelve bytes", b""]
    for kind in (pa.binary(), pa.large_binary(), pa.binary_view()):
        yield str(kind), pa.array(some, kind)
    yield "fixed", pa.array([b"abc", None, b"\xff\xfe\xfd", b"xyz"], pa.binary(3))


def scalars():
    return batch([("nothing", pa.nulls(4)), ("bool", pa.array([True, None, False, True])),
                  *integers(), *floats(), *decimals(), *texts()])


def lists():
    values = [[1, None, 3], None, [], [4]]
    yield "list", pa.array(values, pa.list_(pa.int16()))
    yield "large_list", pa.array(values, pa.large_list(pa.int16()))
    yield "list_view", pa.array(values, pa.list_view(pa.int16()))
    yield "large_list_view", pa.array(values, pa.large_list_view(pa.int16()))
    yield "pair", pa.array([[1, 2], None, [3, None], [5, 6]], pa.list_(pa.int8(), 2))
    yield "of_nulls", pa.array([[None, None], None, [], [None]], pa.list_(pa.null()))
    yield "deep", pa.array([[[["x"], []]], None, [None], [[None]]],
                           pa.list_(pa.list_(pa.list_(pa.string()))))


def structs():
    role = pa.struct([("role", pa.string()), ("content", pa.string())])
    talk = [[{"role": "user", "content": "hi"}, {"role": "assistant", "content": None}], None, [],
            [None, {"role": "user", "content": "h\u00e9"}]]
    yield "messages", pa.array(talk, pa.list_(role))
    yield "struct", pa.array([{"a": 1, "b": {"c": "x"}}, None, {"a": None, "b": None},
                              {"a": 2, "b": {"c": None}}],
                             pa.struct([("a", pa.int32()), ("b", pa.struct([("c", pa.string())]))]))
    yield "empty", pa.array([{}, None, {}, {}], pa.struct([]))
    yield "map", pa.array([[("x", 7), ("y", None)], None, [], [("x", 1), ("x", 2)]],
                          pa.map_(pa.string(), pa.int32()))
    yield "int_map", pa.array([[(7, "x"), (8, None)], None, [], [(1, "y")]],
                              pa.map_(pa.int32(), pa.string()))


def extensions():
    texts_ = ['{"a": [1, 2]}', None, '"text"', "12"]
    yield "json", pa.ExtensionArray.from_storage(pa.json_(), pa.array(texts_))
    yield "uuid", pa.array([bytes(range(16)), None, bytes(16), b"\xff" * 16], pa.uuid())
    yield "bool8", pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, None, 0, -1], pa.int8()))


def dictionaries():
    yield "word", pa.array(["x", None, "y", "x"]).dictionary_encode()
    yield "small", pa.DictionaryArray.from_arrays(pa.array([1, None, 0, 1], pa.uint8()),
                                                  pa.array([1.5, None]))
    yield "talk", pa.DictionaryArray.from_arrays(
        pa.array([0, 1, None, 0], pa.int64()),
        pa.array([[{"role": "user"}], []], pa.list_(pa.struct([("role", pa.string())]))))
    inner = pa.array(["a", "b"]).dictionary_encode()
    yield "inner", pa.ListArray.from_arrays(pa.array([0, 2, 2, 3, 4], pa.int32()),
                                            pa.concat_arrays([inner, inner]))


def nests():
    return batch([*lists(), *structs(), *extensions(), *dictionaries()])


def of_words(words, values):
    return batch([("n", pa.array(range(len(words)), pa.int32())),
                  ("word", pa.DictionaryArray.from_arrays(
                      pa.array([values.index(word) for word in words], pa.int8()),
                      pa.array(values)))])


def pyarrow_files():
    write("scalars", [scalars()])
    write("times", [batch([*times()])])
    write("nests", [nests()])
    write("nests_file", [nests()], file=True)
    small = batch([("id", pa.array(range(5))), ("text", pa.array(["a", "b", None, "d", "e"]))])
    write("batches", [small, small.slice(0, 0), small.slice(1, 3)])
    write("batches_file", [small, small.slice(0, 0), small.slice(1, 3)], file=True)
    write("no_rows", [small.slice(0, 0)])
    write("no_rows_file", [small.slice(0, 0)], file=True)
    long = batch([("text", pa.array(["word " * 700, None, "", "other " * 500])),
                  ("n", pa.array([1, 2, 3, 4])), ("flags", pa.array([True, False, None, True]))])
    write("lz4", [long, long.slice(2)], compression="lz4")
    write("zstd", [long, long.slice(2)], compression="zstd")
    write("zstd_file", [long, long.slice(2)], file=True, compression="zstd")
    write("version4", [nests()], metadata_version=ipc.MetadataVersion.V4)
    n = range(200)
    whole = batch([("id", pa.array([i * 2654435761 % 2 ** 63 for i in n])),
                   ("text", pa.array([None if i % 7 == 3 else "x" * (i * 37 % 11) for i in n])),
                   ("list", pa.array([None if i % 5 == 4 else [i % 100] * (i % 4) for i in n],
                                     pa.list_(pa.int16()))),
                   ("even", pa.array([i % 2 == 0 for i in n])),
                   ("view", pa.array(["a view " * (i // 50) for i in n], pa.string_view()))])
    write("windows", [whole])
    write("replaced", [of_words("abba", ["a", "b"]), of_words("ccb", ["b", "c"])])
    write("deltas", [of_words("abba", ["a", "b"]), of_words("cab", ["a", "b", "c"]),
                     of_words("dd", ["a", "b", "c", "d"])], emit_dictionary_deltas=True)
    write("deltas_file", [of_words("abba", ["a", "b"]), of_words("cab", ["a", "b", "c"])],
          file=True, emit_dictionary_deltas=True)


def refused_file():
    """A file whose columns but one have types that cannot be written."""
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array(["a", "b"]))
    dense = pa.UnionArray.from_dense(pa.array([0, 1, 0], pa.int8()), pa.array([0, 0, 1], pa.int32()),
                                     [pa.array([1, 2]), pa.array(["x"])])
    sparse = pa.UnionArray.from_sparse(pa.array([0, 1, 0], pa.int8()),
                                       [pa.array([1, 2, 3]), pa.array(["x", "y", "z"])])
    spans = pa.array([(1, 2, 3), None, (0, 0, 1)], pa.month_day_nano_interval())
    last = pa.array(["x", "y", "z"])
    whole = batch([("runs", runs), ("dense", dense), ("sparse", sparse), ("spans", spans),
                   ("last", last)])
    with ipc.new_stream(os.path.join(OUT, "refused.arrow"), whole.schema) as writer:
        writer.write_batch(whole)
    write_rows("refused", rows([batch([("last", last)])]))


def polars_frame():
    return polars.DataFrame({
        "text": ["a", None, "a text of more than twelve bytes"],
        "bytes": [b"a", None, b"\xff\x00"],
        "price": [decimal.Decimal("1.23"), None, decimal.Decimal("-4.50")],
        "day": [datetime.date(2024, 2, 29)] * 3,
        "at": [datetime.datetime(2024, 1, 1, 1, 2, 3)] * 3,
        "took": [datetime.timedelta(seconds=5)] * 3,
        "time": [datetime.time(1, 2, 3)] * 3,
        "list": [["x"], [], None],
        "struct": [{"a": 1, "b": "x"}, None, {"a": None, "b": None}],
        "nothing": polars.Series([None] * 3, dtype=polars.Null),
        "category": polars.Series(["x", "y", "x"], dtype=polars.Categorical),
        "enum": polars.Series(["x", None, "y"], dtype=polars.Enum(["x", "y"])),
        "array": polars.Series([[1, 2], [3, 4], None], dtype=polars.Array(polars.Int16, 2)),
    })


def polars_files():
    frame = polars_frame()
    lines = list(rows(frame.to_arrow().to_batches()))
    for name, method, how in (("polars", "write_ipc", None), ("polars_zstd", "write_ipc", "zstd"),
                              ("polars_stream", "write_ipc_stream", None),
                              ("polars_stream_lz4", "write_ipc_stream", "lz4")):
        getattr(frame, method)(os.path.join(OUT, name + ".arrow"),
                               **({"compression": how} if how else {}))
        write_rows(name, lines)
    wide = [2 ** 127 - 1, None, -2 ** 127, 12]
    polars.DataFrame({"wide": polars.Series(wide, dtype=polars.Int128)}).write_ipc(
        os.path.join(OUT, "polars_int128.arrow"))
    write_rows("polars_int128", [json.dumps({"wide": value}, separators=(",", ":"))
                                 for value in wide])
    polars.DataFrame({"n": polars.Series([], dtype=polars.Int8)}).write_ipc(
        os.path.join(OUT, "polars_no_rows.arrow"))
    write_rows("polars_no_rows", [])


def datasets_files():
    """What save_to_disk writes: messages as JSON, and a column of images, which is passed over."""
    talk = [[{"role": "user", "content": "hi"},
             {"role": "assistant", "content": [{"type": "text", "text": "h\u00e9"}]}],
            [{"role": "user", "content": "again"}]]
    json_type = datasets.Json()
    features = datasets.Features({"messages": datasets.List(json_type),
                                  "image": {"bytes": datasets.Value("binary"),
                                            "path": datasets.Value("string")},
                                  "source": datasets.Value("string")})
    whole = datasets.Dataset.from_list([{"messages": messages, "source": "s",
                                         "image": {"bytes": b"\x89PNG", "path": "x.png"}}
                                        for messages in talk], features=features)
    folder = tempfile.mkdtemp()
    whole.save_to_disk(folder)
    os.replace(os.path.join(folder, "data-00000-of-00001.arrow"),
               os.path.join(OUT, "datasets.arrow"))
    shutil.rmtree(folder)
    with ipc.open_stream(os.path.join(OUT, "datasets.arrow")) as reader:
        write_rows("datasets", rows(part.drop_columns("image") for part in reader))


def talk_files():
    """The same 12 records as JSON lines, as a file of polars and as splits of save_to_disk."""
    folder = os.path.join(OUT, "talk")
    records = [{"messages": [{"role": "user", "content": f"What is {n} times {n}?"},
                             {"role": "assistant", "content": f"{n} times {n} is {n * n}."}],
                "level": n} for n in range(2, 14)]
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    with open(os.path.join(folder, "talk.jsonl"), "w", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
    polars.DataFrame(records).write_ipc(os.path.join(folder, "talk.arrow"), compression="zstd")
    whole = datasets.DatasetDict({"train": datasets.Dataset.from_list(records[:9]),
                                  "test": datasets.Dataset.from_list(records[9:])})
    whole.save_to_disk(os.path.join(folder, "saved"), num_shards={"train": 2, "test": 1})


def main():
    datasets.disable_progress_bars()
    pyarrow_files()
    refused_file()
    polars_files()
    datasets_files()
    talk_files()


if __name__ == "__main__":
    main()
