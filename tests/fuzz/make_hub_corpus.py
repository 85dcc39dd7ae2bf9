#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The seeds of fuzz_hub_name and fuzz_hub_listing: make_hub_corpus.py CORPUS."""
import json
import sys
from pathlib import Path

GIT, SHA = "0123456789" * 4, "ab" * 32

NAMES = {
    "model": "hf://o/n/model-00001-of-00003.gguf",
    "dataset": "hf://datasets/o/n",
    "revision": "hf://datasets/o/n@refs/convert/parquet/default/*.parquet",
    "encoded": "hf://models/o/n@dev%2Fnew/**/a?.json",
    "blob": "https://huggingface.co/o/n/blob/main/a%20%C3%A9.gguf?download=true#x",
    "tree": "https://hf.co/datasets/o/n/tree/refs%2Fpr%2F3/data",
    "mirror": "http://127.0.0.1:8080/datasets/o/n/resolve/main/x",
    "dots": "hf://datasets/o/n/a/../b",
    "no_owner": "hf://gpt2",
    "spaces": "hf://spaces/o/n",
    "other": "s3://bucket/x",
}
FILE = {"type": "file", "oid": GIT, "size": 330, "path": "data/small.jsonl"}
LARGE = {"type": "file", "oid": GIT, "size": 5, "path": "a.gguf", "xetHash": SHA,
         "lfs": {"oid": SHA, "size": 5, "pointerSize": 131}}
PAGES = {
    "page": [FILE, LARGE, {"type": "directory", "oid": GIT, "size": 0, "path": "data"}],
    "twice": [FILE, FILE],
    "unsafe": [{**FILE, "path": "../x"}],
    "negative": [{**FILE, "size": -1}],
    "no_sha": [{**LARGE, "lfs": {"oid": "x", "size": 5}}],
}
REVISIONS = {
    "commit": {"id": "o/n", "sha": GIT, "siblings": [{"rfilename": "README.md"}]},
    "branch": {"id": "o/n", "sha": "main"},
}
LINKS = {
    "next": "https://mirror.example/api/datasets/o/n/tree/x?recursive=true&cursor=a",
    "hub": "https://huggingface.co/api/y?cursor=1",
    "relative": "?cursor=2",
    "elsewhere": "https://huggingface.co@evil.example/y",
}


def main(corpus):
    for folder in ("hub_name", "hub_listing"):
        Path(corpus, folder).mkdir(parents=True, exist_ok=True)
    for name, url in NAMES.items():
        Path(corpus, "hub_name", name).write_bytes(url.encode())
    for kind, seeds in ((0, PAGES), (1, REVISIONS)):
        for name, value in seeds.items():
            text = json.dumps(value, separators=(",", ":"))
            Path(corpus, "hub_listing", name).write_bytes(bytes([kind]) + text.encode())
    for name, link in LINKS.items():
        Path(corpus, "hub_listing", "link_" + name).write_bytes(b"\2" + link.encode())


if __name__ == "__main__":
    main(sys.argv[1])
