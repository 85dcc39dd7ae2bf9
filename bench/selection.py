#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Choices of curate beside those of other programs: selection.py BENCH_SELECTION

Needs numpy, apricot-select, submodlib-py and data-selection (`venv/bin/pip install`).

1. 2,000 vectors of 64 numbers: the first 200 picks of bench_selection, of apricot and submodlib
   (facility location; the determinant for DPP), and of the published rules in numpy.
2. RDS+: the same vectors, of which one in 20 is around a direction of its own; 20 other vectors
   of this domain are the target. The picks beside those of the published rule in numpy.
3. DSIR: 2,000 texts of documents, of which 100 are Python; 300 other Python texts are the target.
   Weights and seconds beside those of data-selection.

Of 2 and 3, how many of the 100 that come first are of the domain.
"""
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

N, WIDTH, PICKS, DIRECTIONS = 2000, 64, 200, 40
QUERIES = 20
TEXTS, PLANTED, TARGETS, CHARACTERS = 2000, 100, 300, 1500


def draw_vectors():
    rng = np.random.default_rng(1)
    directions = rng.normal(size=(DIRECTIONS, WIDTH))
    vectors = rng.normal(size=(N, WIDTH)) * .5 + directions[rng.integers(0, DIRECTIONS, N)]
    return vectors.astype(np.float32)


def ours(program, method, parameter, path):
    run = subprocess.run([program, method, str(parameter), str(PICKS), str(WIDTH), path],
                         check=True, capture_output=True, text=True)
    picks = [int(line.split()[0]) for line in run.stdout.splitlines()]
    return picks, float(run.stderr.split()[1])


def plain_facility(similarity, alpha=0.0, quality=None):
    nearest, picks = np.zeros(N), []
    for _ in range(PICKS):
        gains = np.maximum(0, similarity - nearest[:, None]).sum(axis=0)
        if quality is not None:
            gains = (1 - alpha) * gains + alpha * quality
        gains[picks] = -np.inf
        picks.append(int(np.argmax(gains)))
        nearest = np.maximum(nearest, similarity[:, picks[-1]])
    return picks


def plain_k_center(cosine, quality):
    picks = [int(np.argmax(quality))]
    distance = 1 - cosine[picks[0]]
    while len(picks) < PICKS:
        left = distance.copy()
        left[picks] = -np.inf
        picks.append(int(np.argmax(left)))
        distance = np.minimum(distance, 1 - cosine[picks[-1]])
    return picks


def plain_dpp(kernel):
    """Chen, Zhang and Zhou (1709.05135), algorithm 1."""
    rows, gains, picks = np.zeros((PICKS, N)), np.diag(kernel).copy(), []
    while len(picks) < PICKS:
        pick = int(np.argmax(gains))
        if gains[pick] <= 1e-12:
            break
        k = len(picks)
        row = (kernel[pick] - rows[:k, pick] @ rows[:k]) / np.sqrt(gains[pick])
        rows[k] = row
        gains = gains - row ** 2
        gains[pick] = -np.inf
        picks.append(pick)
    return picks


def plain_deita(cosine, quality, limit=.9):
    """DEITA's repr filter: in order of score, keep a sample that is far enough from the kept."""
    picks = []
    for i in np.argsort(-quality, kind="stable"):
        if len(picks) < PICKS and (not picks or cosine[i, picks].max() <= limit):
            picks.append(int(i))
    return picks


def apricot_facility(similarity):
    from apricot import FacilityLocationSelection
    chosen = FacilityLocationSelection(PICKS, metric="precomputed", optimizer="lazy")
    return [int(i) for i in chosen.fit(similarity).ranking]


def submodlib_facility(similarity):
    from submodlib import FacilityLocationFunction
    function = FacilityLocationFunction(n=N, mode="dense", sijs=similarity, separate_rep=False)
    return [i for i, _ in function.maximize(budget=PICKS, optimizer="LazyGreedy",
                                            show_progress=False)]


def submodlib_dpp(kernel):
    from submodlib import LogDeterminantFunction
    function = LogDeterminantFunction(n=N, mode="dense", lambdaVal=0, sijs=kernel)
    return [i for i, _ in function.maximize(budget=PICKS, optimizer="NaiveGreedy",
                                            show_progress=False,
                                            stopIfZeroGain=False, stopIfNegativeGain=False)]


def same(a, b):
    prefix = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    return (f"{len(set(a) & set(b))} of {len(a)} picks the same, the first {prefix} in the same "
            "order")


def compare_picks(program, folder):
    vectors = draw_vectors()
    path = os.path.join(folder, "vectors")
    vectors.tofile(path)
    quality = 1 / (1 + np.arange(N))
    unit = vectors.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1)[:, None]
    cosine = np.clip(unit @ unit.T, -1, 1)
    similarity = (1 + cosine) / 2
    kernel = quality[:, None] * similarity * quality[None, :]
    others = {
        "facility": [("numpy", lambda: plain_facility(similarity)),
                     ("apricot", lambda: apricot_facility(similarity)),
                     ("submodlib", lambda: submodlib_facility(similarity))],
        "qdit": [("numpy", lambda: plain_facility(similarity, .5, quality))],
        "k-center": [("numpy", lambda: plain_k_center(cosine, quality))],
        "dpp": [("numpy", lambda: plain_dpp(kernel)),
                ("submodlib", lambda: submodlib_dpp(kernel))],
        "deita": [("numpy", lambda: plain_deita(cosine, quality))],
    }
    for method, programs in others.items():
        parameter = {"qdit": .5, "deita": .9}.get(method, 0)
        picks, seconds = ours(program, method, parameter, path)
        print(f"{method}: curate {seconds:.2f} s", flush=True)
        for name, choose in programs:
            begin = time.perf_counter()
            theirs = choose()
            print(f"  {name:<10} {time.perf_counter() - begin:7.2f} s  {same(picks, theirs)}",
                  flush=True)


def plain_rds(cosine):
    """Round robin over the queries; a best sample that is taken uses up the turn (2503.01807)."""
    order, picks, taken = np.argsort(-cosine, axis=1, kind="stable"), [], set()
    for turn in range(N):
        for query in range(len(cosine)):
            sample = int(order[query, turn])
            if sample not in taken and len(picks) < PLANTED:
                taken.add(sample)
                picks.append(sample)
    return picks


def compare_rds(program, folder):
    rng = np.random.default_rng(2)
    directions = rng.normal(size=(DIRECTIONS, WIDTH))
    which = rng.integers(1, DIRECTIONS, N)
    which[rng.permutation(N)[:PLANTED]] = 0
    vectors = rng.normal(size=(N, WIDTH)) + directions[which]
    queries = rng.normal(size=(QUERIES, WIDTH)) + directions[0]
    paths = [os.path.join(folder, name) for name in ("queries", "vectors")]
    for path, rows in zip(paths, (queries, vectors)):
        rows.astype(np.float32).tofile(path)
    run = subprocess.run([program, "rds", paths[0], str(PLANTED), str(WIDTH), paths[1]],
                         check=True, capture_output=True, text=True)
    picks = [int(line.split()[0]) for line in run.stdout.splitlines()]
    units = [rows.astype(np.float32).astype(np.float64) for rows in (queries, vectors)]
    queries, vectors = (rows / np.linalg.norm(rows, axis=1)[:, None] for rows in units)
    print(f"RDS+: curate {run.stderr.split()[1]} s, {(which[picks] == 0).sum()} of {PLANTED} are "
          f"of the domain; numpy: {same(picks, plain_rds(queries @ vectors.T))}")


def chunks(paths, n):
    """n texts of one line each, no two alike."""
    texts = {}
    for part in (1, 2, 3, 0):
        for path in paths:
            with open(path, encoding="utf-8", errors="ignore") as file:
                text = file.read()
            at = part * len(text) // 4
            piece = " ".join(text[at:at + CHARACTERS].split())
            # No lists of characters, of which Unicode's versions differ.
            rare = sum(letter > "\u024f" for letter in piece)
            if len(piece) > CHARACTERS // 2 and 20 * rare < len(piece):
                texts.setdefault(piece)
            if len(texts) == n:
                return list(texts)
    raise SystemExit(f"only {len(texts)} texts of {n}: install more documents")


def draw_texts():
    folder = os.path.dirname(os.__file__)
    code = sorted(path for path in glob.glob(os.path.join(folder, "*.py")) + glob.glob(
        os.path.join(folder, "[a-r]*", "*.py")))
    prose = sorted(path for path in glob.glob("/usr/share/doc/*/*") + glob.glob(
        "/usr/share/perl/*/**/*.pod", recursive=True)
        if os.path.isfile(path) and not path.endswith(".gz"))
    python = chunks(code, PLANTED + TARGETS)
    raw = [(text, False) for text in chunks(prose, TEXTS - PLANTED)]
    for i, text in enumerate(python[TARGETS:]):
        raw.insert(i * TEXTS // PLANTED, (text, True))
    return python[:TARGETS], raw


def compare_dsir(program, folder, target, raw):
    from data_selection import HashedNgramDSIR
    paths = [os.path.join(folder, name) for name in ("target", "raw")]
    for path, texts in zip(paths, (target, [text for text, _ in raw])):
        with open(path, "w", encoding="utf-8") as lines, \
                open(path + ".jsonl", "w", encoding="utf-8") as objects:
            for text in texts:
                lines.write(text + "\n")
                objects.write(json.dumps({"text": text}) + "\n")
    run = subprocess.run([program, "dsir", *paths], check=True, capture_output=True, text=True)
    weights = np.array([float(line.split()[0]) for line in run.stdout.splitlines()])
    begin = time.perf_counter()
    dsir = HashedNgramDSIR([paths[1] + ".jsonl"], [paths[0] + ".jsonl"], num_proc=1,
                           cache_dir=os.path.join(folder, "cache"), min_example_length=0)
    dsir.fit_importance_estimator(num_tokens_to_fit="all")
    dsir.compute_importance_weights()
    seconds = time.perf_counter() - begin
    theirs = np.concatenate([np.load(path) for path in sorted(
        glob.glob(os.path.join(folder, "cache", "log_importance_weights", "*.npy")))])
    is_planted = np.array([planted for _, planted in raw])
    found = [is_planted[np.argsort(-w, kind="stable")[:PLANTED]].sum() for w in (weights, theirs)]
    print(f"DSIR of {len(weights)} texts: curate {run.stderr.split()[1]} s, data-selection "
          f"{seconds:.2f} s; largest difference of a weight "
          f"{np.abs(weights - theirs).max():.3g}, largest weight {np.abs(weights).max():.0f}; "
          f"{found[0]} and {found[1]} of {PLANTED} are of the domain")


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        compare_picks(program, folder)
        compare_rds(program, folder)
        compare_dsir(program, folder, *draw_texts())


if __name__ == "__main__":
    main()
