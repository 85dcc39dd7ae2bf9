# SPDX-License-Identifier: Apache-2.0
"""Hold a database against numbers another program computed: golden.py DB GOLDEN.jsonl ALPHA

The samples are told by ext_id, which is the record's number. Says how many numbers were compared,
or which one is off, and leaves with 1 then.
"""
import json
import sqlite3
import sys

LONG, SHORT = "long", "short"


def main(db_path, golden_path, alpha):
    db = sqlite3.connect(db_path)
    with open(golden_path, encoding="utf-8") as lines:
        golden = [json.loads(line) for line in lines]
    n = 0

    def check(what, value, want, tolerance):
        nonlocal n
        n += 1
        if want is None:
            wrong = value is not None
        else:
            wrong = value is None or not abs(value - want) <= tolerance
        if wrong:
            sys.exit(f"{what} is {value}, not {want}")

    def score(number, metric, model):
        row = db.execute("SELECT value, status FROM v_scores WHERE ext_id = ? AND metric = ?"
                         " AND model LIKE '%' || ?", (str(number), metric, model)).fetchone()
        return row if row else (None, None)

    for number, record in enumerate(golden):
        check(f"nll {number}", score(number, "nll", LONG)[0], record["nll_long"], 1e-4)
        check(f"short nll {number}", score(number, "nll", SHORT)[0], record["nll_short"], 1e-4)
        check(f"nll_alone {number}", score(number, "nll_alone", LONG)[0],
              record["nll_response_alone"], 1e-4)
        check(f"cas {number}", score(number, "cas", LONG)[0], record["cas"], 1e-6)
        in_pool = record["cas"] is not None
        check(f"hmp {number}", score(number, "hmp", LONG)[0],
              record["hmp"] if in_pool else None, 1e-4)
        check(f"gateau {number}", score(number, "gateau", LONG)[0],
              record[f"score_alpha_{alpha}"] if in_pool else None, 1e-5)
        if not in_pool and score(number, "cas", LONG)[1] != "too_few_segments":
            sys.exit(f"cas {number} has the status {score(number, 'cas', LONG)[1]}")
        segments = db.execute("SELECT tok_start, tok_end, attention, nll FROM v_segments WHERE"
                              " ext_id = ? ORDER BY segment", (str(number),)).fetchall()
        check(f"segments {number}", len(segments), len(record["segments"]), 0)
        for i, (start, end, attention, nll) in enumerate(segments):
            check(f"start of {number}/{i}", start, record["segments"][i][0], 0)
            check(f"end of {number}/{i}", end, record["segments"][i][1], 0)
            check(f"attention {number}/{i}", attention, record["segment_attention"][i], 1e-7)
            check(f"segment nll {number}/{i}", nll, record["segment_nll"][i], 1e-4)
    print(n, "numbers agree")


if __name__ == "__main__":
    main(*sys.argv[1:])
