#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write curate-tiny-long.gguf and curate-tiny-short.gguf beside this script.

Nothing is trained. The weights of two small transformers are put together by hand:

- Embedding and output carry a bigram model of alice.txt: log-counts, factorised.
- Layer 0 looks one and two tokens back and notes what stood there.
- Layer 1 looks for places where the tokens before were the same as now, and copies what
  followed. When there are none it rests on the first token.

Both models are the same but for the base of their rotary positions. Content is compared across
distance on the slowest pairs of a head: in the long model they hardly turn within 4,096 tokens,
in the short one comparison fails beyond some hundreds. So the long model copies from far away,
and the short one does not. Same bytes every run; needs only the standard library.
"""
import math
import os
import random
import re
from collections import Counter
from operator import mul

import byte_pairs
import gguf_writer as gguf

HERE = os.path.dirname(os.path.abspath(__file__))

N_VOCAB = 1024
RANK = 29  # of the bigram part
CODE = 32  # elements of a token's code

# Where things stand in the residual stream.
SELF, BACK1, COPY, BACK2 = 0, CODE, 2 * CODE, 3 * CODE
BIGRAM = 4 * CODE
CONSTANT = BIGRAM + RANK
FIRST = CONSTANT + 1  # 1 for the token a text begins with
SLACK = FIRST + 1     # makes all embeddings equally long
WIDTH = SLACK + 1

HEAD_DIM, HEADS, KV_HEADS, FF = 64, 2, 1, 32
PAIRS = HEAD_DIM // 2

SPLIT = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?\d+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")

# The square of an embedding's length is WIDTH, so that its norm changes nothing; of these, a code
# has CODE_LENGTH and the constant CONSTANT_VALUE.
CODE_LENGTH = 4.0
CONSTANT_VALUE = 6.0
# Scores: of the place looked for (a step away it is a tenth less), of one token that agrees, of
# the resting place.
STEP_SCORE, MATCH_SCORE, REST_SCORE = 700.0, 14.0, 20.0
# What a copied token gains in its logit.
COPY_LOGIT = 7.0
SMOOTHING = 20.0


def dot(a, b):
    return sum(map(mul, a, b))


class Vocabulary:
    """Byte-level, learned from the text; then <s> and </s>."""

    def __init__(self, text):
        self.alphabet = byte_pairs.byte_alphabet()
        words = Counter(self.spell(word) for word in SPLIT.findall(text))
        self.merges = byte_pairs.learn(words, N_VOCAB - 2 - 256)
        self.tokens = self.alphabet + [left + right for left, right in self.merges]
        self.tokens += ["<s>", "</s>"]
        self.bos = N_VOCAB - 2
        self.rank = {pair: i for i, pair in enumerate(self.merges)}
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        self.known = {}
        if len(self.ids) != N_VOCAB:
            raise SystemExit("two merges make the same token")

    def spell(self, word):
        return "".join(self.alphabet[byte] for byte in word.encode())

    def word(self, word):
        parts = list(self.spell(word))
        while len(parts) > 1:
            pairs = enumerate(zip(parts, parts[1:]))
            rank, i = min((self.rank.get(pair, N_VOCAB), i) for i, pair in pairs)
            if rank == N_VOCAB:
                break
            parts[i:i + 2] = [parts[i] + parts[i + 1]]
        return [self.ids[part] for part in parts]

    def encode(self, text):
        ids = []
        for word in SPLIT.findall(text):
            if word not in self.known:
                self.known[word] = self.word(word)
            ids += self.known[word]
        return ids


class Bigrams:
    """log P(w | v) as log P(w) + left[v] . right[w], up to a constant of v.

    With P(w | v) = (n(v, w) + k P(w)) / (n(v) + k) that is exactly log(1 + n(v, w) / (k P(w))),
    nonzero only for pairs that occur; it is cut to RANK with weights P(v) P(w).
    """

    def __init__(self, ids):
        counts = Counter(ids)
        total = len(ids) + 0.5 * N_VOCAB
        self.p = [(counts[w] + 0.5) / total for w in range(N_VOCAB)]
        root = [math.sqrt(p) for p in self.p]
        rows = [([], []) for _ in range(N_VOCAB)]
        for (v, w), n in sorted(Counter(zip(ids, ids[1:])).items()):
            rows[v][0].append(w)
            rows[v][1].append(math.log(1 + n / (SMOOTHING * self.p[w])) * root[v] * root[w])
        self.rows = rows
        right = self.factorise(random.Random(7))
        left = [self.times(vector) for vector in right]
        self.left = [[vector[v] / root[v] for vector in left] for v in range(N_VOCAB)]
        self.right = [[vector[w] / root[w] for vector in right] for w in range(N_VOCAB)]

    def times(self, vector):
        return [sum(x * vector[w] for w, x in zip(*row)) for row in self.rows]

    def times_transposed(self, vector):
        out = [0.0] * N_VOCAB
        for value, row in zip(vector, self.rows):
            for w, x in zip(*row):
                out[w] += value * x
        return out

    def factorise(self, rng):
        """The leading right singular vectors, by orthogonal iteration."""
        vectors = [[rng.gauss(0, 1) for _ in range(N_VOCAB)] for _ in range(RANK)]
        for _ in range(5):
            vectors = [self.times_transposed(self.times(vector)) for vector in vectors]
            for i, vector in enumerate(vectors):
                for other in vectors[:i]:
                    share = dot(vector, other)
                    vector = [a - share * b for a, b in zip(vector, other)]
                length = math.sqrt(dot(vector, vector))
                vectors[i] = [a / length for a in vector]
        return vectors


class Matrix:
    def __init__(self, n_rows, n_columns):
        self.rows = [[0.0] * n_columns for _ in range(n_rows)]

    def copy(self, to, start, scale=1.0, order=range(CODE), signs=(1,) * CODE):
        """Row to + i reads column start + order[i]."""
        for i in range(CODE):
            self.rows[to + i][start + order[i]] += scale * signs[i]

    def tensor(self, name):
        values = [value for row in self.rows for value in row]
        dims = (len(self.rows[0]), len(self.rows))
        return name, dims, "Q8_0", gguf.encode(values, "Q8_0")


def vector(name, value):
    return name, (WIDTH,), "F32", gguf.encode([value] * WIDTH, "F32")


def embeddings(vocabulary, bigrams, rng):
    """(embedding, output). The product of constants is the unigram model, of the bigram parts the
    rest of the bigram model, of copied code and own code the copying."""
    step = CODE_LENGTH / math.sqrt(CODE)
    codes = [[rng.choice((-step, step)) for _ in range(CODE)] for _ in range(N_VOCAB)]
    codes[vocabulary.bos] = [0.0] * CODE
    room = WIDTH - CODE_LENGTH ** 2 - CONSTANT_VALUE ** 2 - 1
    shrink = math.sqrt(room / max(dot(row, row) for row in bigrams.left))
    embedding, output = Matrix(N_VOCAB, WIDTH), Matrix(N_VOCAB, WIDTH)
    for token in range(N_VOCAB):
        row = embedding.rows[token]
        row[SELF:SELF + CODE] = codes[token]
        row[BIGRAM:BIGRAM + RANK] = [shrink * x for x in bigrams.left[token]]
        row[CONSTANT] = CONSTANT_VALUE
        row[FIRST] = 1.0 if token == vocabulary.bos else 0.0
        row[SLACK] = math.sqrt(WIDTH - dot(row, row))
        row = output.rows[token]
        row[COPY:COPY + CODE] = [COPY_LOGIT / CODE_LENGTH ** 2 * x for x in codes[token]]
        row[BIGRAM:BIGRAM + RANK] = [x / shrink for x in bigrams.right[token]]
        row[CONSTANT] = math.log(bigrams.p[token]) / CONSTANT_VALUE
    return embedding, output


def looking_back(rope_base):
    """Q, K, V and output of layer 0. A key that is turned ahead by d steps agrees best with the
    query d tokens later: keys are turned by one, and the second head's queries back by one."""
    n_fast = 8
    size = math.sqrt(STEP_SCORE * math.sqrt(HEAD_DIM) / n_fast) / CONSTANT_VALUE
    q, k = Matrix(HEADS * HEAD_DIM, WIDTH), Matrix(HEAD_DIM, WIDTH)
    v, out = Matrix(HEAD_DIM, WIDTH), Matrix(WIDTH, HEADS * HEAD_DIM)
    for i in range(n_fast):
        angle = rope_base ** (-i / PAIRS)
        for row, turn in (q.rows, 0), (q.rows[HEAD_DIM:], -angle), (k.rows, angle):
            row[2 * i][CONSTANT] = size * math.cos(turn)
            row[2 * i + 1][CONSTANT] = size * math.sin(turn)
    v.copy(0, SELF)
    out.copy(BACK1, 0)
    out.copy(BACK2, HEAD_DIM)
    return q, k, v, out


def copying(rng):
    """Q, K, V and output of layer 1. The first head wants both tokens before to agree, the second
    one; what two back means is told from what one back means by shuffling it."""
    order = rng.sample(range(CODE), CODE)
    signs = [rng.choice((-1, 1)) for _ in range(CODE)]
    slow = HEAD_DIM - CODE
    scale = math.sqrt(MATCH_SCORE * math.sqrt(HEAD_DIM)) / CODE_LENGTH
    rest = REST_SCORE * math.sqrt(HEAD_DIM) / CONSTANT_VALUE
    q, k = Matrix(HEADS * HEAD_DIM, WIDTH), Matrix(HEAD_DIM, WIDTH)
    v, out = Matrix(HEAD_DIM, WIDTH), Matrix(WIDTH, HEADS * HEAD_DIM)
    q.copy(slow, SELF, scale)
    q.copy(slow, BACK1, scale, order, signs)
    q.copy(HEAD_DIM + slow, SELF, 1.6 * scale)
    k.copy(slow, BACK1, scale)
    k.copy(slow, BACK2, scale, order, signs)
    # The slowest pair but those of the codes finds the first token.
    q.rows[slow - 2][CONSTANT] = rest
    q.rows[HEAD_DIM + slow - 2][CONSTANT] = rest
    k.rows[slow - 2][FIRST] = 1.0
    v.copy(0, SELF)
    out.copy(COPY, 0, 0.7)
    out.copy(COPY, HEAD_DIM, 0.3)
    return q, k, v, out


def layer(index, attention, norm, rng):
    """The feed-forward part is noise of no weight: a reader of zeros would prove less."""
    name = "blk.%d." % index
    q, k, v, out = attention
    gate, up, down = Matrix(FF, WIDTH), Matrix(FF, WIDTH), Matrix(WIDTH, FF)
    for matrix in gate, up, down:
        for row in matrix.rows:
            row[:] = [rng.gauss(0, 0.02) for _ in row]
    return [
        vector(name + "attn_norm.weight", norm),
        q.tensor(name + "attn_q.weight"),
        k.tensor(name + "attn_k.weight"),
        v.tensor(name + "attn_v.weight"),
        out.tensor(name + "attn_output.weight"),
        vector(name + "ffn_norm.weight", 1.0),
        gate.tensor(name + "ffn_gate.weight"),
        up.tensor(name + "ffn_up.weight"),
        down.tensor(name + "ffn_down.weight"),
    ]


def keys(name, window, rope_base, vocabulary):
    merges = [left + " " + right for left, right in vocabulary.merges]
    return [
        gguf.text("general.architecture", "llama"),
        gguf.text("general.name", name),
        gguf.text("general.license", "Apache-2.0"),
        gguf.u32("llama.block_count", 2),
        gguf.u32("llama.context_length", window),
        gguf.u32("llama.embedding_length", WIDTH),
        gguf.u32("llama.feed_forward_length", FF),
        gguf.u32("llama.attention.head_count", HEADS),
        gguf.u32("llama.attention.head_count_kv", KV_HEADS),
        gguf.u32("llama.attention.key_length", HEAD_DIM),
        gguf.u32("llama.attention.value_length", HEAD_DIM),
        gguf.f32("llama.attention.layer_norm_rms_epsilon", 1e-6),
        gguf.f32("llama.rope.freq_base", rope_base),
        gguf.text("tokenizer.ggml.model", "gpt2"),
        gguf.text("tokenizer.ggml.pre", "gpt-2"),
        gguf.texts("tokenizer.ggml.tokens", vocabulary.tokens),
        gguf.i32s("tokenizer.ggml.token_type", [1] * (N_VOCAB - 2) + [3, 3]),
        gguf.texts("tokenizer.ggml.merges", merges),
        gguf.u32("tokenizer.ggml.bos_token_id", vocabulary.bos),
        gguf.u32("tokenizer.ggml.eos_token_id", vocabulary.bos + 1),
        gguf.boolean("tokenizer.ggml.add_bos_token", True),
    ]


def main():
    with open(os.path.join(HERE, "alice.txt"), encoding="utf-8") as file:
        text = file.read()
    vocabulary = Vocabulary(text)
    bigrams = Bigrams(vocabulary.encode(text))
    for name, window, rope_base in ("long", 4096, 1e8), ("short", 512, 1e5):
        rng = random.Random(11)
        embedding, output = embeddings(vocabulary, bigrams, rng)
        noted = math.sqrt((WIDTH + 2 * CODE_LENGTH ** 2) / WIDTH)
        tensors = [embedding.tensor("token_embd.weight")]
        tensors += layer(0, looking_back(rope_base), 1.0, rng)
        tensors += layer(1, copying(rng), noted, rng)
        tensors += [vector("output_norm.weight", noted), output.tensor("output.weight")]
        title = "curate-tiny-" + name
        gguf.write(os.path.join(HERE, title + ".gguf"),
                   keys(title, window, rope_base, vocabulary), tensors)


if __name__ == "__main__":
    main()
