#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast prompts are read: prefill.py CURATE [--shape S]... [--type T]... [--tokens N]... ...

Runs `curate bench prefill` over models of random weights (from make_model.py), prompt lengths,
weight types and numbers of threads. Prints a table: the median, the least and the largest tokens
per second of the runs, and the speedup over the first number of threads.
"""
import argparse
import itertools
import json
import os
import subprocess

import make_model
import versus


def measure(args, path, tokens, threads):
    done = subprocess.run([args.curate, "bench", "prefill", "--model", path, "--tokens",
                           str(tokens), "--threads", str(threads), "--runs", str(args.runs),
                           "--json"], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)["tokens_per_s"]


def report(args, shape, kind, tokens):
    first = None
    for threads in args.threads:
        speed = measure(args, versus.model(args.work, shape, kind), tokens, threads)
        first = first or speed["median"]
        print("| %s | %s | %d | %d | %.0f (%.0f-%.0f) | %.2f |" % (
            shape, kind, tokens, threads, speed["median"], speed["min"], speed["max"],
            speed["median"] / first), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("curate")
    parser.add_argument("--work", default=os.path.expanduser("~/.cache/curate-llama-cpp"),
                        help="where the models are made (default: %(default)s)")
    parser.add_argument("--shape", action="append", choices=sorted(make_model.SHAPES))
    parser.add_argument("--type", action="append", help="default: F32, BF16, Q8_0 and Q4_0")
    parser.add_argument("--tokens", action="append", type=int, help="default: 512 and 2048")
    parser.add_argument("--threads", action="append", type=int, help="default: 1 and 2")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    args.threads = args.threads or [1, 2]
    os.makedirs(args.work, exist_ok=True)
    print("| shape | weights | tokens | threads | tokens/s | times the first |")
    print("|---|---|---|---|---|---|")
    for case in itertools.product(args.shape or sorted(make_model.SHAPES),
                                  args.type or ["F32", "BF16", "Q8_0", "Q4_0"],
                                  args.tokens or [512, 2048]):
        report(args, *case)


if __name__ == "__main__":
    main()
