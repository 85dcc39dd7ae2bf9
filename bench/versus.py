#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare the speed of prompts with llama.cpp: versus.py CURATE [--work FOLDER] [--rounds N] ...

llama.cpp is fetched and built as compare_llama_cpp.py does it, for this machine. Both programs
read the same GGUF files, made by make_model.py, in turns: curate, llama.cpp without and with flash
attention, and so on, so that what else the machine does falls on all of them alike. A round's
ratio is taken within the round, against the better of the two settings of llama.cpp over all
rounds. Prints a table: medians, and of the ratio the median, the least and the largest.
"""
import argparse
import os
import statistics
import subprocess
import sys

import compare_llama_cpp as llama_cpp
import make_model

HERE = os.path.dirname(os.path.abspath(__file__))

# shape, type, tokens: what README.md has figures for
CASES = [
    (shape, kind, tokens)
    for shape, kinds, tokens in [
        ("smollm2-135m", ["F32", "BF16", "Q8_0", "Q4_0"], 512),
        ("qwen2.5-0.5b", ["F32", "BF16", "Q8_0", "Q4_0"], 512),
        ("tinyllama-1.1b", ["BF16", "Q8_0"], 512),
        ("smollm2-135m", ["BF16", "Q8_0"], 2048),
        ("qwen2.5-0.5b", ["BF16"], 2048),
        ("tinyllama-1.1b", ["BF16"], 2048),
        ("smollm2-135m", ["BF16", "Q8_0"], 8192),
        ("qwen2.5-0.5b", ["BF16"], 8192),
        ("smollm2-135m", ["BF16"], 16384),
    ]
    for kind in kinds
]


def build(work, n_jobs, name="llama_cpp_prefill"):
    """The path of a program that does what name.c says."""
    llama_cpp.build(work, n_jobs)
    source = llama_cpp.fetch(work)
    program = os.path.join(work, name)
    libraries = os.path.join(work, "build", "bin")
    llama_cpp.call("cc", "-O2", os.path.join(HERE, name + ".c"), "-o", program,
                   "-I", os.path.dirname(HERE),
                   "-I", os.path.join(source, "include"),
                   "-I", os.path.join(source, "ggml", "include"), "-L", libraries,
                   "-lllama", "-lggml", "-lggml-base", "-lm", "-Wl,-rpath," + libraries)
    return program


def model(work, shape, kind):
    path = os.path.join(work, "%s-%s.gguf" % (shape, kind.lower()))
    if not os.path.exists(path):
        llama_cpp.call(sys.executable, os.path.join(HERE, "make_model.py"), "--shape", shape,
                       "--type", kind, path)
    return path


def speed(*command):
    """Tokens per second: the first word of what the command prints."""
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(out.split()[0])


def measure(args, theirs, path, tokens):
    """A list of rounds: ours, theirs without and with flash attention."""
    size, threads = str(tokens), str(args.threads)
    return [(speed(args.curate, "bench", "prefill", "--model", path, "--tokens", size,
                   "--threads", threads, "--runs", "1"),
             speed(theirs, path, size, threads, "0") if not args.flash_only else 0,
             speed(theirs, path, size, threads, "1")) for _ in range(args.rounds)]


def report(shape, kind, tokens, rounds):
    best = max((1, 2), key=lambda i: statistics.median(r[i] for r in rounds))
    ratios = [r[0] / r[best] for r in rounds]
    print("| %s | %s | %d | %.0f | %.0f | %.0f | %.2f (%.2f-%.2f) |" % (
        shape, kind, tokens, *(statistics.median(r[i] for r in rounds) for i in range(3)),
        statistics.median(ratios), min(ratios), max(ratios)), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("curate")
    parser.add_argument("--work", default=os.path.expanduser("~/.cache/curate-llama-cpp"),
                        help="where llama.cpp and the models are made (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--shape", choices=sorted(make_model.SHAPES), help="this one only")
    parser.add_argument("--type", help="this one only")
    parser.add_argument("--tokens", type=int, help="this length only")
    parser.add_argument("--flash-only", action="store_true",
                        help="llama.cpp with flash attention alone: long prompts take it minutes")
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    theirs = build(args.work, args.jobs)
    print("| shape | weights | tokens | curate | llama.cpp | with flash attention | ratio |")
    print("|---|---|---|---|---|---|---|")
    for shape, kind, tokens in CASES:
        if (args.shape or shape, args.type or kind, args.tokens or tokens) == (shape, kind,
                                                                              tokens):
            report(shape, kind, tokens, measure(args, theirs, model(args.work, shape, kind),
                                                tokens))


if __name__ == "__main__":
    main()
