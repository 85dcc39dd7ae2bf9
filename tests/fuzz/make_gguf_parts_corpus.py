#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the first inputs of fuzz_gguf_parts to corpus/gguf_parts: a model of corpus/gguf in two
and in three parts, and parts that do not fit together."""
import os
import struct
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import split_gguf  # noqa: E402

MODEL = os.path.join(HERE, "corpus", "gguf", "model_q8_0")
OUT = os.path.join(HERE, "corpus", "gguf_parts")


def split(n):
    with tempfile.TemporaryDirectory() as folder:
        split_gguf.split(MODEL, n, os.path.join(folder, "m"))
        parts = []
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as file:
                parts.append(file.read())
        return parts


def write(name, parts):
    with open(os.path.join(OUT, name), "wb") as file:
        for part in parts:
            file.write(struct.pack("<I", len(part)) + part)


def main():
    os.makedirs(OUT, exist_ok=True)
    two, three = split(2), split(3)
    write("two", two)
    write("three", three)
    write("first_twice", [two[0], two[0]])
    write("swapped", [two[1], two[0]])
    write("of_another", [two[0], three[1]])
    write("missing", three[:2])
    write("cut", [two[0], two[1][:-1]])
    equal = two[1].replace(b"blk.0.ffn_down.weight", b"blk.0.ffn_gate.weight")
    write("twice", [two[0], equal])


if __name__ == "__main__":
    main()
