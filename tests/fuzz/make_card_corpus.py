#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The seeds of fuzz_card: make_card_corpus.py CORPUS."""
import json
import sys
from pathlib import Path

FILES = ("README.md", "data/train-00000-of-00001.parquet", "en/test.jsonl", "en/train.jsonl",
         "de/dev/a.csv", ".x/b.json", "__y/c.json", "notes.txt", "config.json")
CARDS = {
    "text": "configs:\n- config_name: a\n  data_files: en/*.jsonl\n",
    "list": "license: mit\nconfigs:\n- config_name: a\n  default: true\n  data_files:\n"
            "  - '**/t[er]*.jsonl'\n  - .x/?.json\n",
    "splits": "configs:\n- config_name: a\n  data_dir: ./en/\n  data_files:\n"
              "  - split: train\n    path: train.jsonl\n  - split: test\n"
              "    path: [test.jsonl, '*.csv']\n- config_name: b\n  data_dir: de\n",
    "aliases": "configs:\n- &a {config_name: a, data_files: &f [x, 'en/*']}\n- *a\n"
               "- {config_name: b, data_files: *f}\n",
    "flow": '"configs": [{"config_name": "a", "data_files": "[!a]n/**"}]\n',
    "features": "dataset_info:\n- features:\n  - name: a\n    list: {b: [c, *d]}\nconfigs: []\n",
    "malformed": "configs:\n- config_name: [a\n",
    "directive": "%TAG !a! b\nconfigs:\n",
    "none": "license: mit\n",
}
LISTINGS = {
    "conversion": ("en/train/0000.parquet", "de/partial-test/0001.parquet"),
    "words": ("my-train.jsonl", "val_1.jsonl", "contest.jsonl", "x.testing/a.jsonl"),
    "empty": (),
}
STATE = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_split": None,
         "config_name": "a", "splits": ["train"]}
SAVED = ("dataset_dict.json", "train/state.json", "train/dataset_info.json",
         "train/data-00000-of-00001.arrow", "train/cache-1.arrow")


def main(corpus):
    folder = Path(corpus, "card")
    folder.mkdir(parents=True, exist_ok=True)

    def write(name, files, card):
        folder.joinpath(name).write_bytes(("\n".join(files) + "\0" + card).encode())

    for name, yaml in CARDS.items():
        write(name, FILES, f"---\n{yaml}---\n# Data\n")
    for name, files in LISTINGS.items():
        write(name, files, "")
    write("saved", SAVED, json.dumps(STATE))


if __name__ == "__main__":
    main(sys.argv[1])
