#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast `curate dedup near` is, and how its time grows: duplicates.py CURATE [--curve N]

Makes 100,000 texts of about 1.1 kB, one in five a copy with some words changed. Ingests them, then
runs `dedup near` and, in turns, datasketch on the same texts with the same 120 values, bands and
words (if the package is installed: `venv/bin/pip install datasketch`). Prints seconds, processor
seconds and peak memory, and how many planted pairs each finds.

With --curve N, makes N short texts (12 words) and runs `dedup near` on the first N/16, N/8, ...,
N of them with --max-memory 1G.
"""
import argparse
import json
import os
import random
import re
import sqlite3
import sys
import tempfile
import time

N_TEXTS = 100_000
TEXT_WORDS = 180
ROUNDS = 3
BANDS, ROWS, SHINGLE = 20, 6, 5
SHORT_WORDS = 12


def vocabulary(rng, size=50_000):
    """Words of a Zipf distribution, as 1,000,000 draws."""
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    words = ["".join(rng.choices(letters, weights=range(26, 0, -1), k=rng.randint(2, 9)))
             for _ in range(size)]
    return rng.choices(words, weights=[1 / (i + 2) for i in range(size)], k=1_000_000)


def texts(n, n_words, copies, rng):
    """Lists of words; one in `copies` is the one before with up to a tenth changed."""
    draws = vocabulary(rng)
    before = []
    for i in range(n):
        if copies and i % copies == copies - 1:
            words = list(before)
            for _ in range(rng.randint(1, max(1, n_words // 10))):
                words[rng.randrange(len(words))] = rng.choice(draws)
        else:
            start = rng.randrange(len(draws) - 2 * n_words)
            k = rng.randint(n_words // 2, n_words * 3 // 2)
            words = draws[start:start + k] if copies else rng.choices(draws, k=k)
            if copies:
                rng.shuffle(words)
        before = words
        yield words


def write(path, n, n_words, copies):
    rng = random.Random(1)
    size = 0
    with open(path, "w", encoding="utf-8") as out:
        for i, words in enumerate(texts(n, n_words, copies, rng)):
            line = json.dumps({"id": str(i), "text": " ".join(words)}) + "\n"
            size += len(line)
            out.write(line)
    return size


def run(command):
    """Seconds, processor seconds, closing line and peak MiB of a command."""
    with tempfile.TemporaryFile() as err:
        started = time.monotonic()
        pid = os.posix_spawn(command[0], command, os.environ,
                             file_actions=[(os.POSIX_SPAWN_DUP2, err.fileno(), 2)])
        _, status, usage = os.wait4(pid, 0)
        secs = time.monotonic() - started
        err.seek(0)
        said = err.read().decode()
    if status != 0:
        sys.exit(f"{' '.join(command)}: {said}")
    fields = dict(re.findall(r"(\w+)=(\S+)", said))
    return secs, usage.ru_utime + usage.ru_stime, fields, usage.ru_maxrss / 1024


def shingles(text):
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[i:i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1))}


def datasketch(path):
    """Processor seconds and the pairs that agree in a band."""
    from datasketch import MinHash, MinHashLSH
    started = time.process_time()
    index = MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS))
    found = set()
    with open(path, encoding="utf-8") as lines:
        for i, line in enumerate(lines):
            minhash = MinHash(num_perm=BANDS * ROWS)
            minhash.update_batch([s.encode() for s in shingles(json.loads(line)["text"])])
            found.update((other, i) for other in index.query(minhash))
            index.insert(i, minhash)
    return time.process_time() - started, found


def compare(curate, folder):
    path, db = os.path.join(folder, "texts.jsonl"), os.path.join(folder, "t.db")
    size = write(path, N_TEXTS, TEXT_WORDS, 5)
    run([curate, "--db", db, "ingest", path])
    print(f"{N_TEXTS} texts, {size / 1e6:.0f} MB")
    try:
        import datasketch as package
        print("datasketch", package.__version__)
    except ImportError:
        package = None
    for i in range(ROUNDS):
        secs, cpu, fields, peak = run([curate, "--db", db, "dedup", "near", f"r{i}"])
        print(f"curate: {secs:.2f} s, {cpu:.2f} CPU s, {size / 1e6 / cpu:.0f} MB/s a core,"
              f" {peak:.0f} MiB, {fields['pairs']} pairs", flush=True)
        if package and i == 0:
            cpu, found = datasketch(path)
            print(f"datasketch: {cpu:.1f} CPU s (one thread, unverified), {len(found)} pairs",
                  flush=True)


def fill(curate, db, n):
    """Write n short samples of random words with SQL: ingest takes longer than all else. Each
    tenth one is a copy of the one before with a word more."""
    path = db + ".jsonl"
    write(path, 1, SHORT_WORDS, 10)
    run([curate, "--db", db, "ingest", path])
    words = " || ' ' || ".join(["printf('w%x', abs(random() % 50000))"] * SHORT_WORDS)
    store = sqlite3.connect(db)
    store.executescript(f"""
        PRAGMA synchronous = OFF;
        PRAGMA cache_size = -500000;
        BEGIN;
        INSERT INTO context
        WITH RECURSIVE number(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM number
                                     WHERE i <= {n})
        SELECT i, CAST(printf('%016d', i) AS BLOB), {words} FROM number;
        UPDATE context SET text = (SELECT b.text || ' more' FROM context b
                                   WHERE b.context_id = context.context_id - 1)
            WHERE context_id % 10 = 9;
        INSERT INTO sample (hash, kind, file_id, line, byte_offset, run_id, context_id, n_turns)
        SELECT hash, 'text', 1, context_id, context_id, 1, context_id, 0 FROM context
            WHERE context_id > 1;
        COMMIT;
        PRAGMA wal_checkpoint(TRUNCATE);""")
    store.close()


def curve(curate, folder, n):
    print("| samples | seconds | CPU s | us a sample | peak MiB | pairs |\n"
          "|---|---|---|---|---|---|", flush=True)
    for part in (n // 16, n // 8, n // 4, n // 2, n):
        db = os.path.join(folder, "s.db")
        fill(curate, db, part)
        secs, cpu, fields, peak = run([curate, "--db", db, "dedup", "near", "--max-memory", "1G"])
        print(f"| {part} | {secs:.1f} | {cpu:.1f} | {cpu / part * 1e6:.1f} | {peak:.0f} |"
              f" {fields['pairs']} |", flush=True)
        for name in os.listdir(folder):
            os.remove(os.path.join(folder, name))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("curate")
    parser.add_argument("--curve", type=int)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if args.curve:
            curve(args.curate, folder, args.curve)
        else:
            compare(args.curate, folder)


if __name__ == "__main__":
    main()
