#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the first inputs of fuzz_gguf to corpus/gguf: the smallest possible models, and each
kind of damage once. Inputs that a search finds later are added as files."""
import os
import random
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "models"))
sys.path.insert(0, os.path.join(HERE, "..", "data"))
import gguf_writer as gguf  # noqa: E402
import make_zoo  # noqa: E402

OUT = os.path.join(HERE, "corpus", "gguf")
WIDTH = 32


def keys(arch):
    return [
        gguf.text("general.architecture", arch),
        gguf.u32(arch + ".block_count", 1),
        gguf.u32(arch + ".context_length", 64),
        gguf.u32(arch + ".embedding_length", WIDTH),
        gguf.u32(arch + ".feed_forward_length", WIDTH),
        gguf.u32(arch + ".attention.head_count", 2),
        gguf.u32(arch + ".attention.head_count_kv", 1),
        gguf.f32(arch + ".attention.layer_norm_rms_epsilon", 1e-5),
    ]


def vocabulary():
    tokens = ["<unk>", "<s>", "</s>", "\u2581", "a", "b", "ab", "\u2581ab"]
    return [
        gguf.text("tokenizer.ggml.model", "llama"),
        gguf.texts("tokenizer.ggml.tokens", tokens),
        gguf.f32s("tokenizer.ggml.scores", [0, 0, 0, -4, -3, -2, -1, -0.5]),
        gguf.i32s("tokenizer.ggml.token_type", [2, 3, 3, 1, 1, 1, 1, 1]),
        gguf.u32("tokenizer.ggml.bos_token_id", 1),
    ]


def tensors(kind, n_vocab, biases=False):
    rng = random.Random(kind)
    shapes = [("token_embd.weight", WIDTH, n_vocab), ("blk.0.attn_norm.weight", WIDTH, 0),
              ("blk.0.attn_q.weight", WIDTH, WIDTH), ("blk.0.attn_k.weight", WIDTH, WIDTH // 2),
              ("blk.0.attn_v.weight", WIDTH, WIDTH // 2),
              ("blk.0.attn_output.weight", WIDTH, WIDTH), ("blk.0.ffn_norm.weight", WIDTH, 0),
              ("blk.0.ffn_gate.weight", WIDTH, WIDTH), ("blk.0.ffn_up.weight", WIDTH, WIDTH),
              ("blk.0.ffn_down.weight", WIDTH, WIDTH), ("output_norm.weight", WIDTH, 0)]
    if biases:
        shapes += [("blk.0.attn_q.bias", WIDTH, 0), ("blk.0.attn_k.bias", WIDTH // 2, 0),
                   ("blk.0.attn_v.bias", WIDTH // 2, 0)]
    for name, columns, rows in shapes:
        values = [rng.gauss(0, 0.3) for _ in range(columns * max(rows, 1))]
        own = kind if rows else "F32"
        dims = (columns, rows) if rows else (columns,)
        yield name, dims, own, gguf.encode(values, own)


def architectures():
    """A model for each path through the forward pass, in small weight types."""
    sizes = {"layers": 1, "width": WIDTH, "ff": WIDTH, "vocab": 8, "heads": 2, "kv_heads": 1,
             "head_dim": 16, "context": 16}
    for name, kind, how in (
            ("gpt2", "Q5_1", {"layer_norm": True, "feed_forward": {"gated": False, "bias": True},
                              "attention": {"fused": True, "bias": True, "out_bias": True}}),
            ("gptneox", "Q4_1", {"layer_norm": True, "feed_forward": {"gated": False, "bias": True},
                                 "attention": {"fused": True, "bias": True, "out_bias": True}}),
            ("phi3", "Q5_0", {"attention": {"fused": True}, "feed_forward": {"fused": True}}),
            ("gemma2", "IQ4_NL", {"post_norms": True, "own_output": False}),
            ("gemma3", "Q4_0", {"post_norms": True, "attention": {"qk_norm": True},
                                "own_output": False})):
        zoo = make_zoo.Zoo("model_" + name, name, 1, **sizes)
        zoo.kind = kind
        yield zoo.body(**how)


def extend(zoo):
    """The additional keys and tensors of a kind of model."""
    if zoo.arch == "gpt2":
        zoo.matrix("position_embd.weight", zoo.context, zoo.width, 0.5)
    if zoo.arch == "gptneox":
        zoo.key("rope.dimension_count", 4)
        zoo.key("rope.scaling.type", "yarn")
        zoo.key("rope.scaling.factor", 4.0)
    if zoo.arch == "phi3":
        zoo.key("rope.scaling.type", "longrope")
        zoo.key("rope.scaling.original_context_length", 2)
        zoo.vector("rope_factors_short.weight", 8, 0.1, 1.2)
        zoo.vector("rope_factors_long.weight", 8, 2.0, 6.0)
    if zoo.arch == "gemma3":
        zoo.key("attention.sliding_window", 2)
    return zoo


def raw(name, data):
    with open(os.path.join(OUT, name), "wb") as file:
        file.write(data)


def entry(key, kind, value):
    return struct.pack("<Q", len(key)) + key + struct.pack("<I", kind) + value


def header(version, n_tensors, n_keys):
    return struct.pack("<4sIQQ", b"GGUF", version, n_tensors, n_keys)


def main():
    os.makedirs(OUT, exist_ok=True)
    small = os.path.join(OUT, "model_q8_0")
    gguf.write(small, keys("llama") + vocabulary(), list(tensors("Q8_0", 8)))
    gguf.write(os.path.join(OUT, "model_bias"), keys("qwen2"), list(tensors("BF16", 4, True)))
    gguf.write(os.path.join(OUT, "vocabulary_only"), keys("llama") + vocabulary(), [])
    for zoo in architectures():
        extend(zoo).write(OUT)
        os.replace(os.path.join(OUT, zoo.name + ".gguf"), os.path.join(OUT, zoo.name))
    with open(small, "rb") as file:
        whole = file.read()
    raw("model_cut", whole[:len(whole) // 2])
    raw("scale_infinite", whole[:-2048] + b"\0\x7c" + whole[-2046:])

    most = 2 ** 64 - 1
    one = struct.pack("<Q", 1)
    raw("big_endian", struct.pack(">4sIQQ", b"GGUF", 3, 0, 0))
    raw("version_1", header(1, 0, 0))
    raw("many_keys", header(3, 0, most))
    raw("many_tensors", header(3, most, 0))
    raw("long_key", header(3, 0, 1) + struct.pack("<Q", most) + b"key" + one * 3)
    raw("nested_array", header(3, 0, 1) + entry(b"k", 9, struct.pack("<IQ", 9, 1) + one))
    raw("array_wraps", header(3, 0, 1) + entry(b"k", 9, struct.pack("<IQ", 10, 2 ** 61) + one))
    raw("alignment_0", header(3, 0, 1) + entry(b"general.alignment", 4, bytes(4)))
    tensor = struct.pack("<Q1sI2QIQ", 1, b"t", 2, 2 ** 32, 2 ** 32, 0, 0)
    raw("shape_wraps", header(3, 1, 0) + tensor)
    tensor = struct.pack("<Q1sIQIQ", 1, b"t", 1, 32, 8, 2 ** 64 - 32)
    raw("offset_wraps", header(3, 1, 0) + tensor + bytes(64))


if __name__ == "__main__":
    main()
