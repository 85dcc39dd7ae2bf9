# SPDX-License-Identifier: Apache-2.0
"""Ingest the same rows as JSONL, JSONL.zst, Parquet and Arrow, and print time and peak memory.

    bench/tables.py CURATE [MEGABYTES [FOLDER]]

Needs pyarrow, zstd and /usr/bin/time. Two corpora of MEGABYTES (100): tasks (instruction, input and
output) and chats (messages). Each file is ingested three times with CURATE_THREADS (2) threads,
alternating; the median counts. Then a Parquet file whose one dictionary page holds 300 MB is
ingested under limits on memory. Files and databases are made in FOLDER (default: $TMPDIR or /tmp)
and removed afterwards.
"""
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile

import pyarrow as pa
import pyarrow.parquet as pq

ROUNDS = 3
THREADS = os.environ.get("CURATE_THREADS", "2")
WIDE_ROWS, WIDE_BYTES = 1000, 300000
FILES = ["jsonl", "jsonl.zst", "snappy.parquet", "zstd.parquet", "arrow"]
WORDS = [bytes(random.Random(i).choices(b"abcdefghijklmnopqrstuvwxyz", k=2 + i % 9)).decode()
         for i in range(4000)]


def text(rng, n_words):
    return " ".join(rng.choices(WORDS, k=n_words)).capitalize() + "."


def task(rng, i):
    return {"instruction": f"{i}. {text(rng, 15)}", "input": text(rng, 40) if i % 3 else "",
            "output": text(rng, 90)}


def chat(rng, i):
    return {"id": f"c{i}", "messages": [
        {"role": "user" if turn % 2 == 0 else "assistant",
         "content": text(rng, 20 if turn % 2 == 0 else 120)} for turn in range(6)]}


def make(folder, name, row, n_bytes):
    """Write the corpus in all forms. Returns the bytes of its JSONL."""
    rng = random.Random(7)
    rows, size = [], 0
    path = os.path.join(folder, name + ".")
    with open(path + "jsonl", "w", encoding="utf-8") as out:
        while size < n_bytes:
            rows.append(row(rng, len(rows)))
            size += out.write(json.dumps(rows[-1]) + "\n")
    subprocess.run(["zstd", "-q", "-3", path + "jsonl", "-o", path + "jsonl.zst"], check=True)
    table = pa.Table.from_pylist(rows)
    for codec in ["snappy", "zstd"]:
        pq.write_table(table, f"{path}{codec}.parquet", compression=codec, row_group_size=20000)
    with pa.ipc.new_stream(path + "arrow", table.schema) as out:
        out.write_table(table, max_chunksize=1000)
    return size


def ingest(curate, folder, file, *options):
    """Seconds, seconds of all processors, peak in MiB and status."""
    db = os.path.join(folder, "bench.db")
    seen = os.path.join(folder, "bench.time")
    # A child of this process would count its memory, too.
    status = subprocess.run(["/usr/bin/time", "-q", "-o", seen, "-f", "%e %U %S %M", curate, "-q",
                             "--db", db, "ingest", *options, os.path.join(folder, file)],
                            check=False).returncode
    with open(seen, encoding="utf-8") as text:
        seconds, user, system, kib = map(float, text.read().split())
    for name in os.listdir(folder):
        if name.startswith("bench.db"):
            os.remove(os.path.join(folder, name))
    return seconds, user + system, kib / 1024, status


def compare(curate, folder, name, size):
    taken = {kind: [] for kind in FILES}
    for _ in range(ROUNDS):
        for kind in FILES:
            taken[kind].append(ingest(curate, folder, f"{name}.{kind}", "-t", THREADS))
    for kind in FILES:
        seconds, processor = (statistics.median(run[i] for run in taken[kind]) for i in range(2))
        print(f"| {name} | {kind} | {seconds:.2f} | {processor:.2f} | {size / 1e6 / seconds:.0f} | "
              f"{max(run[2] for run in taken[kind]):.0f} |", flush=True)


def wide(curate, folder):
    texts = [(f"{i} " + text(random.Random(i), 700) * (WIDE_BYTES // 4000))[:WIDE_BYTES]
             for i in range(WIDE_ROWS)]
    table = pa.table({"text": texts})
    for codec in ["zstd", "snappy"]:
        name = f"wide.{codec}.parquet"
        pq.write_table(table, os.path.join(folder, name), compression=codec)
        for limit in ["none", "512M", "1G", "2G", "4G"]:
            options = [] if limit == "none" else ["--max-memory", limit]
            seconds, _, peak, status = ingest(curate, folder, name, *options)
            print(f"| {codec} | {limit} | {status} | {seconds:.2f} | {peak:.0f} |", flush=True)


def main(curate, megabytes="100", folder=None):
    with tempfile.TemporaryDirectory(dir=folder) as place:
        print("| corpus | file | s | CPU s | MB/s of JSONL | peak MiB |\n|---|---|---|---|---|---|")
        for name, row in [("tasks", task), ("chats", chat)]:
            size = make(place, name, row, int(megabytes) * 1000000)
            compare(curate, place, name, size)
        print("\n| codec | --max-memory | status | s | peak MiB |\n|---|---|---|---|---|")
        wide(curate, place)


if __name__ == "__main__":
    main(*sys.argv[1:])
