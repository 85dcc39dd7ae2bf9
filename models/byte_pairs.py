# SPDX-License-Identifier: Apache-2.0
"""Learn byte-pair merges from words, and the alphabet of byte-level vocabularies."""
from collections import Counter, defaultdict


def byte_alphabet():
    """GPT-2's printable character for each byte, in order of the bytes."""
    plain = set(range(0x21, 0x7F)) | set(range(0xA1, 0xAD)) | set(range(0xAE, 0x100))
    others = iter(range(256, 512))
    return [chr(b if b in plain else next(others)) for b in range(256)]


def _joined(word, left, right):
    out, i = [], 0
    while i < len(word):
        if i + 1 < len(word) and word[i] == left and word[i + 1] == right:
            out.append(left + right)
            i += 2
        else:
            out.append(word[i])
            i += 1
    return tuple(out)


def learn(words, n_merges):
    """words: {text: how often}. The n_merges pairs to join, the most frequent first; of equally
    frequent ones the smaller, so that the result depends on nothing but the words."""
    words = {tuple(text): n for text, n in words.items()}
    counts, where = Counter(), defaultdict(set)

    def note(word, n):
        for pair in zip(word, word[1:]):
            counts[pair] += n
            where[pair].add(word)

    for word, n in words.items():
        note(word, n)
    merges = []
    while len(merges) < n_merges:
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        for word in sorted(where[best]):
            if word not in words:
                continue
            n = words.pop(word)
            note(word, -n)
            short = _joined(word, *best)
            words[short] = words.get(short, 0) + n
            note(short, n)
        del counts[best], where[best]
    return merges
