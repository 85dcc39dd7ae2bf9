#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How well the scores of a pair of models do what they are meant to: taste.py CURATE [OPTIONS]

Scores planted samples (planted.py) with gateau. Scores worked problems, and the same problems with
exchanged answers, with ifd. Prints tables for bench/README.md. Options after -- are passed to
`curate score gateau`, e.g. -- --short-window 512.
"""
import argparse
import csv
import io
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import planted

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Curate:
    """The program, its database and its models."""

    def __init__(self, program, models, database):
        self.program, self.models, self.database = program, models, database

    def run(self, *args, given=None):
        done = subprocess.run([self.program, *args], input=given, capture_output=True, text=True,
                              check=False)
        if done.returncode:
            sys.exit(f"{' '.join(args[:2])}: {done.stderr.strip()}")
        return done.stdout

    def count(self, text):
        """The number of tokens of a text."""
        return len(self.run("model", "tokenize", self.models[0], given=text).split())

    def ingest(self, records):
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
            for record in records:
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
            file.flush()
            self.run("ingest", "--quiet", "--db", self.database, file.name)

    def score(self, metric, where, *options):
        models = ["--model", self.models[0]]
        if metric == "gateau":
            models += ["--short-model", self.models[1]]
        self.run("score", metric, "--quiet", "--db", self.database, "--where", where, *models,
                 *options)

    def query(self, sql):
        text = self.run("query", "--db", self.database, "--csv", sql)
        return list(csv.DictReader(io.StringIO(text)))


def auc(high, low):
    """The probability that a value of high is above one of low: the area under the ROC curve."""
    wins = sum((a > b) + 0.5 * (a == b) for a in high for b in low)
    return wins / (len(high) * len(low))


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(f"{x:.3f}" if isinstance(x, float) else str(x) for x in row) + " |")
    print()


def separation(curate, lengths):
    """AUC of each metric: planted samples above their counterparts."""
    values = {}
    for row in curate.query("SELECT ext_id, metric, value FROM v_scores "
                            "WHERE metric IN ('hmp', 'cas', 'gateau')"):
        if not row["value"]:
            sys.exit(f"{row['ext_id']} has no {row['metric']}")
        kind, length, _ = row["ext_id"].split("-")
        values.setdefault((row["metric"], kind, int(length)), []).append(float(row["value"]))
    for metric in "hmp", "cas", "gateau":
        for length in [*lengths, None]:
            of = {kind: [v for n in ([length] if length else lengths)
                         for v in values[metric, kind, n]]
                  for kind in ("planted", "generic", "shuffled")}
            yield (metric, length or "all", len(of["planted"]),
                   auc(of["planted"], of["generic"]), auc(of["planted"], of["shuffled"]),
                   auc(of["planted"], of["generic"] + of["shuffled"]))


def place(curate, record):
    """(first, end) token of the planted sentence in the context."""
    context = record["messages"][0]["content"].rpartition("\n\n")[0]
    before = curate.count(context[:context.index(record["sentence"])])
    return before, before + curate.count(record["sentence"])


def pointing(curate, records, lengths):
    """How often the segment with most of the sentence is the one that the metric finds."""
    segments = {}
    for row in curate.query("SELECT * FROM v_segments WHERE ext_id LIKE 'planted-%'"):
        segments.setdefault(row["ext_id"], []).append(
            (int(row["tok_start"]), int(row["tok_end"]), float(row["nll"]),
             float(row["attention"])))
    hits = {n: [] for n in lengths}
    for record in records:
        if record["id"] not in segments:
            continue
        first, end = place(curate, record)
        parts = segments[record["id"]]
        if max(part[1] for part in parts) < end:
            sys.exit(f"{record['id']} is longer than the model's window: choose shorter lengths")
        holds = max(parts, key=lambda s: min(s[1], end) - max(s[0], first))
        hits[record["length"]].append((holds == min(parts, key=lambda s: s[2]),
                                       holds == max(parts, key=lambda s: s[3]), len(parts)))
    for length in [*lengths, None]:
        of = hits[length] if length else [hit for n in lengths for hit in hits[n]]
        n = len(of)
        yield (length or "all", n, sum(h[2] for h in of) / n, sum(h[0] for h in of) / n,
               sum(h[1] for h in of) / n)


def perplexities(curate, lengths):
    """Geometric means of the perplexity of responses with both models, by kind."""
    names = [pathlib.Path(model).stem for model in curate.models]
    rows = curate.query("SELECT ext_id, model, exp(avg(value)) AS ppl FROM v_scores "
                        "WHERE metric = 'nll' GROUP BY model, "
                        "substr(ext_id, 1, length(ext_id) - 4)")
    ppl = {(row["model"], row["ext_id"].rpartition("-")[0]): float(row["ppl"]) for row in rows}
    for length in lengths:
        for kind in "planted", "generic", "shuffled":
            yield (length, kind, *(ppl[name, f"{kind}-{length}"] for name in names))


def moved_answers(curate, path):
    """AUC of ifd: exchanged answers above correct ones."""
    with open(path, encoding="utf-8") as file:
        problems = [json.loads(line) for line in file]
    # The sample corpus has some exchanged answers on purpose, marked in their ids.
    problems = [p for p in problems if not p.get("id", "").startswith("mixed-up")]
    random.Random(5).shuffle(problems)
    answers = [p["answer"] for p in problems]
    curate.ingest([{"id": f"{kind}-{i}", "question": p["question"], "answer": answer}
                   for kind, moved in (("true", answers), ("moved", answers[1:] + answers[:1]))
                   for i, (p, answer) in enumerate(zip(problems, moved))])
    where = "context IS NULL"
    curate.score("ifd", where)
    curate.score("ifd_loss", where)
    for metric in "ifd", "ifd_loss":
        of = {"true": [], "moved": []}
        for row in curate.query(f"SELECT ext_id, value FROM v_scores WHERE metric = '{metric}'"):
            of[row["ext_id"].split("-")[0]].append(float(row["value"]))
        mean = {kind: sum(values) / len(values) for kind, values in of.items()}
        yield metric, len(of["true"]), mean["true"], mean["moved"], auc(of["moved"], of["true"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("curate")
    parser.add_argument("--model", default=str(ROOT / "models" / "curate-tiny-long.gguf"))
    parser.add_argument("--short-model", default=str(ROOT / "models" / "curate-tiny-short.gguf"))
    parser.add_argument("--book", default=str(ROOT / "models" / "alice.txt"))
    parser.add_argument("--problems",
                        default=str(ROOT / "examples" / "corpus" / "problems.jsonl"))
    parser.add_argument("--lengths", default="1000,1500,1900")
    parser.add_argument("--per-length", type=int, default=24)
    given = sys.argv[1:]
    end = given.index("--") if "--" in given else len(given)
    args = parser.parse_args(given[:end])
    lengths = [int(n) for n in args.lengths.split(",")]

    with tempfile.TemporaryDirectory() as folder:
        curate = Curate(args.curate, (args.model, args.short_model), folder + "/taste.db")
        book = planted.paragraphs(args.book)
        whole = "\n\n".join(book)
        records = list(planted.make(book, len(whole) / curate.count(whole), lengths,
                                    args.per_length))
        curate.ingest(records)
        curate.score("gateau", "context IS NOT NULL", *given[end + 1:])
        print("Area under the ROC curve, planted above:\n")
        table(("metric", "tokens", "samples", "generic", "shuffled", "both"),
              separation(curate, lengths))
        print("The segment that holds the planted sentence has:\n")
        table(("tokens", "samples", "segments", "lowest NLL", "most attention"),
              pointing(curate, records, lengths))
        print("Perplexity of the answers, geometric mean:\n")
        table(("tokens", "answer", *(pathlib.Path(m).stem for m in curate.models)),
              perplexities(curate, lengths))
        print("Worked problems, moved answers above true ones:\n")
        table(("metric", "problems", "mean true", "mean moved", "AUC"),
              moved_answers(curate, args.problems))


if __name__ == "__main__":
    main()
