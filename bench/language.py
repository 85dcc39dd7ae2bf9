#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How often language_mismatch is correct: language.py CURATE [PAIRS]

Makes pairs of interface texts of 20 letters and more, in one language or in two, and prints the
metric's results by the length of the shorter text. The texts are the translations installed on the
machine (/usr/share/locale; in Debian those of dpkg, git, libglib2.0-data and libgtk2.0-common).
"""
import argparse
import gettext
import json
import random
import re
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

LANGUAGES = """ar bg ca cs da de el et fa fi fr gl he hi hr hu id it ja ko lt lv ms nb nl pl pt_BR
    ro ru sk sl sr sv th tr uk vi zh_CN zh_TW""".split()
DOMAINS = ["dpkg", "git", "glib20", "gtk20", "gtk20-properties"]
TEXTS_MIN = 100  # texts that a language needs to be included
LENGTHS = [(30, "below 30"), (40, "below 40"), (80, "below 80"), (1 << 30, "80 and more")]
# Languages that the metric treats as one.
SAME = {"zh_TW": "zh", "zh_CN": "zh", "hr": "hbs", "sr": "hbs", "id": "ms"}


def letters(text):
    return sum(char.isalpha() for char in text)


def plain(text):
    """The text without the markup of an interface."""
    return re.sub(r"\s+", " ", text.split("\x04")[-1].replace("_", ""))


def is_prose(text):
    return letters(text) >= 20 and "%" not in text


def read_texts():
    """{language: texts}, with English from the originals of the translations."""
    found = {"en": set()}
    for language in LANGUAGES:
        texts = set()
        for domain in DOMAINS:
            path = Path("/usr/share/locale", language, "LC_MESSAGES", f"{domain}.mo")
            if not path.exists():
                continue
            with open(path, "rb") as file:
                catalog = gettext.GNUTranslations(file)._catalog
            for source, text in catalog.items():
                source = plain(source[0] if isinstance(source, tuple) else source)
                text = plain(text)
                if source != text and is_prose(source) and is_prose(text):
                    texts.add(text)
                    found["en"].add(source)
        if len(texts) >= TEXTS_MIN:
            found[language] = texts
    return {language: sorted(texts) for language, texts in found.items()}


def make_pairs(texts, n):
    """(kind, instruction, response); half of those in two languages have English on one side."""
    rng = random.Random(1)
    pairs = []
    while len(pairs) < n:
        one, two = rng.sample(sorted(texts), 2)
        kind = ("one", "two")[len(pairs) % 2]
        if kind == "one":
            two = one
        elif rng.random() < 0.5:
            one, two = rng.choice([("en", two), (one, "en")])
        if kind == "two" and SAME.get(one, one) == SAME.get(two, two):
            continue
        pairs.append((kind, rng.choice(texts[one]), rng.choice(texts[two])))
    return pairs


def length_of(pair):
    shorter = min(letters(pair[1]), letters(pair[2]))
    return next((name for limit, name in LENGTHS if shorter < limit))


def score(curate, pairs, folder):
    """The metric's result for each pair, and the seconds it took."""
    corpus, db = folder / "pairs.jsonl", folder / "pairs.db"
    with open(corpus, "w", encoding="utf-8") as out:
        for i, (_, instruction, response) in enumerate(pairs):
            print(json.dumps({"id": str(i), "instruction": instruction, "output": response}),
                  file=out)
    subprocess.run([curate, "ingest", "--quiet", "--db", db, corpus], check=True)
    start = time.monotonic()
    subprocess.run([curate, "score", "language_mismatch", "--quiet", "--db", db], check=True)
    seconds = time.monotonic() - start
    rows = subprocess.run([curate, "query", "--db", db, "--json",
                           "SELECT ext_id, value, status FROM v_scores"],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    return {int(row["ext_id"]): row for row in map(json.loads, rows.splitlines())}, seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("curate", type=Path)
    parser.add_argument("pairs", type=int, nargs="?", default=40000)
    options = parser.parse_args()
    texts = read_texts()
    pairs = make_pairs(texts, options.pairs)
    with tempfile.TemporaryDirectory() as folder:
        says, seconds = score(options.curate.resolve(), pairs, Path(folder))

    table = {}
    for i, row in says.items():
        answer = row["status"] if row["value"] is None else \
            "mismatch" if row["value"] else "same"
        for length in (length_of(pairs[i]), "all"):
            table.setdefault((pairs[i][0], length), Counter())[answer] += 1
    print(f"{sum(map(len, texts.values()))} texts in {len(texts)} languages; "
          f"{len(says) / seconds:.0f} pairs a second\n")
    print("| languages | letters | pairs | mismatch | same | alike | unknown |")
    print("|---|---|---|---|---|---|---|")
    names = [name for _, name in LENGTHS] + ["all"]
    for kind, length in ((kind, name) for kind in ("one", "two") for name in names):
        counts = table.get((kind, length), Counter())
        n = counts.total() or 1
        shares = [counts["mismatch"], counts["same"], counts["languages_alike"]]
        shares.append(n - sum(shares))
        print(f"| {kind} | {length} | {n} | " +
              " | ".join(f"{100 * share / n:.1f} %" for share in shares) + " |")


if __name__ == "__main__":
    main()
