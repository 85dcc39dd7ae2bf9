#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the first inputs of fuzz_arrow and fuzz_arrow_message to corpus/arrow and
corpus/arrow_message: small files of tests/data/arrow, and the metadata of their messages. Inputs
that a search finds later are added as files."""
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "data", "arrow")
FILES = ["scalars", "times", "nests", "nests_file", "batches_file", "zstd", "lz4", "version4",
         "replaced", "deltas_file", "polars", "polars_stream_lz4", "datasets", "refused"]
HOSTILE = ["laughs", "deep", "nulls_many", "packed_large", "view_buffer", "index_far"]
MESSAGES = ["scalars", "nests", "lz4", "replaced", "polars_stream", "refused"]


def read(name):
    with open(os.path.join(DATA, name), "rb") as file:
        return file.read()


def write(folder, name, data):
    with open(os.path.join(HERE, "corpus", folder, name), "wb") as file:
        file.write(data)


def messages(data):
    """The metadata of each message of a stream."""
    at = 0
    while at + 8 <= len(data):
        length = struct.unpack_from("<i", data, at + 4)[0]
        if length == 0:
            return
        metadata = data[at + 8:at + 8 + length]
        yield metadata
        root = struct.unpack_from("<I", metadata, 0)[0]
        vtable = root - struct.unpack_from("<i", metadata, root)[0]
        members = (struct.unpack_from("<H", metadata, vtable)[0] - 4) // 2
        body = struct.unpack_from("<H", metadata, vtable + 4 + 2 * 3)[0] if members > 3 else 0
        at += 8 + length
        at += struct.unpack_from("<q", metadata, root + body)[0] if body else 0


def main():
    for folder in ("arrow", "arrow_message"):
        os.makedirs(os.path.join(HERE, "corpus", folder), exist_ok=True)
    for name in FILES:
        write("arrow", name, read(name + ".arrow"))
    for name in HOSTILE:
        write("arrow", "hostile_" + name, read(os.path.join("hostile", name)))
    for name in MESSAGES:
        for i, metadata in enumerate(messages(read(name + ".arrow"))):
            write("arrow_message", f"{name}_{i}", metadata)


if __name__ == "__main__":
    main()
