#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write tiny-llama.gguf and tiny-qwen2.gguf beside this script: models with random weights.

Two layers of 64, 320 tokens. The first is F32 with tied embeddings and a SentencePiece
vocabulary; the second mixes types, has biases, heads wider than its rows, one key-value head and
a byte-level vocabulary. Same bytes every run.
"""
import os
import random
import re
import sys
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "models"))
import byte_pairs  # noqa: E402
import gguf_writer as gguf  # noqa: E402

N_VOCAB = 320
WIDTH = 64
TEXT = """the cat sat on the mat and the dog lay on the rug while the rain fell on the roof of the
old house there was a light in the window and a man at the table he read the letter again and then
he put it into the fire and said that he would not go there any more"""


def words(prefix):
    return Counter(prefix + word for word in re.split(r"\s+", TEXT))


def sentencepiece_vocabulary():
    counts = words("\u2581")
    letters = sorted(set("".join(counts)))
    tokens = ["<unk>", "<s>", "</s>"] + ["<0x%02X>" % b for b in range(256)] + letters
    merges = byte_pairs.learn(counts, N_VOCAB - len(tokens))
    scores = [0.0] * (len(tokens) - len(letters))
    # The order of SentencePiece: merges in the order they were learned, then the letters.
    scores += [-float(len(merges) + i) for i in range(len(letters))]
    scores += [-float(i) for i in range(len(merges))]
    tokens += [left + right for left, right in merges]
    kinds = [2, 3, 3] + [6] * 256 + [1] * (N_VOCAB - 259)
    return [
        gguf.text("tokenizer.ggml.model", "llama"),
        gguf.text("tokenizer.ggml.pre", "default"),
        gguf.texts("tokenizer.ggml.tokens", tokens),
        gguf.f32s("tokenizer.ggml.scores", scores),
        gguf.i32s("tokenizer.ggml.token_type", kinds),
        gguf.u32("tokenizer.ggml.bos_token_id", 1),
        gguf.u32("tokenizer.ggml.eos_token_id", 2),
        gguf.u32("tokenizer.ggml.unknown_token_id", 0),
        gguf.boolean("tokenizer.ggml.add_bos_token", True),
    ]


def byte_vocabulary():
    alphabet = byte_pairs.byte_alphabet()
    merges = byte_pairs.learn(words(alphabet[0x20]), N_VOCAB - 257)
    tokens = alphabet + [left + right for left, right in merges] + ["<|endoftext|>"]
    return [
        gguf.text("tokenizer.ggml.model", "gpt2"),
        gguf.text("tokenizer.ggml.pre", "qwen2"),
        gguf.texts("tokenizer.ggml.tokens", tokens),
        gguf.i32s("tokenizer.ggml.token_type", [1] * (N_VOCAB - 1) + [3]),
        gguf.texts("tokenizer.ggml.merges", [left + " " + right for left, right in merges]),
        gguf.u32("tokenizer.ggml.bos_token_id", N_VOCAB - 1),
        gguf.u32("tokenizer.ggml.eos_token_id", N_VOCAB - 1),
    ]


class Tensors:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.list = []

    def add(self, name, dims, kind, spread, middle=0.0):
        count = dims[0] * (dims[1] if len(dims) > 1 else 1)
        values = [self.rng.gauss(middle, spread) for _ in range(count)]
        self.list.append((name, dims, kind, gguf.encode(values, kind)))


def make(name, arch, seed, shape, kinds, vocabulary):
    heads, kv_heads, head_dim, ff, rope_base = shape
    tensors = Tensors(seed)
    tensors.add("token_embd.weight", (WIDTH, N_VOCAB), kinds["embd"], 1.0)
    for layer in range(2):
        part = "blk.%d." % layer
        tensors.add(part + "attn_norm.weight", (WIDTH,), "F32", 0.1, 1.0)
        for letter, n in ("q", heads), ("k", kv_heads), ("v", kv_heads):
            rows = n * head_dim
            tensors.add(part + "attn_%s.weight" % letter, (WIDTH, rows), kinds[letter], 0.2)
            if arch == "qwen2":
                tensors.add(part + "attn_%s.bias" % letter, (rows,), "F32", 0.3)
        tensors.add(part + "attn_output.weight", (heads * head_dim, WIDTH), kinds["o"], 0.1)
        tensors.add(part + "ffn_norm.weight", (WIDTH,), "F32", 0.1, 1.0)
        tensors.add(part + "ffn_gate.weight", (WIDTH, ff), kinds["gate"], 0.2)
        tensors.add(part + "ffn_up.weight", (WIDTH, ff), kinds["up"], 0.2)
        tensors.add(part + "ffn_down.weight", (ff, WIDTH), kinds["down"], 0.1)
    tensors.add("output_norm.weight", (WIDTH,), "F32", 0.1, 1.0)
    if "output" in kinds:
        tensors.add("output.weight", (WIDTH, N_VOCAB), kinds["output"], 0.3)
    keys = [
        gguf.text("general.architecture", arch),
        gguf.text("general.name", name),
        gguf.u32(arch + ".block_count", 2),
        gguf.u32(arch + ".context_length", 256),
        gguf.u32(arch + ".embedding_length", WIDTH),
        gguf.u32(arch + ".feed_forward_length", ff),
        gguf.u32(arch + ".attention.head_count", heads),
        gguf.u32(arch + ".attention.head_count_kv", kv_heads),
        gguf.f32(arch + ".attention.layer_norm_rms_epsilon", 1e-5),
        gguf.f32(arch + ".rope.freq_base", rope_base),
    ]
    if heads * head_dim != WIDTH:
        keys.append(gguf.u32(arch + ".attention.key_length", head_dim))
        keys.append(gguf.u32(arch + ".attention.value_length", head_dim))
    gguf.write(os.path.join(HERE, name + ".gguf"), keys + vocabulary, tensors.list)


def main():
    one = dict.fromkeys(["embd", "q", "k", "v", "o", "gate", "up", "down"], "F32")
    mixed = {"embd": "F16", "q": "BF16", "k": "F16", "v": "Q8_0", "o": "BF16", "gate": "F16",
             "up": "Q8_0", "down": "BF16", "output": "Q8_0"}
    make("tiny-llama", "llama", 1, (4, 2, 16, 64, 10000.0), one, sentencepiece_vocabulary())
    make("tiny-qwen2", "qwen2", 2, (4, 1, 32, 160, 500.0), mixed, byte_vocabulary())


if __name__ == "__main__":
    main()
