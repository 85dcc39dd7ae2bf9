#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write Arrow files that are damaged in one place each to hostile/: make_hostile.py [FOLDER].

Each is a small file of pyarrow in which a few bytes are replaced. tests/unit/test_arrow_hostile.c
says what each must lead to. Needs pyarrow 26.
"""
import io
import os
import struct
import sys

import pyarrow as pa
import pyarrow.ipc as ipc

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "hostile")
HUGE = 2 ** 62


class File:
    """A file whose messages can be found and changed."""

    def __init__(self, batches, file=False, **options):
        sink = io.BytesIO()
        make = ipc.new_file if file else ipc.new_stream
        with make(sink, batches[0].schema, options=ipc.IpcWriteOptions(**options)) as writer:
            for batch in batches:
                writer.write_batch(batch)
        self.data = bytearray(sink.getvalue())
        self.messages = []
        at = 8 if file else 0
        while at + 8 <= len(self.data):
            length = self.get("<i", at + 4)
            if self.get("<I", at) != 0xffffffff or length == 0:
                break
            message = Message(self, at, length)
            self.messages.append(message)
            at = message.end

    def get(self, form, at):
        return struct.unpack_from(form, self.data, at)[0]

    def put(self, form, at, value):
        struct.pack_into(form, self.data, at, value)
        return self

    def members(self, table):
        """The places of the members of a table; None where one is absent."""
        vtable = table - self.get("<i", table)
        n = (self.get("<H", vtable) - 4) // 2
        offsets = [self.get("<H", vtable + 4 + 2 * i) for i in range(n)]
        return [table + offset if offset else None for offset in offsets]

    def follow(self, at):
        return at + self.get("<I", at)

    def save(self, name):
        with open(os.path.join(OUT, name), "wb") as out:
            out.write(self.data)


class Message:
    def __init__(self, file, at, length):
        self.file, self.at, self.metadata = file, at, at + 8
        self.root = file.follow(self.metadata)
        self.version, self.type, self.header_at, self.body_length = \
            (file.members(self.root) + [None] * 4)[:4]
        self.header = file.follow(self.header_at)
        self.body = self.metadata + length
        self.end = self.body + (file.get("<q", self.body_length) if self.body_length else 0)

    def batch(self):
        """The places of the members of a record batch, or of that of a dictionary."""
        header = self.header
        if self.file.get("<B", self.type) == 2:
            header = self.file.follow(self.file.members(header)[1])
        return (self.file.members(header) + [None] * 5)[:5]

    def length(self):
        return self.batch()[0]

    def node(self, i):
        return self.file.follow(self.batch()[1]) + 4 + 16 * i

    def buffer(self, i):
        return self.file.follow(self.batch()[2]) + 4 + 16 * i

    def bytes_of(self, i):
        """The place of the bytes of a buffer."""
        return self.body + self.file.get("<q", self.buffer(i))


def batch(columns):
    return pa.RecordBatch.from_arrays([array for _, array in columns],
                                      schema=pa.schema([pa.field(name, array.type)
                                                        for name, array in columns]))


def plain(**options):
    """Two batches of three rows: buffers 0 and 1 are id, 2 to 4 text, 5 to 8 list."""
    first = batch([("id", pa.array([1, 2, None], pa.int32())),
                   ("text", pa.array(["a", "bc", None])),
                   ("list", pa.array([[1], [2, 3], None], pa.list_(pa.int8())))])
    return File([first, first], **options)


def words(**options):
    first = batch([("word", pa.array(["a", "b", "a"]).dictionary_encode())])
    return File([first, first], **options)


def views():
    """Buffers 0 and 1 are the validity and the views, 2 has the bytes of long texts."""
    first = batch([("text", pa.array(["short", "a text of more than 12 bytes", None],
                                     pa.string_view()))])
    return File([first, first])


def packed(compression):
    first = batch([("text", pa.array(["word " * 60, "more " * 60, "x" * 300]))])
    return File([first, first], compression=compression)


def field(file, i):
    """The members of field i of the schema."""
    fields = file.follow(file.members(file.messages[0].header)[1])
    return file.members(file.follow(fields + 4 + 4 * i))


def of_type(array):
    """A file of one column, and the places of the members of its type."""
    file = File([batch([("x", array)])])
    return file, file.members(file.follow(field(file, 0)[3]))


def metadata_files():
    file = plain()
    at = [message.at for message in file.messages]
    root, schema = file.messages[1].root, file.messages[0]
    vtable = root - file.get("<i", root)
    cases = [
        ("root_zero", "<I", at[1] + 8, 0), ("root_far", "<I", at[1] + 8, 0x7ffffff0),
        ("vtable_far", "<i", root, -0x7ffffff0), ("vtable_before", "<i", root, 0x7ffffff0),
        ("vtable_short", "<H", vtable, 2), ("vtable_long", "<H", vtable, 0xfffe),
        ("table_long", "<H", vtable + 2, 0xffff), ("member_far", "<H", vtable + 8, 0xfff0),
        ("member_in_head", "<H", vtable + 8, 2),
        ("header_far", "<I", file.messages[1].header_at, 0xfffffff0),
        ("metadata_long", "<i", at[1] + 4, 4096), ("metadata_negative", "<i", at[1] + 4, -8),
        ("no_marker", "<I", at[1], 0x12345678),
        ("body_negative", "<q", file.messages[1].body_length, -8),
        ("body_long", "<q", file.messages[1].body_length, HUGE),
        ("body_shorter", "<q", file.messages[1].body_length, 64),
        ("version_9", "<h", schema.version, 9), ("version_1", "<h", schema.version, 0),
        ("tensor", "<B", file.messages[1].type, 4), ("second_schema", "<B",
                                                     file.messages[1].type, 1),
        ("first_is_batch", "<B", schema.type, 3),
        ("fields_many", "<I", file.follow(file.members(schema.header)[1]), 0x3fffffff),
        ("name_long", "<I", file.follow(field(file, 0)[0]), 0x7fffffff),
        ("child_zero", "<I", file.follow(field(file, 2)[5]) + 4, 0),
        ("child_far", "<I", file.follow(field(file, 2)[5]) + 4, 0xfffffffc),
        ("no_children", "<I", file.follow(field(file, 2)[5]), 0),
        ("type_99", "<B", field(file, 0)[2], 99),
    ]
    for name, form, place, value in cases:
        plain().put(form, place, value).save(name)
    del file.data[at[2]:]
    file.save("no_end")
    file = plain()
    del file.data[-30:]
    file.save("truncated_body")
    del file.data[at[2] + 100:]
    file.save("truncated_metadata")
    del file.data[at[2] + 5:]
    file.save("truncated_marker")
    del file.data[4:]
    file.data += struct.pack("<i", 0)
    file.save("only_end")


def batch_files():
    file = plain()
    first = file.messages[1]
    buffers = file.follow(first.batch()[2])
    nodes = file.follow(first.batch()[1])
    for name, form, place, value in [
            ("rows_negative", "<q", first.length(), -1), ("rows_huge", "<q", first.length(), HUGE),
            ("rows_more", "<q", first.length(), 4),
            ("node_negative", "<q", first.node(1), -1), ("node_huge", "<q", first.node(1), HUGE),
            ("node_fewer", "<q", first.node(3), 1), ("node_more", "<q", first.node(0), 2000),
            ("nodes_few", "<I", nodes, 2), ("nodes_many", "<I", nodes, 0x0fffffff),
            ("nulls_negative", "<q", first.node(0) + 8, -1),
            ("validity_missing", "<q", first.buffer(0) + 8, 0),
            ("buffers_few", "<I", buffers, 5), ("buffers_many", "<I", buffers, 0x0fffffff),
            ("offset_negative", "<q", first.buffer(1), -8),
            ("offset_far", "<q", first.buffer(1), HUGE),
            ("length_negative", "<q", first.buffer(1) + 8, -1),
            ("length_huge", "<q", first.buffer(1) + 8, 2 ** 63 - 1),
            ("length_short", "<q", first.buffer(1) + 8, 8),
            ("text_before", "<i", first.bytes_of(3), -1),
            ("text_behind", "<i", first.bytes_of(3) + 8, 1000),
            ("text_falls", "<i", first.bytes_of(3) + 4, 4),
            ("list_behind", "<i", first.bytes_of(6) + 8, 100),
            ("text_bad_utf8", "<B", first.bytes_of(4), 0xff)]:
        plain().put(form, place, value).save(name)
    body = file.get("<q", first.body_length)
    for i in range(9):
        file.put("<q", first.buffer(i), 0).put("<q", first.buffer(i) + 8, body)
    file.save("buffers_overlap")


def type_files():
    file, kind = of_type(pa.array([1], pa.int32()))
    file.put("<i", kind[0], 7).save("int_7_bits")
    file, kind = of_type(pa.array([1.5], pa.float32()))
    file.put("<h", kind[0], 3).save("float_precision")
    file, kind = of_type(pa.array([1], pa.time64("us")))
    file.put("<h", kind[0], 9).save("time_unit")
    file, kind = of_type(pa.array([b"abc"], pa.binary(3)))
    file.put("<i", kind[0], 2 ** 31 - 1).save("fixed_wide")
    file, kind = of_type(pa.array([b"abc"], pa.binary(3)))
    file.put("<i", kind[0], -3).save("fixed_negative")
    file, kind = of_type(pa.array([[1, 2]], pa.list_(pa.int8(), 2)))
    file.put("<i", kind[0], 2 ** 31 - 1).save("list_wide")
    deep = pa.int8()
    for _ in range(70):
        deep = pa.list_(deep)
    with ipc.new_stream(os.path.join(OUT, "deep"), pa.schema([("x", deep)])):
        pass
    file = File([batch([("x", pa.nulls(3)), ("y", pa.nulls(3, pa.list_(pa.null())))])])
    first = file.messages[1]
    for place in (first.length(), first.node(0), first.node(1)):
        file.put("<q", place, 2 ** 40)
    file.save("nulls_many")
    file = File([batch([("x", pa.array([[None], [None], []], pa.list_view(pa.null())))])])
    first = file.messages[1]
    file.put("<q", first.node(1), 2 ** 40).save("list_of_nulls_many")
    file = File([batch([("x", pa.array([[7], [8], []], pa.large_list_view(pa.int8())))])])
    file.put("<q", file.messages[1].bytes_of(2) + 8, HUGE).save("list_view_huge")


def view_files():
    file = views()
    first = file.messages[1]
    counts = file.follow(first.batch()[4])
    for name, form, place, value in [
            ("view_buffer", "<i", first.bytes_of(1) + 24, 1),
            ("view_buffer_negative", "<i", first.bytes_of(1) + 24, -1),
            ("view_offset", "<i", first.bytes_of(1) + 28, 20),
            ("view_negative", "<i", first.bytes_of(1) + 16, -20),
            ("view_long", "<i", first.bytes_of(1) + 16, 2 ** 31 - 1),
            ("variadic_huge", "<q", counts + 4, HUGE), ("variadic_few", "<I", counts, 0)]:
        views().put(form, place, value).save(name)


def dictionary_files():
    file = words()
    dictionary, first = file.messages[1], file.messages[2]
    index = file.members(file.follow(file.members(file.follow(field(file, 0)[4]))[1]))
    for name, form, place, value in [
            ("index_far", "<i", first.bytes_of(1) + 4, 2),
            ("index_negative", "<i", first.bytes_of(1) + 4, -1),
            ("index_7_bits", "<i", index[0], 7),
            ("dictionary_damaged", "<q", dictionary.buffer(1), HUGE),
            ("dictionary_rows", "<q", dictionary.length(), HUGE)]:
        words().put(form, place, value).save(name)
    del file.data[dictionary.at:dictionary.end]
    file.save("dictionary_missing")


def compression_files():
    file = packed("zstd")
    first = file.messages[1]
    claim = first.bytes_of(2)
    for name, form, place, value in [
            ("packed_huge", "<q", claim, 2 ** 40), ("packed_large", "<q", claim, 2000000),
            ("packed_more", "<q", claim, 901),
            ("packed_less", "<q", claim, 899), ("packed_negative", "<q", claim, -2),
            ("packed_garbage", "<I", claim + 8, 0x12345678),
            ("packed_tiny", "<q", first.buffer(2) + 8, 7),
            ("packed_cut", "<q", first.buffer(2) + 8,
             file.get("<q", first.buffer(2) + 8) - 4),
            ("codec_9", "<b", file.members(file.follow(first.batch()[3]))[0], 9)]:
        packed("zstd").put(form, place, value).save(name)
    file = packed("lz4")
    first = file.messages[1]
    claim = first.bytes_of(2)
    for name, form, place, value in [
            ("lz4_huge", "<q", claim, 2 ** 40), ("lz4_more", "<q", claim, 901),
            ("lz4_less", "<q", claim, 899), ("lz4_garbage", "<I", claim + 16, 0xffffffff),
            ("lz4_cut", "<q", first.buffer(2) + 8, file.get("<q", first.buffer(2) + 8) - 4)]:
        packed("lz4").put(form, place, value).save(name)


def bomb_file():
    """A text of 8 MiB in about 1 kB."""
    File([batch([("text", pa.array(["a" * (8 << 20)]))])], compression="zstd").save("bomb")


def footer_files():
    whole = words(file=True)
    end = len(whole.data)
    length = whole.get("<i", end - 10)
    footer = end - 10 - length
    root = whole.follow(footer)
    dictionaries, batches = [whole.follow(place) for place in whole.members(root)[2:4]]
    for name, form, place, value in [
            ("footer_long", "<i", end - 10, 10 ** 6), ("footer_negative", "<i", end - 10, -1),
            ("footer_empty", "<i", end - 10, 0),
            ("footer_root", "<I", footer, 0x7fffffff),
            ("footer_no_schema", "<H", root - whole.get("<i", root) + 6, 0),
            ("block_first", "<q", batches + 4, 3), ("block_far", "<q", dictionaries + 4, HUGE),
            ("block_negative", "<q", dictionaries + 4, -8),
            ("block_wrong", "<q", dictionaries + 4, whole.messages[2].at),
            ("blocks_many", "<I", dictionaries, 0x0fffffff)]:
        words(file=True).put(form, place, value).save(name)
    del whole.data[-4:]
    whole.save("footer_cut")
    del whole.data[12:]
    whole.save("file_of_12_bytes")


def laughs_file():
    """Fields that share their children: 8 levels of 64 fields each would be 64 to the 8th."""
    levels, n = 8, 64
    data = bytearray(struct.pack("<I", 0))

    def table(members, vtable):
        """Append a vtable and a table. Returns its place."""
        at = len(data) + len(vtable) * 2 + 4
        at += -at % 4
        start = at - len(vtable) * 2 - 4
        data.extend(bytes(start - len(data)))
        data.extend(struct.pack(f"<HH{len(vtable)}H", 4 + 2 * len(vtable), 4 + len(members),
                                *vtable))
        data.extend(struct.pack("<i", at - start) + members)
        return at

    def refer(at):
        struct.pack_into("<I", data, at, len(data) - at)

    message = table(struct.pack("<hBxIq", 4, 1, 0, 0), [4, 6, 8, 12])
    struct.pack_into("<I", data, 0, message)
    vtable_bytes = 4 + 2 * 2
    data.extend(bytes(-(len(data) + vtable_bytes) % 4))
    struct.pack_into("<I", data, message + 8, len(data) + vtable_bytes - message - 8)
    holder = table(struct.pack("<I", 0), [0, 4]) + 4
    for level in range(levels):
        refer(holder)
        count = n if level else 1
        vector = len(data)
        data.extend(struct.pack("<I", count) + bytes(4 * count))
        last = level == levels - 1
        at = table(struct.pack("<BxxxII", 1 if last else 13, 0, 0), [0, 0, 4, 8, 0, 12])
        for i in range(count):
            place = vector + 4 + 4 * i
            struct.pack_into("<I", data, place, at - place)
        # The type is an empty table, the children follow.
        data.extend(struct.pack("<HHi", 4, 4, 4))
        struct.pack_into("<I", data, at + 8, len(data) - 4 - at - 8)
        if last:
            data.extend(struct.pack("<I", 0))
            struct.pack_into("<I", data, at + 12, len(data) - 4 - at - 12)
        holder = at + 12
    data.extend(bytes(-len(data) % 8))
    with open(os.path.join(OUT, "laughs"), "wb") as out:
        out.write(struct.pack("<Ii", 0xffffffff, len(data)) + data)


def main():
    os.makedirs(OUT, exist_ok=True)
    metadata_files()
    batch_files()
    type_files()
    view_files()
    dictionary_files()
    compression_files()
    bomb_file()
    footer_files()
    laughs_file()


if __name__ == "__main__":
    main()
