#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Precision and recall of the measurer of personal data: personal.py CURATE [N].

Makes N texts (default 5000) in ten languages with tests/data/make_personal.py, measures them in
a database of its own, and compares v_spans with what was planted. A span counts as found if
kind, first and last byte are the same. Prints a table of kinds and one of languages, and writes
every difference to standard error.
"""
import collections
import json
import os
import sqlite3
import subprocess
import sys
import tempfile

MAKER = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                     "../tests/data/make_personal.py")


def measure(curate, n, folder):
    """The records by id, and the spans that were found by id."""
    path, db = os.path.join(folder, "personal.jsonl"), os.path.join(folder, "personal.db")
    with open(path, "w", encoding="utf-8") as out:
        subprocess.run([sys.executable, MAKER, str(n)], stdout=out, check=True)
    for command in (["ingest", path], ["measure", "personal"]):
        subprocess.run([curate, *command, "-q", "--db", db], check=True)
    with open(path, encoding="utf-8") as lines:
        records = {record["id"]: record for record in map(json.loads, lines)}
    found = collections.defaultdict(set)
    with sqlite3.connect(db) as store:
        query = "SELECT ext_id, v.start, v.\"end\", v.kind FROM v_spans v JOIN sample USING " \
                "(sample_id) WHERE v.turn = 1"
        for name, start, end, kind in store.execute(query):
            found[name].add((start, end, kind))
    return records, found


def show(title, names, right, wrong, missed):
    print(f"| {title} | planted | found | wrong | precision | recall |")
    print("|---|---:|---:|---:|---:|---:|")
    for name in names:
        planted, all_found = right[name] + missed[name], right[name] + wrong[name]
        print(f"| {name} | {planted} | {all_found} | {wrong[name]} "
              f"| {100 * right[name] / max(all_found, 1):.2f} % "
              f"| {100 * right[name] / max(planted, 1):.2f} % |")
    print()


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    n = int(sys.argv[2]) if len(sys.argv) == 3 else 5000
    with tempfile.TemporaryDirectory() as folder:
        records, found = measure(os.path.abspath(sys.argv[1]), n, folder)
    right, wrong, missed = (collections.Counter() for _ in range(3))
    for name, record in records.items():
        planted = {tuple(span) for span in record["spans"]}
        text = record["output"].encode()
        for spans, counter, word in ((planted & found[name], right, None),
                                     (found[name] - planted, wrong, "wrong"),
                                     (planted - found[name], missed, "missed")):
            for start, end, kind in spans:
                counter.update([kind, record["language"], "all"])
                if word:
                    before = text[max(start - 30, 0):start].decode(errors="ignore")
                    print(f"{name} {word} {kind}: {before!r} {text[start:end].decode()!r}",
                          file=sys.stderr)
    kinds = ["email", "ip", "ip_private", "phone", "card", "iban", "mac", "secret"]
    show("kind", kinds + ["all"], right, wrong, missed)
    languages = sorted({record["language"] for record in records.values()})
    show("language", languages, right, wrong, missed)


if __name__ == "__main__":
    main()
