#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write three small vocabularies with the ids of some texts: vocabularies/NAME.gguf and .jsonl.

small-gpt2 and small-llama3 are byte-level BPE under the pre-tokenizers of those names, small-spm
is SentencePiece with byte fallback. All are trained on models/alice.txt and the texts below, and
have control tokens of the chat formats that go with them. The ids come from the tokenizers
written here once more, straight from their definitions: quadratic, and shared with the program
in nothing. Same bytes every run.
"""
import json
import os
import re
import sys
import unicodedata
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(ROOT, "models"))
import byte_pairs  # noqa: E402
import gguf_writer as gguf  # noqa: E402

N_MERGES = 700
TEXTS = [
    "", " ", "  ", "   ", "\t", "\n", "\n\n", "\n\n\n", "\t\n", "\r\n", " \r\n \n", "Hello",
    "Hello world", " Hello", " Hello World!", "hello\nworld", "Hello, y'all! How are you?",
    "I'm sure they've said it'll do; she'd GO if HE'S there.", "don't DON'T Don't 'tis",
    "(and) [so] {on}", "a  b   c    d", "trailing   ", "   leading", "tabs\tand\t\ttabs",
    "1", "22", "333", "4444", "55555", "3.14159 and 1,234,567", "x1y22z333", "2026-11-30T12:00",
    "the cat sat on the mat", "THE CAT SAT", "CamelCaseWords and snake_case_words",
    "for (size_t i = 0; i < n; i++)\n    sum += a[i];\n", "!!!", "...", "?!?!", "--- ___ ***",
    "caf\u00e9 na\u00efve \u00fcber", "cafe\u0301", "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440!",
    "\u4f60\u597d\uff0c\u4e16\u754c\u3002", "\u3053\u3093\u306b\u3061\u306f\u4e16\u754c", "\uc548\ub155 \uc138\uacc4",
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645", "\u0967\u0968\u0969 \u0664\u0665\u0666",
    "\U0001f600", "a\U0001f600b \U0001f468\u200d\U0001f469\u200d\U0001f467", "\u00a0\u2003\u3000",
    "line one\r\nline two\r\n\r\nline three", "\u2028separated\u2029text", "\u00b2\u00bd\u2167",
    "x = {\"a\": [1, 2, 3], \"b\": null}", "https://example.org/a?b=c&d=%20e",
]

# White_Space of Unicode, which is \s in the makers' regular expressions.
SPACE = "\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"


def ranges(major):
    """The characters whose general category begins with this letter, for use in brackets."""
    out, start = [], None
    for code in range(0x110000 + 1):
        inside = code < 0x110000 and unicodedata.category(chr(code))[0] == major
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            out.append("\\U%08x-\\U%08x" % (start, code - 1))
            start = None
    return "".join(out)


def patterns():
    letter, number = ranges("L"), ranges("N")
    either = letter + number
    short = "'s|'t|'re|'ve|'m|'ll|'d"
    ends = f"[{SPACE}]*[\r\n]+|[{SPACE}]+(?![^{SPACE}])|[{SPACE}]+"

    def later(digits):
        return re.compile(f"(?i:{short})|[^\r\n{either}]?[{letter}]+|[{number}]{digits}|"
                          f" ?[^{SPACE}{either}]+[\r\n]*|{ends}")

    return {
        "gpt-2": re.compile(
            f"{short}| ?[{letter}]+| ?[{number}]+| ?[^{SPACE}{either}]+|"
            f"[{SPACE}]+(?![^{SPACE}])|[{SPACE}]+"),
        "llama-bpe": later("{1,3}"),
        "qwen2": later(""),
    }


def join(parts, score):
    """Join the two neighbours with the best score, the first of several, until no pair has one."""
    parts = list(parts)
    while True:
        best = min(((score(a, b), i) for i, (a, b) in enumerate(zip(parts, parts[1:]))
                    if score(a, b) is not None), default=None)
        if best is None:
            return parts
        i = best[1]
        parts[i:i + 2] = [parts[i] + parts[i + 1]]


class ByteLevel:
    """As GPT-2: words by a regular expression, bytes as letters, merges by rank."""

    def __init__(self, pre, merges):
        self.pattern = PATTERNS[pre]
        self.alphabet = byte_pairs.byte_alphabet()
        self.tokens = self.alphabet + [left + right for left, right in merges]
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        self.ranks = {pair: rank for rank, pair in enumerate(merges)}

    def letters(self, word):
        return "".join(self.alphabet[byte] for byte in word.encode())

    def encode(self, text):
        out = []
        for word in self.pattern.findall(text):
            parts = join(self.letters(word), lambda a, b: self.ranks.get((a, b)))
            out += [self.ids[part] for part in parts]
        return out


def byte_level(name, pre, specials, counts):
    """A vocabulary learned from texts, with the keys of its file."""
    words = Counter()
    bare = ByteLevel(pre, [])
    for text, n in counts.items():
        for word in bare.pattern.findall(text):
            words[bare.letters(word)] += n
    merges = byte_pairs.learn(words, N_MERGES)
    out = ByteLevel(pre, merges)
    out.name = name
    n = len(out.tokens)
    out.keys = [
        gguf.text("tokenizer.ggml.model", "gpt2"),
        gguf.text("tokenizer.ggml.pre", pre),
        gguf.texts("tokenizer.ggml.tokens", out.tokens + specials),
        gguf.i32s("tokenizer.ggml.token_type", [1] * n + [3] * len(specials)),
        gguf.texts("tokenizer.ggml.merges", [" ".join(pair) for pair in merges]),
        gguf.u32("tokenizer.ggml.bos_token_id", n),
        gguf.u32("tokenizer.ggml.eos_token_id", n),
    ]
    return out


class SentencePiece:
    """As Llama: the whole text with U+2581 for spaces, joined by score, unknown ones as bytes."""

    def __init__(self, name, specials, counts):
        self.name = name
        words = Counter()
        for text, n in counts.items():
            for word in text.split():
                words["\u2581" + word] += n
        letters = sorted({char for word in words for char in word if ord(char) < 0x3000})
        merges = byte_pairs.learn(Counter({word: n for word, n in words.items()
                                           if all(ord(char) < 0x3000 for char in word)}), N_MERGES)
        tokens = ["<unk>", "<s>", "</s>"] + ["<0x%02X>" % byte for byte in range(256)]
        first = len(tokens)
        tokens += ["".join(pair) for pair in merges] + letters + specials
        scores = [0.0] * first + [-float(i) for i in range(len(merges) + len(letters))]
        scores += [0.0] * len(specials)
        self.ids = {token: i for i, token in enumerate(tokens[:len(tokens) - len(specials)])
                    if i >= first}
        self.scores = scores
        kinds = [2, 3, 3] + [6] * 256 + [1] * (len(merges) + len(letters)) + [3] * len(specials)
        self.keys = [
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

    def encode(self, text):
        def cost(a, b):
            token = self.ids.get(a + b)
            return None if token is None else -self.scores[token]

        if not text:
            return []
        out = []
        for part in join("\u2581" + text.replace(" ", "\u2581"), cost):
            token = self.ids.get(part)
            out += [token] if token is not None else [3 + byte for byte in part.encode()]
        return out


def write(vocabulary):
    path = os.path.join(HERE, "vocabularies", vocabulary.name)
    keys = [gguf.text("general.architecture", "llama"),
            gguf.text("general.name", vocabulary.name)]
    gguf.write(path + ".gguf", keys + vocabulary.keys, [])
    with open(path + ".jsonl", "w", encoding="ascii") as file:
        for text in TEXTS:
            line = {"text": text, "ids": vocabulary.encode(text)}
            file.write(json.dumps(line) + "\n")


def main():
    with open(os.path.join(ROOT, "models", "alice.txt"), encoding="utf-8") as file:
        counts = Counter([file.read()[:60000]])
    for text in TEXTS:
        counts[text] += 1
    write(byte_level("small-gpt2", "gpt-2", ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
                     counts))
    write(byte_level("small-llama3", "llama-bpe",
                     ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
                      "<|eot_id|>"], counts))
    write(SentencePiece("small-spm", ["<|system|>", "<|user|>", "<|assistant|>", "<|end|>"],
                        counts))


PATTERNS = patterns()

if __name__ == "__main__":
    main()
