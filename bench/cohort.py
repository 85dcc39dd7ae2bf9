#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long it takes to make a cohort of many samples: cohort.py CURATE [SAMPLES]

Fills a database with samples and with invented nll and cas scores, in the form that `curate score`
stores, and times `curate cohort make` with options that each change every number. Prints the best
of three, as wall-clock time of the whole program.
"""
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SETTINGS = [["--norm", "softmax", "--alpha", "0.7"], ["--norm", "minmax", "--ppl", "log"],
            ["--norm", "rank"], ["--norm", "zscore"], ["--norm", "robust"],
            ["--nulls", "median"], ["--cas-sign", "-1"], ["--where", "sample_id % 2 = 0"]]


def fill(path, n):
    """Insert n samples with three scores each, one in a hundred without a cas."""
    rng = random.Random(1)
    db = sqlite3.connect(path)
    db.execute("INSERT INTO run (run_id, command, options, version, host, pid, started_at_ms,"
               " status) VALUES (1, 'bench', '{}', '', '', 1, 0, 'ok')")
    db.execute("INSERT INTO source VALUES (1, 'bench')")
    db.execute("INSERT INTO file VALUES (1, 1, 'bench.jsonl')")
    db.executemany("INSERT INTO sample (hash, kind, file_id, line, byte_offset, run_id, n_turns)"
                   " VALUES (?, 'sft', 1, ?, 0, 1, 0)",
                   ((i.to_bytes(16, "big"), i) for i in range(1, n + 1)))
    for model, name in enumerate(("long", "short"), 1):
        db.execute("INSERT INTO model VALUES (?, ?, ?, 'llama', 1, 4096, zeroblob(16), '', 0, 0,"
                   " 0, 0)", (model, bytes([model]) * 32, name))
    for metric, name in enumerate(("nll", "cas"), 1):
        db.execute("INSERT INTO metric VALUES (?, ?, 1, '', 'higher')", (metric, name))
    for score_set, (metric, model) in enumerate(((1, 1), (1, 2), (2, 1)), 1):
        db.execute("INSERT INTO score_set VALUES (?, ?, ?, '{}', zeroblob(16), 1)",
                   (score_set, metric, model))
        db.executemany("INSERT INTO score VALUES (?, ?, ?, ?, 100, 1)",
                       ((score_set, i, None, "too_few_segments")
                        if metric == 2 and i % 100 == 0 else
                        (score_set, i, rng.uniform(0.5, 4) / metric ** 2, "ok")
                        for i in range(1, n + 1)))
    # The first version, which the others start from.
    for metric, name in enumerate(("hmp", "gateau"), 3):
        db.execute("INSERT INTO metric VALUES (?, ?, 1, '', 'higher')", (metric, name))
        db.execute("INSERT INTO score_set VALUES (?, ?, 1, '{\"cohort\":\"bench\"}', ?, 1)",
                   (metric + 1, metric, bytes([metric]) * 16))
    db.execute("INSERT INTO cohort (name, version, short_set_id, long_set_id, cas_set_id,"
               " hmp_set_id, gateau_set_id, ppl, normaliser, alpha, cas_sign, nulls, n_samples, n,"
               " n_imputed, n_skipped, hash, run_id, asked_run_id) VALUES ('bench', 1, 2, 1, 3, 4,"
               " 5, 'ppl', 'softmax', 0.8, 1, 'exclude', 0, 0, 0, 0, zeroblob(16), 1, 1)")
    db.commit()
    db.close()


def main(curate, n="100000"):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bench.db")
        subprocess.run([curate, "init", "--quiet", "--db", path], check=True)
        fill(path, int(n))
        print(f"cohort of {n} samples")
        for settings in SETTINGS:
            best = float("inf")
            for attempt in range(3):
                name = f"c{attempt}" + "".join(settings).replace("@", "")
                began = time.monotonic()
                subprocess.run([curate, "cohort", "make", "--quiet", "--db", path, "--from",
                                "bench@1", *settings, name], check=True)
                best = min(best, time.monotonic() - began)
            print(f"{' '.join(settings):32} {best:6.3f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
