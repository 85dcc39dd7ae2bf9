#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The layout is clang-format's: format.py ROOT.

Versions disagree about details, so only the version of the base system (14) is asked; without
it the lint says so and is skipped. `make format` mends what it finds.
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
    tree.finish(sorted(set(re.findall(r"^(\S+?:\d+):\d+: error:", done.stderr, re.MULTILINE))))


if __name__ == "__main__":
    main(sys.argv[1])
