#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Check a database against the numbers of another program.

golden.py corpus GOLDEN.jsonl                           print the records to ingest
golden.py check GOLDEN.jsonl DB ALPHA LONG [SHORT]      compare the scores of the models

A sample's ext_id is the number of its record. `check` prints how many numbers it compared. At
the first wrong number it prints that one and exits with 1. Without SHORT, LONG with a narrow view
is the short model.
"""
import json
import sqlite3
import sys

NLL = """
    SELECT k.value, k.status FROM score k
      JOIN score_set t USING (score_set_id) JOIN metric m USING (metric_id)
      JOIN model d USING (model_id) JOIN sample s USING (sample_id)
     WHERE s.ext_id = ? AND m.name = 'nll' AND d.name = ?
       AND (t.params ->> '$.short_window' IS NOT NULL) = ?"""
SCORE = "SELECT value, status FROM v_scores WHERE ext_id = ? AND metric = ? AND model = ?"
SEGMENTS = """
    SELECT tok_start, tok_end, attention, nll FROM v_segments WHERE ext_id = ? ORDER BY segment"""


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def print_corpus(path):
    for number, record in enumerate(read(path)):
        print(json.dumps({"id": str(number), "instruction": record["instruction"],
                          "context": record["context"], "response": record["response"]}))


class Checker:
    """Compares the numbers of one database and counts them."""

    def __init__(self, db_path, long_model, short_model):
        self.db = sqlite3.connect(db_path)
        self.long_model, self.short_model = long_model, short_model
        self.n = 0

    def check(self, what, value, want, tolerance):
        self.n += 1
        if want is None:
            wrong = value is not None
        else:
            wrong = value is None or not abs(value - want) <= tolerance
        if wrong:
            sys.exit(f"{what} is {value}, not {want}")

    def row(self, sql, *values):
        return self.db.execute(sql, values).fetchone() or (None, None)

    def score(self, number, metric):
        return self.row(SCORE, str(number), metric, self.long_model)

    def check_scores(self, number, record, alpha):
        short_model = self.short_model or self.long_model
        nll = self.row(NLL, str(number), self.long_model, 0)[0]
        short_nll = self.row(NLL, str(number), short_model, 0 if self.short_model else 1)[0]
        self.check(f"nll {number}", nll, record["nll_long"], 1e-4)
        self.check(f"short nll {number}", short_nll, record["nll_short"], 1e-4)
        self.check(f"nll_alone {number}", self.score(number, "nll_alone")[0],
                   record["nll_response_alone"], 1e-4)
        cas, status = self.score(number, "cas")
        self.check(f"cas {number}", cas, record["cas"], 1e-6)
        in_pool = record["cas"] is not None
        self.check(f"hmp {number}", self.score(number, "hmp")[0],
                   record["hmp"] if in_pool else None, 1e-4)
        self.check(f"gateau {number}", self.score(number, "gateau")[0],
                   record[f"score_alpha_{alpha}"] if in_pool else None, 1e-5)
        if not in_pool and status != "too_few_segments":
            sys.exit(f"cas {number} has the status {status}")

    def check_segments(self, number, record):
        segments = self.db.execute(SEGMENTS, (str(number),)).fetchall()
        self.check(f"segments {number}", len(segments), len(record["segments"]), 0)
        for i, (start, end, attention, nll) in enumerate(segments):
            self.check(f"start of {number}/{i}", start, record["segments"][i][0], 0)
            self.check(f"end of {number}/{i}", end, record["segments"][i][1], 0)
            self.check(f"attention {number}/{i}", attention, record["segment_attention"][i],
                       1e-7)
            self.check(f"segment nll {number}/{i}", nll, record["segment_nll"][i], 1e-4)


def check(golden_path, db_path, alpha, long_model, short_model=None):
    checker = Checker(db_path, long_model, short_model)
    for number, record in enumerate(read(golden_path)):
        checker.check_scores(number, record, alpha)
        checker.check_segments(number, record)
    print(checker.n, "numbers agree")


if __name__ == "__main__":
    {"corpus": print_corpus, "check": check}[sys.argv[1]](*sys.argv[2:])
