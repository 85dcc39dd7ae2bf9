# SPDX-License-Identifier: Apache-2.0
"""Batches for training: rows of a fixed length, mixed from all sources."""
import random
from collections import Counter

import numpy
import retrieval
import texts

# What a row is made of, and how often a part is of that kind.
MIX = {"prose": 0.28, "document": 0.44, "beside_the_point": 0.04, "pair": 0.17, "page": 0.07}


class Corpus:
    """All texts for training, and the novels as ids."""

    def __init__(self, folder, tokenizer, cache):
        books = texts.novels(folder)
        self.paragraphs = [p for book in books for p in book]
        self.problems, self.tasks = texts.problems(folder), texts.tasks(folder)
        # Code and roleplay are fewer and longer.
        self.pairs = self.problems + self.tasks
        self.pages = texts.pages(folder)
        counts = Counter(w for p in self.paragraphs[::10] for w in p.split())
        self.lexicon = [w for w, n in sorted(counts.items())
                        if w.isalpha() and w.islower() and 4 <= len(w) <= 9 and n >= 3]
        if not cache.exists():
            numpy.save(cache, self._novel_ids(books, tokenizer))
        self.novel_ids = numpy.load(cache, mmap_mode="r")

    @staticmethod
    def _novel_ids(books, tokenizer):
        parts = []
        for book in books:
            for encoding in tokenizer.encode_batch(["\n\n".join(book[i:i + 50]) + "\n\n"
                                                    for i in range(0, len(book), 50)]):
                parts.append(numpy.array(encoding.ids, dtype=numpy.uint16))
        return numpy.concatenate(parts)

    def slice_of_novel(self, rng, n):
        start = rng.randrange(len(self.novel_ids) - n)
        return self.novel_ids[start:start + n].tolist()

    def run_of_paragraphs(self, rng):
        """Paragraphs that follow each other, mostly of a novel."""
        kind = rng.random()
        if kind < 0.75:
            start = rng.randrange(len(self.paragraphs) - 1000)
            for paragraph in self.paragraphs[start:start + 1000]:
                if len(paragraph) < 3000:
                    yield paragraph
            return
        while True:
            if kind < 0.85:
                yield rng.choice(self.pages)
            elif kind < 0.95:
                yield rng.choice(self.problems)[0]
            else:
                yield rng.choice(self.tasks)[1]


def row(maker, rng, length, echoes):
    """(ids, weights) of exactly length + 1: the inputs and, one further, the targets. echoes is
    the share of echoes beside MIX."""
    ids, weights = [], []
    names, shares = list(MIX) + ["echo"], list(MIX.values()) + [echoes]
    while len(ids) < length + 1:
        room = length + 1 - len(ids)
        if ids and room < 60:
            break
        kind = rng.choices(names, shares)[0]
        # In a long window some texts stay short, lest short ones be forgotten.
        size = room if rng.random() < 0.7 else min(room, rng.choice((256, 512, 1024)))
        if kind == "prose" and size < 200:
            continue
        more, more_weights = getattr(maker, kind)(rng, size)
        ids += more
        weights += more_weights
    ids, weights = ids[:length + 1], weights[:length + 1]
    lacking = length + 1 - len(ids)
    return ids + [texts.EOS] * lacking, weights + [0.0] * lacking


def batch(maker, seed, step, rank, rows, length, echoes=0.0):
    """(inputs, targets, weights of the targets); the same for the same arguments."""
    rng = random.Random(f"{seed} {step} {rank}")
    made = [row(maker, rng, length, echoes) for _ in range(rows)]
    ids = numpy.array([ids for ids, _ in made], dtype=numpy.int64)
    weights = numpy.array([weights for _, weights in made], dtype=numpy.float32)
    # The token after the end of a text cannot be known.
    weights[:, 1:][ids[:, 1:] == texts.BOS] = 0
    return ids[:, :-1], ids[:, 1:], weights[:, 1:]
