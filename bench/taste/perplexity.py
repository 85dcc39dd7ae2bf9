#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Perplexity of models by the length of their context: perplexity.py CURATE BOOK.txt MODEL...

The model predicts the same tokens of the book each time, in blocks of 128 spread over it. Only the
number of tokens before a block differs. With a context of N the block ends N tokens after the start
token. So the perplexity falls along a row as far as the model uses more context.
"""
import argparse
import math
import pathlib
import subprocess

BLOCK = 128


def run(program, *args, given):
    return subprocess.run([program, *args], input=given, capture_output=True, text=True,
                          check=True).stdout


def nlls(program, model, ids, n_last):
    """NLL of the last n_last ids, with the start token before all ids."""
    lines = run(program, "model", "nll", model, given=" ".join(map(str, ids))).split()
    return [float(x) for x in lines[-n_last:]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("curate")
    parser.add_argument("book")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--contexts", default="256,512,1024,2048,4096")
    parser.add_argument("--blocks", type=int, default=40)
    parser.add_argument("--bos", type=int, default=4094, help="id of the start token")
    args = parser.parse_args()
    contexts = [int(n) for n in args.contexts.split(",")]

    with open(args.book, encoding="utf-8") as file:
        ids = run(args.curate, "model", "tokenize", args.models[0], given=file.read()).split()
    longest = max(contexts)
    room = len(ids) - longest
    ends = [longest + room * i // (args.blocks - 1) for i in range(args.blocks)]
    print("| model | " + " | ".join(map(str, contexts)) + " |")
    print("|---|" + "---|" * len(contexts))
    for model in args.models:
        row = []
        for context in contexts:
            found = [x for end in ends
                     for x in nlls(args.curate, model, [args.bos, *ids[end - context:end]], BLOCK)]
            row.append(f"{math.exp(sum(found) / len(found)):.2f}")
        print(f"| {pathlib.Path(model).stem} | " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
