#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make the sample corpus of `make demo` from texts that may be passed on.

    make_corpus.py --novels NOVELS.jsonl --gsm8k TRAIN.jsonl --gpteacher ROLEPLAY.json OUT_DIR

NOVELS: one {"text", "title", "author"} a line, public domain (ELTeC-eng). TRAIN: GSM8K (MIT).
ROLEPLAY: GPTeacher (MIT). The same inputs give the same bytes. Four shapes, some records broken
on purpose: examples/corpus/README.md says which.
"""
import argparse
import json
import pathlib
import random

NAMES = ["Ada", "Bruno", "Clara", "Dmitri", "Edith", "Farid", "Greta", "Hugo"]
PLACES = ["the mill", "the harbour", "the chapel", "the orchard", "the old bridge", "the inn"]
THINGS = ["a silver key", "a red notebook", "a brass compass", "a blue lantern", "a sealed letter"]


def paragraphs(text, start, n_chars):
    """Whole paragraphs from about `start`, at least n_chars long."""
    at = text.find("\n\n", start) + 2
    out, size = [], 0
    for part in text[at:].split("\n\n"):
        out.append(" ".join(part.split()))
        size += len(part)
        if size >= n_chars:
            break
    return out


def long_records(novels, rng, n):
    """Novel pages with one sentence planted; the answer can only be known from it."""
    for i in range(n):
        novel = novels[i % len(novels)]
        size = rng.choice([2500, 4000, 6000])
        pages = paragraphs(novel["text"], rng.randrange(len(novel["text"]) // 2), size)
        name, place, thing = rng.choice(NAMES), rng.choice(PLACES), rng.choice(THINGS)
        if i % 2 == 0:
            pages.insert(rng.randrange(1, len(pages)), f"{name} hid {thing} near {place}.")
            ask, answer = f"What did {name} hide near {place}?", f"{name} hid {thing} near {place}."
        else:
            ask = "What is two and two?"
            answer = "Two and two make four."
        context = "\n\n".join(pages)
        yield {"id": f"long-{i:02d}", "length": len(context),
               "messages": [{"role": "user", "content": context + "\n\n" + ask},
                            {"role": "assistant", "content": answer}]}


def chat_lines(tasks):
    """ShareGPT records as bytes, with broken ones between them."""
    for i, task in enumerate(tasks):
        record = {"id": f"chat-{i:02d}", "conversations": [
            {"from": "human", "value": task["instruction"]},
            {"from": "gpt", "value": task["response"]}]}
        yield json.dumps(record, ensure_ascii=False).encode()
        if i == 3:
            yield b'{"id": "cut-off", "conversations": [{"from": "human", "value": "Who is'
        if i == 7:
            yield b'{"id": "latin-1", "conversations": [{"from": "human", "value": "caf\xe9?"}]}'
        if i == 11:
            yield b'{"id": "no shape of ours", "rows": 3}'
        if i == 15:
            yield json.dumps(record, ensure_ascii=False).encode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--novels", required=True)
    parser.add_argument("--gsm8k", required=True)
    parser.add_argument("--gpteacher", required=True)
    parser.add_argument("out", type=pathlib.Path)
    args = parser.parse_args()
    rng = random.Random(20241015)

    with open(args.novels, encoding="utf-8") as f:
        novels = [json.loads(next(f)) for _ in range(12)]
    with open(args.gsm8k, encoding="utf-8") as f:
        problems = [json.loads(line) for line in f]
    with open(args.gpteacher, encoding="utf-8") as f:
        tasks = json.load(f)
    tasks = [t for t in tasks if not t["input"] and 80 < len(t["response"]) < 700]

    args.out.mkdir(parents=True, exist_ok=True)
    with open(args.out / "long.jsonl", "w", encoding="utf-8") as f:
        for record in long_records(novels, rng, 24):
            f.write(json.dumps(record, ensure_ascii=False) + "\n")
    with open(args.out / "problems.jsonl", "w", encoding="utf-8") as f:
        for i, problem in enumerate(rng.sample(problems, 80)):
            f.write(json.dumps({"id": f"problem-{i:02d}", **problem}, ensure_ascii=False) + "\n")
    with open(args.out / "tasks.json", "w", encoding="utf-8") as f:
        chosen = rng.sample(tasks, 100)
        json.dump([{"instruction": t["instruction"], "input": "", "output": t["response"]}
                   for t in chosen[:60]], f, ensure_ascii=False, indent=1)
        f.write("\n")
    with open(args.out / "chat.jsonl", "wb") as f:
        for line in chat_lines(chosen[60:]):
            f.write(line + b"\n")


if __name__ == "__main__":
    main()
