#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long a selection from many samples takes, and its memory: budgets.py CURATE [SAMPLES]

Fills a database with samples of ten sources, with invented scores and numbers of tokens, in the
form that the program stores, and times `curate select`. Prints wall-clock time and peak
memory of the whole program, the best of three.
"""
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

N_SOURCES = 10
METRICS = ("ifd", "mtld")
FORMULA = "0.7 * rank(ifd) + 0.3 * z(mtld)"
TOKENS = 50  # of the budget, for each sample
QUOTA = "source: s0=30%, s1=20%, s2=10%, *=40%"


def cases(budget):
    """Names and options."""
    nested = "source/length: s0=50%, *=50%, s0/0-200=20%, s0/*=80%"
    return [
        ("formula", ["--by", FORMULA, "--top", "10%"]),
        ("budget", ["--by", "ifd", "--budget", str(budget)]),
        ("formula, quota, budget", ["--by", FORMULA, "--quota", QUOTA, "--budget", str(budget)]),
        ("nested quota", ["--by", "ifd", "--budget", str(budget), "--buckets", "200,500",
                          "--quota", nested]),
        ("tiers", ["--by", "ifd", "--tiers", f"{budget // 50},{budget // 5},{budget}"]),
    ]


def fill(path, n):
    """Insert n samples with two scores each, and their tokens."""
    rng = random.Random(1)
    db = sqlite3.connect(path)
    db.execute("INSERT INTO run (run_id, command, options, version, host, pid, started_at_ms,"
               " status) VALUES (1, 'bench', '{}', '', '', 1, 0, 'ok')")
    for i in range(N_SOURCES):
        db.execute("INSERT INTO source VALUES (?, ?)", (i + 1, f"s{i}"))
        db.execute("INSERT INTO file VALUES (?, ?, 'bench.jsonl', NULL, NULL)", (i + 1, i + 1))
    db.executemany("INSERT INTO sample (hash, kind, file_id, line, byte_offset, run_id, n_turns)"
                   " VALUES (?, 'sft', ?, ?, 0, 1, 0)",
                   ((rng.randbytes(16), i % N_SOURCES + 1, i) for i in range(1, n + 1)))
    db.execute("INSERT INTO model VALUES (1, ?, 'bench', 'llama', 1, 4096, zeroblob(16), '', 0, 0,"
               " 0, 0)", (bytes(32),))
    for metric, name in enumerate(METRICS, 1):
        db.execute("INSERT INTO metric VALUES (?, ?, 1, '', 'higher')", (metric, name))
        db.execute("INSERT INTO score_set VALUES (?, ?, 1, '{}', ?, 1)",
                   (metric, metric, bytes([metric]) * 16))
        db.executemany("INSERT INTO score VALUES (?, ?, ?, 'ok', 100, 1)",
                       ((metric, i, rng.uniform(0.5, 4)) for i in range(1, n + 1)))
    db.execute("ALTER TABLE fact ADD COLUMN tokens INTEGER")
    db.execute("INSERT INTO fact_column VALUES ('tokens', 0, 'tokens', 1, 'INTEGER', 'tokens',"
               " NULL)")
    db.executemany("INSERT INTO fact (sample_id, tokens) VALUES (?, ?)",
                   ((i, rng.randrange(20, 1000)) for i in range(1, n + 1)))
    db.commit()
    db.close()


def run(command):
    """Seconds and megabytes of a program that must succeed."""
    before = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    message = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(message.decode())
    return time.monotonic() - before, usage.ru_maxrss / 1024


def main(curate, n="1000000"):
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "bench.db")
        subprocess.run([curate, "init", "--quiet", "--db", path], check=True)
        fill(path, int(n))
        for name, options in cases(int(n) * TOKENS):
            found = [run([curate, "select", "--db", path, "--name", f"{name} {i}", *options])
                     for i in range(3)]
            seconds, megabytes = min(found)
            print(f"{name:24} {seconds:6.2f} s {megabytes:6.0f} MB", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
