#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write one small model of random weights for each architecture, weight type and kind of rotary
position: make_zoo.py FOLDER [STAMP]. oracle.py knows what they should say. Same bytes every run.

Weights are uniform, as sums and products of numbers that are exact everywhere; blocks of
quantised types are random bits under a sensible scale.
"""
import itertools
import os
import random
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "models"))
import gguf_writer as gguf  # noqa: E402

# Elements and bytes of a block, and the places of its f16 fields: scales, then minima.
BLOCKS = {
    "Q4_0": (32, 18, [0], []), "Q4_1": (32, 20, [0], [2]), "Q5_0": (32, 22, [0], []),
    "Q5_1": (32, 24, [0], [2]), "Q8_0": (32, 34, [0], []), "IQ4_NL": (32, 18, [0], []),
    "Q2_K": (256, 84, [80], [82]), "Q3_K": (256, 110, [108], []),
    "Q4_K": (256, 144, [0], [2]), "Q5_K": (256, 176, [0], [2]), "Q6_K": (256, 210, [208], []),
}
# The approximate size of a weight at a scale of 1.
STEPS = {"Q4_0": 5, "Q4_1": 8, "Q5_0": 9, "Q5_1": 16, "Q8_0": 74, "IQ4_NL": 60, "Q2_K": 14,
         "Q3_K": 40, "Q4_K": 250, "Q5_K": 500, "Q6_K": 1400}


def vocabulary(n):
    """A vocabulary for programs that need one: control tokens, a newline, words t5, t6, ..."""
    names = ["<unk>", "<s>", "</s>", "<0x0A>", "<|endoftext|>"]
    kinds = [2, 3, 3, 6, 3] + [1] * (n - len(names))
    names += ["\u2581t%d" % i for i in range(len(names), n)]
    return [
        gguf.text("tokenizer.ggml.model", "llama"),
        gguf.texts("tokenizer.ggml.tokens", names),
        gguf.f32s("tokenizer.ggml.scores", [-float(i) for i in range(n)]),
        gguf.i32s("tokenizer.ggml.token_type", kinds),
        gguf.u32("tokenizer.ggml.bos_token_id", 1),
        gguf.u32("tokenizer.ggml.eos_token_id", 2),
        gguf.u32("tokenizer.ggml.unknown_token_id", 0),
    ]


class Zoo:
    """A model that is being written."""

    def __init__(self, name, arch, seed, **sizes):
        self.name, self.arch, self.rng = name, arch, random.Random(seed)
        self.layers, self.width, self.ff, self.vocab = 2, 64, 96, 96
        self.heads, self.kv_heads, self.head_dim, self.context = 4, 2, 16, 512
        self.__dict__.update(sizes)
        self.keys, self.tensors = [], []
        self.kind = "F32"

    def key(self, tail, value):
        make = {bool: gguf.boolean, int: gguf.u32, float: gguf.f32, str: gguf.text}
        self.keys.append(make[type(value)](self.arch + "." + tail, value))

    def uniform(self, count, spread, middle=0.0):
        return [middle + spread * (self.rng.random() * 3.5 - 1.75) for _ in range(count)]

    def vector(self, name, count, spread=0.1, middle=0.0):
        data = gguf.encode(self.uniform(count, spread, middle), "F32")
        self.tensors.append((name, (count,), "F32", data))

    def blocks(self, kind, count, spread):
        size, n_bytes, scales, minima = BLOCKS[kind]
        out = bytearray()
        for _ in range(count // size):
            block = bytearray(self.rng.getrandbits(8) for _ in range(n_bytes))
            scale = spread / STEPS[kind] * (0.75 + self.rng.random() / 2)
            signed = kind in ("Q4_1", "Q5_1")
            for at in scales:
                struct.pack_into("<e", block, at, scale)
            for at in minima:  # centred: half of the largest quant, in units of the minimum
                middle = {"Q4_1": -7.5, "Q5_1": -15.5, "Q2_K": 1.5, "Q4_K": 7.5, "Q5_K": 15.5}
                struct.pack_into("<e", block, at, scale * middle[kind] if signed or "K" in kind
                                 else scale)
            out += block
        return bytes(out)

    def matrix(self, name, rows, cols, spread, kind=None):
        kind = kind or self.kind
        if kind in BLOCKS and cols % BLOCKS[kind][0]:
            kind = "Q8_0"
        if kind in BLOCKS:
            data = self.blocks(kind, rows * cols, spread)
        else:
            data = gguf.encode(self.uniform(rows * cols, spread), kind)
        self.tensors.append((name, (cols, rows), kind, data))

    def linear(self, part, rows, cols, spread, bias=False):
        self.matrix(part + ".weight", rows, cols, spread)
        if bias:
            self.vector(part + ".bias", rows, 0.3)

    def norm(self, part, bias):
        self.vector(part + ".weight", self.width, 0.1, 1.0)
        if bias:
            self.vector(part + ".bias", self.width, 0.2)

    def sizes(self, epsilon):
        self.key("block_count", self.layers)
        self.key("context_length", self.context)
        self.key("embedding_length", self.width)
        self.key("feed_forward_length", self.ff)
        self.key("attention.head_count", self.heads)
        self.key("attention.head_count_kv", self.kv_heads)
        self.key("attention." + epsilon, 1e-5)
        if self.heads * self.head_dim != self.width:
            self.key("attention.key_length", self.head_dim)
            self.key("attention.value_length", self.head_dim)

    def attention(self, part, bias=False, fused=False, qk_norm=False, out_bias=False):
        spread = 1.2 / self.width ** 0.5
        q, kv = self.heads * self.head_dim, self.kv_heads * self.head_dim
        if fused:
            self.linear(part + "attn_qkv", q + 2 * kv, self.width, spread, bias)
        else:
            for letter, rows in ("q", q), ("k", kv), ("v", kv):
                self.linear(part + "attn_" + letter, rows, self.width, spread, bias)
        if qk_norm:
            self.vector(part + "attn_q_norm.weight", self.head_dim, 0.3, 1.5)
            self.vector(part + "attn_k_norm.weight", self.head_dim, 0.3, 1.5)
        self.linear(part + "attn_output", self.width, q, 1 / q ** 0.5, out_bias)

    def feed_forward(self, part, gated=True, fused=False, bias=False):
        spread = 1.2 / self.width ** 0.5
        if fused:
            self.linear(part + "ffn_up", 2 * self.ff, self.width, spread, bias)
        else:
            for name in ["ffn_gate", "ffn_up"] if gated else ["ffn_up"]:
                self.linear(part + name, self.ff, self.width, spread, bias)
        self.linear(part + "ffn_down", self.width, self.ff, 1 / self.ff ** 0.5, bias)

    def body(self, layer_norm=False, post_norms=False, attention=(), feed_forward=(),
             own_output=True):
        self.sizes("layer_norm_epsilon" if layer_norm else "layer_norm_rms_epsilon")
        self.matrix("token_embd.weight", self.vocab, self.width, 1.0)
        for layer in range(self.layers):
            part = "blk.%d." % layer
            self.norm(part + "attn_norm", layer_norm)
            self.attention(part, **dict(attention))
            self.norm(part + "ffn_norm", layer_norm)
            self.feed_forward(part, **dict(feed_forward))
            if post_norms:
                self.norm(part + "post_attention_norm", layer_norm)
                self.norm(part + "post_ffw_norm", layer_norm)
        self.norm("output_norm", layer_norm)
        if own_output:
            self.matrix("output.weight", self.vocab, self.width, 3 / self.width ** 0.5)
        return self

    def write(self, folder):
        head = [gguf.text("general.architecture", self.arch),
                gguf.text("general.name", self.name)]
        keys = head + self.keys + vocabulary(self.vocab)
        gguf.write(os.path.join(folder, self.name + ".gguf"), keys, self.tensors)


BIASES = {"attention": {"bias": True, "out_bias": True}, "feed_forward": {"bias": True}}
PLAIN_FFN = {"gated": False, "bias": True}


def llamas():
    yield Zoo("llama", "llama", 1).body(own_output=False)
    zoo = Zoo("llama-biases", "llama", 2).body(
        attention={"bias": True, "out_bias": True, "fused": True}, feed_forward={"bias": True})
    yield zoo
    zoo = Zoo("llama-rope-freqs", "llama", 3).body()
    zoo.key("rope.freq_base", 500000.0)
    zoo.tensors.append(("rope_freqs.weight", (8,), "F32", gguf.encode(
        [1.0, 1.0, 1.0, 1.5, 2.75, 6.0, 8.0, 8.0], "F32")))
    yield zoo
    zoo = Zoo("llama-linear", "llama", 4).body()
    zoo.key("rope.scaling.type", "linear")
    zoo.key("rope.scaling.factor", 4.0)
    yield zoo
    zoo = Zoo("llama-partial", "llama", 5).body()
    zoo.key("rope.dimension_count", 8)
    yield zoo
    zoo = Zoo("llama-ntk", "llama", 6, context=128).body()
    yield zoo
    zoo = Zoo("mistral", "mistral", 7).body()
    zoo.key("attention.sliding_window", 40)
    yield zoo


def others():
    yield Zoo("qwen2", "qwen2", 11).body(attention={"bias": True})
    zoo = Zoo("qwen2-yarn", "qwen2", 12).body(attention={"bias": True})
    zoo.key("rope.freq_base", 1000000.0)
    zoo.key("rope.scaling.type", "yarn")
    zoo.key("rope.scaling.factor", 4.0)
    zoo.key("rope.scaling.original_context_length", 128)
    yield zoo
    yield Zoo("qwen3", "qwen3", 13, head_dim=24).body(attention={"qk_norm": True})
    zoo = Zoo("phi3", "phi3", 14).body(attention={"fused": True}, feed_forward={"fused": True})
    zoo.key("attention.sliding_window", 100)
    yield zoo
    zoo = Zoo("phi3-long", "phi3", 15).body(attention={"fused": True},
                                            feed_forward={"fused": True})
    zoo.key("rope.scaling.type", "longrope")
    zoo.key("rope.scaling.original_context_length", 128)
    zoo.key("rope.scaling.attn_factor", 1.19)
    zoo.vector("rope_factors_short.weight", 8, 0.1, 1.2)
    zoo.vector("rope_factors_long.weight", 8, 2.0, 6.0)
    yield zoo
    zoo = Zoo("gemma2", "gemma2", 16, layers=3).body(post_norms=True, own_output=False)
    zoo.key("attention.sliding_window", 48)
    zoo.key("attn_logit_softcapping", 4.0)
    zoo.key("final_logit_softcapping", 30.0)
    yield zoo
    zoo = Zoo("gemma3", "gemma3", 17, layers=7, kv_heads=1).body(
        post_norms=True, own_output=False, attention={"qk_norm": True})
    zoo.key("attention.sliding_window", 48)
    zoo.key("rope.freq_base", 1000000.0)
    zoo.key("rope.scaling.type", "linear")
    zoo.key("rope.scaling.factor", 8.0)
    yield zoo
    zoo = Zoo("gpt2", "gpt2", 18, kv_heads=4).body(
        layer_norm=True, attention={"fused": True, "bias": True, "out_bias": True},
        feed_forward=PLAIN_FFN)
    zoo.matrix("position_embd.weight", zoo.context, zoo.width, 0.5)
    yield zoo
    for name, seed, side_by_side in ("gptneox", 19, True), ("gptneox-serial", 20, False):
        zoo = Zoo(name, "gptneox", seed, kv_heads=4).body(
            layer_norm=True, attention={"fused": True, "bias": True, "out_bias": True},
            feed_forward=PLAIN_FFN)
        zoo.key("rope.dimension_count", 4)
        zoo.key("use_parallel_residual", side_by_side)
        yield zoo
    zoo = Zoo("starcoder2", "starcoder2", 21).body(
        layer_norm=True, attention={"bias": True, "out_bias": True}, feed_forward=PLAIN_FFN,
        own_output=False)
    zoo.key("attention.sliding_window", 300)
    yield zoo


def types():
    """A model of one layer, with rows of 256 elements for the large blocks."""
    kinds = ["F32", "F16", "BF16"] + sorted(BLOCKS)
    for seed, kind in enumerate(kinds):
        zoo = Zoo("type-" + kind.lower(), "llama", 30 + seed, layers=1, width=256, ff=256,
                  heads=2, kv_heads=1, head_dim=32, vocab=64)
        zoo.kind = kind
        yield zoo.body()


def without_answers():
    """Models for tests that compare two ways to compute the same."""
    zoo = Zoo("gemma2-bf16", "gemma2", 60, layers=3)
    zoo.kind = "BF16"
    zoo.body(post_norms=True, own_output=False)
    zoo.key("attention.sliding_window", 48)
    zoo.key("attn_logit_softcapping", 4.0)
    yield zoo


def models():
    yield from llamas()
    yield from others()
    yield from types()


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    for model in itertools.chain(models(), without_answers()):
        model.write(sys.argv[1])
    for stamp in sys.argv[2:]:  # made when all models are written
        open(stamp, "w").close()
