#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare the speed of gateau's passes with llama.cpp: gateau.py BUILD [--work FOLDER] ...

BUILD is the build folder of curate. Curate's session runs the sequences of ids of bench_gateau.c,
with the attention on segments. llama.cpp runs them one by one without it (llama_cpp_gateau.c), on
the same GGUF files. The programs take turns: curate, llama.cpp without and with flash attention,
and so on. Prints a table: medians of samples per second; the median, the least and the largest
ratio to the better setting of llama.cpp; and the difference of the mean NLLs.
"""
import argparse
import os
import statistics
import subprocess

import make_model
import versus


def once(*command):
    """Samples per second, and the mean NLL."""
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return tuple(float(word) for word in out.split())


def measure(args, theirs, path):
    sizes = str(args.tokens), str(args.samples), str(args.threads)
    ours = os.path.join(args.build, "bench", "bench_gateau")
    return [(once(ours, path, *sizes, "0"),
             once(theirs, path, *sizes, "0") if not args.flash_only else (0, 0),
             once(theirs, path, *sizes, "1")) for _ in range(args.rounds)]


def report(args, kind, rounds):
    speeds = [[result[0] for result in row] for row in rounds]
    best = max((1, 2), key=lambda i: statistics.median(row[i] for row in speeds))
    ratios = [row[0] / row[best] for row in speeds]
    apart = max(abs(row[0][1] - row[best][1]) for row in rounds)
    print("| %s | %s | %d | %.3f | %.3f | %.3f | %.2f (%.2f-%.2f) | %.1e |" % (
        args.shape, kind, args.tokens,
        *(statistics.median(row[i] for row in speeds) for i in range(3)),
        statistics.median(ratios), min(ratios), max(ratios), apart), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build")
    parser.add_argument("--work", default=os.path.expanduser("~/.cache/curate-llama-cpp"),
                        help="where llama.cpp and the models are made (default: %(default)s)")
    parser.add_argument("--shape", choices=sorted(make_model.SHAPES), default="smollm2-135m")
    parser.add_argument("--type", action="append", help="default: BF16 and Q8_0")
    parser.add_argument("--tokens", type=int, default=2048, help="tokens of a context")
    parser.add_argument("--samples", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--flash-only", action="store_true",
                        help="run llama.cpp with flash attention only")
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    theirs = versus.build(args.work, args.jobs, "llama_cpp_gateau")
    print("| shape | weights | context | curate | llama.cpp | with flash attention | ratio "
          "| NLLs apart |")
    print("|---|---|---|---|---|---|---|---|")
    for kind in args.type or ["BF16", "Q8_0"]:
        path = versus.model(args.work, args.shape, kind)
        report(args, kind, measure(args, theirs, path))


if __name__ == "__main__":
    main()
