#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does TRL accept what --to dpo and --to kto write? preferences.py CURATE

Needs the packages datasets and transformers, and trl without what it depends on, in a virtual
environment:

    python3 -m venv venv
    venv/bin/pip install datasets transformers && venv/bin/pip install --no-deps trl
    venv/bin/python bench/preferences.py build/cli/curate

Ingests pairs and labelled answers of tests/data/records, exports both layouts, loads the files with
datasets, and compares every row with the database: which texts TRL takes for the chosen and the
rejected answer, and the label.
"""
import argparse
import importlib.util
import json
import sqlite3
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path

RECORDS = Path(__file__).resolve().parent.parent / "tests" / "data" / "records"
FILES = ["pairs.jsonl", "verdicts.jsonl"]


def load_data_utils():
    """TRL's functions on rows, without the trainers, which need PyTorch."""
    folder = importlib.util.find_spec("trl").submodule_search_locations[0]
    spec = importlib.util.spec_from_file_location("data_utils", Path(folder) / "data_utils.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def export(curate, folder):
    def run(*words):
        subprocess.run([curate, *words, "--quiet", "--db", folder / "curate.db"], check=True)

    run("ingest", "--max-rejects", "100", "--on", "disliked=keep",
        *[RECORDS / name for name in FILES])
    run("score", "mtld")
    run("select", "--by", "mtld", "--name", "all", "--top", "100%")
    for layout in "dpo", "kto":
        run("export", "all", "--to", layout, "--skip", "-o", folder / f"{layout}.jsonl")


def texts(messages):
    return [(message["role"], message["content"]) for message in messages]


def ask(folder, sql):
    with sqlite3.connect(folder / "curate.db") as db:
        return sorted(db.execute(sql))


def check_dpo(data_utils, rows, folder):
    """Each row is a conversation to TRL, and its answers are those of v_pair."""
    found = []
    for row in rows:
        assert data_utils.is_conversational(row), row
        row = data_utils.maybe_extract_prompt(row)
        assert texts(row["prompt"])[-1][0] == "user", row
        found.append((texts(row["chosen"])[-1][1], texts(row["rejected"])[-1][1]))
    want = ask(folder, """SELECT chosen, rejected FROM v_pair JOIN v_selection USING (sample_id)""")
    assert sorted(found) == want, (sorted(found), want)
    unpaired = data_utils.maybe_unpair_preference_dataset(rows)
    assert unpaired.num_rows == 2 * rows.num_rows
    assert sum(unpaired["label"]) == rows.num_rows


def verdicts(meta):
    """What the record says of its answer: 1, 0 or nothing."""
    words = [str(value).lower() for name, value in meta.items()
             if name in ("label", "kto_tag", "score", "rating", "reward")]
    return [int(word == "true") for word in words if word in ("true", "false")][:1]


def check_kto(data_utils, rows, folder):
    found = []
    for row in rows:
        assert data_utils.is_conversational(row), row
        assert texts(row["prompt"])[-1][0] == "user", row
        found.append((texts(row["completion"])[-1][1], int(row["label"])))
    want = sorted((response, verdict) for response, meta in ask(folder, """
        SELECT response, meta FROM v_sample JOIN v_selection USING (sample_id)
        WHERE kind = 'sft' AND meta IS NOT NULL""") for verdict in verdicts(json.loads(meta)))
    assert sorted(found) == want, (sorted(found), want)


def main():
    import datasets

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("curate", type=Path)
    args = parser.parse_args()
    data_utils = load_data_utils()
    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        export(args.curate.resolve(), folder)
        for layout, check in ("dpo", check_dpo), ("kto", check_kto):
            rows = datasets.load_dataset("json", data_files=str(folder / f"{layout}.jsonl"),
                                         split="train", cache_dir=str(folder / "cache"))
            check(data_utils, rows, folder)
            print(json.dumps({"layout": layout, "rows": rows.num_rows, "trl": version("trl"),
                              "accepted": True}))


if __name__ == "__main__":
    main()
