#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the first inputs of fuzz_parquet_footer and fuzz_parquet_page to corpus/: the footers and
the columns of the files in tests/data/parquet, one of each kind. Inputs that a search finds later
are added as files."""
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "data", "parquet")
OUT = os.path.join(HERE, "corpus")
MOST = 1200  # bytes of an input


class Reader:
    """The Thrift compact protocol, without checks: {number of the field: value}."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def zigzag(self):
        value = self.varint()
        return value >> 1 ^ -(value & 1)

    def bytes(self, n):
        self.at += n
        return self.data[self.at - n:self.at]

    def list(self):
        head = self.byte()
        n = head >> 4 if head >> 4 < 15 else self.varint()
        kind = head & 15
        return [self.byte() == 1 if kind < 3 else self.value(kind) for _ in range(n)]

    def value(self, kind):
        if kind < 3:
            return kind == 1
        if kind == 3:
            return self.byte()
        if kind < 7:
            return self.zigzag()
        if kind == 7:
            return self.bytes(8)
        if kind == 8:
            return self.bytes(self.varint())
        return self.list() if kind < 11 else self.struct()

    def struct(self):
        fields, number = {}, 0
        while True:
            head = self.byte()
            if head == 0:
                return fields
            number = number + (head >> 4) if head >> 4 else self.zigzag()
            fields[number] = self.value(head & 15)


def leaves(elements):
    """(element, largest definition level, largest repetition level) of each leaf."""
    found, at = [], [0]

    def visit(definition, repetition):
        element = elements[at[0]]
        at[0] += 1
        definition += element.get(3, 0) != 0
        repetition += element.get(3, 0) == 2
        if 1 in element:
            found.append((element, definition, repetition))
        for _ in range(element.get(5, 0)):
            visit(definition, repetition)

    visit(0, 0)
    return found


def page_kinds(chunk):
    """The types and encodings of the pages, to find columns that are alike."""
    reader, kinds = Reader(chunk), []
    while reader.at < len(chunk):
        header = reader.struct()
        numbers = header.get(5) or header.get(7) or header.get(8) or {}
        kinds.append((header[1], numbers.get(4 if header[1] == 3 else 2), 4 in header))
        reader.at += header[3]
    return tuple(dict.fromkeys(kinds))


def write(folder, name, data):
    os.makedirs(os.path.join(OUT, folder), exist_ok=True)
    with open(os.path.join(OUT, folder, name), "wb") as file:
        file.write(data)


def columns(data, footer):
    """(kind, input of fuzz_parquet_page) of each column of the first row group."""
    for (element, definition, repetition), column in zip(leaves(footer[2]), footer[4][0][1]):
        meta, rows = column[3], footer[4][0][3]
        begin = min(at for at in (meta.get(11), meta[9]) if at)
        chunk = data[begin:begin + meta[7]]
        if not chunk or meta[4] > 7 or meta[5] > 65535:
            continue
        head = struct.pack("<BBBBBHH", meta[1], meta[4], max(element.get(2, 1) - 1, 0) & 255,
                           definition, repetition, meta[5], rows)
        yield (meta[1], meta[4], repetition > 0, page_kinds(chunk)), head + chunk


def main():
    kinds, shapes = set(), set()
    for name in sorted(os.listdir(DATA)):
        with open(os.path.join(DATA, name), "rb") as file:
            data = file.read()
        length = struct.unpack("<I", data[-8:-4])[0] if len(data) > 12 else 0
        if not name.endswith(".parquet") or not 0 < length <= len(data) - 12:
            continue
        stem = name[:-len(".parquet")]
        footer_bytes = data[-8 - length:-8]
        shape = stem.split("-")[0] + stem.split("-")[-1][:4] * ("duckdb" in stem)
        if length <= MOST and shape not in shapes:
            shapes.add(shape)
            write("parquet_footer", stem, footer_bytes)
        if stem.startswith(("hostile", "deep", "level")):
            continue
        footer = Reader(footer_bytes).struct()
        if not footer[4]:
            continue
        try:
            found = list(columns(data, footer))
        except (IndexError, KeyError, TypeError):
            continue  # a damaged file
        for number, (kind, seed) in enumerate(found):
            if kind not in kinds and len(seed) <= MOST:
                kinds.add(kind)
                write("parquet_page", f"{stem}-{number}", seed)


if __name__ == "__main__":
    main()
