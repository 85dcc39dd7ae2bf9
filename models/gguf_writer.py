# SPDX-License-Identifier: Apache-2.0
"""Write a GGUF file, version 3, with nothing but the standard library.

A file is a list of keys, each (name, type, value), and a list of tensors, each
(name, dimensions with the row length first, type, bytes of the data).
"""
import array
import struct
import sys

U32, I32, F32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
ALIGNMENT = 32

# ggml's numbers of the tensor types.
TYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q5_0": 6, "Q5_1": 7, "Q8_0": 8, "Q2_K": 10,
         "Q3_K": 11, "Q4_K": 12, "Q5_K": 13, "Q6_K": 14, "IQ4_NL": 20, "BF16": 30}

_FORMATS = {U32: "<I", I32: "<i", F32: "<f", BOOL: "<?"}


def _text(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(data)) + data


def _scalar(kind, value):
    return _text(value) if kind == STRING else struct.pack(_FORMATS[kind], value)


def u32(name, value):
    return name, U32, value


def f32(name, value):
    return name, F32, value


def boolean(name, value):
    return name, BOOL, value


def text(name, value):
    return name, STRING, value


def texts(name, values):
    return name, (ARRAY, STRING), values


def i32s(name, values):
    return name, (ARRAY, I32), values


def f32s(name, values):
    return name, (ARRAY, F32), values


def _key(name, kind, value):
    if not isinstance(kind, tuple):
        return _text(name) + struct.pack("<I", kind) + _scalar(kind, value)
    item = kind[1]
    head = _text(name) + struct.pack("<IIQ", ARRAY, item, len(value))
    return head + b"".join(_scalar(item, v) for v in value)


def _half(value):
    """A number as it comes back from 16-bit floating point."""
    return struct.unpack("<e", struct.pack("<e", value))[0]


def _q8_0_block(values):
    scale = _half(max(abs(v) for v in values) / 127)
    inverse = 1 / scale if scale else 0.0
    whole = (max(-127, min(127, round(v * inverse))) for v in values)
    return struct.pack("<e32b", scale, *whole)


def _q4_0_block(values):
    """The number farthest from 0 becomes -8, as ggml does it."""
    scale = _half(max(values, key=abs) / -8)
    inverse = 1 / scale if scale else 0.0
    whole = [max(0, min(15, int(v * inverse + 8.5))) for v in values]
    return struct.pack("<e16B", scale, *(whole[i] | whole[i + 16] << 4 for i in range(16)))


def encode(values, kind):
    """Numbers as the bytes of a tensor of type kind."""
    if kind == "Q4_0":
        blocks = (values[i:i + 32] for i in range(0, len(values), 32))
        return b"".join(_q4_0_block(block) for block in blocks)
    if kind == "Q8_0":
        blocks = (values[i:i + 32] for i in range(0, len(values), 32))
        return b"".join(_q8_0_block(block) for block in blocks)
    if kind == "F16":
        return struct.pack("<%de" % len(values), *values)
    single = array.array("f", values)
    if sys.byteorder == "big":
        single.byteswap()
    if kind == "F32":
        return single.tobytes()
    bits = struct.unpack("<%dI" % len(values), single.tobytes())
    rounded = ((b + 0x7FFF + (b >> 16 & 1)) >> 16 for b in bits)
    return struct.pack("<%dH" % len(values), *rounded)


def write(path, keys, tensors):
    """Tensor data may be bytes or an iterable of bytes that is n_bytes long in all:
    (name, dimensions, type, data) or (name, dimensions, type, data, n_bytes)."""
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(keys))
    head += b"".join(_key(*key) for key in keys)
    offset = 0
    for name, dims, kind, data, *rest in tensors:
        n_bytes = rest[0] if rest else len(data)
        head += _text(name) + struct.pack("<I%dQ" % len(dims), len(dims), *dims)
        head += struct.pack("<IQ", TYPES[kind], offset)
        offset += n_bytes + -n_bytes % ALIGNMENT
    with open(path, "wb") as file:
        file.write(head + b"\0" * (-len(head) % ALIGNMENT))
        for _, _, _, data, *rest in tensors:
            n_bytes = 0
            for piece in [data] if isinstance(data, bytes) else data:
                n_bytes += file.write(piece)
            file.write(b"\0" * (-n_bytes % ALIGNMENT))
