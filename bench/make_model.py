#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write a llama model of any shape with random weights and no vocabulary, to measure with.

The default is 100 million F32 weights. The numbers repeat one block of normal deviates, begun
at another place for each tensor: quick to write, and no two rows in step.
"""
import argparse
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "models"))
import gguf_writer as gguf  # noqa: E402

BLOCK = 100003 * 32  # numbers; whole blocks of Q8_0
BYTES_OF_32 = {"F32": 128, "F16": 64, "BF16": 64, "Q8_0": 34}


def pieces(block, start, n_bytes):
    """n_bytes of the block's data over and over, from start."""
    while n_bytes > 0:
        piece = block[start:start + n_bytes]
        n_bytes -= len(piece)
        start = 0
        yield piece


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--kv-heads", type=int, default=4)
    parser.add_argument("--ff", type=int, default=2048)
    parser.add_argument("--vocab", type=int, default=32000)
    parser.add_argument("--type", choices=sorted(BYTES_OF_32), default="F32")
    args = parser.parse_args()

    rng = random.Random(1)
    sample = [rng.gauss(0, 0.03) for _ in range(4001 * 32)]
    unit = BYTES_OF_32[args.type]
    block = gguf.encode(sample, args.type) * (BLOCK // len(sample))
    kv_width = args.width // args.heads * args.kv_heads
    tensors = []

    def matrix(name, rows, columns):
        n_bytes = rows * columns // 32 * unit
        start = rng.randrange(len(block) // unit) * unit
        tensors.append((name, (columns, rows), args.type, pieces(block, start, n_bytes), n_bytes))

    def norm(name):
        ones = gguf.encode([1.0] * args.width, "F32")
        tensors.append((name, (args.width,), "F32", ones))

    matrix("token_embd.weight", args.vocab, args.width)
    for layer in range(args.layers):
        name = "blk.%d." % layer
        norm(name + "attn_norm.weight")
        matrix(name + "attn_q.weight", args.width, args.width)
        matrix(name + "attn_k.weight", kv_width, args.width)
        matrix(name + "attn_v.weight", kv_width, args.width)
        matrix(name + "attn_output.weight", args.width, args.width)
        norm(name + "ffn_norm.weight")
        matrix(name + "ffn_gate.weight", args.ff, args.width)
        matrix(name + "ffn_up.weight", args.ff, args.width)
        matrix(name + "ffn_down.weight", args.width, args.ff)
    norm("output_norm.weight")
    gguf.write(args.out, [
        gguf.text("general.architecture", "llama"),
        gguf.text("general.name", "random weights"),
        gguf.u32("llama.block_count", args.layers),
        gguf.u32("llama.context_length", 4096),
        gguf.u32("llama.embedding_length", args.width),
        gguf.u32("llama.feed_forward_length", args.ff),
        gguf.u32("llama.attention.head_count", args.heads),
        gguf.u32("llama.attention.head_count_kv", args.kv_heads),
        gguf.f32("llama.attention.layer_norm_rms_epsilon", 1e-5),
    ], tensors)


if __name__ == "__main__":
    main()
