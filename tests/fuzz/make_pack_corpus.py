#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The seeds of fuzz_pack: make_pack_corpus.py CURATE CORPUS."""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

LONG = " ".join(f"word{k}" for k in range(24))
ITEMS = {
    "item": [{"question": "one two three four five six seven eight nine ten", "answer": "eleven"}],
    "several": [{"id": i, "question": f"{LONG} number {i}", "answer": f"it is {i}, of {LONG}"}
                for i in range(3)],
    "short": [{"question": "why?", "answer": ""}, {"question": "how so, then?", "answer": "5"}],
    "repeated": [{"question": " ".join(["again"] * 40), "answer": "again " * 12}],
}
# Mistakes: what is replaced in the pack of "several".
MISTAKES = {
    "fewer": lambda lines: lines[:-1],
    "more": lambda lines: [*lines, lines[-1]],
    "no_head": lambda lines: lines[1:],
    "digest": lambda lines: [lines[0].replace('"digest":"', '"digest":"00'), *lines[1:]],
    "many_words": lambda lines: [line.replace('_words":', '_words":9999') for line in lines],
    "negative": lambda lines: [line.replace('_words":', '_words":-') for line in lines],
    "no_hash": lambda lines: [line.replace('"prompt":"', '"prompt":"x') for line in lines],
    "other_words": lambda lines: [lines[0].replace('"words":', '"words":7'), *lines[1:]],
    "other_ngram": lambda lines: [lines[0].replace('"ngram":8', '"ngram":13'), *lines[1:]],
    "no_place": lambda lines: [line.replace('"place"', '"where"') for line in lines],
}


def pack_of(curate, items):
    """The lines of the pack that the program writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "seed.jsonl")
        path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
        out = Path(folder, "seed.pack")
        subprocess.run([curate, "decontaminate", "-q", "--against", path, "--emit", "pack", out],
                       check=True)
        return out.read_text(encoding="utf-8").splitlines(keepends=True)


def main(curate, corpus):
    folder = Path(corpus, "pack")
    folder.mkdir(parents=True, exist_ok=True)

    def write(name, lines, text):
        folder.joinpath(name).write_bytes("".join(lines).encode() + b"\0" + text.encode())

    for name, items in ITEMS.items():
        text = " ".join(item["question"] + " " + item["answer"] for item in items)
        write(name, pack_of(curate, items), f"So: {text.upper()}. {text}")
    several = pack_of(curate, ITEMS["several"])
    for name, change in MISTAKES.items():
        write(name, change(several), LONG)
    write("no_text", several, "")
    folder.joinpath("no_nul").write_bytes("".join(several).encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
