#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long `curate dedup semantic` takes: semantic.py CURATE [VECTORS [WIDTH [THREADS...]]]

Fills a database with samples and with vectors of uniform numbers, in the form that
`curate score embedding` stores. Every tenth vector is an earlier one with noise, so that its cosine
with that one is known. Times the comparison with each number of threads, then the same in little
memory, and checks that all of them store the same pairs, and all pairs that were planted.
"""
import array
import hashlib
import math
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PLANTED = 10  # every how manieth vector
COSINES = (0.9999, 0.995, 0.985, 0.96)


def uniform(seed, n):
    """n numbers between -1 and 1 that depend on the seed only."""
    numbers = array.array("h", hashlib.shake_128(seed.to_bytes(8, "big")).digest(2 * n))
    return array.array("f", (x / 32768 for x in numbers))


def noisy(vector, cosine, seed):
    """A vector with about this cosine: the vector and noise of its length."""
    factor = math.sqrt(1 / cosine ** 2 - 1)
    return array.array("f", (x + factor * y for x, y in zip(vector, uniform(seed, len(vector)))))


def vectors(n, width):
    """Yield the number of each vector, its bytes, and the number it was made of with a cosine."""
    for i in range(1, n + 1):
        if i % PLANTED:
            yield i, uniform(i, width).tobytes(), None, None
        else:
            cosine = COSINES[i // PLANTED % len(COSINES)]
            origin = i - i // PLANTED % (PLANTED - 1) - 1
            yield i, noisy(uniform(origin, width), cosine, i).tobytes(), origin, cosine


def fill(path, n, width):
    """Insert n samples and their vectors. Returns the planted pairs: (sample, sample, cosine)."""
    db = sqlite3.connect(path)
    db.execute("INSERT INTO run (run_id, command, options, version, host, pid, started_at_ms,"
               " status) VALUES (1, 'bench', '{}', '', '', 1, 0, 'ok')")
    db.execute("INSERT INTO source VALUES (1, 'bench')")
    db.execute("INSERT INTO file (file_id, source_id, path) VALUES (1, 1, 'bench.jsonl')")
    db.execute("INSERT INTO model VALUES (1, ?, 'bench', 'llama', 1, 4096, zeroblob(16), '', 0,"
               " 0, 0, 0)", (bytes(32),))
    db.execute("INSERT INTO metric VALUES (1, 'embedding', 1, '', 'higher')")
    db.execute("INSERT INTO score_set VALUES (1, 1, 1, '{}', zeroblob(16), 1)")
    planted = []
    for i, vector, origin, cosine in vectors(n, width):
        # Hashes in another order than ids.
        hash = hashlib.blake2b(i.to_bytes(8, "big"), digest_size=16).digest()
        db.execute("INSERT INTO sample (sample_id, hash, kind, file_id, line, byte_offset, run_id,"
                   " n_turns) VALUES (?, ?, 'sft', 1, ?, 0, 1, 0)", (i, hash, i))
        db.execute("INSERT INTO score VALUES (1, ?, 1, 'ok', 0, 1)", (i,))
        db.execute("INSERT INTO embedding (score_set_id, sample_id, vector) VALUES (1, ?, ?)",
                   (i, vector))
        if origin:
            planted.append((origin, i, cosine))
    db.commit()
    db.close()
    return planted


def digest(path, name):
    """Of all pairs, signatures and statistics of a set."""
    db = sqlite3.connect(path)
    (key,), = db.execute("SELECT dedup_set_id FROM dedup_set WHERE name = ?", (name,))
    found = hashlib.sha256()
    for query in ("SELECT a, b, similarity FROM dedup_pair WHERE dedup_set_id = ? ORDER BY a, b",
                  "SELECT sample_id, signature FROM dedup_signature WHERE dedup_set_id = ?"
                  " ORDER BY sample_id",
                  "SELECT statistics FROM dedup_set WHERE dedup_set_id = ?"):
        for row in db.execute(query, (key,)):
            found.update(repr(row).encode())
    db.close()
    return found.hexdigest()


def missed(path, name, planted):
    """How many planted pairs of a cosine well above 0.95 are not stored."""
    db = sqlite3.connect(path)
    stored = {tuple(sorted(row)) for row in db.execute(
        "SELECT a, b FROM v_dedup_pairs WHERE dedup_set = ?", (name,))}
    db.close()
    return sum(tuple(sorted(pair[:2])) not in stored for pair in planted)


def run(curate, path, name, *options):
    """Returns seconds, CPU seconds and peak memory in MiB."""
    began = time.monotonic()
    process = subprocess.Popen([curate, "dedup", "semantic", name, "--quiet", "--db", path,
                                *options])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"dedup semantic ended with status {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main(curate, n="100000", width="1024", *threads):
    n, width = int(n), int(width)
    little = f"{72 + n * 80 // 2 ** 20 + n * width * 4 // 2 ** 22}M"
    cases = [("--threads", t) for t in threads or ("1", "2")]
    cases.append(("--threads", cases[-1][1], "--max-memory", little))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bench.db")
        subprocess.run([curate, "init", "--quiet", "--db", path], check=True)
        planted = fill(path, n, width)
        print(f"{n} vectors of {width} numbers, {n * n * width / 1e12:.2f} TFLOP")
        digests = set()
        for i, options in enumerate(cases):
            seconds, cpu, peak = run(curate, path, f"set{i}", *options)
            digests.add(digest(path, f"set{i}"))
            print(f"{' '.join(options):34} {seconds:7.1f} s {cpu:7.1f} CPU s"
                  f" {n * n * width / cpu / 1e9:6.1f} GFLOP/CPU s {peak:7.0f} MiB"
                  f" {missed(path, f'set{i}', planted)} of {len(planted)} missed", flush=True)
        print("all the same bits" if len(digests) == 1 else "DIFFERENT")


if __name__ == "__main__":
    main(*sys.argv[1:])
