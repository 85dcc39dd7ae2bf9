#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Find the line of an end-to-end case that printed a line of its output.

    lines.py split FILE...           remove the marks of mark.sh; write FILE.lines, which has, for
                                     each line of FILE, the line of the case that printed it
    lines.py where CASE WANT FILE    report the line of the case behind the first difference
"""
import re
import sys
from bisect import bisect_right
from itertools import zip_longest
from pathlib import Path

# "\1@LINE CALLER... 0\n"
MARK = re.compile(rb"\001@([0-9 ]+)\n")


def split(path):
    """A line belongs to the command that printed its first byte. The last entry is for the end of
    the file and names the last command that ran."""
    printed = MARK.split(path.read_bytes())
    commands = [b"0", *printed[1::2]]
    begins, text = [], b""
    for part in printed[::2]:
        begins.append(len(text))
        text += part
    line_begins = [0, *(match.end() for match in re.finditer(b"\n", text))]
    lines = [commands[bisect_right(begins, begin) - 1] for begin in line_begins]
    path.write_bytes(text)
    Path(f"{path}.lines").write_bytes(b"".join(line + b"\n" for line in lines))


def where(case, want, got):
    pairs = zip_longest(want.read_bytes().split(b"\n"), got.read_bytes().split(b"\n"))
    first = next(i for i, (wanted, printed) in enumerate(pairs) if wanted != printed)
    lines = Path(f"{got}.lines").read_text(encoding="ascii").splitlines()
    number, *callers = map(int, lines[min(first, len(lines) - 1)].split())
    script = case.read_text(encoding="utf-8").splitlines()
    called = "".join(f", called from line {caller}" for caller in callers if caller > 0)
    command = script[number - 1].strip() if 0 < number <= len(script) else ""
    print(f"{case.name}:{number}{called}: the first difference is in the output of: {command}")


if __name__ == "__main__":
    paths = [Path(name) for name in sys.argv[2:]]
    if sys.argv[1] == "split":
        for name in paths:
            split(name)
    else:
        where(*paths)
