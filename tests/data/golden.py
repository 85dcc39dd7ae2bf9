#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compute GATEAU's numbers of some texts with tiny-qwen2: tiny-qwen2-golden.jsonl.

From text to score without the program: the tokenizer is make_vocabularies.py's, the forward pass
oracle.py's, segments, cosine and min-max gateau.py's. The short model of the pair is the same
model, which sees the last WINDOW tokens of the prompt alone. The prompt is the template "plain".
Slow on purpose; run it by hand after make_tiny.py.
"""
import json
import os
import re

import gateau
import make_tiny
import make_vocabularies
import oracle

HERE = os.path.dirname(os.path.abspath(__file__))
WINDOW = 48
QUESTIONS = ["What happens here?", "Who speaks, and to whom?", "Continue in the same voice."]
# The place in alice.txt where a context begins, and the characters of context and response.
PLACES = [(2000, 170, 30), (5200, 120, 24), (9100, 150, 40), (14000, 60, 20), (20000, 140, 12),
          (26000, 16, 25)]


def pieces(text, place, question):
    at, n_context, n_response = place
    end = at + n_context
    return {"context": text[at:end].strip(), "instruction": question,
            "response": text[end:end + n_response].strip()}


def encode(tokenizer, record):
    return {
        "bos": [],
        "head": tokenizer.encode("### Input: "),
        "context": tokenizer.encode(record["context"]),
        "tail": tokenizer.encode("\n\n### Instruction: %s\n\n### Response: "
                                 % record["instruction"]),
        "response": tokenizer.encode(record["response"]),
    }


def observe(model, record, ids):
    prompt = ids["head"] + ids["context"] + ids["tail"]
    numbers = gateau.observe(model, model, ids)
    numbers["nll_short"] = gateau.mean_nll(model, prompt[-WINDOW:], ids["response"])
    numbers["nll_response_alone"] = gateau.mean_nll(model, [make_tiny.N_VOCAB - 1],
                                                    ids["response"])
    del numbers["ids"]
    return dict(record, **numbers)


def merges_of(keys):
    for name, _, value in keys:
        if name == "tokenizer.ggml.merges":
            return [tuple(pair.split(" ")) for pair in value]
    raise ValueError("the vocabulary has no merges")


def main():
    model = oracle.Model(os.path.join(HERE, "tiny-qwen2.gguf"))
    tokenizer = make_vocabularies.ByteLevel("qwen2", merges_of(make_tiny.byte_vocabulary()))
    with open(os.path.join(HERE, "..", "..", "models", "alice.txt"), encoding="utf-8") as file:
        text = re.sub(r"\s+", " ", file.read())
    records = []
    for i, place in enumerate(PLACES):
        record = pieces(text, place, QUESTIONS[i % len(QUESTIONS)])
        records.append(observe(model, record, encode(tokenizer, record)))
    gateau.rank(records)
    with open(os.path.join(HERE, "tiny-qwen2-golden.jsonl"), "w", encoding="ascii") as file:
        for record in records:
            file.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
