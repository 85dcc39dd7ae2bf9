# SPDX-License-Identifier: Apache-2.0
"""Parquet files that no current writer emits: forms of old writers, and files that are damaged or
hostile. Levels and values are given by hand; make.py writes them all.

NAME.jsonl has the rows that the specification gives. The files without one are checked by
tests/unit/test_parquet_table.c.
"""
import gzip
import json
import os
import struct
import zlib

REQUIRED, OPTIONAL, REPEATED = 0, 1, 2
INT32, INT64, INT96, BYTE_ARRAY, FIXED = 1, 2, 3, 6, 7
UTF8, MAP, MAP_KEY_VALUE, LIST, JSON, INTERVAL = 0, 1, 2, 3, 19, 21
PLAIN, RLE, BIT_PACKED = 0, 3, 4
GZIP = 2
DATA_PAGE, DATA_PAGE_V2 = 0, 3
# Types of the compact protocol.
TRUE, FALSE, I32, I64, BINARY, LIST_OF, STRUCT = 1, 2, 5, 6, 8, 9, 12


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def zigzag(n):
    return varint(-2 * n - 1 if n < 0 else 2 * n)


def encode(kind, value):
    if kind in (I32, I64):
        return zigzag(value)
    if kind == BINARY:
        value = value if isinstance(value, bytes) else value.encode()
        return varint(len(value)) + value
    if kind == LIST_OF:
        of, items = value
        n = len(items)
        head = bytes([n << 4 | of]) if n < 15 else bytes([0xF0 | of]) + varint(n)
        return head + b"".join(encode(of, item) for item in items)
    return encode_struct(value)


def encode_struct(fields):
    """fields: {id: (type, value)}. A boolean is its type alone."""
    out, last = b"", 0
    for field, (kind, value) in sorted(fields.items()):
        delta = field - last
        out += bytes([delta << 4 | kind]) if delta < 16 else bytes([kind]) + zigzag(field)
        out += b"" if kind in (TRUE, FALSE) else encode(kind, value)
        last = field
    return out + b"\0"


def element(name, repetition=None, kind=None, children=None, converted=None, length=None):
    fields = {4: (BINARY, name)}
    for field, value in ((1, kind), (2, length), (3, repetition), (5, children),
                         (6, converted)):
        if value is not None:
            fields[field] = (I32, value)
    return fields


def packed(levels, width):
    """One bit-packed run of the hybrid encoding, the lowest bit first."""
    n = (len(levels) + 7) // 8
    bits = sum(level << (i * width) for i, level in enumerate(levels))
    return varint(n << 1 | 1) + bits.to_bytes(n * width, "little")


def packed_old(levels, width):
    """BIT_PACKED: the highest bit first, without a header."""
    bits = "".join(format(level, f"0{width}b") for level in levels)
    bits += "0" * (-len(bits) % 8)
    return int(bits or "0", 2).to_bytes(len(bits) // 8, "big")


def plain(kind, values):
    if kind in (INT32, INT64):
        return b"".join(struct.pack("<i" if kind == INT32 else "<q", v) for v in values)
    sized = kind == BYTE_ARRAY
    return b"".join((struct.pack("<I", len(v)) if sized else b"") + v for v in values)


class Column:
    """Pages are (repetition levels, definition levels, values); no levels where the maximum is 0.
    `lie` replaces numbers of the footer and of the page headers."""

    def __init__(self, path, kind, pages, max_repetition=0, max_definition=0, **more):
        self.path = path.split(".")
        self.kind = kind
        self.pages = pages
        self.maxima = (max_repetition, max_definition)
        self.codec = more.get("codec", 0)
        self.compress = more.get("compress", lambda data: data)
        self.version = more.get("version", 1)
        self.levels = more.get("levels", RLE)
        self.crc = more.get("crc")
        self.lie = more.get("lie", {})

    def level_bytes(self, levels, maximum):
        if maximum == 0:
            return b""
        width = maximum.bit_length()
        if self.levels == BIT_PACKED:
            return packed_old(levels, width)
        run = packed(levels, width)
        return run if self.version == 2 else struct.pack("<I", len(run)) + run

    def page(self, number, rows):
        repetitions, definitions, values = self.pages[number]
        n = len(definitions) or len(repetitions) or len(values)
        repetition = self.level_bytes(repetitions, self.maxima[0])
        definition = self.level_bytes(definitions, self.maxima[1])
        body = plain(self.kind, values)
        if self.version == 2:
            raw = repetition + definition + body
            data = repetition + definition + self.compress(body)
            kind = {8: (STRUCT, {1: (I32, n), 2: (I32, n - len(values)), 3: (I32, rows),
                                 4: (I32, PLAIN), 5: (I32, len(definition)),
                                 6: (I32, len(repetition)),
                                 7: (TRUE if self.codec else FALSE, None)})}
        else:
            raw = repetition + definition + body
            data = self.compress(raw)
            kind = {5: (STRUCT, {1: (I32, self.lie.get("n", n)), 2: (I32, PLAIN),
                                 3: (I32, self.levels), 4: (I32, self.levels)})}
        header = {1: (I32, DATA_PAGE_V2 if self.version == 2 else DATA_PAGE),
                  2: (I32, self.lie.get("usize", len(raw))),
                  3: (I32, self.lie.get("csize", len(data))), **kind}
        if self.crc:
            crc = zlib.crc32(data) ^ self.crc[number]
            header[4] = (I32, crc - (1 << 32) if crc >> 31 else crc)
        return encode_struct(header) + data

    def n_values(self):
        return sum(len(d) or len(r) or len(v) for r, d, v in self.pages)

    def metadata(self, start, size):
        n = self.lie.get("n", self.n_values())
        return {2: (I64, 0), 3: (STRUCT, {
            1: (I32, self.kind), 2: (LIST_OF, (I32, [PLAIN, RLE])),
            3: (LIST_OF, (BINARY, self.path)), 4: (I32, self.codec), 5: (I64, n),
            6: (I64, size), 7: (I64, size), 9: (I64, self.lie.get("offset", start))})}


def file_bytes(schema, groups, footer_length=None):
    """groups: (number of rows, columns)."""
    data, metadata = b"PAR1", []
    for rows, columns in groups:
        chunks = []
        begin = len(data)
        for column in columns:
            start = len(data)
            data += b"".join(column.page(i, rows) for i in range(len(column.pages)))
            chunks.append(column.metadata(start, len(data) - start))
        metadata.append({1: (LIST_OF, (STRUCT, chunks)), 2: (I64, len(data) - begin),
                         3: (I64, rows)})
    footer = encode_struct({
        1: (I32, 1), 2: (LIST_OF, (STRUCT, schema)), 3: (I64, sum(rows for rows, _ in groups)),
        4: (LIST_OF, (STRUCT, metadata)), 6: (BINARY, "curate handmade")})
    length = len(footer) if footer_length is None else footer_length
    return data + footer + struct.pack("<I", length) + b"PAR1"


def root(children):
    return element("schema", children=children)


class Folder:
    def __init__(self, path):
        self.path = path

    def write(self, name, schema, groups, rows=None, **more):
        with open(os.path.join(self.path, name + ".parquet"), "wb") as file:
            file.write(file_bytes([root(more.pop("n", 1))] + schema, groups, **more))
        if rows is not None:
            with open(os.path.join(self.path, name + ".jsonl"), "w", encoding="utf-8") as file:
                for row in rows:
                    file.write(json.dumps(row, separators=(",", ":")) + "\n")


# ["a","b"], [], null, ["c"]: the levels of a list whose elements are required.
REPETITIONS, DEFINITIONS = [0, 1, 0, 0, 0], [2, 2, 1, 0, 2]
WORDS = [b"a", b"b", b"c"]
LIST3 = [element("l", OPTIONAL, children=1, converted=LIST), element("list", REPEATED, children=1),
         element("element", OPTIONAL, BYTE_ARRAY, converted=UTF8)]
LIST3_PAGE = (REPETITIONS, [3, 2, 1, 0, 3], [b"a", b"c"])
LIST3_ROWS = [{"l": ["a", None]}, {"l": []}, {"l": None}, {"l": ["c"]}]


def words(path):
    return [(4, [Column(path, BYTE_ARRAY, [(REPETITIONS, DEFINITIONS, WORDS)], 1, 2)])]


def list3(**more):
    return [(4, [Column("l.list.element", BYTE_ARRAY, [LIST3_PAGE], 1, 3, **more)])]


def write_lists(folder):
    """Rules 1 to 5 of LogicalTypes.md."""
    lst = element("l", OPTIONAL, children=1, converted=LIST)
    text = element("s", REQUIRED, BYTE_ARRAY, converted=UTF8)
    folder.write("list2_rule1", [lst, element("element", REPEATED, BYTE_ARRAY, converted=UTF8)],
                 words("l.element"),
                 [{"l": ["a", "b"]}, {"l": []}, {"l": None}, {"l": ["c"]}])
    roles = Column("l.element.role", BYTE_ARRAY,
                   [(REPETITIONS, DEFINITIONS, [b"user", b"assistant", b"user"])], 1, 2)
    contents = Column("l.element.content", BYTE_ARRAY,
                      [(REPETITIONS, [3, 2, 1, 0, 3], [b"hi", b"yo"])], 1, 3)
    folder.write("list2_rule2",
                 [lst, element("element", REPEATED, children=2),
                  element("role", REQUIRED, BYTE_ARRAY, converted=UTF8),
                  element("content", OPTIONAL, BYTE_ARRAY, converted=UTF8)],
                 [(4, [roles, contents])],
                 [{"l": [{"role": "user", "content": "hi"},
                         {"role": "assistant", "content": None}]},
                  {"l": []}, {"l": None}, {"l": [{"role": "user", "content": "yo"}]}])
    folder.write("list2_rule3",
                 [lst, element("element", REPEATED, children=1),
                  element("n", REPEATED, INT32)],
                 [(3, [Column("l.element.n", INT32,
                              [([0, 2, 1, 0, 0], [3, 3, 2, 1, 0], [1, 2])], 2, 3)])],
                 [{"l": [{"n": [1, 2]}, {"n": []}]}, {"l": []}, {"l": None}])
    structs = [{"l": [{"s": "a"}, {"s": "b"}]}, {"l": []}, {"l": None}, {"l": [{"s": "c"}]}]
    for name in ("array", "l_tuple"):
        folder.write("list2_rule4_" + name.replace("l_", ""),
                     [lst, element(name, REPEATED, children=1), text], words(f"l.{name}.s"),
                     structs)
    folder.write("list3_rule5_bag",
                 [lst, element("bag", REPEATED, children=1),
                  element("array_element", OPTIONAL, BYTE_ARRAY, converted=UTF8)],
                 [(4, [Column("l.bag.array_element", BYTE_ARRAY, [LIST3_PAGE], 1, 3)])],
                 LIST3_ROWS)
    folder.write("list3_v1", LIST3, list3(), LIST3_ROWS)
    folder.write("list3_v2", LIST3, list3(version=2), LIST3_ROWS)
    folder.write("gzip_two_members", LIST3, list3(
        codec=GZIP, compress=lambda d: gzip.compress(d[:7], mtime=0) +
        gzip.compress(d[7:], mtime=0)), LIST3_ROWS)


def write_others(folder):
    folder.write("repeated_bare", [element("n", REPEATED, INT32)],
                 [(3, [Column("n", INT32, [([0, 1, 0, 0], [1, 1, 0, 1], [1, 2, 3])], 1, 1)])],
                 [{"n": [1, 2]}, {"n": []}, {"n": [3]}])
    keys = Column("m.map.key", BYTE_ARRAY, [([0, 1, 0], [2, 2, 0], [b"x", b"y"])], 1, 2)
    values = Column("m.map.value", INT32, [([0, 1, 0], [3, 2, 0], [7])], 1, 3)
    for name, converted in (("map_key_value", MAP_KEY_VALUE), ("map_named_map", MAP)):
        folder.write(name,
                     [element("m", OPTIONAL, children=1, converted=converted),
                      element("map", REPEATED, children=2),
                      element("key", REQUIRED, BYTE_ARRAY, converted=UTF8),
                      element("value", OPTIONAL, INT32)],
                     [(2, [keys, values])], [{"m": {"x": 7, "y": None}}, {"m": None}])
    folder.write("same_name", [element("a", REQUIRED, INT32), element("a", REQUIRED, INT64)],
                 [(1, [Column("a", INT32, [([], [], [1])]),
                       Column("a", INT64, [([], [], [2])])])], n=2)
    folder.write("bad_utf8", [element("s", REQUIRED, BYTE_ARRAY, converted=UTF8)],
                 [(3, [Column("s", BYTE_ARRAY,
                              [([], [], [b"ok", b"\xff\xfe", b"\xed\xa0\x80"])])])])
    folder.write("bad_json", [element("j", OPTIONAL, BYTE_ARRAY, converted=JSON)],
                 [(3, [Column("j", BYTE_ARRAY,
                              [([], [1, 0, 1], [b'{"a": [1, 2]}', b'{"a": '])], 0, 1)])],
                 [{"j": {"a": [1, 2]}}, {"j": None}, {"j": '{"a": '}])
    folder.write("interval", [element("text", REQUIRED, BYTE_ARRAY, converted=UTF8),
                              element("span", OPTIONAL, FIXED, converted=INTERVAL, length=12)],
                 [(1, [Column("text", BYTE_ARRAY, [([], [], [b"a"])]),
                       Column("span", FIXED, [([], [1], [b"\0" * 12])], 0, 1)])], n=2)


def write_hostile(folder):
    lies = {"offset": {"offset": 1 << 40}, "csize": {"csize": 1 << 30},
            "usize_bomb": {"usize": (1 << 31) - 1}, "num_values": {"n": 1 << 30},
            "csize_neg": {"csize": -1}, "offset_neg": {"offset": -4}}
    for name, lie in lies.items():
        folder.write("hostile_" + name, LIST3, list3(lie=lie))
    folder.write("hostile_footer_len", LIST3, list3(), footer_length=1 << 30)
    folder.write("list3_bitpacked_levels", LIST3, list3(levels=BIT_PACKED))
    folder.write("level_too_big", LIST3, [(4, [Column(
        "l.list.element", BYTE_ARRAY, [([1, 1, 0, 0, 0], *LIST3_PAGE[1:])], 1, 3)])])
    deep = [element(f"g{i}", OPTIONAL, children=1) for i in range(300)]
    path = ".".join(f"g{i}" for i in range(300)) + ".x"
    folder.write("deep_schema", deep + [element("x", OPTIONAL, INT32)],
                 [(1, [Column(path, INT32, [([], [301], [5])], 0, 301)])])
    folder.write("no_columns", [], [(1 << 40, [])], n=0)


def pair(first, second):
    """A list of structs of two columns: each is (repetitions, definitions, values)."""
    return [element("l", OPTIONAL, children=1, converted=LIST),
            element("list", REPEATED, children=1), element("element", OPTIONAL, children=2),
            element("x", REQUIRED, INT32), element("y", OPTIONAL, INT32)], [
                Column("l.list.element.x", INT32, [first], 1, 3),
                Column("l.list.element.y", INT32, [second], 1, 4)]


def write_disagreeing(folder):
    """Columns whose levels contradict each other in the second of three rows."""
    sound = ([0, 0, 1, 0], [3, 3, 3, 1], [1, 2, 3])
    cases = {"fewer": ([0, 0, 0], [4, 4, 1], [1, 2]),
             "more": ([0, 0, 1, 1, 0], [4, 4, 4, 4, 1], [1, 2, 3, 4]),
             "null": ([0, 0, 1, 0], [4, 1, 4, 1], [1, 2]),
             "element": ([0, 0, 1, 0], [4, 4, 2, 1], [1, 2]),
             "nothing": ([0], [4], [1])}
    for name, levels in cases.items():
        schema, columns = pair(sound, levels)
        folder.write("disagree_" + name, schema, [(3, columns)])
    schema, columns = pair(sound, ([0, 0, 1, 0], [4, 3, 4, 1], [1, 2]))
    folder.write("agree", schema, [(3, columns)],
                 [{"l": [{"x": 1, "y": 1}]}, {"l": [{"x": 2, "y": None}, {"x": 3, "y": 2}]},
                  {"l": []}])


def run(level, n):
    """A run of one level, which takes a few bytes."""
    return varint(n << 1) + bytes([level])


class Bomb(Column):
    """A column whose only row is a list of 2^26 nulls."""

    def level_bytes(self, levels, maximum):
        first, rest = levels[0], levels[1]
        data = run(first, 1) + run(rest, (1 << 26) - 1)
        return struct.pack("<I", len(data)) + data


def write_bomb(folder):
    bomb = Bomb("l.list.element", BYTE_ARRAY, [([0, 1], [2, 2], [])], 1, 3, lie={"n": 1 << 26})
    folder.write("hostile_long_row", LIST3, [(1, [bomb]), (4, list3()[0][1])])


def write_damaged(folder):
    """Three groups of four rows in two pages each; a page of the second one has a bad CRC."""
    schema = [element("a", REQUIRED, INT32), element("b", REQUIRED, BYTE_ARRAY, converted=UTF8)]

    def group(first, crc):
        return 4, [Column("a", INT32, [([], [], [first + i]) for i in range(4)]),
                   Column("b", BYTE_ARRAY, [([], [], [b"x", b"y"]), ([], [], [b"z", b"w"])],
                          crc=crc)]

    for name, crc in (("second_page", [0, 1]), ("first_page", [1, 0]), ("none", [0, 0])):
        folder.write("damaged_" + name, schema,
                     [group(1, [0, 0]), group(5, crc), group(9, [0, 0])], n=2)
    text = [element("a", OPTIONAL, INT32)]
    page = ([], [1, 0, 1], [1, 2])
    for name, rows in (("more", 5), ("fewer", 2)):
        folder.write("rows_" + name, text, [(rows, [Column("a", INT32, [page], 0, 1)]),
                                            (3, [Column("a", INT32, [page], 0, 1)])])
    # The number of values of a list does not show the number of rows.
    for name, rows in (("more", 5), ("fewer", 3)):
        folder.write("list_rows_" + name, LIST3,
                     [(rows, list3()[0][1]), (4, list3()[0][1])])


def write_all(path):
    folder = Folder(path)
    write_lists(folder)
    write_others(folder)
    write_hostile(folder)
    write_disagreeing(folder)
    write_damaged(folder)
    write_bomb(folder)
