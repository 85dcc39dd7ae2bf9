#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast `curate measure` is on many short samples: measure.py CURATE [SAMPLES [DATATROVE]]

Makes SAMPLES records (1,000,000) of words drawn at random, ingests them, and measures all facts
with two threads. On the first twentieth it measures with one thread and with two, in turns, three
times, and prints the medians. If the virtual environment of signals.py runs it, datatrove's three
quality filters see the first DATATROVE texts (20,000), and the program measures the same texts.
"""
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 3
SIGNALS = ["length", "composition", "repetition", "gram_repetition", "lines"]


def make_texts(n):
    """Questions of 10 to 40 words and answers of 10 to 120, with Zipf's shares of 20,000 words."""
    chance = random.Random(1)
    letters = "etaoinshrdlucmfwypvbgk"
    words = ["".join(chance.choices(letters, range(len(letters), 0, -1), k=chance.randint(2, 9)))
             for _ in range(20_000)]
    shares = [1 / (i + 1) for i in range(len(words))]
    many = chance.choices(words, shares, k=1_000_000)
    for _ in range(n):
        at = chance.randrange(len(many) - 200)
        split = at + chance.randint(10, 40)
        end = split + chance.randint(10, 120)
        yield " ".join(many[at:split]) + "?", " ".join(many[split:end]) + "."


def run(command):
    """Run a command; its wall time, CPU time and peak memory in MiB, which is at least that of this
    program: so no list of all texts may be in memory."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command} failed")
    wall = time.monotonic() - began
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def ingest(curate, rows, folder, name):
    path = folder / f"{name}.jsonl"
    with open(path, "w") as out:
        for question, answer in rows:
            out.write(json.dumps({"instruction": question, "output": answer}) + "\n")
    db = folder / f"{name}.db"
    run([curate, "ingest", "-q", "--db", db, path])
    return db, path.stat().st_size / 1e6


def measure(curate, db, threads, names=()):
    """Measure a copy, so that each run measures all samples."""
    copy = db.with_suffix(".copy")
    for end in ("", "-wal", "-shm"):
        Path(f"{copy}{end}").unlink(missing_ok=True)
    shutil.copy(db, copy)
    result = run([curate, "measure", "-q", "--db", copy, "--threads", str(threads), *names])
    size = copy.stat().st_size / 1e6
    copy.unlink()
    return *result, size


def run_datatrove(rows):
    import datatrove.pipeline.filters.fineweb_quality_filter as fineweb
    import datatrove.pipeline.filters.gopher_quality_filter as gopher
    import datatrove.pipeline.filters.gopher_repetition_filter as repetition
    from datatrove.data import Document

    filters = [gopher.GopherQualityFilter(), repetition.GopherRepetitionFilter(),
               fineweb.FineWebQualityFilter()]
    documents = [Document(text=f"{q}\n{a}", id=str(i)) for i, (q, a) in enumerate(rows)]
    for one in filters:
        one.filter(documents[0])  # loads what it needs
    began = time.process_time()
    for document in documents:
        for one in filters:
            one.filter(document)
    return time.process_time() - began


def main(curate, n=1_000_000, n_datatrove=20_000):
    n, n_datatrove = int(n), int(n_datatrove)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        db, megabytes = ingest(curate, make_texts(n), folder, "all")
        wall, cpu, peak, size = measure(curate, db, 2)
        print(f"{n} samples, {megabytes:.0f} MB of JSONL, all facts, 2 threads: {wall:.1f} s, "
              f"{n / wall:.0f} samples/s, CPU {cpu:.1f} s, peak {peak:.0f} MiB, "
              f"database {size:.0f} MB")
        db.unlink()
        db, megabytes = ingest(curate, make_texts(n // 20), folder, "part")
        pairs = [(measure(curate, db, 1), measure(curate, db, 2)) for _ in range(ROUNDS)]
        one = statistics.median(pair[0][0] for pair in pairs)
        two = statistics.median(pair[1][0] for pair in pairs)
        ratio = statistics.median(a[0] / b[0] for a, b in pairs)
        print(f"{n // 20} samples, {megabytes:.0f} MB: 1 thread {one:.2f} s, 2 threads "
              f"{two:.2f} s, median of ratios {ratio:.2f}")
        try:
            seconds = run_datatrove(list(make_texts(n_datatrove)))
        except ImportError:
            return
        db, _ = ingest(curate, make_texts(n_datatrove), folder, "some")
        _, cpu, _, _ = measure(curate, db, 1, SIGNALS)
        print(f"{n_datatrove} samples, signals of datatrove's filters, CPU: curate {cpu:.2f} s, "
              f"datatrove {seconds:.2f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
