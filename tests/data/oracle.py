#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compute the expected numbers of the tiny models (tiny-llama.json, tiny-qwen2.json) and of those
that make_zoo.py makes (zoo/NAME.json): oracle.py [NAME...], without a name all of them.

A forward pass of its own in double precision, one token after the other, straight from the
definition: no batches, no tiles, no online softmax, nothing shared with the program. Slow on
purpose; run it by hand after make_tiny.py or a change of make_zoo.py.
"""
import json
import math
import os
import random
import struct
import sys
import tempfile
from operator import mul

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import block_types  # noqa: E402
import make_zoo  # noqa: E402

SCALARS = {4: "<I", 5: "<i", 6: "<f", 7: "<?"}
STRING, ARRAY = 8, 9


class Reader:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        self.pos = 8
        n_tensors, n_keys = self.take("<QQ")
        self.keys, self.tensors = {}, {}
        for _ in range(n_keys):
            name = self.string()
            self.keys[name] = self.value(self.take("<I")[0])
        places = []
        for _ in range(n_tensors):
            name = self.string()
            dims = self.take("<%dQ" % self.take("<I")[0])
            places.append((name, dims) + self.take("<IQ"))
        start = -(-self.pos // 32) * 32
        for name, dims, kind, offset in places:
            rows = dims[1] if len(dims) > 1 else 1
            numbers = self.numbers(kind, start + offset, dims[0] * rows)
            table = [numbers[i * dims[0]:(i + 1) * dims[0]] for i in range(rows)]
            self.tensors[name] = table if len(dims) > 1 else table[0]

    def take(self, form):
        values = struct.unpack_from(form, self.data, self.pos)
        self.pos += struct.calcsize(form)
        return values

    def string(self):
        (n,) = self.take("<Q")
        self.pos += n
        return self.data[self.pos - n:self.pos].decode()

    def value(self, kind):
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            item, n = self.take("<IQ")
            return [self.value(item) for _ in range(n)]
        return self.take(SCALARS[kind])[0]

    def numbers(self, kind, at, n):
        if kind == 0:
            return list(struct.unpack_from("<%df" % n, self.data, at))
        if kind == 1:
            return list(struct.unpack_from("<%de" % n, self.data, at))
        if kind == 30:
            halves = struct.unpack_from("<%dH" % n, self.data, at)
            return [struct.unpack("<f", struct.pack("<HH", 0, h))[0] for h in halves]
        size, n_bytes, widen = block_types.TYPES[kind]
        out = []
        for block in range(n // size):
            out += widen(self.data[at + n_bytes * block:at + n_bytes * (block + 1)])
        return out


def dot(a, b):
    return sum(map(mul, a, b))


def times(matrix, x):
    return [dot(row, x) for row in matrix]


def plus(a, b):
    return [p + q for p, q in zip(a, b)]


# Properties of each architecture, from the papers, that the GGUF keys do not state.
ARCHS = {
    "llama": {"pairs": "neighbours"}, "mistral": {"pairs": "neighbours"},
    "qwen2": {}, "qwen3": {}, "phi3": {},
    "gemma2": {"act": "gelu_tanh", "scaled": True, "period": 2},
    "gemma3": {"act": "gelu_tanh", "scaled": True, "period": 6, "local_base": 10000.0},
    "gpt2": {"act": "gelu_tanh", "pairs": None}, "gptneox": {"act": "gelu_erf"},
    "starcoder2": {"act": "gelu_tanh"},
}


def activate(kind, v):
    if kind == "gelu_tanh":
        return v / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v ** 3)))
    if kind == "gelu_erf":
        return v / 2 * (1 + math.erf(v / math.sqrt(2)))
    return v / (1 + math.exp(-v))


def cap(limit, v):
    return limit * math.tanh(v / limit) if limit else v


class Model:
    def __init__(self, path, ntk=0.0):
        file = Reader(path)
        self.w = file.tensors
        self.arch = file.keys["general.architecture"]
        self.what = ARCHS[self.arch]
        self.ntk = ntk

        def key(name, *default):
            return file.keys.get(self.arch + "." + name, *default)

        self.key = key
        self.layers = key("block_count")
        self.heads = key("attention.head_count")
        self.kv_heads = key("attention.head_count_kv")
        self.width = key("embedding_length")
        self.head_dim = key("attention.key_length", self.width // self.heads)
        self.epsilon = key("attention.layer_norm_rms_epsilon", None)
        self.layer_epsilon = key("attention.layer_norm_epsilon", None)
        self.output = self.w.get("output.weight", self.w["token_embd.weight"])
        self.n_rot = key("rope.dimension_count", self.head_dim)
        self.frequencies = None

    def norm(self, x, name, epsilon=None):
        weight = self.w[name + ".weight"]
        if self.layer_epsilon is not None:
            mean = sum(x) / len(x)
            x = [v - mean for v in x]
        scale = 1 / math.sqrt(dot(x, x) / len(x) + (self.epsilon or self.layer_epsilon))
        x = [v * scale * w for v, w in zip(x, weight)]
        return plus(x, self.w[name + ".bias"]) if self.layer_epsilon is not None else x

    def is_local(self, layer):
        period = self.what.get("period")
        return self.key("attention.sliding_window", 0) > 0 and \
            (period is None or layer % period != period - 1)

    def pair_frequencies(self, local, n_tokens):
        """Radians per position for each pair, and the factor on the rotated elements."""
        base, n, half = self.key("rope.freq_base", 10000.0), self.n_rot, self.n_rot // 2
        if local and "local_base" in self.what:
            return [self.what["local_base"] ** (-2 * i / n) for i in range(half)], 1.0
        trained = self.key("context_length")
        if self.ntk and n_tokens > trained:
            base *= (self.ntk * n_tokens / trained - (self.ntk - 1)) ** (n / (n - 2))
        plain = [base ** (-2 * i / n) for i in range(half)]
        kind = self.key("rope.scaling.type", "none")
        factor = self.key("rope.scaling.factor", 1.0)
        size = self.key("rope.scaling.attn_factor", 1.0)
        if "rope_freqs.weight" in self.w:
            plain = [p / f for p, f in zip(plain, self.w["rope_freqs.weight"])]
        if kind == "longrope":
            long = n_tokens > self.key("rope.scaling.original_context_length")
            name = "rope_factors_%s.weight" % ("long" if long else "short")
            return [p / f for p, f in zip(plain, self.w[name])], size
        if kind == "linear":
            return [p / factor for p in plain], size
        if kind == "none":
            return plain, size
        # YaRN: fast pairs are kept, slow pairs interpolated, pairs in between a mix of both.
        original = self.key("rope.scaling.original_context_length")

        def turns(times):
            return n * math.log(original / (times * 2 * math.pi)) / (2 * math.log(base))

        low, high = max(0, math.floor(turns(32))), min(n - 1, math.ceil(turns(1)))
        out = []
        for i, p in enumerate(plain):
            slow = min(1, max(0, (i - low) / max(0.001, high - low)))
            out.append(p / factor * slow + p * (1 - slow))
        return out, size * (0.1 * math.log(factor) + 1)

    def turn(self, head, position, layer):
        """Rotary position: a pair is two neighbours, or elements of the two halves."""
        pairs = self.what.get("pairs", "halves")
        if pairs is None:
            return head
        frequencies, size = self.frequencies[self.is_local(layer)]
        half = len(frequencies)
        out = list(head)
        for i, frequency in enumerate(frequencies):
            c, s = size * math.cos(position * frequency), size * math.sin(position * frequency)
            a, b = (2 * i, 2 * i + 1) if pairs == "neighbours" else (i, i + half)
            out[a] = head[a] * c - head[b] * s
            out[b] = head[a] * s + head[b] * c
        return out

    def linear(self, name, x, rows=None):
        start, end = rows or (0, len(self.w[name + ".weight"]))
        y = times(self.w[name + ".weight"][start:end], x)
        if name + ".bias" in self.w:
            y = plus(y, self.w[name + ".bias"][start:end])
        return y

    def project(self, layer, letter, x, position):
        part = "blk.%d.attn_" % layer
        if part + "qkv.weight" in self.w:
            q, kv = self.heads * self.head_dim, self.kv_heads * self.head_dim
            first = {"q": 0, "k": q, "v": q + kv}[letter]
            y = self.linear(part + "qkv", x, (first, first + (q if letter == "q" else kv)))
        else:
            y = self.linear(part + letter, x)
        heads = [y[i:i + self.head_dim] for i in range(0, len(y), self.head_dim)]
        if letter == "v":
            return heads
        if part + letter + "_norm.weight" in self.w:
            heads = [self.norm(head, part + letter + "_norm") for head in heads]
        return [self.turn(head, position, layer) for head in heads]

    def attend(self, layer, query, keys, values):
        """Attention weights on the keys so far, and the mean of the values with these weights."""
        limit = self.key("attn_logit_softcapping", 0)
        window = self.key("attention.sliding_window") if self.is_local(layer) else len(keys)
        start = max(0, len(keys) - window)
        scores = [cap(limit, dot(query, key) / math.sqrt(self.head_dim)) for key in keys[start:]]
        top = max(scores)
        weights = [math.exp(s - top) for s in scores]
        total = sum(weights)
        weights = [0.0] * start + [w / total for w in weights]
        mean = [dot(weights, column) for column in zip(*values)]
        return weights, mean

    def feed_forward(self, part, h):
        act = self.what.get("act", "silu")
        n_ff = self.key("feed_forward_length")
        if part + "ffn_gate.weight" in self.w:
            gate, up = self.linear(part + "ffn_gate", h), self.linear(part + "ffn_up", h)
        elif len(self.w[part + "ffn_up.weight"]) == 2 * n_ff:
            both = self.linear(part + "ffn_up", h)
            gate, up = both[:n_ff], both[n_ff:]
        else:
            gate, up = self.linear(part + "ffn_up", h), [1.0] * n_ff
        return self.linear(part + "ffn_down", [activate(act, g) * u for g, u in zip(gate, up)])

    def add(self, x, y, norm):
        return plus(x, self.norm(y, norm) if norm + ".weight" in self.w else y)

    def run(self, tokens, watch):
        """The last state of every token. Calls watch(layer, head, position, weights)."""
        caches = [[([], []) for _ in range(self.kv_heads)] for _ in range(self.layers)]
        self.frequencies = [self.pair_frequencies(local, len(tokens)) for local in (0, 1)]
        states = []
        for position, token in enumerate(tokens):
            x = self.w["token_embd.weight"][token]
            if self.what.get("scaled"):
                x = [v * math.sqrt(self.width) for v in x]
            if "position_embd.weight" in self.w:
                x = plus(x, self.w["position_embd.weight"][position])
            for layer in range(self.layers):
                x = self.run_layer(layer, x, position, caches[layer], watch)
            states.append(x)
        return states

    def run_layer(self, layer, x, position, caches, watch):
        part = "blk.%d." % layer
        h = self.norm(x, part + "attn_norm")
        new_keys = self.project(layer, "k", h, position)
        new_values = self.project(layer, "v", h, position)
        for (keys, values), key, value in zip(caches, new_keys, new_values):
            keys.append(key)
            values.append(value)
        mixed = []
        for i, query in enumerate(self.project(layer, "q", h, position)):
            weights, mean = self.attend(layer, query, *caches[i * self.kv_heads // self.heads])
            watch(layer, i, position, weights)
            mixed += mean
        attended = self.linear(part + "attn_output", mixed)
        if self.key("use_parallel_residual", False):
            h = self.norm(x, part + "ffn_norm")
            return plus(plus(x, attended), self.feed_forward(part, h))
        x = self.add(x, attended, part + "post_attention_norm")
        h = self.norm(x, part + "ffn_norm")
        return self.add(x, self.feed_forward(part, h), part + "post_ffw_norm")

    def nll(self, state, token):
        limit = self.key("final_logit_softcapping", 0)
        logits = times(self.output, self.norm(state, "output_norm"))
        logits = [cap(limit, v) for v in logits]
        top = max(logits)
        return top + math.log(sum(math.exp(v - top) for v in logits)) - logits[token]


def mean(values):
    return sum(values) / len(values)


def variance(values):
    middle = mean(values)
    return sum((v - middle) ** 2 for v in values) / (len(values) - 1)


def reach(far):
    """Strength and variance of the probabilities of all pairs by head; near pairs are zeros."""
    n = math.isqrt(len(far[0]))
    return [mean([sum(pairs) / n for pairs in far]), mean([variance(pairs) for pairs in far])]


def evaluate(model, tokens, score_from, attend_from, spans):
    mass = [0.0] * len(spans)
    by_head = [[[0.0] * model.heads for _ in range(model.layers)] for _ in spans]
    n_tokens = len(tokens)
    focus_layer = (7 * model.layers) // 10
    focus_spans = [span for span in spans if span[1] <= attend_from] or [[0, attend_from]]
    focus = [[0.0] * model.heads for _ in tokens]
    distance = -(-n_tokens // 4)
    far = [[] for _ in range(model.heads)]

    def watch(layer, head, position, weights):
        if position >= attend_from:
            for i, (start, end) in enumerate(spans):
                share = sum(weights[start:end]) / (end - start)
                mass[i] += share
                by_head[i][layer][head] += share
        if layer == focus_layer:
            focus[position][head] = sum(sum(weights[start:end]) for start, end in focus_spans)
        if layer == 0:
            n_far = max(position - distance + 1, 0)
            far[head] += weights[:n_far] + [0.0] * (n_tokens - n_far)

    states = model.run(tokens, watch)
    n = model.layers * model.heads * (n_tokens - attend_from)
    last = [model.norm(state, "output_norm") for state in states[score_from:]]
    asked = [tokens[0], tokens[-1], 1]
    return {
        "tokens": tokens,
        "score_from": score_from,
        "nll": [model.nll(states[i - 1], tokens[i]) for i in range(score_from, len(tokens))],
        "attend_from": attend_from,
        "spans": spans,
        "attention": [m / n for m in mass],
        "attention_by_head": [m / (n_tokens - attend_from) for layers in by_head
                              for heads in layers for m in heads],
        "asked": asked,
        "asked_nll": [model.nll(states[-1], token) for token in asked],
        "pooled": [mean(column) for column in zip(*(last or [[]]))],
        "focus_layer": focus_layer,
        "focus_spans": focus_spans,
        "focus": [mean([max(heads) for heads in focus[attend_from:]])],
        "reach_distance": distance,
        "reach": reach(far),
    }


# (tokens, scored from, attended from, spans): across the borders of rows, tiles and blocks, with
# spans that touch, overlap, hold one key, or end after the first query row.
TINY_SHAPES = [
    (2, 1, 1, [[0, 1], [1, 2], [0, 2]]),
    (23, 9, 11, [[0, 9], [9, 16], [3, 5], [14, 23]]),
    (70, 60, 60, [[0, 32], [32, 60], [63, 66]]),
    (129, 1, 126, [[0, 128]]),
    (301, 280, 270, [[1, 129], [129, 257], [255, 271], [0, 301]]),
]
ZOO_SHAPES = [
    (71, 40, 60, [[0, 32], [32, 60], [63, 66]]),
    (331, 319, 320, [[0, 20], [1, 129], [129, 257], [255, 271], [0, 331]]),
]
TYPE_SHAPES = [(20, 1, 18, [[0, 20]])]


def cases(model, seed, shapes):
    rng = random.Random(seed)
    n_vocab = len(model.w["token_embd.weight"])
    for n, score_from, attend_from, spans in shapes:
        tokens = [rng.randrange(n_vocab) for _ in range(n)]
        # Some tokens are repeated, as in text.
        tokens[n // 2:n // 2 + n // 4] = tokens[:n // 4]
        yield evaluate(model, tokens, score_from, attend_from, spans)


def write(path, model, seed, shapes):
    lines = [json.dumps(case) for case in cases(model, seed, shapes)]
    with open(path, "w") as file:
        file.write("[\n" + ",\n".join(lines) + "\n]\n")


def tiny_names():
    return ["tiny-llama", "tiny-qwen2"]


def write_tiny(name, seed):
    write(os.path.join(HERE, name + ".json"), Model(os.path.join(HERE, name + ".gguf")), seed,
          TINY_SHAPES)


def write_zoo(zoo, seed):
    with tempfile.TemporaryDirectory() as folder:
        zoo.write(folder)
        path = os.path.join(folder, zoo.name + ".gguf")
        model = Model(path, ntk=2.0 if zoo.name == "llama-ntk" else 0.0)
        shapes = TYPE_SHAPES if zoo.name.startswith("type-") else ZOO_SHAPES
        write(os.path.join(HERE, "zoo", zoo.name + ".json"), model, seed, shapes)


def main(wanted):
    # The seed of a model is its place in its list, so a new model goes to the end of the list.
    jobs = {name: (write_tiny, name, seed) for seed, name in enumerate(tiny_names())}
    jobs.update((zoo.name, (write_zoo, zoo, seed))
                for seed, zoo in enumerate(make_zoo.models()))
    unknown = [name for name in wanted if name not in jobs]
    if unknown:
        sys.exit(f"oracle.py: no model {', '.join(unknown)}: the models are {', '.join(jobs)}")
    for name in wanted or jobs:
        job, model, seed = jobs[name]
        job(model, seed)


if __name__ == "__main__":
    main(sys.argv[1:])
