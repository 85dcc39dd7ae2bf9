#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare `score --estimate` with the run itself: estimate.py CURATE [CORPUS...]

Makes corpora of several kinds, the same ones every time. In each round it first estimates the run
and then runs it, with the built-in models or --model. Prints a table: medians of both times; the
median, the least and the largest error of the estimate; the interval in parts of the run's time;
and how often the run was within it. With --noise, so many other processes are busy and idle in
turns, for 3 seconds on average.
"""
import argparse
import contextlib
import json
import math
import multiprocessing
import os
import random
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORDS = Path(ROOT, "models", "alice.txt").read_text(encoding="utf-8").split()
WORDS_MAX = 6000  # words of a context, for the kinds with some long contexts


def passage(rng, n):
    start = rng.randrange(len(WORDS))
    return " ".join(WORDS[(start + i) % len(WORDS)] for i in range(n))


def lengths(rng, n):
    return [min(WORDS_MAX, max(5, int(rng.lognormvariate(math.log(300), 1.1))))
            for _ in range(n)]


def contexts(kind, rng):
    """The context of each sample."""
    if kind == "short":
        return [passage(rng, 60) for _ in range(1200)]
    if kind == "long":
        return [passage(rng, 900) for _ in range(40)]
    if kind == "lumpy":
        return [passage(rng, n) for n in [30] * 300 + [4000] * 12 + [30] * 300]
    if kind == "shared":  # twenty questions about each context, not next to each other
        several = [passage(rng, 1000) for _ in range(12)]
        return [several[i % len(several)] for i in range(20 * len(several))]
    sizes = lengths(rng, 250)
    return [passage(rng, n) for n in (sorted(sizes) if kind == "sorted" else sizes)]


# The corpus and the metric of each kind.
KINDS = {"short": "ifd", "mixed": "nll", "sorted": "nll", "lumpy": "nll", "long": "gateau",
         "shared": "ifd"}


def make(kind, path):
    rng = random.Random(kind)
    with open(path, "w", encoding="utf-8") as out:
        for i, context in enumerate(contexts(kind, rng)):
            out.write(json.dumps({"context": context, "question": f"What is it about {i}?",
                                  "answer": passage(rng, 20)}) + "\n")


def facts(args, folder, db, *more):
    command = [args.curate, "score", *more, "--db", db, "--threads", str(args.threads)]
    if args.model:
        command += ["--model", args.model]
    said = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True,
                          env={**os.environ, "CURATE_MODELS": str(ROOT / "models")}).stdout
    return {name: float(value) for name, value in re.findall(r"(\w+)=([\d.e+-]+)", said)}


def busy_and_idle(seed):
    rng = random.Random(seed)
    while True:
        end = time.monotonic() + rng.expovariate(1 / 3)
        while time.monotonic() < end:
            pass
        time.sleep(rng.expovariate(1 / 3))


@contextlib.contextmanager
def noise(n):
    others = [multiprocessing.Process(target=busy_and_idle, args=(seed,), daemon=True)
              for seed in range(n)]
    for other in others:
        other.start()
    try:
        yield
    finally:
        for other in others:
            other.kill()


def once(args, folder, metric):
    estimate = facts(args, folder, "corpus.db", metric, "--estimate")
    shutil.copy(Path(folder, "corpus.db"), Path(folder, "run.db"))
    run = facts(args, folder, "run.db", metric)
    for name in ["run.db", "run.db.lock"]:
        Path(folder, name).unlink(missing_ok=True)
    return estimate, run["secs"]


def report(kind, metric, rounds):
    errors = [100 * (estimate["est_secs"] / secs - 1) for estimate, secs in rounds]
    low = statistics.median(estimate["est_low"] / secs for estimate, secs in rounds)
    high = statistics.median(estimate["est_high"] / secs for estimate, secs in rounds)
    within = sum(estimate["est_low"] <= secs <= estimate["est_high"] for estimate, secs in rounds)
    print("| %s | %s | %.2f | %.2f | %+.0f %% (%+.0f to %+.0f) | %.2f to %.2f | %d of %d |" % (
        kind, metric, statistics.median(estimate["est_secs"] for estimate, _ in rounds),
        statistics.median(secs for _, secs in rounds), statistics.median(errors), min(errors),
        max(errors), low, high, within, len(rounds)), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("curate")
    parser.add_argument("kinds", nargs="*", metavar="CORPUS", help=", ".join(KINDS))
    parser.add_argument("--model", help="instead of the built-in ones (not for 'long')")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--noise", type=int, default=0, metavar="PROCESSES")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    args.curate = os.path.abspath(args.curate)
    if args.model:
        args.model = os.path.abspath(args.model)
    print("| corpus | metric | estimate (s) | run (s) | error | interval | within the interval |")
    print("|---|---|---|---|---|---|---|")
    for kind in args.kinds or KINDS:
        with tempfile.TemporaryDirectory() as folder:
            make(kind, Path(folder, "corpus.jsonl"))
            subprocess.run([args.curate, "ingest", "--quiet", "--db", "corpus.db",
                            "corpus.jsonl"], cwd=folder, check=True)
            with noise(args.noise):
                rounds = [once(args, folder, KINDS[kind]) for _ in range(args.rounds)]
            report(kind, KINDS[kind], rounds)


if __name__ == "__main__":
    main()
