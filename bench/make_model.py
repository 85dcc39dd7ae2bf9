#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write a model of any shape with random weights and no vocabulary, for measurements.

The default is a llama model of 100 million F32 weights; --shape gives the shape of a known model.
The weights repeat one block of normal deviates, which starts at another place in each tensor. So
the file is quick to write, and no two rows are equal.
"""
import argparse
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "models"))
import gguf_writer as gguf  # noqa: E402

BLOCK = 100003 * 32  # numbers; whole blocks of Q8_0
BYTES_OF_32 = {"F32": 128, "F16": 64, "BF16": 64, "Q8_0": 34, "Q4_0": 18}

# architecture, layers, width, heads, key-value heads, feed-forward width, vocabulary, and whether
# there is an output matrix besides the embedding
SHAPES = {
    "smollm2-135m": ("llama", 30, 576, 9, 3, 1536, 49152, False),
    "qwen2.5-0.5b": ("qwen2", 24, 896, 14, 2, 4864, 151936, False),
    "tinyllama-1.1b": ("llama", 22, 2048, 32, 4, 5632, 32000, True),
}


def pieces(block, start, n_bytes):
    """n_bytes of the block, repeated, beginning at start."""
    while n_bytes > 0:
        piece = block[start:start + n_bytes]
        n_bytes -= len(piece)
        start = 0
        yield piece


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out")
    parser.add_argument("--shape", choices=sorted(SHAPES))
    parser.add_argument("--arch", choices=["llama", "qwen2"], default="llama")
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--kv-heads", type=int, default=4)
    parser.add_argument("--ff", type=int, default=2048)
    parser.add_argument("--vocab", type=int, default=32000)
    parser.add_argument("--type", choices=sorted(BYTES_OF_32), default="F32")
    args = parser.parse_args()
    args.own_output = False
    if args.shape:
        (args.arch, args.layers, args.width, args.heads, args.kv_heads, args.ff, args.vocab,
         args.own_output) = SHAPES[args.shape]
    return args


def main():
    args = parse()
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

    def vector(name, n, value):
        tensors.append((name, (n,), "F32", gguf.encode([value] * n, "F32")))

    def norm(name):
        vector(name, args.width, 1.0)

    matrix("token_embd.weight", args.vocab, args.width)
    for layer in range(args.layers):
        name = "blk.%d." % layer
        norm(name + "attn_norm.weight")
        matrix(name + "attn_q.weight", args.width, args.width)
        matrix(name + "attn_k.weight", kv_width, args.width)
        matrix(name + "attn_v.weight", kv_width, args.width)
        if args.arch == "qwen2":
            vector(name + "attn_q.bias", args.width, 0.01)
            vector(name + "attn_k.bias", kv_width, 0.01)
            vector(name + "attn_v.bias", kv_width, 0.01)
        matrix(name + "attn_output.weight", args.width, args.width)
        norm(name + "ffn_norm.weight")
        matrix(name + "ffn_gate.weight", args.ff, args.width)
        matrix(name + "ffn_up.weight", args.ff, args.width)
        matrix(name + "ffn_down.weight", args.width, args.ff)
    norm("output_norm.weight")
    if args.own_output:
        matrix("output.weight", args.vocab, args.width)
    gguf.write(args.out, [
        gguf.text("general.architecture", args.arch),
        gguf.text("general.name", "random weights"),
        gguf.text("tokenizer.ggml.model", "none"),
        gguf.u32(args.arch + ".vocab_size", args.vocab),
        gguf.u32(args.arch + ".block_count", args.layers),
        gguf.u32(args.arch + ".context_length", 32768),
        gguf.u32(args.arch + ".embedding_length", args.width),
        gguf.u32(args.arch + ".feed_forward_length", args.ff),
        gguf.u32(args.arch + ".attention.head_count", args.heads),
        gguf.u32(args.arch + ".attention.head_count_kv", args.kv_heads),
        gguf.f32(args.arch + ".attention.layer_norm_rms_epsilon", 1e-5),
    ], tensors)


if __name__ == "__main__":
    main()
