#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make the sample corpus of `make demo`: make_corpus.py TEXTS OUT_DIR

TEXTS is the folder that models/train reads. Only what is kept aside there is taken, so that the
built-in pair has seen none of it. Needs what models/train needs; the same texts give the same
bytes. Four shapes, some records broken on purpose: examples/corpus/README.md says which.
"""
import argparse
import json
import pathlib
import random
import sys

from questions import QUESTIONS

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "models" / "train"))
import texts  # noqa: E402

# The novels kept aside, in the order of texts.novels().
BOOKS = ["alice", "mayor", "four", "machine"]

NAMES = ["Ada", "Bruno", "Clara", "Dmitri", "Edith", "Farid", "Greta", "Hugo", "Ilse", "Jonas"]
PLACES = ["the mill", "the harbour", "the chapel", "the orchard", "the old bridge", "the inn"]
THINGS = ["a silver key", "a red notebook", "a brass compass", "a blue lantern", "a sealed letter"]
# Answers that need no context.
SMALL_TALK = [
    ("What is two and two?", "Two and two make four."),
    ("What do you think of all this?", "I would rather not say."),
    ("How many days has a week?", "A week has seven days."),
    ("Shall we go on?", "Yes, let us go on by all means."),
]
FAR_CHARS = 2400  # more than the short model of the pair can look back


def pages(book, first, n_chars):
    """Whole paragraphs from the first-th on, at most n_chars in all."""
    out, size = [], 0
    for paragraph in book[first:]:
        size += len(paragraph) + 2
        if size > n_chars:
            break
        out.append(paragraph)
    return out


def long_record(number, kind, context, question, answer):
    context = "\n\n".join(context)
    return {"id": f"{kind}-{number:02d}", "length": len(context),
            "messages": [{"role": "user", "content": context + "\n\n" + question},
                         {"role": "assistant", "content": answer}]}


def asked(books):
    """Questions about what happens on the page, near its beginning."""
    for i, (name, anchor, question, answer) in enumerate(QUESTIONS):
        book = books[name]
        at = next(j for j, p in enumerate(book) if anchor in p)
        yield long_record(i, "book", pages(book, max(at - 2, 0), 5600), question, answer)


def planted(books, rng, kind, n):
    """Pages with one sentence planted, far from their end or near it."""
    for i in range(n):
        book = books[rng.choice(sorted(books))]
        size = rng.choice([4200, 5000, 5800])
        text = pages(book, rng.randrange(len(book) - 120), size)
        name, place, thing = rng.choice(NAMES), rng.choice(PLACES), rng.choice(THINGS)
        after = [sum(len(p) + 2 for p in text[j:]) for j in range(len(text))]
        fits = [j for j, n_chars in enumerate(after)
                if (n_chars >= FAR_CHARS if kind == "far" else n_chars <= 900)]
        text.insert(rng.choice(fits or [0 if kind == "far" else len(text)]),
                    f"{name} hid {thing} near {place}.")
        yield long_record(i, kind, text, f"What did {name} hide near {place}?",
                          f"{name} hid {thing} near {place}.")


def beside(books, rng, n):
    """Pages, and an exchange that has nothing to do with them."""
    for i in range(n):
        book = books[rng.choice(sorted(books))]
        text = pages(book, rng.randrange(len(book) - 120), rng.choice([4200, 5000, 5800]))
        yield long_record(i, "talk", text, *SMALL_TALK[i % len(SMALL_TALK)])


def chat_lines(tasks):
    """ShareGPT records as bytes, with broken ones between them."""
    for i, (instruction, response) in enumerate(tasks):
        record = {"id": f"chat-{i:02d}", "conversations": [
            {"from": "human", "value": instruction}, {"from": "gpt", "value": response}]}
        yield json.dumps(record, ensure_ascii=False).encode()
        if i == 3:
            yield b'{"id": "cut-off", "conversations": [{"from": "human", "value": "Who is'
        if i == 7:
            yield b'{"id": "latin-1", "conversations": [{"from": "human", "value": "caf\xe9?"}]}'
        if i == 11:
            yield b'{"id": "no shape of ours", "rows": 3}'
        if i == 15:
            yield json.dumps(record, ensure_ascii=False).encode()
        if i == 19:
            yield json.dumps({"id": "no-answer", "conversations": [
                {"from": "human", "value": instruction}, {"from": "gpt", "value": "  "}]}).encode()


def write_lines(path, records):
    with open(path, "w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def problems(records, rng):
    """Worked problems; the last four have each other's answers."""
    chosen = rng.sample(records, 60)
    answers = [answer for _, answer in chosen]
    answers[-4:] = answers[-3:] + answers[-4:-3]
    for i, ((question, _), answer) in enumerate(zip(chosen, answers)):
        kind = "problem" if i < len(chosen) - 4 else "mixed-up"
        yield {"id": f"{kind}-{i:02d}", "question": question, "answer": answer}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("texts", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    args = parser.parse_args()
    rng = random.Random(20241015)

    books = dict(zip(BOOKS, texts.novels(args.texts, aside=True)))
    tasks = [t for t in texts.tasks(args.texts, aside=True) if 40 < len(t[1]) < 900]
    rng.shuffle(tasks)
    half = len(tasks) // 2

    args.out.mkdir(parents=True, exist_ok=True)
    write_lines(args.out / "long.jsonl", [
        *asked(books), *planted(books, rng, "far", 12), *planted(books, rng, "near", 8),
        *beside(books, rng, 12)])
    write_lines(args.out / "problems.jsonl", problems(texts.problems(args.texts, aside=True), rng))
    with open(args.out / "tasks.json", "w", encoding="utf-8") as file:
        json.dump([{"instruction": instruction, "input": "", "output": response}
                   for instruction, response in tasks[:half]], file, ensure_ascii=False, indent=1)
        file.write("\n")
    with open(args.out / "chat.jsonl", "wb") as file:
        for line in chat_lines(tasks[half:]):
            file.write(line + b"\n")


if __name__ == "__main__":
    main()
