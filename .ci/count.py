#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Count what `meson test` ran: count.py N_PASSED N_FAILURES BUILD-DIR...

A program that prints TAP counts once for each of its tests, any other program once. Two more
things count as failed: a test that was announced and not reported, and a program that failed
although its tests passed. N_PASSED is the number of the caller's own checks that passed,
N_FAILURES of those that failed, for example builds. The last line is "N passed, N failed". The
exit status is 1 if anything failed.
"""
import json
import re
import sys

PLAN = re.compile(r"^1\.\.(\d+)")
TEST = re.compile(r"^(not ok|ok)\b(?:.*# (SKIP))?", re.IGNORECASE)


def count_program(result):
    """(passed, failed, skipped) of one line of testlog.json."""
    if result["result"] == "SKIP":
        return 0, 0, 1
    good = result["result"] in ("OK", "EXPECTEDFAIL")
    lines = (result.get("stdout") or "").splitlines()
    plans = [int(match[1]) for match in map(PLAN.match, lines) if match]
    if not plans:
        return int(good), int(not good), 0

    tests = [match for match in map(TEST.match, lines) if match]
    skipped = sum(1 for match in tests if match[2])
    passed = sum(1 for match in tests if match[1] == "ok" and not match[2])
    failed = max(plans[0] - passed - skipped, 0)
    if not good and failed == 0:
        failed = 1
    return passed, failed, skipped


def main():
    n_passed, n_failures, dirs = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    total = [n_passed, 0, 0]
    for folder in dirs:
        sums = [0, 0, 0]
        broken = []
        try:
            with open(f"{folder}/meson-logs/testlog.json", encoding="utf-8") as log:
                for result in map(json.loads, log):
                    counts = count_program(result)
                    sums = [a + b for a, b in zip(sums, counts)]
                    broken += [result["name"].split(" / ")[-1]] if counts[1] > 0 else []
        except OSError as error:
            print(f"curate: {error}", file=sys.stderr)
            sums[1] += 1
        names = f": {', '.join(broken)}" if broken else ""
        print(f"{folder}: {sums[0]} passed, {sums[1]} failed{names}; {sums[2]} skipped")
        total = [a + b for a, b in zip(total, sums)]
    if total[1] == 0:
        total[1] = n_failures
    print(f"{total[0]} passed, {total[1]} failed")
    return 1 if total[1] > 0 or total[0] == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
