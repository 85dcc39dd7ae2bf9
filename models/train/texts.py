# SPDX-License-Identifier: Apache-2.0
"""The training texts: reading the sources, keeping part of each aside, the vocabulary.

FOLDER holds novels.jsonl.zst (ELTeC-eng), gsm8k_train.jsonl, gpteacher_codegen.json,
gpteacher_roleplay.json and tldr_pages.jsonl; models/README.md says where they come from.
"""
import json
import pathlib
import random

import zstandard
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

# Whole novels are kept aside, so that no page of theirs was seen; of the rest each 50th record.
NOVELS_ASIDE = {"ENG18652_Carroll", "ENG18860_Hardy", "ENG18900_Doyle", "ENG18952_Wells"}
EVERY = 50

# Sizes with the two special tokens, which stand last.
N_VOCAB = 4096
BOS, EOS = N_VOCAB - 2, N_VOCAB - 1

# The rule called qwen2: words with what stands before them, digits one by one.
SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"
         r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")

# The template that the program scores with.
CONTEXT_HEAD, RESPONSE_HEAD = "### Input: ", "\n\n### Response: "
INSTRUCTION_ONLY, INSTRUCTION_HEAD = "### Instruction: ", "\n\n### Instruction: "


def _lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _teacher(path):
    with open(path, encoding="utf-8") as file:
        records = json.load(file)
    pairs = [("\n".join(filter(None, (r["instruction"].strip(), r["input"].strip()))),
              r["response"].strip()) for r in records]
    return [pair for pair in pairs if all(pair)]


def _split(records, aside):
    """The records for training, or those kept aside."""
    return [r for i, r in enumerate(records) if (i % EVERY == EVERY - 1) == aside]


def novels(folder, aside=False):
    """[[paragraph]], one list a novel."""
    path = pathlib.Path(folder, "novels.jsonl.zst")
    with open(path, "rb") as file:
        lines = zstandard.ZstdDecompressor().stream_reader(file).read().splitlines()
    books = [json.loads(line) for line in lines]
    return [[" ".join(p.split()) for p in book["text"].split("\n\n") if p.strip()]
            for book in books if (book["id"] in NOVELS_ASIDE) == aside]


def problems(folder, aside=False):
    """[(question, answer)] of GSM8K."""
    records = _lines(pathlib.Path(folder, "gsm8k_train.jsonl"))
    return _split([(r["question"], r["answer"]) for r in records], aside)


def tasks(folder, aside=False):
    """[(instruction, response)] of GPTeacher, code and roleplay."""
    records = _teacher(pathlib.Path(folder, "gpteacher_codegen.json"))
    records += _teacher(pathlib.Path(folder, "gpteacher_roleplay.json"))
    return _split(records, aside)


def pages(folder, aside=False):
    """[text] of tldr."""
    records = _lines(pathlib.Path(folder, "tldr_pages.jsonl"))
    return _split([r["text"].strip() for r in records], aside)


def learn_vocabulary(folder):
    """A byte-level vocabulary learned from all sources, of the novels a fifth."""
    rng = random.Random(1)
    text = [p for book in novels(folder) for p in book if rng.random() < 0.2]
    text += [part for pair in problems(folder) + tasks(folder) for part in pair] + pages(folder)
    tokenizer = _empty(models.BPE())
    trainer = trainers.BpeTrainer(vocab_size=N_VOCAB - 2, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(text, trainer)
    return tokenizer


def _empty(model):
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def vocabulary(path, folder):
    """The vocabulary of the file at path, learned from the texts if it is not there."""
    path = pathlib.Path(path)
    if not path.exists():
        learn_vocabulary(folder).save(str(path))
    return Tokenizer.from_file(str(path))


def encoder(tokenizer):
    """text -> ids."""
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids
