#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Split a GGUF file as llama.cpp's gguf-split does: split_gguf.py FILE N PREFIX.

Writes PREFIX-00001-of-0000N.gguf and so on. The first part has all keys of the file; the others
have only the three keys of a part. With N + 1 tensors or fewer a part may have none.
"""
import struct
import sys

SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
U16, I32, STRING, ARRAY = 2, 5, 8, 9
ALIGNMENT = 32


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, form):
        return struct.unpack("<" + form, self.take(struct.calcsize(form)))[0]

    def text(self):
        return self.take(self.number("Q"))

    def skip_value(self, kind):
        if kind == STRING:
            self.text()
        elif kind == ARRAY:
            element, n = self.number("I"), self.number("Q")
            for _ in range(n):
                self.skip_value(element)
        else:
            self.take(SIZES[kind])


def read(path):
    """(the keys as bytes, their number, [(directory entry without its offset, bytes)])"""
    with open(path, "rb") as file:
        reader = Reader(file.read())
    assert reader.take(4) == b"GGUF" and reader.number("I") == 3
    n_tensors, n_keys = reader.number("Q"), reader.number("Q")
    begin = reader.at
    for _ in range(n_keys):
        assert reader.text() != b"general.alignment"
        reader.skip_value(reader.number("I"))
    keys = reader.data[begin:reader.at]
    heads = []
    for _ in range(n_tensors):
        begin = reader.at
        reader.text()
        reader.take(8 * reader.number("I") + 4)
        heads.append((reader.data[begin:reader.at], reader.number("Q")))
    start = -(-reader.at // ALIGNMENT) * ALIGNMENT
    ends = sorted(offset for _, offset in heads)[1:] + [len(reader.data) - start]
    end_of = dict(zip(sorted(offset for _, offset in heads), ends))
    return keys, n_keys, [(head, reader.data[start + offset:start + end_of[offset]])
                          for head, offset in heads]


def key(name, kind, form, value):
    return (struct.pack("<Q", len(name)) + name.encode() + struct.pack("<I", kind) +
            struct.pack("<" + form, value))


def pad(data):
    return data + bytes(-len(data) % ALIGNMENT)


def write(path, keys, n_keys, tensors):
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), n_keys) + keys
    body = b""
    for entry, data in tensors:
        head += entry + struct.pack("<Q", len(body))
        body += pad(data)
    with open(path, "wb") as file:
        file.write(pad(head) + body)


def split(path, n, prefix):
    keys, n_keys, tensors = read(path)
    for i in range(n):
        own = tensors[len(tensors) * i // n:len(tensors) * (i + 1) // n]
        more = (key("split.no", U16, "H", i) + key("split.count", U16, "H", n) +
                key("split.tensors.count", I32, "i", len(tensors)))
        write(f"{prefix}-{i + 1:05}-of-{n:05}.gguf", keys + more if i == 0 else more,
              n_keys + 3 if i == 0 else 3, own)


if __name__ == "__main__":
    split(sys.argv[1], int(sys.argv[2]), sys.argv[3])
