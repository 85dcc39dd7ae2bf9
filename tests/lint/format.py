#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""C sources are formatted by clang-format: format.py ROOT.

Versions differ in details, so only version 14, that of the base system, is used. Without it the
lint is skipped. `make format` repairs what the lint finds.
"""
import re
import shutil
import subprocess
import sys

import tree

SKIP = 77
VERSION = "14"


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIP)


def main(root):
    tool = shutil.which(f"clang-format-{VERSION}") or shutil.which("clang-format")
    if not tool:
        skip("clang-format is not installed")
    version = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True)
    if not re.search(rf"version {VERSION}\.", version.stdout):
        skip(f"{version.stdout.strip()} is not version {VERSION}")

    command = [tool, "--dry-run", "-Werror", *tree.files(root, ".c", ".h", ".cc")]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    places = set(re.findall(r"^(\S+?:\d+):\d+: error:", done.stderr, re.MULTILINE))
    tree.finish([f"{place}: not formatted: run make format" for place in sorted(places)])


if __name__ == "__main__":
    main(sys.argv[1])
