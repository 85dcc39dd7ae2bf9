#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compute what tests expect of the tiny models: tiny-llama.json and tiny-qwen2.json.

A forward pass of its own in double precision, one token after the other, straight from the
definition: no batches, no tiles, no online softmax, nothing shared with the program. Slow on
purpose; run it by hand after make_tiny.py.
"""
import json
import math
import os
import random
import struct
from operator import mul

HERE = os.path.dirname(os.path.abspath(__file__))
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
        out = []
        for block in range(n // 32):
            scale, *whole = struct.unpack_from("<e32b", self.data, at + 34 * block)
            out += [scale * w for w in whole]
        return out


def dot(a, b):
    return sum(map(mul, a, b))


def times(matrix, x):
    return [dot(row, x) for row in matrix]


def plus(a, b):
    return [p + q for p, q in zip(a, b)]


class Model:
    def __init__(self, path):
        file = Reader(path)
        self.w = file.tensors
        self.arch = file.keys["general.architecture"]

        def key(name, *default):
            return file.keys.get(self.arch + "." + name, *default)

        self.layers = key("block_count")
        self.heads = key("attention.head_count")
        self.kv_heads = key("attention.head_count_kv")
        self.head_dim = key("attention.key_length", key("embedding_length") // self.heads)
        self.epsilon = key("attention.layer_norm_rms_epsilon")
        self.base = key("rope.freq_base")
        self.output = self.w.get("output.weight", self.w["token_embd.weight"])

    def norm(self, x, name):
        scale = 1 / math.sqrt(dot(x, x) / len(x) + self.epsilon)
        return [v * scale * w for v, w in zip(x, self.w[name])]

    def turn(self, head, position):
        """Rotary position: llama turns neighbours, qwen2 the two halves."""
        half = len(head) // 2
        out = list(head)
        for i in range(half):
            angle = position * self.base ** (-2 * i / len(head))
            a, b = (2 * i, 2 * i + 1) if self.arch == "llama" else (i, i + half)
            out[a] = head[a] * math.cos(angle) - head[b] * math.sin(angle)
            out[b] = head[a] * math.sin(angle) + head[b] * math.cos(angle)
        return out

    def project(self, layer, letter, x, position):
        name = "blk.%d.attn_%s." % (layer, letter)
        y = times(self.w[name + "weight"], x)
        if name + "bias" in self.w:
            y = plus(y, self.w[name + "bias"])
        heads = [y[i:i + self.head_dim] for i in range(0, len(y), self.head_dim)]
        return heads if letter == "v" else [self.turn(head, position) for head in heads]

    def attend(self, query, keys, values):
        """Weights on the keys so far, and the mean of the values under them."""
        scores = [dot(query, key) / math.sqrt(self.head_dim) for key in keys]
        top = max(scores)
        weights = [math.exp(s - top) for s in scores]
        total = sum(weights)
        weights = [w / total for w in weights]
        mean = [dot(weights, column) for column in zip(*values)]
        return weights, mean

    def run(self, tokens, watch):
        """The last state of every token; watch(layer, head, position, weights) of all."""
        caches = [[([], []) for _ in range(self.kv_heads)] for _ in range(self.layers)]
        states = []
        for position, token in enumerate(tokens):
            x = self.w["token_embd.weight"][token]
            for layer in range(self.layers):
                part = "blk.%d." % layer
                h = self.norm(x, part + "attn_norm.weight")
                new_keys = self.project(layer, "k", h, position)
                new_values = self.project(layer, "v", h, position)
                for (keys, values), key, value in zip(caches[layer], new_keys, new_values):
                    keys.append(key)
                    values.append(value)
                mixed = []
                for i, query in enumerate(self.project(layer, "q", h, position)):
                    cache = caches[layer][i * self.kv_heads // self.heads]
                    weights, mean = self.attend(query, *cache)
                    watch(layer, i, position, weights)
                    mixed += mean
                x = plus(x, times(self.w[part + "attn_output.weight"], mixed))
                h = self.norm(x, part + "ffn_norm.weight")
                gate = times(self.w[part + "ffn_gate.weight"], h)
                up = times(self.w[part + "ffn_up.weight"], h)
                inner = [g / (1 + math.exp(-g)) * u for g, u in zip(gate, up)]
                x = plus(x, times(self.w[part + "ffn_down.weight"], inner))
            states.append(x)
        return states

    def nll(self, state, token):
        logits = times(self.output, self.norm(state, "output_norm.weight"))
        top = max(logits)
        return top + math.log(sum(math.exp(v - top) for v in logits)) - logits[token]


def mean(values):
    return sum(values) / len(values)


def variance(values):
    middle = mean(values)
    return sum((v - middle) ** 2 for v in values) / (len(values) - 1)


def reach(far):
    """Per head the probabilities of all pairs, those too near as zeros: strength and variance."""
    n = math.isqrt(len(far[0]))
    return [mean([sum(pairs) / n for pairs in far]), mean([variance(pairs) for pairs in far])]


def evaluate(model, tokens, score_from, attend_from, spans):
    mass = [0.0] * len(spans)
    n_tokens = len(tokens)
    focus_layer = (7 * model.layers) // 10
    focus_spans = [span for span in spans if span[1] <= attend_from] or [[0, attend_from]]
    focus = [[0.0] * model.heads for _ in tokens]
    distance = -(-n_tokens // 4)
    far = [[] for _ in range(model.heads)]

    def watch(layer, head, position, weights):
        if position >= attend_from:
            for i, (start, end) in enumerate(spans):
                mass[i] += sum(weights[start:end]) / (end - start)
        if layer == focus_layer:
            focus[position][head] = sum(sum(weights[start:end]) for start, end in focus_spans)
        if layer == 0:
            n_far = max(position - distance + 1, 0)
            far[head] += weights[:n_far] + [0.0] * (n_tokens - n_far)

    states = model.run(tokens, watch)
    n = model.layers * model.heads * (n_tokens - attend_from)
    last = [model.norm(state, "output_norm.weight") for state in states[score_from:]]
    asked = [tokens[0], tokens[-1], 1]
    return {
        "tokens": tokens,
        "score_from": score_from,
        "nll": [model.nll(states[i - 1], tokens[i]) for i in range(score_from, len(tokens))],
        "attend_from": attend_from,
        "spans": spans,
        "attention": [m / n for m in mass],
        "asked": asked,
        "asked_nll": [model.nll(states[-1], token) for token in asked],
        "pooled": [mean(column) for column in zip(*(last or [[]]))],
        "focus_layer": focus_layer,
        "focus_spans": focus_spans,
        "focus": [mean([max(heads) for heads in focus[attend_from:]])],
        "reach_distance": distance,
        "reach": reach(far),
    }


def cases(model, seed):
    """(tokens, scored from, attended from, spans): across the borders of rows, tiles and blocks;
    spans that touch, overlap, hold one key, or lie partly after the first row that looks."""
    rng = random.Random(seed)
    n_vocab = len(model.w["token_embd.weight"])
    shapes = [
        (2, 1, 1, [[0, 1], [1, 2], [0, 2]]),
        (23, 9, 11, [[0, 9], [9, 16], [3, 5], [14, 23]]),
        (70, 60, 60, [[0, 32], [32, 60], [63, 66]]),
        (129, 1, 126, [[0, 128]]),
        (301, 280, 270, [[1, 129], [129, 257], [255, 271], [0, 301]]),
    ]
    for n, score_from, attend_from, spans in shapes:
        tokens = [rng.randrange(n_vocab) for _ in range(n)]
        # Some of it said twice, as in text.
        tokens[n // 2:n // 2 + n // 4] = tokens[:n // 4]
        yield evaluate(model, tokens, score_from, attend_from, spans)


def main():
    for seed, name in enumerate(["tiny-llama", "tiny-qwen2"]):
        model = Model(os.path.join(HERE, name + ".gguf"))
        lines = [json.dumps(case) for case in cases(model, seed)]
        with open(os.path.join(HERE, name + ".json"), "w") as file:
            file.write("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
