# SPDX-License-Identifier: Apache-2.0
"""Widen the block formats of ggml to Python numbers, element by element, from their layout."""
import struct

IQ4_NL = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]


def half(block, at):
    return struct.unpack_from("<e", block, at)[0]


def nibbles(data):
    """Nibbles, the low ones of all bytes first."""
    return [b & 15 for b in data] + [b >> 4 for b in data]


def bit(data, i):
    return data[i // 8] >> i % 8 & 1


def q4_0(b):
    return [half(b, 0) * (q - 8) for q in nibbles(b[2:])]


def q4_1(b):
    return [half(b, 0) * q + half(b, 2) for q in nibbles(b[4:])]


def q5_0(b):
    return [half(b, 0) * (q + 16 * bit(b[2:6], i) - 16) for i, q in enumerate(nibbles(b[6:]))]


def q5_1(b):
    return [half(b, 0) * (q + 16 * bit(b[4:8], i)) + half(b, 2)
            for i, q in enumerate(nibbles(b[8:]))]


def q8_0(b):
    return [half(b, 0) * q for q in struct.unpack_from("<32b", b, 2)]


def iq4_nl(b):
    return [half(b, 0) * IQ4_NL[q] for q in nibbles(b[2:])]


def quarters(data):
    """Two bits each: of every 32 bytes, all lowest pairs of bits come first."""
    return [data[32 * h + i] >> shift & 3
            for h in (0, 1) for shift in (0, 2, 4, 6) for i in range(32)]


def q2_k(b):
    d, m = half(b, 80), half(b, 82)
    return [d * (b[i // 16] & 15) * q - m * (b[i // 16] >> 4)
            for i, q in enumerate(quarters(b[16:80]))]


def q3_k(b):
    packed = b[96:108]
    low = nibbles(packed[:8])
    high = [packed[8 + j % 4] >> 2 * (j // 4) & 3 for j in range(16)]
    scales = [half(b, 108) * (lo + 16 * hi - 32) for lo, hi in zip(low, high)]
    return [scales[i // 16] * (q - (0 if b[i % 32] >> i // 32 & 1 else 4))
            for i, q in enumerate(quarters(b[32:96]))]


def six_bits(p):
    """Eight scales and eight minima."""
    scales = [p[j] & 63 for j in range(4)] + [p[j] & 15 | p[j - 8] >> 6 << 4 for j in range(8, 12)]
    minima = [p[j] & 63 for j in range(4, 8)] + [p[j] >> 4 | p[j - 4] >> 6 << 4
                                                 for j in range(8, 12)]
    return scales, minima


def q4_q5_k(b, quants, fifth):
    scales, minima = six_bits(b[4:16])
    d, m = half(b, 0), half(b, 2)
    out = []
    for g in range(8):
        run = quants[g // 2 * 32:g // 2 * 32 + 32]
        for i, byte in enumerate(run):
            q = (byte >> 4 if g % 2 else byte & 15) + 16 * fifth(g, i)
            out.append(d * scales[g] * q - m * minima[g])
    return out


def q4_k(b):
    return q4_q5_k(b, b[16:144], lambda g, i: 0)


def q5_k(b):
    return q4_q5_k(b, b[48:176], lambda g, i: b[16 + i] >> g & 1)


def q6_k(b):
    scales = struct.unpack_from("<16b", b, 192)
    out = []
    for h in (0, 1):
        low, high = b[64 * h:64 * h + 64], b[128 + 32 * h:160 + 32 * h]
        for run in range(4):
            for i in range(32):
                byte = low[run % 2 * 32 + i]
                q = (byte >> 4 if run > 1 else byte & 15) + (high[i] >> 2 * run & 3) * 16
                out.append(half(b, 208) * scales[8 * h + 2 * run + i // 16] * (q - 32))
    return out


# By the number of the type in ggml: elements and bytes of a block, and the function to widen it.
TYPES = {2: (32, 18, q4_0), 3: (32, 20, q4_1), 6: (32, 22, q5_0), 7: (32, 24, q5_1),
         8: (32, 34, q8_0), 20: (32, 18, iq4_nl), 10: (256, 84, q2_k), 11: (256, 110, q3_k),
         12: (256, 144, q4_k), 13: (256, 176, q5_k), 14: (256, 210, q6_k)}
