#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/scores.md and the program agree about metrics: scores.py ROOT CURATE

Its table names every metric with unit, better end and inputs, in the program's order; its list
of statuses has every reason that scoring/ gives for a missing score, and no other.
"""
import json
import re
import subprocess
import sys

import tree

# Of scores that have a value, and of those that were not imported.
ELSEWHERE = {"ok", "truncated", "not_imported"}
REASON = re.compile(r"reason = \"([a-z_]+)\"")


def rows(text, heading):
    """The cells of the table below a line that starts so, without its ruler."""
    table = text.partition(heading)[2].partition("\n\n")[0].split("\n")[2:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in table]


def metric_problems(text, curate):
    listed = subprocess.run([curate, "explain", "metric", "--json"], capture_output=True,
                            text=True, check=True).stdout
    program = [json.loads(line) for line in listed.splitlines()]
    page = {name: [unit, better, made_of] for name, unit, better, _, made_of, _ in
            rows(text, "| metric ")}
    if not program:
        yield "curate explain lists no metric"
    for metric in program:
        want = [metric[key] for key in ("unit", "better", "made_of")]
        row = page.get(metric["name"])
        if not row:
            yield f"docs/scores.md: no row for {metric['name']}"
        elif row != want:
            yield f"docs/scores.md: {metric['name']} is {row}, in the program {want}"
    names = [metric["name"] for metric in program]
    for name in page:
        if name not in names:
            yield f"docs/scores.md: a row for {name}, which is no metric"
    if sorted(page) == sorted(names) and list(page) != names:
        yield "docs/scores.md: the rows are not in the program's order"


def reason_problems(root, text):
    given = {found for name in tree.files(root, ".c") if name.startswith("scoring/")
             for found in REASON.findall(tree.read(root, name))}
    told = {name for row in rows(text, "| status ") for name in re.split(r"`?, `?", row[0])}
    for name in sorted(given - told):
        yield f"docs/scores.md does not explain the status {name}"
    for name in sorted(told - given - ELSEWHERE):
        yield f"docs/scores.md explains the status {name}, which no scorer gives"


def main(root, curate):
    text = tree.read(root, "docs/scores.md")
    tree.finish([*metric_problems(text, curate), *reason_problems(root, text)])


if __name__ == "__main__":
    main(*sys.argv[1:])
