#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is best fit decreasing the same as TRL's? packing.py BENCH_PACKING [DOCUMENTS]

Needs the packages datasets and transformers, and trl without what it depends on, in a virtual
environment:

    python3 -m venv venv
    venv/bin/pip install datasets transformers && venv/bin/pip install --no-deps trl
    venv/bin/python bench/packing.py build/bench/bench_packing

Packs random lengths with both programs, all in one batch, and compares each pack. Then prints the
time of each for DOCUMENTS lengths (100,000 unless given), and how full TRL's packs are with its
batches of 1,000.
"""
import argparse
import importlib.util
import random
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

import pyarrow

ROUNDS = 200
LIMIT = 4096


def load_data_utils():
    """TRL's functions on rows, without the trainers, which need PyTorch."""
    folder = importlib.util.find_spec("trl").submodule_search_locations[0]
    spec = importlib.util.spec_from_file_location("data_utils", Path(folder) / "data_utils.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def table_of(lengths):
    """A column whose tokens are the number of their document."""
    offsets = [0]
    for length in lengths:
        offsets.append(offsets[-1] + length)
    tokens = [i for i, length in enumerate(lengths) for _ in range(length)]
    return pyarrow.table({"ids": pyarrow.ListArray.from_arrays(offsets, tokens)})


def packs_of_trl(data_utils, table, limit, rule):
    packed = data_utils._pack_bfd(table, limit, rule)
    packs = []
    for ids, sizes in zip(packed["ids"].to_pylist(), packed["seq_lengths"].to_pylist()):
        starts = [sum(sizes[:i]) for i in range(len(sizes))]
        packs.append([ids[start] for start in starts])
    return packs


def packs_of_curate(program, lengths, limit, rule):
    text = "\n".join(map(str, lengths))
    done = subprocess.run([program, rule, str(limit)], input=text, capture_output=True, text=True,
                          check=True)
    return [[int(word) for word in line.split()] for line in done.stdout.splitlines()]


def draw_lengths(draw, limit):
    longest = draw.choice([limit, 3 * limit])
    # TRL leaves out empty documents before it numbers the others.
    return [draw.randint(1, longest) for _ in range(draw.randint(1, 300))]


def compare(program, data_utils):
    draw = random.Random(1)
    n_packs = 0
    for _ in range(ROUNDS):
        limit = draw.randint(1, 200)
        lengths = draw_lengths(draw, limit)
        for rule in "truncate", "split":
            ours = packs_of_curate(program, lengths, limit, rule)
            theirs = packs_of_trl(data_utils, table_of(lengths), limit, rule)
            if ours != theirs:
                raise SystemExit(f"{rule}, {limit}, {lengths}: {ours} is not {theirs}")
            n_packs += len(ours)
    print(f"{ROUNDS} rounds, truncate and split: {n_packs} packs are those of "
          f"trl {version('trl')}")


def report(what, lengths, count_packs):
    begin = time.monotonic()
    n_packs = count_packs()
    seconds = time.monotonic() - begin
    full = sum(min(length, LIMIT) for length in lengths) / n_packs / LIMIT
    print(f"{what}: {seconds:.2f} s, {n_packs} packs, {full:.4f} full")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench_packing")
    parser.add_argument("documents", nargs="?", type=int, default=100000)
    args = parser.parse_args()
    data_utils = load_data_utils()
    compare(args.bench_packing, data_utils)

    draw = random.Random(2)
    lengths = [int(1 + draw.lognormvariate(6, 1)) for _ in range(args.documents)]
    table = table_of(lengths)

    def count_trl(n_batch):
        return sum(data_utils._pack_bfd(table.slice(i, n_batch).combine_chunks(), LIMIT,
                                        "truncate").num_rows
                   for i in range(0, args.documents, n_batch))

    report("trl, one batch", lengths, lambda: count_trl(args.documents))
    report("trl, batches of 1,000", lengths, lambda: count_trl(1000))
    report("bench_packing, with reading and printing", lengths,
           lambda: len(packs_of_curate(args.bench_packing, lengths, LIMIT, "truncate")))


if __name__ == "__main__":
    main()
