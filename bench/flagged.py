#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does a long list slow `curate measure flagged` down, and do peers count alike?
flagged.py CURATE [SAMPLES]

Makes SAMPLES records (50,000) of words drawn at random, as measure.py does, and counts lists of
10 to 100,000 phrases in them, one thread, in turns, three times; prints the medians of processor
time. `length`, which splits the same texts into words, is the time without a list. If the virtual
environment of signals.py runs it, C4's filter in datatrove and data-juicer's FlaggedWordFilter get
the same lists: how often they decide alike, and the time of each, on the texts of signals.py.
"""
import importlib
import json
import random
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

import measure

ROUNDS = 3
SIZES = [10, 1_000, 100_000]
NEAR = 1e-9


def make_phrases(n, words):
    """Phrases of one to four words. Words of the texts are not flagged alone, but begin phrases; so
    a search meets a first word of the list at each word of a text."""
    chance = random.Random(2)
    phrases = set()
    while len(phrases) < n:
        size = chance.randint(1, 4)
        if size == 1:
            phrases.add("".join(chance.choices("bdgkvxz", k=8)))
        else:
            phrases.add(" ".join(chance.choices(words, k=size)))
    return sorted(phrases)


def vocabulary():
    words = set()
    for question, answer in measure.make_texts(2_000):
        words.update(re.findall(r"\w+", f"{question} {answer}"))
    return sorted(words)


def time_lists(curate, n, folder):
    db, megabytes = measure.ingest(curate, measure.make_texts(n), folder, "flagged")
    words = vocabulary()
    lists = {}
    for size in SIZES:
        lists[size] = folder / f"{size}.txt"
        lists[size].write_text("\n".join(make_phrases(size, words)) + "\n")
    seconds = {name: [] for name in ["length", *SIZES]}
    peaks = {}
    for _ in range(ROUNDS):
        for name, times in seconds.items():
            options = [name] if name == "length" else ["flagged", "--flagged-words", lists[name]]
            _, cpu, peaks[name], _ = measure.measure(curate, db, 1, options)
            times.append(cpu)
    print(f"{n} samples, {megabytes:.0f} MB of JSONL, one thread\n")
    print("| list | CPU seconds | peak MiB |\n|---|---|---|")
    for name, times in seconds.items():
        what = "`length` alone" if name == "length" else f"{name:,} phrases"
        print(f"| {what} | {statistics.median(times):.2f} | {peaks[name]:.0f} |")


def peers_of(words, folder):
    """C4's filter and data-juicer's with this list."""
    import signals
    import datatrove.pipeline.filters.c4_filters as c4

    (folder / "flagged_words.json").write_text(json.dumps({"en": words}))
    if "data_juicer" not in sys.modules:
        signals.load_operators()  # the stand-ins of data-juicer's packages
    module = importlib.import_module("data_juicer.ops.filter.flagged_words_filter")
    juicer = module.FlaggedWordFilter(flagged_words_dir=str(folder))
    badwords = c4.C4BadWordsFilter()
    # The expression that the filter makes of a list it downloads.
    badwords._badwords_regex["en"] = re.compile(
        r"(?:\W|^)({})(?:\W|$)".format("|".join(map(re.escape, words))))
    return signals, badwords, juicer


def own_facts(curate, texts, words, folder):
    corpus, db, names = folder / "peer.jsonl", folder / "peer.db", folder / "peer.txt"
    names.write_text("\n".join(words) + "\n", encoding="utf-8")
    with open(corpus, "w", encoding="utf-8") as file:
        for i, text in enumerate(texts):
            file.write(json.dumps({"id": str(i), "instruction": "Write.", "output": text}) + "\n")
    measure.run([curate, "ingest", "-q", "--db", db, corpus])
    _, cpu, _ = measure.run([curate, "measure", "-q", "--db", db, "flagged", "--threads", "1",
                             "--flagged-words", names])
    with sqlite3.connect(db) as store:
        rows = {int(i): (n, share) for i, n, share in store.execute(
            "SELECT ext_id, flagged_words_response, flagged_share_response FROM v_facts")}
    return rows, cpu


def compare_peers(curate, folder, size):
    try:
        import signals
    except ImportError:
        return
    texts = signals.read_texts(None)
    chance = random.Random(3)
    counts = {}
    for text in texts:
        for word in set(re.findall(r"[a-z]+", text.lower())):
            counts[word] = counts.get(word, 0) + 1
    # Rare words, so that about half of the texts have none of them.
    words = sorted(chance.sample(sorted(w for w, n in counts.items() if n <= 3), size))
    rows, cpu = own_facts(curate, texts, words, folder)
    signals, badwords, juicer = peers_of(words, folder)
    began = time.process_time()
    c4 = [badwords.filter(signals.Document(text=text, id="0")) is not True for text in texts]
    c4_seconds = time.process_time() - began
    from data_juicer.utils.constant import Fields
    samples = {"text": texts, Fields.stats: [{} for _ in texts]}
    began = time.process_time()
    juicer.compute_stats_batched(samples)
    juicer_seconds = time.process_time() - began
    ratios = [stat["flagged_words_ratio"] for stat in samples[Fields.stats]]
    alike = sum((rows[i][0] > 0) == c4[i] for i in rows)
    found = sum((rows[i][0] > 0) == (ratios[i] > 0) for i in rows)
    bounds = sum((rows[i][1] > 0.045) == (ratios[i] > 0.045) for i in rows)
    gap = max(abs(rows[i][1] - ratios[i]) for i in rows)
    print(f"\n{len(rows)} texts, {size} words, {sum(n > 0 for n, _ in rows.values())} texts with "
          f"one of them\n")
    print(f"decided as C4's filter: {alike}; found as data-juicer: {found}; decided as "
          f"data-juicer at 0.045: {bounds}, largest difference of the share {gap:.3f}")
    print(f"CPU seconds: curate with its database {cpu:.2f}, C4's filter {c4_seconds:.2f}, "
          f"data-juicer {juicer_seconds:.2f}")


def main(curate, n=50_000):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        time_lists(curate, int(n), folder)
        for size in (100, 1000):
            with tempfile.TemporaryDirectory(dir=folder) as part:
                compare_peers(curate, Path(part), size)


if __name__ == "__main__":
    main(*sys.argv[1:])
