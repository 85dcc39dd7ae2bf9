#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/scores.md and the program agree about metrics: scores.py ROOT CURATE

Its table names every metric with unit, better end and inputs, in the program's order; its list
of statuses has every reason that scoring/ and stages/score/ give for a missing score, and no
other. docs/facts.md has the reasons of missing facts.
"""
import json
import re
import subprocess
import sys

import tree

# Statuses of scores that have a value.
ELSEWHERE = {"ok", "truncated"}
REASON = re.compile(r"reason = \"([a-z_]+)\"")


def rows(text, heading):
    """The cells of the table whose first line begins with the heading."""
    table = text.partition(heading)[2].partition("\n\n")[0].split("\n")[2:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in table]


def metric_problems(text, curate):
    listed = subprocess.run([curate, "explain", "metric", "--json"], capture_output=True,
                            text=True, check=True).stdout
    program = [json.loads(line) for line in listed.splitlines()]
    page = {name: [unit, better, made_of] for name, unit, better, _, made_of, _ in
            rows(text, "| metric ")}
    if not program:
        yield "curate explain metric --json: no metric in the output"
    for metric in program:
        want = [metric[key] for key in ("unit", "better", "made_of")]
        row = page.get(metric["name"])
        if not row:
            yield f"docs/scores.md: the table has no row for {metric['name']}: add it"
        elif row != want:
            yield (f"docs/scores.md: the row of {metric['name']} is {row}, but the program has "
                   f"{want}: change the row")
    names = [metric["name"] for metric in program]
    for name in page:
        if name not in names:
            yield f"docs/scores.md: the row {name} is not a metric: remove it"
    if sorted(page) == sorted(names) and list(page) != names:
        yield "docs/scores.md: the rows are not in the program's order: sort them as help does"


def reason_problems(root, text):
    rooms = ("scoring/", "stages/score/")
    given = {found for name in tree.files(root, ".c")
             if name.startswith(rooms) and not name.startswith("scoring/facts/")
             for found in REASON.findall(tree.read(root, name))}
    explained = {name for row in rows(text, "| status ") for name in re.split(r"`?, `?", row[0])}
    for name in sorted(given - explained):
        yield f"docs/scores.md: the status {name} is not explained: add a row"
    for name in sorted(explained - given - ELSEWHERE):
        yield f"docs/scores.md: no scorer gives the status {name}: remove the row"


def fact_problems(root):
    page = tree.read(root, "docs/facts.md")
    for name in tree.files(root, ".c"):
        for reason in REASON.findall(tree.read(root, name)) if "scoring/facts/" in name else ():
            if f"`{reason}`" not in page:
                yield f"docs/facts.md: the reason {reason} is not explained: name it"


def main(root, curate):
    text = tree.read(root, "docs/scores.md")
    tree.finish([*metric_problems(text, curate), *reason_problems(root, text),
                 *fact_problems(root)])


if __name__ == "__main__":
    main(*sys.argv[1:])
