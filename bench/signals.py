#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Are signals equal to those of datatrove and data-juicer? signals.py CURATE [TEXTS.jsonl]

Needs both packages in a virtual environment:

    python3 -m venv venv
    venv/bin/pip install datatrove spacy regex emoji loguru pydantic zstandard
    venv/bin/pip install --no-deps py-data-juicer
    venv/bin/python bench/signals.py build/cli/curate

Measures 1,000 texts with the program, and with the filters' own functions: `text` of each line
of TEXTS.jsonl, or else files of /usr/share/doc. Prints, for each fact, how many texts differ and
by how much at most; then how often the decisions of datatrove's filters are those of the facts;
then the time of each. datatrove's word tokenizer is replaced by the program's words for the first
table and column, because spaCy splits English otherwise ("do", "n't").
"""
import argparse
import gzip
import importlib
import importlib.util
import json
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
import types
import unicodedata
from pathlib import Path

import datatrove.pipeline.filters.fineweb_quality_filter as fineweb
import datatrove.pipeline.filters.gopher_quality_filter as gopher
import datatrove.pipeline.filters.gopher_repetition_filter as repetition
from datatrove.data import Document
from datatrove.utils.text import split_into_words as split_by_spacy

N_TEXTS = 1000
MAX_CHARS = 8_000
NEAR = 1e-9
MEASURERS = ["length", "composition", "repetition", "gram_repetition", "lines"]
JUICER = {
    "alnum_share": ("AlphanumericFilter", "alnum_ratio"),
    "special_share": ("SpecialCharactersFilter", "special_char_ratio"),
    "char_10gram_repetition": ("CharacterRepetitionFilter", "char_rep_ratio"),
    "word_10gram_repetition": ("WordRepetitionFilter", "word_rep_ratio"),
    "mean_line_chars": ("AverageLineLengthFilter", "avg_line_length"),
    "max_line_chars": ("MaximumLineLengthFilter", "max_line_length"),
}
ALONE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff"
                   "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")


def words_of(text, language=None):
    """Words and symbols as scoring/facts/measured_text.h defines them."""
    words, word, pending = [], "", ""

    def end():
        nonlocal word, pending
        words.extend(piece for piece in (word, pending) if piece)
        word = pending = ""

    for char in text:
        category = unicodedata.category(char)
        letter, digit = category[0] == "L", category == "Nd"
        if letter and ALONE.match(char):
            end()
            words.append(char)
        elif letter or digit or (word and category[0] == "M"):
            word += pending + char
            pending = ""
        elif word and not pending and char in "'-_\u2019":
            pending = char
        else:
            end()
            if not char.isspace():
                words.append(char)
    end()
    return words


def doc_texts():
    """Files of /usr/share/doc, shortest names first, each text once."""
    seen = set()
    for path in sorted(Path("/usr/share/doc").rglob("*")):
        if not path.is_file():
            continue
        try:
            data = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
            text = data.decode()[:MAX_CHARS]
        except (OSError, UnicodeDecodeError, EOFError):
            continue
        if len(text) > 200 and "\0" not in text and text not in seen:
            seen.add(text)
            yield text


def read_texts(path):
    texts = ((json.loads(line)["text"] for line in open(path, encoding="utf-8"))
             if path else doc_texts())
    found = []
    for text in texts:
        # The program stores texts in canonical form; the peers get the same.
        text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
        text = text.replace("\u2028", "\n").strip("\n")
        if text:
            found.append(text)
        if len(found) == N_TEXTS:
            break
    return found


def measure(curate, texts, folder):
    """([{fact: value}], texts as stored, seconds) of the responses."""
    corpus, db = Path(folder, "texts.jsonl"), Path(folder, "texts.db")
    with open(corpus, "w", encoding="utf-8") as file:
        for i, text in enumerate(texts):
            file.write(json.dumps({"id": str(i), "instruction": "Write.", "output": text}) + "\n")
    subprocess.run([curate, "ingest", "-q", "--db", db, corpus], check=True)
    start = time.monotonic()
    subprocess.run([curate, "measure", "-q", "--db", db, *MEASURERS], check=True)
    seconds = time.monotonic() - start
    with sqlite3.connect(db) as store:
        store.row_factory = sqlite3.Row
        rows = {int(row["ext_id"]): row for row in store.execute("SELECT * FROM v_facts")}
        stored = {int(row[0]): row[1] for row in store.execute(
            "SELECT ext_id, response FROM v_sample")}
    facts = {i: {key[:-len("_response")]: row[key] for key in row.keys()
                 if key.endswith("_response")} for i, row in rows.items()}
    return facts, stored, seconds


def gopher_facts(text, words):
    """The numbers that datatrove's Gopher and FineWeb filters compare with their bounds."""
    lines, pieces = text.splitlines(), re.split("\n+", text)
    paragraphs = re.split(r"\n{2,}", text.strip())
    filled = [line for line in text.split("\n") if line.strip() != ""]
    length, n_words = len(text), len(words)
    dup_lines, dup_paragraphs = map(repetition.find_duplicates, (pieces, paragraphs))
    n_lines, bullets, dots = len(lines), ("\u2022", "-"), ("...", "\u2026")
    real = [w for w in words if any(c not in gopher.PUNCTUATION_SET for c in w)]
    facts = {
        "dup_line_share": dup_lines[0] / len(pieces),
        "dup_line_char_share": dup_lines[1] / length,
        "dup_paragraph_share": dup_paragraphs[0] / len(paragraphs),
        "dup_paragraph_char_share": dup_paragraphs[1] / length,
        "mean_word_length": sum(map(len, real)) / max(1, len(real)),
        "hash_per_word": text.count("#") / n_words,
        "ellipsis_per_word": (text.count("...") + text.count("\u2026")) / n_words,
        "bullet_line_share": sum(s.lstrip().startswith(bullets) for s in lines) / n_lines,
        "ellipsis_line_share": sum(s.rstrip().endswith(dots) for s in lines) / n_lines,
        "letter_word_share": sum(any(c.isalpha() for c in w) for w in words) / n_words,
        "stop_words": len(set(gopher.STOP_WORDS) & set(words)),
        "terminal_line_share": sum(
            s.endswith(tuple(fineweb.TERMINAL_PUNCTUATION)) for s in filled) / len(filled),
        "short_line_share": sum(len(s) <= 30 for s in filled) / len(filled),
        "dup_text_line_char_share": repetition.find_duplicates(filled)[1]
        / len(text.replace("\n", "")),
        "newlines_per_word": text.count("\n") / n_words,
    }
    for n in (2, 3, 4):
        grams = repetition.get_n_grams(words, n)
        top = repetition.find_top_duplicate(grams) if grams else 0
        facts[f"top_{n}gram_char_share"] = top / length
    for n in range(5, 11):
        facts[f"dup_{n}gram_char_share"] = repetition.find_all_duplicate(words, n) / length
    return facts


class Operator:
    """What data-juicer's operators need of their base class."""
    text_key = "text"

    def __init__(self, *args, **kwargs):
        pass


class Registry:
    """Stands for a registry of data-juicer: registers nothing."""

    @staticmethod
    def register_module(name):
        return lambda operator: operator


def load_operators():
    """data-juicer's operators, without the packages for images, models and clusters that its
    own modules import."""
    folder = Path(importlib.util.find_spec("data_juicer").submodule_search_locations[0])

    def stand_in(name, **members):
        module = types.ModuleType(f"data_juicer{name}")
        module.__path__ = [str(folder.joinpath(*name.strip(".").split(".")))]
        vars(module).update(members)
        sys.modules[module.__name__] = module

    for package in ("", ".ops", ".ops.filter", ".utils"):
        stand_in(package)
    stand_in(".ops.base_op", OPERATORS=Registry, Filter=Operator)
    stand_in(".ops.op_fusion", INTER_LINES=Registry, INTER_WORDS=Registry)
    stand_in(".utils.model_utils", get_model=lambda key: None, prepare_model=None)
    found = {}
    for fact, (kind, key) in JUICER.items():
        name = re.sub("(?<!^)(?=[A-Z])", "_", kind).lower()
        module = importlib.import_module(f"data_juicer.ops.filter.{name}")
        found[fact] = (getattr(module, kind)(), key)
    return found


def juicer_facts(operators, texts):
    """{fact: values} of data-juicer's own operators."""
    from data_juicer.utils.constant import Fields
    found = {}
    for fact, (operator, key) in operators.items():
        samples = {"text": texts, Fields.stats: [{} for _ in texts]}
        operator.compute_stats_batched(samples)
        found[fact] = [stat[key] for stat in samples[Fields.stats]]
    return found


def decisions(facts):
    """Would the filters keep the text? By the facts, with datatrove's bounds."""
    f = facts
    tops = zip((2, 3, 4), (0.2, 0.18, 0.16))
    dups = zip(range(5, 11), (0.15, 0.14, 0.13, 0.12, 0.11, 0.10))
    return {
        "GopherQualityFilter": 50 <= f["words"] <= 100000 and 3 <= f["mean_word_length"] <= 10
        and f["hash_per_word"] <= 0.1 and f["ellipsis_per_word"] <= 0.1
        and f["bullet_line_share"] <= 0.9 and f["ellipsis_line_share"] <= 0.3
        and f["letter_word_share"] >= 0.8 and f["stop_words"] >= 2,
        "GopherRepetitionFilter": f["dup_line_share"] <= 0.3 and f["dup_line_char_share"] <= 0.2
        and f["dup_paragraph_share"] <= 0.3 and f["dup_paragraph_char_share"] <= 0.2
        and all(f[f"top_{n}gram_char_share"] <= bound for n, bound in tops)
        and all(f[f"dup_{n}gram_char_share"] <= bound for n, bound in dups),
        "FineWebQualityFilter": f["terminal_line_share"] >= 0.12 and f["short_line_share"] <= 0.67
        and f["dup_text_line_char_share"] <= 0.01 and f["newlines_per_word"] <= 0.3,
    }


def is_kept(filter_of, text):
    return filter_of.filter(Document(text=text, id="0")) is True


def use_words(split):
    for module in (gopher, repetition, fineweb):
        module.split_into_words = split


def kept_by_datatrove(texts):
    """({filter: [kept]}, seconds)"""
    filters = [gopher.GopherQualityFilter(), repetition.GopherRepetitionFilter(),
               fineweb.FineWebQualityFilter()]
    start = time.monotonic()
    kept = {type(f).__name__: [is_kept(f, text) for text in texts] for f in filters}
    return kept, time.monotonic() - start


def print_differences(facts, peers):
    print("| fact | texts that differ | largest difference |\n|---|---|---|")
    for name in peers[0]:
        gaps = [abs(own[name] - peer[name]) for own, peer in zip(facts, peers)]
        n = sum(gap > NEAR for gap in gaps)
        print(f"| `{name}` | {n} | {max(gaps):.4g} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("curate")
    parser.add_argument("texts", nargs="?")
    args = parser.parse_args()
    texts = read_texts(args.texts)
    with tempfile.TemporaryDirectory() as folder:
        rows, stored, seconds = measure(args.curate, texts, folder)
    same = [i for i in sorted(rows) if stored[i] == texts[i]]
    n_chars = sum(map(len, texts))
    print(f"{len(texts)} texts, {n_chars} characters; {len(same)} stored as they are\n")
    texts, facts = [texts[i] for i in same], [rows[i] for i in same]
    operators = load_operators()
    start = time.monotonic()
    juicer = juicer_facts(operators, texts)
    juicer_seconds = time.monotonic() - start
    peers = [gopher_facts(text, words_of(text)) for text in texts]
    for name, values in juicer.items():
        for peer, value in zip(peers, values):
            peer[name] = value
    print_differences(facts, peers)

    own = [decisions(row) for row in facts]
    use_words(words_of)
    same_words, _ = kept_by_datatrove(texts)
    use_words(split_by_spacy)
    by_spacy, trove_seconds = kept_by_datatrove(texts)
    print("\n| filter | decided alike, same words | decided alike, words of spaCy |")
    print("|---|---|---|")
    for name, kept in same_words.items():
        alike = sum(row[name] == k for row, k in zip(own, kept))
        alike_spacy = sum(row[name] == k for row, k in zip(own, by_spacy[name]))
        print(f"| {name} | {alike} of {len(texts)} | {alike_spacy} of {len(texts)} |")
    print("\n| program | seconds |\n|---|---|")
    print(f"| curate measure, all signals of both | {seconds:.2f} |")
    print(f"| datatrove, its three filters | {trove_seconds:.2f} |")
    print(f"| data-juicer, its six operators | {juicer_seconds:.2f} |")


if __name__ == "__main__":
    sys.exit(main())
