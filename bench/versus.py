#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare the speed of prompts with llama.cpp: versus.py CURATE [--work FOLDER] [--rounds N] ...

llama.cpp is fetched and built as in compare_llama_cpp.py, for this machine. Both programs read the
same GGUF files, made by make_model.py. They take turns: curate, llama.cpp without and with flash
attention, and so on, so that other work of the machine affects all of them. The ratio of a round is
to the setting of llama.cpp that is better over all rounds. Prints a table of medians, with the
median, the least and the largest ratio.
"""
import argparse
import os
import statistics
import subprocess
import sys

import compare_llama_cpp as llama_cpp
import make_model

HERE = os.path.dirname(os.path.abspath(__file__))

# shape, type, tokens: the cases with figures in bench/README.md
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
    """Build name.c and return the path of the program."""
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
    """A list of rounds: curate, and llama.cpp without and with flash attention."""
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
    parser.add_argument("--shape", choices=sorted(make_model.SHAPES), help="measure only this one")
    parser.add_argument("--type", help="measure only this one")
    parser.add_argument("--tokens", type=int, help="measure only this length")
    parser.add_argument("--flash-only", action="store_true",
                        help="only with flash attention: without it, long prompts take minutes")
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
