#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compute GATEAU's numbers for a pair of tiny models: tiny-llama-gateau.jsonl.

Also writes tiny-llama-short.gguf, the other model of the pair. The forward pass is oracle.py's;
segments, cosine, min-max and softmax are written down here once more, straight from their
definitions. Slow on purpose; run it by hand after make_tiny.py.
"""
import json
import math
import os
import random

import make_tiny
import oracle

HERE = os.path.dirname(os.path.abspath(__file__))
SEGMENT = 16
BOS = 1
# Tokens of context, tail and response: from less than a segment to several segments. Some last
# pieces are segments of their own, some join the segment before.
SHAPES = [(80, 9, 7), (71, 12, 9), (40, 7, 4), (55, 10, 12), (10, 8, 6), (0, 9, 5), (99, 6, 3)]


def mean_nll(model, prompt, response):
    case = oracle.evaluate(model, prompt + response, len(prompt), len(prompt), [])
    return sum(case["nll"]) / len(response)


def tile(n):
    starts = list(range(0, n, SEGMENT))
    if len(starts) > 1 and n - starts[-1] < SEGMENT / 2:
        starts.pop()
    return [[start, end] for start, end in zip(starts, starts[1:] + [n])]


def cosine(a, b):
    return oracle.dot(a, b) / math.sqrt(oracle.dot(a, a) * oracle.dot(b, b))


def observe(long_model, short_model, ids):
    head, context, tail, response = (ids[k] for k in ("head", "context", "tail", "response"))
    head = ids["bos"] + head
    prompt = head + context + tail
    segments = tile(len(context))
    spans = [[len(head) + start, len(head) + end] for start, end in segments]
    whole = oracle.evaluate(long_model, prompt + response, len(prompt), len(prompt), spans)
    segment_nll = [mean_nll(long_model, head + context[start:end] + tail, response)
                   for start, end in segments]
    cas = None
    if len(segments) > 1:
        cas = cosine([math.exp(v) for v in segment_nll], whole["attention"])
    return {
        "ids": ids,
        "nll_long": sum(whole["nll"]) / len(response),
        "nll_short": mean_nll(short_model, prompt, response),
        "nll_response_alone": mean_nll(long_model, [BOS], response),
        "segments": segments,
        "segment_attention": whole["attention"],
        "segment_nll": segment_nll,
        "cas": cas,
    }


def min_max(values):
    low, high = min(values), max(values)
    return [(v - low) / (high - low) for v in values]


def softmax(values):
    powers = [math.exp(v) for v in values]
    return [p / sum(powers) for p in powers]


def rank(records):
    """hmp and the scores, over the records that have a cas."""
    pool = [r for r in records if r["cas"] is not None]
    with_short = min_max([math.exp(r["nll_short"]) for r in pool])
    with_long = min_max([math.exp(r["nll_long"]) for r in pool])
    hmp = [a - b for a, b in zip(with_short, with_long)]
    cas = softmax([r["cas"] for r in pool])
    for record, d, h, c in zip(pool, hmp, softmax(hmp), cas):
        record["hmp"] = d
        for alpha in 0.7, 0.8:
            record["score_alpha_%g" % alpha] = alpha * h + (1 - alpha) * c


def main():
    kinds = dict.fromkeys(["embd", "q", "k", "v", "o", "gate", "up", "down"], "F32")
    make_tiny.make("tiny-llama-short", "llama", 3, (4, 2, 16, 64, 10000.0), kinds,
                   make_tiny.sentencepiece_vocabulary())
    long_model = oracle.Model(os.path.join(HERE, "tiny-llama.gguf"))
    short_model = oracle.Model(os.path.join(HERE, "tiny-llama-short.gguf"))
    rng = random.Random(7)
    records = []
    for n_context, n_tail, n_response in SHAPES:
        def draw(n):
            return [rng.randrange(3, make_tiny.N_VOCAB) for _ in range(n)]

        ids = {"bos": [BOS], "head": draw(3) if n_context else [], "context": draw(n_context),
               "tail": draw(n_tail), "response": draw(n_response)}
        records.append(observe(long_model, short_model, ids))
    rank(records)
    with open(os.path.join(HERE, "tiny-llama-gateau.jsonl"), "w") as file:
        for record in records:
            file.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
